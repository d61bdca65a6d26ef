//! The way back: what was inserted goes, what was updated is restored, where nobody changed it since.

use super::*;

fn moved() -> Project {
    let project = pair(
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, note TEXT); INSERT INTO person VALUES (1, 'ann', 'a'), (2, 'bob', 'b'), (3, 'cyd', 'c');
         CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER, label TEXT); INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 2, 'c');",
        "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, note TEXT, things INTEGER DEFAULT 0);
         CREATE TABLE things (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people (id), label TEXT);
         INSERT INTO people (id, name, note) VALUES (70, 'bob', 'before');",
        "[[table]]\nfrom = \"person\"\nto = \"people\"\nnew_key = \"id\"\nmatch = [\"name\"]\n[table.after]\nthings = { count = \"things\", on = { owner = \"id\" } }\n\
         [[table]]\nfrom = \"thing\"\nto = \"things\"\n[table.column.owner]\nidmap = \"person\"\n",
    );
    project.run("notes add --title begun").ok();
    project
}

const PEOPLE: &str = "SELECT id, name, note, things FROM people ORDER BY id";

#[test]
fn everything_is_as_it_was() {
    let project = moved();
    let before = project.query(PEOPLE);

    let facts = project.run("transfer all --yes --json").ok().json();
    assert_eq!(project.query(PEOPLE), [["70", "bob", "b", "2"], ["71", "ann", "a", "1"], ["72", "cyd", "c", "0"]]);
    assert_eq!((table(&facts, "people")["updated"].as_u64(), table(&facts, "people")["recomputed"].as_u64()), (Some(1), Some(1)));
    let file = bytes(&project, "manage.db");
    project.run("transfer rollback --dry-run").ok().says("would be removed");
    assert_eq!(file, bytes(&project, "manage.db"));
    let undone = project.run("transfer rollback --yes --json").ok().json();

    assert_eq!(project.query(PEOPLE), before);
    assert_eq!(project.value("SELECT count(*) FROM things"), "0");
    assert_eq!((undone["undone"].as_u64(), undone["conflicts_total"].as_u64()), (Some(1), Some(0)));
    project.run("transfer rollback --yes").fails_with(2).says("no transfer is left");
    project.run("transfer rollback 1 --yes").fails_with(5).says("run 1 was taken back already, by run 2");
}

#[test]
fn a_row_that_was_changed_since_is_a_conflict_and_nothing_is_done() {
    let project = moved();
    project.run("transfer all --yes").ok();
    project.execute("UPDATE things SET label = 'edited' WHERE id = 3; UPDATE people SET note = 'edited' WHERE id = 70");
    let before = (project.query(PEOPLE), project.query("SELECT * FROM things"));

    let outcome = project.run("transfer rollback --yes");

    outcome
        .fails_with(5)
        .says("things id 3 was changed")
        .says("people id 70 note: we wrote 'b', now 'edited'")
        .says("--skip-conflicts")
        .snapshot("transfer_rollback_conflict");
    assert_eq!(before, (project.query(PEOPLE), project.query("SELECT * FROM things")));
    project.run("transfer rollback --yes --skip-conflicts").ok().says("things id 3 was changed");
    // 3 is bob's: it stays, and it is counted; ann and cyd go.
    assert_eq!(project.query("SELECT id, label FROM things"), [["3", "edited"]]);
    assert_eq!(project.query("SELECT id, name, note FROM people"), [["70", "bob", "edited"]]);
}

#[test]
fn a_row_to_which_native_rows_point_stays_and_its_count_is_made_anew() {
    let project = moved();
    project.run("transfer all --yes").ok();
    project.execute("INSERT INTO things VALUES (500, 71, 'native'); UPDATE people SET things = things + 1 WHERE id = 71");

    project.run("transfer rollback --yes").fails_with(5).says("people id 71 is needed: 1 row of things points to it");
    project.run("transfer rollback --yes --skip-conflicts").ok();

    assert_eq!(project.query(PEOPLE), [["70", "bob", "before", "0"], ["71", "ann", "a", "1"]]);
    assert_eq!(project.query("SELECT id FROM things"), [["500"]]);
    project.run("transfer status").ok().says("taken back by run");
}

#[test]
fn a_count_that_moved_on_is_no_conflict() {
    let project = moved();
    project.run("transfer all --yes").ok();
    project.execute("INSERT INTO things VALUES (500, 70, 'native'); UPDATE people SET things = things + 1 WHERE id = 70");

    project.run("transfer rollback --yes").ok();

    assert_eq!(project.query(PEOPLE), [["70", "bob", "before", "1"]]);
}

#[test]
fn a_mapping_that_was_changed_since_is_told_and_what_was_written_goes() {
    let project = moved();
    project.run("transfer all --yes").ok();
    project.edit("transfer.toml", |text| text.replace("match = [\"name\"]", "match = [\"note\"]"));

    project.run("transfer rollback --yes").ok().says("the mapping was changed since run 1");

    assert_eq!(project.query(PEOPLE), [["70", "bob", "before", "0"]]);
}

#[test]
fn the_old_database_and_the_mapping_are_not_needed() {
    let project = moved();
    project.run("transfer all --yes").ok();
    project.remove("old.db");
    project.remove("transfer.toml");

    project.run("transfer rollback --yes").ok();

    assert_eq!(project.value("SELECT count(*) FROM things"), "0");
}

#[test]
fn rows_that_are_gone_already_are_told() {
    let project = moved();
    project.run("transfer all --yes").ok();
    project.execute("DELETE FROM things WHERE id = 1");

    project.run("transfer rollback --yes").ok().says("1 row gone already");

    assert_eq!(project.query("SELECT name FROM people"), [["bob"]]);
}

#[test]
fn undo_takes_a_transfer_back_as_any_run() {
    let project = moved();
    let before = project.query(PEOPLE);
    project.run("transfer all --yes").ok();

    project.run("undo --last --dry-run").ok().says("run 1 of").says("would be removed").says("manage undo 1");
    assert_ne!(before, project.query(PEOPLE));
    project.run("undo 1 --digest 0123456789abcdef").fails_with(2).says("run 1 is a transfer, which has no digest");
    project.run("undo 1 --yes --max-rows 3").fails_with(4).says("run 1 wrote 7 rows, more than 3");
    let facts = project.run("undo --last --yes --reason 'too early' --json").ok().json();

    assert_eq!((facts["undone"].as_u64(), facts["status"].as_str()), (Some(1), Some("applied")));
    assert_eq!(project.query(PEOPLE), before);
    project.run("undo 1 --yes").fails_with(5).says("run 1 was taken back already, by run 2");
    project.run("undo 2 --yes").fails_with(4).says("run 2 took a transfer back (run 1), which is not undone");
    project.run("undo --last --yes --max-rows 9").fails_with(2).says("there is no run that could be taken back");
}

#[test]
fn nobody_who_was_not_asked_takes_a_transfer_back() {
    let project = moved();
    project.run("transfer all --yes").ok();

    project.run("undo 1").fails_with(4);
    project.run("transfer rollback").fails_with(4);

    assert_eq!(project.value("SELECT count(*) FROM things"), "3");
}

#[test]
fn a_transfer_is_among_the_runs_until_what_it_kept_is_dropped() {
    let project = moved();
    project.run("transfer all --yes --reason 'version 2'").ok();

    project.run("runs list").ok().says("transfer transfer").says("applied");
    project
        .run("runs show 1 --rows --yes")
        .ok()
        .says("person → people: 2 inserted, 1 updated (3 read, 0 rejected, 0 skipped)")
        .says("note: before → b")
        .says("manage undo 1");
    let facts = project.run("runs show 1 --rows --json --yes").ok().json();
    assert_eq!(facts["run"]["tables"][1]["inserted"], 3, "{facts}");
    project.run("runs prune --older-than 0s --yes").ok().says("dropped the rows of 1 run (7 rows)");

    project.run("runs prune --older-than 0s --yes").ok().says("nothing to drop");
    project.run("runs show 1").ok().says("what its way back needs was dropped").does_not_say("manage undo 1");
    project.run("undo 1 --yes").fails_with(4).says("the rows of run 1 were dropped");
    project.run("transfer rollback 1 --yes").fails_with(4).says("it cannot be taken back");
    project.run("transfer validate").ok();
    assert_eq!(project.value("SELECT count(*) FROM things"), "3");
}
