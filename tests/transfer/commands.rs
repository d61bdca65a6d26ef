//! What each command says.

use super::*;

#[test]
fn nothing_is_left_unsaid() {
    let project = little(Project::new());

    project.run("transfer audit --source old.db --report report.json").ok().says("guest").says("2 rows");
    let report: serde_json::Value = serde_json::from_str(&project.read("report.json")).expect("it is JSON");
    assert_eq!(report["tables"], serde_json::json!(["guest"]));
    assert_eq!(report["table_details"]["guest"][0]["primary_key"], true);
    project.run("transfer map --source old.db").ok().says("label").says("→ name");
    project.run("transfer check-pk --source old.db").ok().says("match");
    project.run("transfer check-duplicates --source old.db").ok().says("0 keys of more than one row");
    project.run("transfer preflight --source old.db").ok().says("nothing is in the way");
    project.run("transfer status").ok().says("no transfer yet");
}

#[test]
fn the_whole_way_and_a_second_time() {
    let project = little(Project::new());
    let source = bytes(&project, "old.db");

    let facts = project.run("transfer all --source old.db --yes --json").ok().json();
    adds_up(&facts);
    assert_eq!((facts["rows"].as_u64(), facts["status"].as_str()), (Some(2), Some("applied")));
    project.run("transfer validate --source old.db").ok().says("says what the old one says");
    let again = project.run("transfer all --source old.db --yes --json").ok().json();

    adds_up(&again);
    assert_eq!(table(&again, "guests")["unchanged"], 2);
    assert_eq!(again["rows"], 0);
    assert_eq!(source, bytes(&project, "old.db"), "the source is only read");
}

#[test]
fn a_dry_run_leaves_the_target_byte_by_byte_as_it_was() {
    let project = little(Project::new());
    let (target, source) = (bytes(&project, "manage.db"), bytes(&project, "old.db"));

    let facts = project.run("transfer dry-run --source old.db --json").ok().json();
    project.run("transfer all --dry-run --source old.db").ok().says("2 rows would be written");

    assert_eq!(table(&facts, "guests")["written"], 2);
    assert_eq!((target, source), (bytes(&project, "manage.db"), bytes(&project, "old.db")));
    assert_eq!(project.list(".").iter().filter(|name| name.starts_with("manage.db")).count(), 1, "nothing lies beside it");
}

#[test]
fn validation_tells_what_was_changed_since() {
    let project = little(Project::new());
    project.run("transfer all --source old.db --yes").ok();
    project.execute("UPDATE guests SET name = 'eve' WHERE id = 2; DELETE FROM guests WHERE id = 1");

    let outcome = project.run("transfer validate --source old.db");

    outcome.exits_with(1).says("guests id 1 is missing").says("guests id 2: name is 'eve', expected 'bob'");
    let facts = project.run("transfer validate --source old.db --json").exits_with(1).json();
    assert_eq!(facts["valid"], false);
}

#[test]
fn one_table_by_its_new_name() {
    let project = little(Project::new());

    project.run("transfer table guest --source old.db --yes").fails_with(2).says("name it as the new database does: guests");
    project.run("transfer table nonsense --source old.db --yes").fails_with(2);
    project.run("transfer table guests --source old.db --yes").ok().says("2 rows written");
}

#[test]
fn an_applied_transfer_and_its_way_back_leave_notes() {
    let project = little(Project::new());
    project.run("transfer all --source old.db --yes --reason 'version 2'").ok();
    project.run("transfer rollback --yes --reason 'not yet'").ok();

    let notes = project.run("notes list --json").ok().json();

    let titles: Vec<_> = notes["notes"].as_array().expect("a list").iter().filter_map(|note| note["title"].as_str()).collect();
    assert_eq!(titles, ["transfer rollback of run 1: 2 rows", "transfer all by transfer: 2 rows written"]);
}

#[test]
fn a_source_that_is_not_the_expected_one_stops_it() {
    let project = little(Project::new());
    project.edit("transfer.toml", |text| format!("{text}[verify]\nexpect = {{ guest = 3 }}\n"));

    project.run("transfer all --source old.db --yes").fails_with(1).says("guest has 2 rows, expected 3");
    assert_eq!(project.value("SELECT count(*) FROM guests"), "0");
}

#[test]
fn a_first_mapping_is_made_from_both_catalogues() {
    let project = little(Project::new());
    project.remove("transfer.toml");
    on(&project, "old.db", "CREATE TABLE lost (a)");

    project.run("new transfer move --source old.db").ok().says("transfers/move.toml");

    let text = project.read("transfers/move.toml");
    assert!(text.contains("from = \"guest\"\nto = \"guests\"") && text.contains("skip_table"), "{text}");
    project.run("new transfer move --source old.db").fails_with(2);
    project.edit("transfers/move.toml", |text| text.replace("skip = [\"label\"]", "rename = { label = \"name\" }"));
    project.run("transfer all --source old.db --yes").ok();
}

#[test]
fn every_row_that_stays_behind_is_in_the_log() {
    let project = little(Project::new());
    project.run("transfer all --source old.db --yes").ok();
    project.edit("transfer.toml", |text| text.replace("version = 1", "version = 1\n[options]\nconflict = \"skip\""));

    project.run("transfer all --source old.db --yes --log log.txt").ok();

    let log = project.read("log.txt");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("WARN") && line.contains("guests has id")).collect();
    assert_eq!(lines.len(), 2, "{log}");
}

#[cfg(any(debug_assertions, feature = "faults"))]
#[test]
fn a_terminal_shows_how_far_it_has_come() {
    let project = little(Project::new());
    let held = project.command("transfer all --source old.db --yes").env("MANAGE_FAULT", "transfer.probed:1:sleep=60000");
    let at_the_copy = project.command("transfer all --source old.db --yes").env("MANAGE_FAULT", "transfer.copied:1:sleep=60000");

    // Each is killed when it has said it.
    drop(Terminal::start(held).expect("guests: 2 of 2 rows looked at, ").expect("rows/s"));
    drop(Terminal::start(at_the_copy).expect("guests: 2 of 2 rows written, ").expect("rows/s"));

    let whole = Terminal::run(&project, "transfer all --source old.db --yes").expect("validated").finish();
    whole.ok().says("2 written");
}
