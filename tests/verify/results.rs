//! What a check says, and how it ends.

use super::fixture::{self, platform, script};
use crate::support::*;

const STATUS: &str = "SELECT id, 'status is ''' || status || '''' AS what, '''done''' AS expected, site_id, title
FROM pages WHERE account_id = :account AND status <> 'done' ORDER BY id";

each_backend! {
    fn findings_are_told_with_what_mends_them(project: Project) {
        let project = platform(project
            .check("status", "table = \"pages\"\nfix = [\"page-status\"]\n[effects]\nlinks = \"SELECT count(*) FROM links\"", STATUS)
            .check("titles", "", "SELECT id, 'no title' AS what FROM pages WHERE account_id = :account AND title = ''"));

        project.run("verify --account acme").exits_with(1).snapshot("verify_findings");
        project.run("verify titles --account acme").ok().snapshot("verify_passes");
        let json = project.run("verify --account acme --json").json();
        assert_eq!((&json["exit_code"], &json["checks"][0]["status"], &json["checks"][0]["findings"]), (&1.into(), &"fail".into(), &2.into()));
        assert_eq!(json["checks"][0]["sample"][0]["key"]["id"], 100);
        assert_eq!(json["checks"][0]["effects"]["links"], 1);
        assert_eq!(json["checks"][1]["status"], "pass");
    }

    fn the_sample_is_limited_and_the_count_is_true(project: Project) {
        let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i AS id, 'x' AS what FROM n, accounts WHERE accounts.id = :account";
        let project = platform(project.check("many", "", many));

        project.run("verify --account acme --limit 2").exits_with(1).says("500 findings").says("… and 498 more");
        let json = project.run("verify --account acme --json").json();
        assert_eq!((&json["checks"][0]["findings"], json["checks"][0]["sample"].as_array().map(Vec::len)), (&500.into(), Some(20)));
    }

    fn thresholds_and_severity_decide(project: Project) {
        let project = platform(project
            .check("a_warn", "severity = \"warn\"", STATUS)
            .check("b_few", "fail_if = \"> 2\"", STATUS)
            .check("c_part", "fail_if = \"> 50%\"\ntotal = \"SELECT count(*) FROM pages\"", STATUS)
            .check("d_little", "fail_if = \"> 70%\"\nwarn_if = \"> 70%\"\ntotal = \"SELECT count(*) FROM pages\"", STATUS));

        let outcome = project.run("verify --account acme --json");

        outcome.exits_with(1);
        let json = outcome.json();
        let statuses: Vec<_> = json["checks"].as_array().expect("checks").iter().map(|check| check["status"].as_str().unwrap_or_default()).collect();
        assert_eq!(statuses, ["warn", "warn", "fail", "pass"]);
        project.run("verify a-warn b-few --account acme").ok();
    }

    fn what_could_not_tell_is_not_fine(project: Project) {
        let project = platform(project
            .check("broken", "", "SELECT id, titel AS what\nFROM pages WHERE account_id = :account")
            .check("fine", "", "SELECT id, 'x' AS what FROM pages WHERE account_id = :account AND title = ''")
            .check("total", "fail_if = \"> 1%\"\ntotal = \"SELECT NULL\"", STATUS));

        project.run("verify broken fine --account acme").exits_with(3).says("broken.sql:5:12").says("could not tell").says("✓ fine");
        project.run("verify total --account acme").exits_with(3).says("gives no whole number");
    }

    fn junit_is_for_ci(project: Project) {
        let project = platform(project
            .check("broken", "", "SELECT nothing AS what FROM pages WHERE account_id = :account")
            .check("status", "table = \"pages\"", STATUS)
            .check("titles", "", "SELECT id, 'no <title> & \"no\"' AS what FROM pages WHERE account_id = :account AND title = ''")
            .check("elsewhere", "engines = []\nscope = \"global\"", "SELECT 'x' AS what FROM pages WHERE 1 = 0"));

        let outcome = project.run("verify --account acme --format junit");

        outcome.exits_with(3);
        let suites = junit_parser::from_reader(outcome.stdout.as_bytes()).expect("JUnit's form");
        let suite = &suites.suites[0];
        assert_eq!((suites.suites.len(), suite.name.as_str()), (1, "acme (account 1)"));
        assert_eq!((suite.tests, suite.failures, suite.errors, suite.skipped), (4, 1, 1, 1));
        let case = |name: &str| suite.cases.iter().find(|case| case.original_name == name).expect("the case is there");
        let failure = case("status").status.failure_as_ref();
        assert!(failure.text.contains("pages 100  status is 'new', expected 'done'"), "{failure:?}");
        assert_eq!(failure.message, "2 findings in pages");
        assert!(case("broken").status.error_as_ref().text.contains("verify_broken.sql:5:8"));
        assert!(case("titles").status.is_success() && case("elsewhere").status.is_skipped());
        assert_eq!(case("status").classname.as_deref(), Some("verify.acme"));
    }

    fn junit_has_a_suite_for_each_account(project: Project) {
        let project = platform(project
            .check("status", "table = \"pages\"", STATUS)
            .check("odd", "", "SELECT id, '<b>&amp; ]]> \u{1b}[31m \u{0b} \"' AS what FROM pages WHERE account_id = :account AND id = 200"));

        let outcome = project.run("verify --all-tenants --jobs 2 --format junit --output report.xml");

        outcome.exits_with(1);
        let suites = junit_parser::from_reader(project.read("report.xml").as_bytes()).expect("JUnit's form");
        let names: Vec<_> = suites.suites.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(names, ["acme (account 1)", "zeta (account 2)", "1 (account 5)"]);
        let zeta = &suites.suites[1];
        let odd = zeta.cases.iter().find(|case| case.original_name == "odd").expect("the case is there");
        assert!(odd.status.failure_as_ref().text.starts_with("200"), "{odd:?}");
        assert!(project.read("report.xml").contains("200  &lt;b&gt;&amp;amp; ]]&gt;"));
        assert_eq!(suites.suites.iter().map(|suite| suite.failures).sum::<u64>(), 3);
    }

    fn the_instant_and_parameters_are_bound(project: Project) {
        let head = "[params.word]\ntype = \"text\"\nrequired = true\n[params.least]\ntype = \"integer\"\ndefault = 100\n[params.since]\ntype = \"timestamp\"";
        let project = platform(project.check("params", head,
            "SELECT id, title AS what FROM pages WHERE account_id = :account AND title LIKE '%' || :word || '%' AND id > :least AND (:since IS NULL OR :now >= :since)"));

        project.run("verify --account acme").exits_with(2).says("the parameter `word` is missing");
        project.manage(["verify", "--account", "acme", "--param", "word=ours"]).exits_with(1).says("2 findings");
        project.manage(["verify", "--account", "acme", "--param", "word=x' OR '1'='1"]).ok();
        project.manage(["verify", "--account", "acme", "--param", "word=ours", "--param", "least=x"]).exits_with(2);
        project.manage(["verify", "--account", "acme", "--param", "word=ours", "--param", "since=2020-01-01"]).exits_with(1);
        project.manage(["verify", "--account", "acme", "--param", "wrod=ours"]).fails_with(2);
    }
}

#[test]
fn a_file_in_a_folder_that_nobody_may_write_is_read() {
    let project = platform(Project::new().check("status", "", STATUS));
    let before = project.everything();
    let mode = |path: &str, mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(project.path(path), mode).expect("the file is ours");
    };
    mode("manage.db", 0o444);
    mode(".", 0o555);

    let outcome = project.run("verify --account acme");

    mode(".", 0o755);
    outcome.exits_with(1).says("2 findings");
    mode("manage.db", 0o644);
    assert_eq!(before, project.everything());
}

#[test]
fn a_role_that_only_reads_is_enough() {
    let project = platform(Project::on(Backend::Postgres).check("status", "", STATUS));
    let role = format!("reader_{}", project.value("SELECT current_database()"));
    project.execute(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON pages, accounts, sites TO {role}; ALTER ROLE {role} SET default_transaction_read_only = on"));
    let before = project.everything();
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    let as_reader = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();

    as_reader("verify --account acme").exits_with(1).says("2 findings");
    as_reader("verify --all-tenants --jobs 2").exits_with(1);
    as_reader("verify --account acme --record").fails_with(3).says("2 findings");
    // What the role may not see is an error, not "nothing found".
    project.write("scripts/verify_links.sql", &script("", "SELECT id, target AS what FROM links WHERE :account = 1"));
    as_reader("verify links --account acme").exits_with(3).says("permission denied");

    assert_eq!(before, project.everything());
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_standby_is_enough() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    let project = Project::new()
        .file("manage.toml", fixture::TENANCY)
        .migration("20260101000000_platform", fixture::SCHEMA, "SELECT 1")
        .check("status", "", STATUS);
    let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();
    run("migrate").ok();
    cluster.become_a_standby();

    run("verify --account acme").exits_with(1).says("2 findings");
    run("verify --all-tenants --jobs 2").exits_with(1);
    run("status").ok().says("1 applied, 0 pending");
    run("doctor").ok();
    // Results cannot be kept there, and nothing else can be written.
    run("verify --account acme --record").fails_with(3).says("2 findings").says("read-only");
    run("rollback --yes").fails_with(3);
}

#[test]
fn a_variant_goes_before_the_common_file() {
    let project = platform(Project::new()).check("v", "", "SELECT 1 AS what WHERE 1 = 0 AND :account = 1");
    project.write("scripts/verify_v.sqlite.sql", &script("", "SELECT 'from the variant' AS what WHERE :account = 1"));
    project.write("scripts/verify_only.postgres.sql", &script("engines = [\"postgres\"]", "SELECT 1 AS what"));

    project.run("verify --account id:1").exits_with(1).says("from the variant").says("it is not for SQLite");
}
