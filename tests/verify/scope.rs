//! Whose rows a check sees.

use super::fixture::{OTHERS, platform, sample};
use crate::support::*;

const PAGES: &str = "SELECT id, title AS what FROM pages WHERE account_id = :account ORDER BY id";

fn sees(project: &Project, arguments: &str) -> Vec<String> {
    let outcome = project.run(&format!("verify {arguments} --json"));
    sample(&outcome, 0, "what")
}

each_backend! {
    fn a_check_sees_the_rows_of_its_account(project: Project) {
        let project = platform(project.check("all", "", "SELECT 'page ' || title AS what FROM pages WHERE :account IS NOT NULL
            UNION ALL SELECT 'link ' || target FROM links
            UNION ALL SELECT 'note ' || body FROM notes
            UNION ALL SELECT 'site ' || slug FROM sites
            UNION ALL SELECT 'account ' || slug FROM accounts
            UNION ALL SELECT 'country ' || name FROM countries
            UNION ALL SELECT 'credit ' || amount FROM credits ORDER BY 1"));

        let acme = project.run("verify --account acme --json");

        acme.exits_with(1);
        for other in OTHERS {
            acme.does_not_say(other);
        }
        assert_eq!(sample(&acme, 0, "what"), [
            "account acme", "country Germany", "credit 5", "link a", "note both agree", "note by its page", "note page is gone",
            "page ours alone", "page ours on blog", "page ours on shop", "site blog", "site shop",
        ]);
        // A page on another account's site is nobody's.
        assert!(!sees(&project, "--account zeta").iter().any(|what| what.contains("FOREIGN")));
    }

    fn a_site_narrows_it(project: Project) {
        let project = platform(project.check("pages", "", PAGES).check("links", "", "SELECT target AS what FROM links WHERE :account = :account"));

        assert_eq!(sees(&project, "pages --account acme --site blog"), ["ours on blog"]);
        assert_eq!(sees(&project, "pages --account acme --site shop.acme.example"), ["ours on shop"]);
        assert_eq!(sees(&project, "pages --account acme --site 10"), ["ours on blog"]);
        assert_eq!(sees(&project, "links --account acme --site blog"), ["a"]);
        assert!(sees(&project, "links --account acme --site shop").is_empty());
    }

    fn a_site_belongs_to_its_account(project: Project) {
        let project = platform(project.check("pages", "", PAGES));

        project.run("verify --account acme --site zeta.example").fails_with(4).snapshot("verify_foreign_site");
        project.run("verify --account acme --site nothing").fails_with(2).says("there is no site `nothing`");
        project.run("verify --site blog").fails_with(2);
    }

    fn an_account_is_its_key_first_and_its_label_then(project: Project) {
        let project = platform(project.check("pages", "", PAGES));

        project.run("verify --account 1").fails_with(2).snapshot("verify_ambiguous_account");
        assert_eq!(sees(&project, "--account id:1").len(), 3);
        project.run("verify --account slug:1").ok();
        assert_eq!(sees(&project, "--account slug:acme").len(), 3);
        project.run("verify --account 2").exits_with(1).says("zeta (account 2)");
        project.run("verify --account nobody").fails_with(2).says("there is no account `nobody`");
    }

    fn no_scope_is_a_refusal(project: Project) {
        let project = platform(project.check("pages", "", PAGES));

        project.run("verify").fails_with(4).snapshot("verify_which_account");
        project.run("verify pages --json").fails_with(4);
    }

    fn each_account_in_turn_without_those_of_the_system(project: Project) {
        let project = platform(project.check("pages", "", PAGES).check("unowned", "scope = \"global\"",
            "SELECT l.id, 'the link leads nowhere' AS what, 'links' AS table_name FROM links l LEFT JOIN pages p ON p.id = l.page_id WHERE p.id IS NULL"));

        let one = project.run("verify --all-tenants");
        one.exits_with(1).snapshot("verify_all_tenants").does_not_say("ROBOT");
        // Side by side the accounts stand in the same order, and are read in the same snapshot.
        let three = project.run("verify --all-tenants --jobs 3 --json").json();
        let seen = |json: &serde_json::Value| {
            let checks = json["checks"].as_array().expect("checks").clone();
            checks.iter().map(|check| (check["account"].clone(), check["name"].clone(), check["sample"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(seen(&three), seen(&project.run("verify --all-tenants --json").json()));
        assert_eq!(three["skipped"][0]["reason"], "a system account");
        project.run("verify pages --account robot").exits_with(1).says("ROBOT-PAGE");
        // What looks at all rows is not run for one account.
        project.run("verify unowned --account acme").fails_with(4).says("manage verify unowned --all-tenants");
        project.run("verify --account acme").exits_with(1).says("it is not about one account").does_not_say("leads nowhere");
    }

    fn without_tenancy_there_is_no_scope(project: Project) {
        let project = project.migration("20260101000000_t", "CREATE TABLE t (id BIGINT PRIMARY KEY); INSERT INTO t VALUES (7)", "DROP TABLE t")
            .check("t", "table = \"t\"", "SELECT id, 'wrong' AS what FROM t");
        project.run("migrate").ok();

        project.run("verify").exits_with(1).says("t 7  wrong");
        project.run("verify --account acme").fails_with(2).says("the project has no accounts");
        project.run("verify --all-tenants").fails_with(2);
    }
}
