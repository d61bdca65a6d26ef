//! Runs that are too large for one transaction: a plan that is kept, batches, stops, going on, giving up.

use rustix::process::Signal;

use super::fixture::{OTHERS, platform};
use crate::support::*;

/// The script that is run: all of acme's items get another state.
const SQL: &str = "SELECT id, 'new' AS state, :now AS seen_at FROM items WHERE account_id = :account AND state = 'old'";
const HEAD: &str = "table = \"items\"\nvolatile = [\"seen_at\"]\nverify = [\"items\"]";
const APPLY: &str = "fix items --account acme --yes --max-rows 99";

/// The platform with thirteen items of acme's and four of zeta's; more than three rows go in batches of four.
pub fn many(project: Project) -> Project {
    let project = platform(project);
    project.execute(
        "CREATE TABLE items (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL REFERENCES accounts (id), state TEXT NOT NULL,
            hits BIGINT NOT NULL DEFAULT 0, seen_at TIMESTAMP, other TEXT)",
    );
    for id in 1..=17 {
        let (account, other) = if id > 13 { (2, "ZETA-ITEM") } else { (1, "x") };
        // Not in the order of their keys.
        let id = if id % 2 == 0 { 100 - id } else { id };
        project.execute(&format!("INSERT INTO items VALUES ({id}, {account}, 'old', 0, NULL, '{other}')"));
    }
    project.edit("manage.toml", |text| {
        let text = text.replace("[tenancy.tables]", "[tenancy.tables]\nitems = { account = \"account_id\" }");
        format!("{text}\n[patches]\nsingle_tx_rows = 3\nbatch_size = 4\n")
    });
    project.write(
        "scripts/verify_items.sql",
        "/* manage\ndescription = \"No item is old\"\ntable = \"items\"\n*/\nSELECT id, 'old' AS what FROM items WHERE account_id = :account AND state = 'old'\n",
    );
    project.fix("items", HEAD, SQL)
}

/// The ledger's table.
pub fn ledger(project: &Project, name: &str) -> String {
    match project.backend() {
        Backend::Sqlite => name.to_owned(),
        Backend::Postgres => format!("manage.{name}"),
    }
}

/// `state`, checkpoint's rows, batches: as the ledger has them.
fn state(project: &Project, run: u32) -> String {
    project.value(&format!("SELECT state FROM {} WHERE id = {run}", ledger(project, "manage_runs")))
}

fn batches(project: &Project, run: u32) -> Vec<String> {
    project
        .query(&format!("SELECT row_count FROM {} WHERE run = {run} ORDER BY number", ledger(project, "manage_batches")))
        .concat()
}

fn written(project: &Project) -> String {
    project.value("SELECT count(*) FROM items WHERE account_id = 1 AND state = 'new'")
}

fn zetas(project: &Project) -> Vec<Vec<String>> {
    project.query("SELECT * FROM items WHERE other LIKE 'ZETA%' ORDER BY id")
}

/// Stops a run behind its first batch, as a kill does.
fn killed_behind_the_first_batch(project: &Project) {
    project.command(APPLY).env("MANAGE_FAULT", "patch.after_commit:2").run().exits_with(134);
    assert_eq!((written(project).as_str(), batches(project, 1).len()), ("4", 1));
}

each_backend! {
    fn a_large_run_goes_in_batches_and_is_one_run(project: Project) {
        let project = many(project);
        let (before, others) = (project.dump(), zetas(&project));

        let done = project.run(APPLY);
        done.ok().says("✓ 13 rows written · 13 captured · 13 in account acme · 0 elsewhere").says("in 4 batches").says("verify items: 13 → 0");

        done.does_not_say(OTHERS).snapshot("patch_batches");
        assert_eq!((written(&project).as_str(), others), ("13", zetas(&project)));
        assert_eq!((state(&project, 1).as_str(), batches(&project, 1)), ("applied", ["4", "4", "4", "1"].map(String::from).to_vec()));
        project.run("notes list").ok().says("fix items for acme: 13 rows in items");
        project.run("runs show 1 --rows").ok().says("state: old → new");

        project.run("undo 1 --yes --max-rows 99").ok().says("13 rows written").says("in 4 batches");
        assert_eq!(before, project.dump());
        project.run("undo 2 --yes --max-rows 99").ok();
        assert_eq!(written(&project), "13");
    }

    fn the_size_of_a_batch_is_a_persons_word(project: Project) {
        let project = many(project);
        let json = project.run(&format!("{APPLY} --batch-size 6 --json")).ok().json();
        assert_eq!((json["status"].clone(), json["rows"].clone(), batches(&project, 1).len()), ("applied".into(), 13.into(), 3));
        project.run(&format!("{APPLY} --batch-size 0")).fails_with(2);
    }

    fn rows_are_deleted_and_made_in_batches(project: Project) {
        let project = many(project);
        project.remove("scripts/verify_items.sql");
        let before = project.dump();
        project.write_fix("drop", "table = \"items\"\nop = \"delete\"", "SELECT id FROM items WHERE account_id = :account");
        project.run("fix drop --account acme --yes --max-rows 99").ok().says("13 rows written").says("in 4 batches");
        assert_eq!(project.value("SELECT count(*) FROM items"), "4");
        project.run("undo 1 --yes --max-rows 99").ok().says("in 4 batches");
        assert_eq!(before, project.dump());
        project.write_fix("make", "table = \"items\"\nop = \"insert\"",
            "SELECT id + 1000 AS id, :account AS account_id, 'made' AS state FROM items WHERE account_id = :account");
        project.run("fix make --account acme --yes --max-rows 99").ok().says("in 4 batches");
        assert_eq!(project.value("SELECT count(*) FROM items WHERE state = 'made'"), "13");
        project.run("undo 3 --yes --max-rows 99").ok();
        assert_eq!(before, project.dump());
    }

    fn a_large_plan_is_rehearsed_in_part_or_whole(project: Project) {
        let project = many(project);
        let before = project.dump();
        let part = project.run("fix items --account acme --dry-run");
        part.ok().says("13 rows in items").says("rehearsed the first 8 of 13 rows").says("it goes in 4 batches");
        part.snapshot("patch_batches_dry_run");
        project.run("fix items --account acme --dry-run=full").ok().says("verify items: 13 → 0 findings");
        let json = project.run("fix items --account acme --dry-run --json").ok().json();
        assert_eq!((json["findings_before"].clone(), json["findings_after"].clone()), (13.into(), serde_json::Value::Null));
        assert_eq!(before, project.dump());
        let digest = json["digest"].as_str().expect("a digest").to_owned();
        let done = project.run(&format!("fix items --account acme --digest {digest} --json")).ok().json();
        assert_eq!((done["digest"].clone(), done["rows"].clone()), (digest.into(), 13.into()));
    }

    fn a_killed_run_goes_on_where_it_was(project: Project) {
        let project = many(project);
        let before = project.dump();
        killed_behind_the_first_batch(&project);

        project.run(APPLY).fails_with(6).says("run 1 of `items` for acme is not finished").says("manage runs resume 1").says("manage runs cancel 1");
        project.run("undo 1 --yes --max-rows 99").fails_with(4).says("is not finished");
        project.run("runs show 1").ok().says("4 of 13 rows");
        project.run("runs").ok().says("running");
        project.run("runs resume 1").ok().says("13 rows written").says("verify items: 13 → 0").snapshot("patch_resumed");

        assert_eq!((written(&project).as_str(), batches(&project, 1).len(), state(&project, 1).as_str()), ("13", 4, "applied"));
        project.run("runs resume 1").fails_with(2).says("run 1 is applied");
        project.run("runs resume 9").fails_with(2).says("there is no run 9");
        project.run("undo 1 --yes --max-rows 99").ok();
        assert_eq!(before, project.dump());
    }

    fn a_run_that_is_given_up_keeps_what_it_has_written(project: Project) {
        let project = many(project);
        let before = project.dump();
        killed_behind_the_first_batch(&project);

        project.run("runs cancel 1 --yes --reason 'not today'").ok().says("given up at 4 of 13 rows").snapshot("patch_cancelled");

        assert_eq!((written(&project).as_str(), state(&project, 1).as_str()), ("4", "cancelled"));
        project.run("runs cancel 1 --yes").fails_with(2);
        project.run("runs resume 1").fails_with(2).says("run 1 is cancelled");
        project.run("notes list").ok().says("given up at 4 of 13 rows");
        project.run("undo 1 --yes --max-rows 99").ok().says("4 rows written");
        assert_eq!(before, project.dump());
        project.command(APPLY).env("MANAGE_FAULT", "patch.after_commit:1").run().exits_with(134);
        project.run("runs cancel 3 --yes").ok().says("nothing of it was written");
        project.run("undo 3 --yes --max-rows 99").fails_with(4).says("nothing to take back");
        project.run(APPLY).ok().says("13 rows written");
    }

    fn a_row_that_somebody_changes_between_batches_is_not_overwritten(project: Project) {
        let project = many(project);
        killed_behind_the_first_batch(&project);
        // The value itself, a column by which the script chooses, the account, the row; and one that it does not look at.
        project.execute("UPDATE items SET state = 'mine' WHERE id = 11; UPDATE items SET other = 'theirs' WHERE id = 13;
            UPDATE items SET account_id = 2 WHERE id = 90; DELETE FROM items WHERE id = 98");
        let others = zetas(&project);

        let stopped = project.run("runs resume 1");
        stopped.fails_with(5).says("items 11  was changed by somebody").says("run 1 stands at ").says("manage runs resume 1 --skip-conflicts");
        stopped.snapshot("patch_drift");
        assert_eq!(state(&project, 1), "paused");
        assert_eq!(project.value("SELECT state FROM items WHERE id = 11"), "mine");

        let json = project.run("runs resume 1 --skip-conflicts --json").ok().json();
        assert_eq!((json["status"].clone(), json["rows"].clone()), ("applied".into(), 10.into()));
        assert_eq!(project.query("SELECT id, account_id, state FROM items WHERE id IN (11, 13, 90, 98) ORDER BY id").concat(),
            ["11", "1", "mine", "13", "1", "new", "90", "2", "old"]);
        assert_eq!(others, zetas(&project));
        project.run("undo 1 --yes --max-rows 99").ok().says("10 rows written");
        assert_eq!(project.query("SELECT DISTINCT state FROM items ORDER BY 1").concat(), ["mine", "old"]);
    }

    fn what_cannot_go_in_batches_goes_in_one_transaction_or_not_at_all(project: Project) {
        let project = many(project);
        project.write_fix("group", "table = \"items\"", "SELECT id, max(state) || '!' AS state FROM items WHERE account_id = :account GROUP BY id");
        project.write_fix("twice", "table = \"items\"", "SELECT i.id, (SELECT count(*) FROM items) AS hits FROM items i WHERE i.account_id = :account");
        project.write_fix("parts", "", "-- patch: items(id)\nSELECT id, 1 AS hits FROM items WHERE account_id = :account AND id % 2 = 1\n-- patch: items(id)\nSELECT id, 2 AS hits FROM items WHERE account_id = :account AND id % 2 = 0\n");
        for (name, why) in [("group", "more than one row"), ("twice", "more than once"), ("parts", "several parts")] {
            project.run(&format!("fix {name} --account acme --dry-run")).fails_with(4).says("cannot go in batches").says(why).says("--max-rows");
            project.run(&format!("fix {name} --account acme --yes --max-rows 99")).ok();
        }
        assert_eq!(project.value(&format!("SELECT count(*) FROM {}", ledger(&project, "manage_batches"))), "0");
    }

    fn checks_that_still_find_something_are_told_and_the_run_is_kept(project: Project) {
        let project = many(project);
        project.write_fix("items", HEAD, &format!("{SQL} AND id < 90"));
        let before = project.dump();

        let done = project.run(APPLY);
        done.fails_with(1).says("applied-unverified").says("manage undo 1").says("items: 5 findings are left of 13").snapshot("patch_unverified");

        assert_eq!((state(&project, 1).as_str(), written(&project).as_str()), ("applied-unverified", "8"));
        project.run("undo 1 --yes --max-rows 99").ok();
        assert_eq!(before, project.dump());
    }

    fn a_run_goes_on_only_with_what_it_began_with(project: Project) {
        let project = many(project);
        killed_behind_the_first_batch(&project);
        let script = project.read("scripts/fix_items.sql");
        project.write_fix("items", HEAD, &format!("{SQL} AND id > 0"));
        project.run("runs resume 1").fails_with(5).says("was edited since run 1 began").says("manage runs cancel 1").says("manage undo 1");
        project.remove("scripts/fix_items.sql");
        project.run("runs resume 1").fails_with(5).says("is gone");
        project.write("scripts/fix_items.sql", &script);
        project.execute("ALTER TABLE items ADD COLUMN more TEXT");
        project.run("runs resume 1").fails_with(5).says("is another table since run 1 was planned");
        assert_eq!(written(&project), "4");
        project.execute("ALTER TABLE items DROP COLUMN more");
        project.run("runs resume 1").ok();
        assert_eq!(written(&project), "13");
    }

    fn ctrl_c_finishes_the_batch(project: Project) {
        let project = many(project);

        let stopped = project.command(APPLY).held_at_pass("patch.batch_written", 2).signal_and_go_on(Signal::INT).wait();
        stopped.exits_with(7).says("stopped, as was asked for").says("run 1 stands at 8 of 13 rows").says("manage runs resume 1").snapshot("patch_stopped");

        assert_eq!((written(&project).as_str(), state(&project, 1).as_str()), ("8", "paused"));
        let json = project.run("runs --json").ok().json();
        assert_eq!((json["runs"][0]["state"].clone(), json["runs"][0]["planned"].clone(), json["runs"][0]["done"].clone()),
            ("paused".into(), 13.into(), 8.into()));
        project.run("runs resume 1").ok();
        assert_eq!(written(&project), "13");
    }

    fn ctrl_c_twice_takes_the_batch_back(project: Project) {
        let project = many(project);
        let before = project.dump();

        let held = project.command(APPLY).held_at_pass("patch.batch_written", 2).signal(Signal::INT);
        std::thread::sleep(std::time::Duration::from_millis(300));
        held.signal_and_go_on(Signal::INT).wait().exits_with(130).says("run 1 stands at 4 of 13 rows");

        assert_eq!((written(&project).as_str(), state(&project, 1).as_str()), ("4", "paused"));
        project.run("runs cancel 1 --yes").ok();
        project.run("undo 1 --yes --max-rows 9").ok();
        assert_eq!(before, project.dump());
        // What goes in one transaction is taken back whole.
        let held = project.command("fix cluster-status --account acme --yes --max-rows 9").held_at("patch.written").signal(Signal::INT);
        std::thread::sleep(std::time::Duration::from_millis(300));
        held.signal_and_go_on(Signal::INT).wait().exits_with(130);
        assert_eq!(before, project.dump());
    }

    fn an_undo_in_batches_stops_and_goes_on_too(project: Project) {
        let project = many(project);
        let before = project.dump();
        project.run(APPLY).ok();
        project.command("undo 1 --yes --max-rows 99").env("MANAGE_FAULT", "patch.after_commit:2").run().exits_with(134);
        assert_eq!(written(&project), "9");
        project.execute("UPDATE items SET state = 'mine' WHERE id = 98");

        project.run("runs resume 2").fails_with(5).says("items 98  was changed by somebody");
        project.execute("UPDATE items SET state = 'new' WHERE id = 98");
        project.run("runs resume 2").ok().says("13 rows written");

        assert_eq!(before, project.dump());
        assert_eq!(state(&project, 1), "undone");
    }

    fn two_do_not_go_on_with_one_run(project: Project) {
        let project = many(project);
        project.edit("manage.toml", |text| text.replace("[patches]", "[patches]\nlock_timeout = \"50ms\""));
        let held = project.command(APPLY).held_at_pass("patch.batch_begun", 2);
        let second = project.command("runs resume 1").run();
        // SQLite lets only one write; PostgreSQL says who works on it.
        assert!(matches!(second.code, 3 | 6), "{second}");
        held.go_on().wait().ok();
        assert_eq!((written(&project).as_str(), batches(&project, 1).len()), ("13", 4));
    }
}

/// Who changes a planned row while its batch is being written comes before or after it, never in between.
#[test]
fn a_batch_that_meets_another_transaction_is_tried_again() {
    let project = many(Project::on(Backend::Postgres));
    project.edit("manage.toml", |text| text.replace("[patches]", "[patches]\nlock_timeout = \"200ms\""));
    let running = project.command(APPLY).held_at_pass("patch.batch_begun", 2);
    // Committed behind the batch's snapshot: the write meets it, the next try sees it.
    project.execute("UPDATE items SET hits = 7 WHERE id = 13");
    running.go_on().wait().ok().says("13 rows written");
    assert_eq!(project.value("SELECT hits FROM items WHERE id = 13"), "7");
    assert_eq!(written(&project), "13");
}
