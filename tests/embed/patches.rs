//! Patches, applied by an application with a function of its own.

use std::time::{Duration, SystemTime};

use manage::domain::explain::{Class, Explain};
use manage::domain::value::Value;
use manage::patch::RustForm;

use super::*;

const TENANCY: &str =
    "[tenancy]\naccount = { table = \"accounts\", label = \"slug\" }\n[tenancy.tables]\npages = { account = \"account_id\" }\n";

fn ready(project: Project) -> Project {
    let script = |head: &str, sql: &str| format!("/* manage\ndescription = \"d\"\n{head}\n*/\n{sql}");
    let project = project
        .file("manage.toml", TENANCY)
        .file(
            "scripts/verify_titles.sql",
            &script(
                "table = \"pages\"",
                "SELECT id, 'blanks around it' AS what FROM pages WHERE account_id = :account AND title <> trim(title)",
            ),
        )
        .file(
            "scripts/fix_titles.sql",
            &script(
                "form = \"rust\"\ntable = \"pages\"\nverify = [\"titles\"]\nexpect_max = 3",
                "SELECT id, title FROM pages WHERE account_id = :account",
            ),
        )
        .file(
            "scripts/sync_words.sql",
            &script(
                "table = \"pages\"\n[params.word]\ntype = \"text\"\nrequired = true",
                "SELECT id, :word AS title FROM pages WHERE account_id = :account",
            ),
        );
    project.execute(
        "CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT); CREATE TABLE pages (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, title TEXT);
         INSERT INTO accounts VALUES (1, 'acme'), (2, 'zeta'); INSERT INTO pages VALUES (10, 1, ' a'), (11, 1, 'b'), (12, 1, ' '), (20, 2, ' ZETA ')",
    );
    // Makes the ledger.
    project.run("notes add --title begun --yes").ok();
    project
}

fn trimmed() -> RustForm {
    RustForm::new(&["title"], |row| {
        let title = row.get("title").and_then(Value::as_str).ok_or("the title is no text")?;
        Ok((title != title.trim()).then(|| vec![title.trim().into()]))
    })
}

fn titles(project: &Project) -> Vec<String> {
    project.query("SELECT id, title FROM pages ORDER BY id").concat()
}

each_backend! {
    fn an_application_plans_and_applies_with_its_own_function(project: Project) {
        let project = ready(project);
        let patches = manage::Project::open(project.folder()).expect("a project").patches().account("acme").function("titles", trimmed());
        let (url, now) = (url(&project), SystemTime::now());
        let before = project.everything();

        let plan = patches.plan("titles", &url, now).expect("it is planned");

        assert_eq!((plan.rows(), plan.run, project.everything()), (2, None, before));
        let wrong = patches.apply("titles", &url, now + Duration::from_secs(1), &plan.digest).expect_err("another instant, another plan");
        assert_eq!(wrong.class(), Class::Conflict);
        let done = patches.clone().reason("SUP-1").person("Anna").apply("titles", &url, now, &plan.digest).expect("it is applied");
        assert!(done.rows() == 2 && done.run.is_some());
        assert_eq!(titles(&project), ["10", "a", "11", "b", "12", "", "20", " ZETA "]);
        project.run("verify --account acme").ok();
        project.run("notes list").ok().says("fix titles for acme: 2 rows").says("Anna");
        let again = patches.plan("titles", &url, now).expect("it is planned");
        assert_eq!((again.rows(), again.findings(&["titles".to_owned()])), (0, Some((0, 0))));
        project.run("undo --last --yes --max-rows 9").ok();
        assert_eq!(titles(&project)[1], " a");
    }

    fn what_is_missing_is_told_and_nothing_is_written(project: Project) {
        let project = ready(project);
        let patches = manage::Project::open(project.folder()).expect("a project").patches();
        let (url, now, before) = (url(&project), SystemTime::now(), project.everything());
        let fails = |patches: &manage::embed::Patches, name: &str| {
            let error = patches.plan(name, &url, now).expect_err("it is refused");
            (error.class(), error.report())
        };
        let acme = patches.clone().account("acme");

        let (class, told) = fails(&patches, "titles");
        assert!(class == Class::Refused && told.starts_with("which account?"), "{told}");
        assert!(fails(&acme, "titles").1.contains("register it: .function(\"titles\", …)"));
        assert!(fails(&acme, "titels").1.contains("do you mean"));
        assert!(fails(&acme, "words").1.contains("the parameter `word` is missing"));
        assert!(fails(&acme.clone().param("wrod", "x"), "words").1.contains("has no parameter `wrod`"));
        assert!(fails(&acme.clone().function("titles", RustForm::new(&["title"], |_| Ok(Some(Vec::new())))), "titles").1.contains("one value for each"));
        assert!(fails(&acme.clone().function("titles", RustForm::new(&["account_id"], |_| Ok(Some(vec![2.into()])))), "titles").0 != Class::CouldNotRun);
        let too_many = acme.clone().function("titles", RustForm::new(&["title"], |_| Ok(Some(vec!["x".into()]))));
        project.execute("INSERT INTO pages VALUES (13, 1, 'c')");
        assert_eq!(fails(&too_many, "titles").0, Class::Refused);
        project.execute("DELETE FROM pages WHERE id = 13");
        assert_eq!(patches.clone().account("acme").param("word", "x").plan("words", &url, now).expect("it is planned").rows(), 3);
        assert_eq!(before, project.everything());
    }
}
