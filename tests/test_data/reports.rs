//! The platform's reports: recent keywords, answers of the API, and what stands in the way of writing.

use super::platform;
use crate::support::*;

/// The one report that is asked for.
fn report(project: &Project, arguments: &str) -> serde_json::Value {
    let outcome = project.run(&format!("report {arguments} --account test-demo --limit 1000 --json"));
    let facts = outcome.json();
    let report = facts["reports"][0].clone();
    assert!(report["error"].is_null() && report["sections"].is_array(), "{outcome}");
    report
}

/// The rows of a section: by column.
fn rows(report: &serde_json::Value, title: &str) -> Vec<serde_json::Value> {
    let section = report["sections"].as_array().expect("sections").iter().find(|section| section["title"] == title);
    let section = section.unwrap_or_else(|| panic!("no {title}: {report}"));
    let columns: Vec<&str> = section["columns"].as_array().expect("columns").iter().filter_map(|name| name.as_str()).collect();
    let row = |row: &serde_json::Value| {
        columns.iter().map(|name| (*name).to_owned()).zip(row.as_array().expect("a row").clone()).collect()
    };
    section["rows"].as_array().expect("rows").iter().map(row).collect()
}

fn with_account(project: Project) -> Project {
    let project = platform(project);
    project.run("test-data inject --account demo --scale 300").ok();
    project.run("test-data inject --account other --scale 300 --seed 2").ok();
    project
}

/// A moment some hours ago.
fn ago(project: &Project, hours: u32) -> String {
    match project.backend() {
        Backend::Sqlite => format!("datetime('now', '-{hours} hours')"),
        Backend::Postgres => format!("(now() AT TIME ZONE 'UTC') - INTERVAL '{hours} hours'"),
    }
}

each_backend! {
    fn recent_keywords_are_listed_with_what_is_odd(project: Project) {
        let project = with_account(project);
        let owner = "(SELECT min(id) FROM accounts WHERE slug = 'test-demo')";
        let site = format!("(SELECT min(id) FROM sites WHERE account_id = {owner})");
        let sector = format!("(SELECT min(id) FROM sectors WHERE site_id = {site})");
        let cluster = format!("(SELECT min(id) FROM clusters WHERE site_id = {site})");
        for (word, sector, cluster, status, hours) in [
            ("Blue Kettle", sector.as_str(), "NULL", "new", 2),
            ("blue kettle", sector.as_str(), "NULL", "new", 200),
            ("nowhere", "NULL", "NULL", "new", 3),
            ("not mapped", sector.as_str(), cluster.as_str(), "new", 4),
            ("mapped", sector.as_str(), cluster.as_str(), "mapped", 30),
        ] {
            let at = ago(&project, hours);
            project.execute(&format!("INSERT INTO keywords (account_id, site_id, sector_id, cluster_id, keyword, status, created_at) VALUES ({owner}, {site}, {sector}, {cluster}, '{word}', '{status}', {at})"));
        }
        project.execute("UPDATE keywords SET keyword = 'OTHERS' WHERE account_id <> (SELECT min(id) FROM accounts WHERE slug = 'test-demo')");

        let day = report(&project, "recent-keywords");

        let words = |report: &serde_json::Value, title: &str| -> Vec<String> { rows(report, title).iter().map(|row| row["keyword"].as_str().unwrap_or_default().to_lowercase()).collect() };
        assert_eq!(words(&day, "Keywords"), ["blue kettle", "nowhere", "not mapped"]);
        assert_eq!((rows(&day, "By status").len(), &rows(&day, "By status")[0]["keywords"]), (1, &3.into()));
        assert_eq!(words(&day, "Twice in a sector, but for capitals"), ["blue kettle"]);
        assert_eq!(words(&day, "Without a sector"), ["nowhere"]);
        assert_eq!(words(&day, "New, though in a cluster"), ["not mapped"]);
        assert_eq!(rows(&report(&project, "recent-keywords --param hours=48"), "Keywords").len(), 4);
        project.run("report recent-keywords --account test-demo --param hours=9999999 --limit 9999").ok().does_not_say("OTHERS");
    }

    fn answers_of_the_api_have_one_form(project: Project) {
        let project = with_account(project);
        assert_eq!(rows(&report(&project, "api-response --param hours=9999999"), "Not as they should be").len(), 0);
        let whole = r#"{"success": true, "data": {"a": [1, "x\"y"]}, "request_id": "1"}"#;
        let answers = [
            (200, whole, None),
            (204, "", None),
            (200, r#"{"success": true, "data": {"count": 0, "results": []}, "request_id": "1"}"#, None),
            (200, "<html>", Some("the body is not JSON")),
            (200, r#"{"success": true"#, Some("the body is not JSON")),
            (200, "[]", Some("the body is no object")),
            (200, r#"{"success": 1, "data": 1, "request_id": "1"}"#, Some("success is not true or false")),
            (500, whole, Some("success with status 500")),
            (200, r#"{"success": false, "error": "x", "request_id": "1"}"#, Some("no success with status 200")),
            (200, r#"{"success": true, "request_id": "1"}"#, Some("success without data")),
            (404, r#"{"success": false, "error": "", "request_id": "1"}"#, Some("no success, and no error text")),
            (404, r#"{"success": false, "error": "gone"}"#, Some("there is no request_id")),
            (200, r#"{"success": true, "data": {"results": []}, "request_id": "1"}"#, Some("a page needs a number as count and a list as results")),
        ];
        for (code, body, _) in answers {
            project.execute(&format!("INSERT INTO api_request_log (account_id, endpoint, status_code, response_body) VALUES ((SELECT id FROM accounts WHERE slug = 'test-demo'), '/now', {code}, '{body}')"));
        }
        project.execute("INSERT INTO api_request_log (account_id, endpoint, status_code, response_body) SELECT id, '/now', 200, 'OTHERS' FROM accounts WHERE slug = 'test-other'");

        let day = report(&project, "api-response");

        let judged = rows(&day, "Not as they should be");
        let mut told: Vec<&str> = judged.iter().filter_map(|row| row["what"].as_str()).collect();
        let mut wanted: Vec<&str> = answers.iter().filter_map(|(.., what)| *what).collect();
        told.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(told, wanted);
        assert_eq!(rows(&day, "By end point")[0]["answers"], answers.len());
        assert_eq!(rows(&day, "By status").len(), 4);
    }

    fn what_stands_in_the_way_of_writing_is_named(project: Project) {
        let project = with_account(project);
        let blocked = |arguments: &str| {
            let step = report(&project, &format!("generate-content {arguments}"))["blocked_by"].clone();
            step["step"].as_str().or(step.as_str()).unwrap_or("nothing").to_owned()
        };
        let ours = "account_id = (SELECT id FROM accounts WHERE slug = 'test-demo')";
        let task = project.value(&format!("SELECT min(id) FROM tasks WHERE status = 'queued' AND {ours}"));
        let of_task = |column: &str| format!("id = (SELECT {column} FROM tasks WHERE id = {task})");
        let undone = |change: &str, back: &str, step: &str| {
            project.execute(change);
            assert_eq!(blocked(""), step, "{change}");
            project.execute(back);
        };

        assert_eq!(blocked(""), "nothing");
        assert_eq!(blocked(&format!("--param task={task}")), "nothing");
        assert_eq!(blocked("--param task=999999"), "task");
        undone("UPDATE accounts SET status = 'suspended' WHERE slug = 'test-demo'", "UPDATE accounts SET status = 'active' WHERE slug = 'test-demo'", "account");
        undone(&format!("UPDATE tasks SET title = ' ' WHERE id = {task}"), &format!("UPDATE tasks SET title = 'x' WHERE id = {task}"), "task");
        undone(&format!("UPDATE sites SET is_active = FALSE WHERE {}", of_task("site_id")), "UPDATE sites SET is_active = TRUE", "site");
        undone(&format!("UPDATE sectors SET is_active = FALSE WHERE {}", of_task("sector_id")), "UPDATE sectors SET is_active = TRUE", "sector");
        let cluster = project.value(&format!("SELECT cluster_id FROM tasks WHERE id = {task}"));
        undone(&format!("UPDATE tasks SET cluster_id = NULL WHERE id = {task}"), &format!("UPDATE tasks SET cluster_id = {cluster} WHERE id = {task}"), "cluster");
        let idea = project.value(&format!("SELECT idea_id FROM tasks WHERE id = {task}"));
        undone(&format!("UPDATE tasks SET idea_id = NULL WHERE id = {task}"), &format!("UPDATE tasks SET idea_id = {idea} WHERE id = {task}"), "idea");
        undone(&format!("UPDATE credit_balances SET credits = 0 WHERE {ours}"), &format!("UPDATE credit_balances SET credits = 5 WHERE {ours}"), "credits");
        undone(&format!("UPDATE ai_prompts SET is_active = FALSE WHERE {ours}"), &format!("UPDATE ai_prompts SET is_active = TRUE WHERE {ours}"), "prompt");
        // Another customer's key is no way out; a system account's is.
        project.execute(&format!("UPDATE ai_keys SET is_active = FALSE WHERE {ours}"));
        assert_eq!(blocked(""), "key of the AI");
        project.execute("INSERT INTO accounts (slug, name) VALUES ('aws-admin', 'The system')");
        project.execute("INSERT INTO ai_keys (account_id, api_key) SELECT id, 'SECRET' FROM accounts WHERE slug = 'aws-admin'");
        assert_eq!(blocked(""), "nothing");
        project.run("report generate-content --account test-demo").ok().says("that of a system account").does_not_say("SECRET").does_not_say("test-other");
    }

    fn every_script_can_be_used(project: Project) {
        platform(project).run("scripts check").ok();
    }
}
