//! Checks, made by an application.

use std::time::SystemTime;

use manage::domain::explain::{Class, Explain};
use manage::verify::Status;

use super::*;

const TENANCY: &str =
    "[tenancy]\naccount = { table = \"accounts\", label = \"slug\" }\n[tenancy.tables]\npages = { account = \"account_id\" }\n";

fn ready(project: Project) -> Project {
    let script = |head: &str, sql: &str| format!("/* manage\ndescription = \"d\"\n{head}*/\n{sql}");
    let project = project
        .file("manage.toml", TENANCY)
        .file(
            "scripts/verify_titles.sql",
            &script("", "SELECT id, 'no title' AS what FROM pages WHERE title = '' AND :account IS NOT NULL"),
        )
        .file("scripts/verify_all.sql", &script("scope = \"global\"\n", "SELECT id, title AS what FROM pages"))
        .file("scripts/verify_broken.sql", &script("", "SELECT titel AS what FROM pages WHERE account_id = :account"));
    project.execute(
        "CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT); CREATE TABLE pages (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, title TEXT);
         INSERT INTO accounts VALUES (1, 'acme'), (2, 'zeta'); INSERT INTO pages VALUES (10, 1, ''), (20, 2, ''), (21, 2, '')",
    );
    project
}

each_backend! {
    fn an_application_makes_the_checks_of_an_account(project: Project) {
        let project = ready(project);
        let checks = manage::Project::open(project.folder()).expect("a project").checks();
        let before = project.everything();

        let outcomes = checks.clone().account("acme").verify(&url(&project), SystemTime::now()).expect("they are made");

        let told: Vec<_> = outcomes.iter().map(|outcome| (outcome.name.as_str(), outcome.status, outcome.findings)).collect();
        assert_eq!(told, [("all", Status::Skip, 0), ("broken", Status::Error, 0), ("titles", Status::Fail, 1)]);
        let zeta = checks.clone().account("id:2").only("titles").limit(1).verify(&url(&project), SystemTime::now()).expect("it is made");
        assert_eq!((zeta[0].findings, zeta[0].sample.len()), (2, 1));
        let all = checks.clone().only("all").verify(&url(&project), SystemTime::now()).expect("it is about all");
        assert_eq!(all[0].findings, 3);
        assert_eq!(before, project.everything());
    }

    fn nobody_is_not_everybody(project: Project) {
        let project = ready(project);
        let checks = manage::Project::open(project.folder()).expect("a project").checks();
        let fails = |checks: &manage::embed::Checks| checks.verify(&url(&project), SystemTime::now()).expect_err("it is refused").report();

        assert!(fails(&checks).starts_with("which account?\nhint: "), "{}", fails(&checks));
        assert!(fails(&checks.clone().account("nobody")).contains("there is no account `nobody`"));
        assert!(fails(&checks.clone().account("acme").only("titels")).contains("do you mean `titles`?"));
        assert_eq!(checks.verify("nonsense://x", SystemTime::now()).expect_err("no URL").class(), Class::Usage);
    }
}
