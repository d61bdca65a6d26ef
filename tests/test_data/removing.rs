//! Test data is made of a seed, for one account, and goes without a trace.

use super::platform;
use crate::support::*;

/// Rows without their keys and times of making.
fn words(project: &Project) -> Vec<Vec<String>> {
    let mut rows = project.query("SELECT keyword, volume, difficulty, intent, status, created_at FROM keywords");
    rows.extend(project.query("SELECT title, content_type, content_structure, status, external_id, updated_at FROM content"));
    rows.extend(project.query("SELECT endpoint, status_code, response_body, created_at, method, success FROM api_request_log"));
    rows.sort();
    rows
}

each_backend! {
    fn the_same_seed_makes_the_same_rows(project: Project) {
        let project = platform(project);
        let made = |seed: u32| {
            project.run(&format!("test-data inject --account demo --seed {seed} --broken")).ok();
            let rows = words(&project);
            project.run("test-data remove --account demo").ok();
            rows
        };

        let first = made(7);

        assert!(first == made(7), "the same rows");
        assert!(first != made(8), "other rows");
    }

    fn removing_leaves_no_trace_and_touches_nobody(project: Project) {
        let project = platform(project);
        project.execute("INSERT INTO accounts (slug, name) VALUES ('customer', 'A customer')");
        project.run("test-data inject --account other --broken").ok();
        let before = project.dump();

        project.run("test-data inject --account demo --broken --scale 500").ok().says("test-demo · 6");
        assert_ne!(before, project.dump());
        project.run("test-data remove --account demo").ok();

        assert_eq!(before, project.dump());
        project.run("test-data remove --account demo").ok().says("nothing to remove");
    }

    fn there_are_as_many_rows_as_were_asked_for(project: Project) {
        let project = platform(project);

        let facts = project.run("test-data inject --account demo --scale 12345 --json").ok().json();

        assert_eq!(facts["rows"], 12345);
        let tables = facts["tables"].as_array().expect("tables");
        for table in tables {
            let name = table["table"].as_str().expect("a name");
            assert_eq!(project.value(&format!("SELECT count(*) FROM {name}")), table["rows"].to_string(), "{name}");
        }
        // Rows of the application go on behind them.
        project.execute("INSERT INTO accounts (slug, name) VALUES ('customer', 'A customer')");
    }

    fn only_a_test_account_is_filled(project: Project) {
        let project = platform(project);
        project.execute("INSERT INTO accounts (slug, name) VALUES ('aws-admin', 'The system'), ('acme', 'A customer'), ('test-taken', 'A customer')");
        let before = project.everything();

        for account in ["aws-admin", "default-account", "default", "test-default"] {
            project.run(&format!("test-data inject --account {account}")).fails_with(4).says("is a system account");
            project.run(&format!("test-data remove --account {account}")).fails_with(4);
        }
        project.run("test-data inject --account acme").fails_with(4).says("acme is not a test account").says("--account test-acme");
        project.run("test-data remove --account acme").fails_with(4);
        project.run("test-data inject --account taken").fails_with(4).says("test-taken is not a test account");
        project.run("test-data remove --account taken").fails_with(4);
        project.run("test-data inject --account 'A b'").fails_with(2);
        project.run("test-data inject --account demo --scale 99").fails_with(2);

        assert_eq!(before, project.everything());
    }

    fn what_is_there_already_is_not_made_again(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100 --seed 5").ok();
        let before = project.everything();

        project.run("test-data inject --account demo").fails_with(4).says("100 rows, seed 5").says("test-data remove --account test-demo");

        assert_eq!(before, project.everything());
    }

    fn rows_of_others_that_depend_on_it_stop_the_removal(project: Project) {
        let project = platform(project);
        let facts = project.run("test-data inject --account demo --scale 100 --json").ok().json();
        let account = &facts["account"]["id"];
        project.execute(&format!("INSERT INTO credit_usage_log (account_id, operation, credits) VALUES ({account}, 'write', 5)"));
        let before = project.everything();

        project.run("test-data remove --account demo").fails_with(4).says("credit_usage_log.account_id: 1 to accounts");

        assert_eq!(before, project.everything());
    }

    fn another_schema_is_told_before_anything_is_done(project: Project) {
        let project = project.migration("20260101000000_a", "CREATE TABLE accounts (id INTEGER PRIMARY KEY)", "DROP TABLE accounts");
        project.run("migrate").ok();

        project.run("test-data inject --account demo --yes").fails_with(2).says("platform's schema only");
    }
}
