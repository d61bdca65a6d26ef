//! Reports: tables, warnings, steps.

use super::fixture::{OTHERS, platform, script};
use crate::support::*;

const PAGES: &str = "SELECT id, title, status FROM pages WHERE account_id = :account ORDER BY id";

/// The platform with `scripts/<file>.sql`.
fn with(project: Project, file: &str, head: &str, sql: &str) -> Project {
    platform(project.file(&format!("scripts/{file}.sql"), &script(head, sql)))
}

const STEPS: &str = "-- step: the account is there
SELECT status = 'active' AS ok, slug AS detail FROM accounts WHERE id = :account;
-- step: it has a page with the title that was asked for
SELECT count(*) > 0 AS ok, count(*) || ' pages' AS detail FROM pages WHERE title = :title;
-- step: it has credit
SELECT amount > 10 AS ok, amount || ' left' AS detail FROM credits;
-- step: nobody knows
SELECT NULL AS ok, 'not looked at' AS detail FROM accounts;
SELECT 'the note ' || id AS step, page_id IS NOT NULL AS ok, body AS detail FROM notes ORDER BY id;
-- table: What there is
SELECT id, title FROM pages ORDER BY id";

each_backend! {
    fn a_table_is_shown(project: Project) {
        let project = with(project, "check_pages", "limit = 2", PAGES);

        let outcome = project.run("report pages --account acme");
        outcome.ok().snapshot("report_table");
        for other in OTHERS {
            outcome.does_not_say(other);
        }
        let json = project.run("report pages --account acme --limit 1 --json").ok().json();
        let section = &json["reports"][0]["sections"][0];
        assert_eq!((&section["count"], section["rows"].as_array().map(Vec::len)), (&3.into(), Some(1)));
        assert_eq!(section["columns"], serde_json::json!(["id", "title", "status"]));
        assert_eq!(section["rows"][0], serde_json::json!([100, "ours on blog", "new"]));
        assert_eq!((&json["reports"][0]["status"], &json["reports"][0]["account"]), (&"ok".into(), &"acme".into()));
        project.run("report check_pages --account acme --site shop").ok().says("1 row").says("ours on shop");
    }

    fn several_tables_and_warnings(project: Project) {
        let project = with(project, "check_pages", "[params.least]\ntype = \"integer\"\ndefault = 1",
            &format!("-- table: Pages\n{PAGES};\n-- table: By status\nSELECT status, count(*) AS pages FROM pages GROUP BY status ORDER BY status;\n-- warn: No site\nSELECT id FROM pages WHERE site_id IS NULL;\n-- warn: More than :least\nSELECT 1 AS x FROM (SELECT count(*) AS n FROM pages) c WHERE n > :least;\n-- warn: No title\nSELECT id FROM pages WHERE title = ''"));

        project.run("report pages --account acme").ok().snapshot("report_sections");
        project.run("report pages --account acme --param least=3").ok().does_not_say("More than");
        project.run("report pages --account acme --param lest=3").fails_with(2).says("no report has a parameter `lest`");
    }

    fn steps_are_right_or_wrong(project: Project) {
        let project = with(project, "diagnose_pages", "[params.title]\ntype = \"text\"\nrequired = true", STEPS);

        project.run("report pages --account acme").exits_with(2).says("the parameter `title` is missing");
        let outcome = project.manage(["report", "pages", "--account", "acme", "--param", "title=ours on blog"]);
        outcome.exits_with(1).says("blocked by it has credit: 5 left").snapshot("report_steps");
        project.execute("UPDATE credits SET amount = 50 WHERE account_id = 1");
        project.manage(["report", "pages", "--account", "acme", "--param", "title=ours on blog"]).ok().does_not_say("blocked");
        let json = project.run("report pages --account acme --param title=ZETA-PAGE --json").exits_with(1).json();
        assert_eq!((&json["reports"][0]["status"], &json["reports"][0]["blocked_by"]["detail"]), (&"failed".into(), &"0 pages".into()));
        assert_eq!(json["reports"][0]["sections"][3]["steps"][0]["ok"], serde_json::Value::Null);
    }

    fn a_step_that_finds_nothing_is_wrong(project: Project) {
        let project = with(project, "diagnose_a", "", "-- step: the page is there\nSELECT true AS ok FROM pages WHERE account_id = :account AND id = 200");

        project.run("report a --account acme").exits_with(1).says("✗ the page is there").says("nothing found");
        project.run("report a --account zeta").ok();
    }

    fn each_account_in_turn(project: Project) {
        let project = with(project, "check_pages", "", PAGES);
        project.write("scripts/check_all.sql", &script("scope = \"global\"", "SELECT count(*) AS pages FROM pages"));

        project.run("report pages").fails_with(4).says("which account?");
        project.run("report pages --all-tenants").ok().says("acme (account 1)").says("zeta (account 2)").says("robot left out: a system account").does_not_say("ROBOT");
        project.run("report all --account acme").fails_with(4).says("--all-tenants");
        let json = project.run("report all --all-tenants --json").ok().json();
        assert_eq!(json["reports"][0]["sections"][0]["rows"], serde_json::json!([[6]]));
    }

    fn a_report_only_reads(project: Project) {
        let project = platform(project);
        let before = project.everything();
        for sql in [
            "DELETE FROM pages WHERE account_id = :account",
            "SELECT id FROM pages WHERE account_id = :account; DELETE FROM pages",
            "SELECT id FROM pages WHERE account_id = :account; COMMIT; SELECT 1",
            "WITH d AS (DELETE FROM pages RETURNING id) SELECT id FROM d WHERE :account = 1",
            "SELECT word FROM secrets WHERE :account = 1",
            "SELECT id FROM pages WHERE account_id = :account; SELECT word FROM secrets",
            "SELECT id FROM pages",
            "",
        ] {
            project.write("scripts/check_evil.sql", &script("", sql));
            let outcome = project.run("report evil --account id:1");
            assert!(matches!(outcome.code, 2 | 3), "{sql}\n{}", outcome.stdout);
            for other in OTHERS {
                outcome.does_not_say(other);
            }
        }
        assert_eq!(before, project.everything());
    }

    fn what_could_not_be_made_is_told(project: Project) {
        let project = with(project, "check_pages", "", &format!("-- table: Pages\n{PAGES};\n-- table: Wrong\nSELECT 1 / (id - id) AS x FROM pages WHERE title = 'ours alone'"));
        project.write("scripts/diagnose_bad.sql", &script("", "SELECT true AS ok FROM pages WHERE account_id = :account"));
        project.write("scripts/diagnose_worse.sql", &script("", "-- step: a\nSELECT id FROM pages WHERE account_id = :account"));

        project.run("report bad --account acme").exits_with(2).says("nothing says what the step is called");
        project.run("report worse --account acme").exits_with(2).says("the step returns no column `ok`");
        project.run("report nothing --account acme").fails_with(2).says("there is no script `nothing`");
        project.run("verify pages --account acme").fails_with(2).says("manage report pages");
        if project.backend() == Backend::Postgres {
            // SQLite says NULL where others say that it cannot be done.
            project.run("report pages --account acme").exits_with(3).says("ours alone").says("division by zero").says("check_pages.sql:8:1");
        }
        project.run("scripts check").exits_with(2).says("diagnose_bad.sql").says("report worse");
    }
}
