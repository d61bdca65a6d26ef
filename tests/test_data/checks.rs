//! The checks that look at the schema, and the lists that they hold.

use std::collections::BTreeSet;

use super::{found, platform};
use crate::support::*;

/// What `verify migrations` finds: what, and where.
fn wrong(project: &Project) -> Vec<String> {
    let facts = project.run("verify migrations --all-tenants --limit 1000 --json").json();
    let check = &facts["checks"][0];
    assert!(check["error"].is_null(), "{check}");
    let told = |finding: &serde_json::Value| {
        let column = finding["key"]["column_name"].as_str().map(|column| format!(".{column}")).unwrap_or_default();
        format!("{}{column}: {}", finding["table"].as_str().unwrap_or_default(), finding["what"].as_str().unwrap_or_default())
    };
    check["sample"].as_array().expect("a sample").iter().map(told).collect()
}

each_backend! {
    fn a_schema_that_is_not_what_the_migrations_make_is_found(project: Project) {
        let project = platform(project);
        assert_eq!(wrong(&project), Vec::<String>::new());

        project.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20260309090000'");
        project.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20300101000000')");
        project.execute("DROP VIEW system_fallbacks");
        project.execute("DROP TABLE ai_prompts");
        project.execute("ALTER TABLE tasks DROP COLUMN description");
        project.execute("ALTER TABLE content ADD COLUMN html_content TEXT");
        project.execute("ALTER TABLE api_request_log RENAME COLUMN account_id TO owner");
        project.execute("ALTER TABLE api_request_log ADD COLUMN account_id BIGINT");

        assert_eq!(wrong(&project), [
            "__diesel_schema_migrations: migration 20260309090000 is not applied",
            "__diesel_schema_migrations: migration 20300101000000 is applied and unknown",
            "ai_prompts: the table does not exist",
            "tasks.description: the column does not exist",
            "content.html_content: the column was renamed, and is there again",
            "api_request_log.account_id: the column takes NULL",
        ]);
    }

    fn the_lists_of_the_check_are_those_of_the_migrations(project: Project) {
        let project = platform(project);
        let file = format!("scripts/verify_migrations.{}.sql", project.backend().word());
        let text = project.read(&file);
        let versions: BTreeSet<&str> = text.split("('").skip(1).filter_map(|rest| rest.split('\'').next()).filter(|word| word.len() == 14 && word.bytes().all(|b| b.is_ascii_digit())).collect();
        let folders = project.list("migrations");
        let folders: BTreeSet<&str> = folders.iter().filter_map(|name| name.split('_').next()).collect();

        assert_eq!(versions, folders, "{file}");
        // Without a column's name in the list, dropping it would go unnoticed: so many names as columns, and all are there.
        let listed = text.split("columns_of) AS (").nth(1).and_then(|rest| rest.split("renamed (").next()).expect("the list");
        let names = listed.matches('"').count() / 2;
        let tables: Vec<&str> = listed.lines().filter_map(|line| line.trim().strip_prefix("('")).filter_map(|line| line.split('\'').next()).collect();
        let (columns, owners) = match project.backend() {
            Backend::Sqlite => {
                let columns = tables.iter().map(|table| project.value(&format!("SELECT count(*) FROM pragma_table_info('{table}')")));
                let owners = tables.iter().map(|table| project.value(&format!("SELECT count(*) FROM pragma_table_info('{table}') WHERE name IN ('account_id', 'site_id') AND \"notnull\"")));
                (columns.collect::<Vec<_>>(), owners.collect::<Vec<_>>())
            }
            Backend::Postgres => {
                let count = |table: &&str, more: &str| project.value(&format!("SELECT count(*) FROM information_schema.columns WHERE table_name = '{table}'{more}"));
                (tables.iter().map(|table| count(table, "")).collect(), tables.iter().map(|table| count(table, " AND column_name IN ('account_id', 'site_id') AND is_nullable = 'NO'")).collect())
            }
        };
        let sum = |counts: &[String]| counts.iter().map(|count| count.parse::<usize>().expect("a count")).sum::<usize>();
        assert_eq!(names, sum(&columns) + sum(&owners), "{file}");
    }

    fn config_is_read_as_json(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        let id = project.value("SELECT min(id) FROM site_integrations");
        let good = project.value("SELECT site_url FROM site_integrations ORDER BY id LIMIT 1");
        let escaped = good.replace('/', "\\/");
        let whole = [
            format!("{{\"site_url\": \"{good}\"}}"),
            format!(" {{ \"a\" : [ 1, -2.5e+3, true, null, {{}}, [], \"x\\u00e9\\ud83d\\ude00\\\"}}\" ], \"site_url\":\"{escaped}\" }} "),
        ];
        let torn = ["", "{", "{\"site_url\": \"x\"", "{\"site_url\" \"x\"}", "{\"a\": 1 \"b\": 2}", "{\"a\": 01}", "{'a': 1}", "[1,]", "{} {}", "\"\\x\"", "nul", "{\"a\": }"];
        let set = |config: &str| {
            project.execute(&format!("UPDATE site_integrations SET config = '{}' WHERE id = {id}", config.replace('\'', "''")));
            project.run("verify integration-site-url --account test-demo --json").json()["checks"][0].clone()
        };

        for config in whole {
            assert_eq!(set(&config)["status"], "pass", "{config}");
        }
        for config in torn {
            let check = set(config);
            assert_eq!((&check["status"], &check["sample"][0]["what"]), (&"fail".into(), &"config is not JSON".into()), "{config}: {check}");
        }
    }

    fn thresholds_of_sync_can_be_given(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        let past = match project.backend() {
            Backend::Sqlite => "datetime('now', '-2 hours')",
            Backend::Postgres => "(now() AT TIME ZONE 'UTC') - INTERVAL '2 hours'",
        };
        project.execute(&format!("UPDATE content SET sync_status = 'failed', external_id = NULL, updated_at = {past} WHERE status = 'draft'"));
        let content: usize = project.value("SELECT count(*) FROM content WHERE status = 'draft'").parse().expect("a count");
        project.execute(&format!("UPDATE site_integrations SET sync_status = 'syncing', sync_started_at = {past}"));

        let count = |arguments: &str| found(&project, &format!("sync --account test-demo {arguments}")).len();

        assert!(content > 0);
        assert_eq!(count(""), 2);
        assert_eq!(count("--param stuck_minutes=180"), 0);
        assert_eq!(count("--param stuck_minutes=180 --param retry_hours=1"), content);
        assert_eq!(count("--param retry_hours=3"), 2);
    }

    fn a_cluster_that_is_switched_off_is_left_alone(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        project.execute("UPDATE clusters SET disabled = TRUE, status = 'new', keywords_count = 99");
        assert_eq!(found(&project, "--account test-demo"), []);

        project.execute("UPDATE clusters SET status = 'archived'");
        assert!(found(&project, "--account test-demo").iter().all(|(check, ..)| check == "status-fixes"));
    }

    fn doctor_counts_what_the_check_for_unowned_rows_lists(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --broken").ok();

        let listed = found(&project, "unowned-rows --all-tenants");

        assert!(listed.len() > 20);
        assert_eq!(found(&project, "tenancy --account test-demo").len(), 12);
    }
}
