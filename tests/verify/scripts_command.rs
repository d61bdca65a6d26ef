//! `manage scripts` and `manage new verify|fix|sync|report`.

use super::fixture::{platform, script};
use crate::support::*;

const PAGES: &str = "SELECT id, title AS what FROM pages WHERE account_id = :account";

each_backend! {
    fn scripts_are_listed_shown_and_archived(project: Project) {
        let project = platform(project.check("page_status", "fix = [\"page-status\"]\n[params.word]\ntype = \"enum\"\nvalues = [\"a\", \"b\"]\ndefault = \"a\"\nhelp = \"which\"", PAGES));
        project.write("scripts/fix_page_status.sql", &script("table = \"pages\"\nverify = [\"page-status\"]", "SELECT id, 'done' AS status FROM pages WHERE account_id = :account"));
        project.write("scripts/check_broken.sql", "SELECT 1");
        project.write("scripts/archive/fix_old.sql", "whatever it was");

        project.run("scripts").ok().snapshot("scripts_list");
        let json = project.run("scripts list --json").ok().json();
        let states: Vec<_> = json["scripts"].as_array().expect("scripts").iter().map(|s| s["state"].as_str().unwrap_or_default()).collect();
        assert_eq!(states, ["active", "active", "invalid", "archived"]);
        project.run("scripts show verify-page-status").ok().snapshot("scripts_show");
        project.run("scripts show page-status").fails_with(2).says("say which: verify-page-status, fix-page-status");
        project.run("scripts show old").fails_with(2).says("it is archived");

        project.run("scripts archive fix_page_status").ok().says("scripts/archive/fix_page_status.sql").says("verify page-status names it");
        assert_eq!(project.list("scripts/archive"), ["fix_old.sql", "fix_page_status.sql"]);
        project.run("verify page-status --account acme").exits_with(1);
        project.run("scripts archive page-status").ok();
        project.run("verify page-status --account acme").fails_with(2).says("it is archived");
        project.run("scripts archive page-status").fails_with(2);
    }

    fn an_archived_file_is_never_replaced(project: Project) {
        let project = platform(project.check("a", "", PAGES));
        project.write("scripts/archive/verify_a.sql", "the old one");

        project.run("scripts archive a").fails_with(2).says("is there already");

        assert_eq!(project.read("scripts/archive/verify_a.sql"), "the old one");
        assert!(project.has("scripts/verify_a.sql"));
    }

    fn a_new_script_is_refused_until_it_is_edited(project: Project) {
        let project = platform(project);
        for (command, file) in [
            ("verify status fixes", "verify_status_fixes"), ("fix cluster-status", "fix_cluster_status"), ("sync sync_ideas", "sync_ideas"),
            ("report recent", "check_recent"), ("report --diagnose generate", "diagnose_generate"), ("verify --global unowned", "verify_unowned"),
        ] {
            project.run(&format!("new {command}")).ok().says(&format!("scripts/{file}.sql"));
            project.run(&format!("new {command}")).fails_with(2).says("is there already");
            let text = project.read(&format!("scripts/{file}.sql"));
            assert_eq!(text.contains(":account"), !command.contains("global"), "{text}");
        }
        project.run("scripts check").exits_with(2).says("the template was not edited").says("6 of 6 scripts cannot be used");
        project.run("verify status-fixes --account acme").fails_with(2).says("the template was not edited");
        // With the line taken away and the table's name in place, each of them is fine.
        for file in project.list("scripts") {
            project.edit(&format!("scripts/{file}"), |text| {
                let lines: Vec<_> = text.lines().filter(|line| !line.contains("write the SQL here") && !line.contains("volatile")).collect();
                lines.join("\n").replace("table_name", "pages").replace(", :now AS updated_at", "").replace("AND AND", "AND")
            });
        }
        project.run("scripts check").ok().says("6 scripts, nothing wrong with them");
        project.run("verify --all-tenants").exits_with(1);
        project.run("new verify …").fails_with(2).says("leaves no name");
    }

    fn every_script_is_looked_at_without_running_it(project: Project) {
        let project = platform(project);
        let fix = |head: &str, sql: &str| ("fix", format!("{head}\n"), sql.to_owned());
        let verify = |head: &str, sql: &str| ("verify", format!("{head}\n"), sql.to_owned());
        let check = |sql: &str| ("check", String::new(), sql.to_owned());
        let cases = [
            (verify("", "SELECT id AS what FROM pages"), "does not use :account"),
            (verify("", "SELECT ':account' AS what FROM pages -- :account"), "does not use :account"),
            (verify("", "SELECT id AS what, $$ :account $$ FROM pages /* :account /* :account */"), ""),
            (verify("", "SELECT word AS what FROM secrets WHERE account_id = :account"), "does not classify"),
            (verify("", "SELECT titel AS what FROM pages WHERE account_id = :account"), ":5:"),
            (verify("", "SELECT id FROM pages WHERE account_id = :account"), "no column `what`"),
            (verify("", "SELECT id AS what FROM pages WHERE account_id = :account AND id > :least"), "`:least` is not declared"),
            (verify("fix = [\"nothing\"]", PAGES), "there is no fix script and no sync script"),
            (verify("total = \"SELECT count(*) FROM secrets\"", PAGES), "`secrets`"),
            (verify("[effects]\nplanner = \"SELECT count(*) FROM nowhere\"", PAGES), "nowhere"),
            (check("SELECT status, count(*) AS rows FROM pages"), "does not use :account"),
            (check("DELETE FROM pages WHERE account_id = :account"), "must be one SELECT"),
            (check("SELECT 1 AS x WHERE :account = 1; DELETE FROM pages"), "must be one SELECT"),
            (verify("", "SELECT 1 AS what WHERE :account = 1; SELECT 2"), "a second one begins here"),
            (fix("table = \"pages\"\nverify = [\"nothing\"]", PAGES), "there is no verify script"),
            (fix("table = \"nowhere\"", PAGES), "there is no table `nowhere`"),
            (fix("table = \"secrets\"", PAGES), "does not classify `secrets`"),
            (fix("table = \"credits\"", "SELECT id, 5 AS amount FROM credits WHERE account_id = :account"), "its access is never"),
            (fix("table = \"countries\"\nkey = [\"code\"]", "SELECT code, 'x' AS name FROM countries WHERE :account = 1"), "belongs to no account"),
            (fix("table = \"all_pages\"", PAGES), "is a view"),
            (fix("table = \"pages\"", "SELECT id, title AS titel FROM pages WHERE account_id = :account"), "has no column `titel`"),
            (fix("table = \"pages\"", "SELECT title FROM pages WHERE account_id = :account"), "does not return the key column `id`"),
            (fix("table = \"pages\"", "SELECT id FROM pages WHERE account_id = :account"), "no new value"),
            (fix("table = \"pages\"", "SELECT id, title, title FROM pages WHERE account_id = :account"), "returned twice"),
            (fix("table = \"pages\"", "SELECT id, 'x' AS title FROM pages"), "does not use :account"),
            (fix("table = \"pages\"", "UPDATE pages SET title = 'x' WHERE account_id = :account"), "must be one SELECT"),
            (fix("form = \"statement\"\nwrites = [\"credits\"]", "DELETE FROM credits WHERE account_id = :account"), "its access is never"),
            (fix("form = \"statement\"\nwrites = [\"pages\"]", "DELETE FROM pages"), "does not use :account"),
            (fix("form = \"statement\"\nwrites = [\"pages\"]", "DELETE FROM pages WHERE account_id = :acount"), "`:acount` is not declared"),
            (fix("", "SELECT 1;\n-- patch: pages(id) delete\nSELECT id FROM pages WHERE account_id = :account"), "before the first part"),
            (fix("", "-- patch: pages(id)\nSELECT id, 'x' AS title FROM pages WHERE account_id = :account\n-- patch: links(id) delete\nSELECT idd AS id FROM links WHERE :account = 1"), ":8:"),
        ];
        let before = project.everything();
        for ((kind, head, sql), expected) in cases {
            if expected.is_empty() && project.backend() == Backend::Sqlite {
                continue;
            }
            let file = format!("scripts/{kind}_x.sql");
            project.write(&file, &script(&head, &sql).replace("\n\n*/", "\n*/"));
            let outcome = project.run("scripts check");
            assert!(matches!(outcome.code, 2 | 3), "{sql}\n{}{}", outcome.stdout, outcome.stderr);
            outcome.says(&file).says(expected);
            project.remove(&file);
        }
        assert_eq!(before, project.everything());
        // And what is right is found to be right.
        project.write("scripts/verify_ok.sql", &script("fix = [\"ok\"]\n[params.least]\ntype = \"integer\"\nrequired = true", "SELECT id, 'x' AS what FROM pages WHERE account_id = :account AND id > :least"));
        project.write("scripts/fix_ok.sql", &script("verify = [\"ok\"]", "-- patch: pages(id)\nSELECT id, 'x' AS title FROM pages WHERE account_id = :account\n-- patch: links(id) delete\nSELECT id FROM links WHERE :account = 1"));
        project.run("scripts check").ok();
    }

    fn the_doctor_looks_at_scripts_and_accounts(project: Project) {
        let project = platform(project.check("fine", "", PAGES).check("broken", "", "SELECT nothing AS what FROM pages WHERE account_id = :account"));
        project.edit("manage.toml", |text| format!("{text}gone = {{ access = \"global\" }}\n"));

        let outcome = project.run("doctor");

        outcome.ok()
            .says("does not classify all_pages, secrets")
            .says("names what the database does not have: gone")
            .says("links: 2 rows lead to no account: 3, 4")
            .says("notes: 1 row leads to two accounts: 2")
            .says("pages: 1 row leads to two accounts: 201")
            .says("verify broken: scripts/verify_broken.sql:5:8")
            .does_not_say("verify fine");
        assert_eq!(project.run("doctor --json").json()["exit_code"], 0);
    }
}

#[test]
fn a_script_is_there_once() {
    let project = platform(Project::new().check("a_b", "", PAGES));
    project.write("scripts/verify_a-b.sql", &script("", PAGES));

    project.run("verify a-b --account acme").fails_with(2).says("the script is there twice");
}

#[test]
fn a_pipe_in_the_place_of_a_script_is_refused() {
    let project = platform(Project::new());
    std::fs::create_dir_all(project.path("scripts")).expect("ours");
    let made = std::process::Command::new("mkfifo").arg(project.path("scripts/verify_a.sql")).status();
    assert!(made.expect("mkfifo runs").success());

    project.run("verify a --account acme").fails_with(2).says("it is no file");
}
