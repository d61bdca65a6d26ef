//! Values that Rust computes go the way of every patch.

use super::fixture::platform as small;
use crate::support::*;
use crate::test_data::platform;

/// An account with one integration, which has this address and config.
fn with_integration(project: Project, site_url: &str, config: &str) -> Project {
    let project = platform(project);
    project.run("test-data inject --account demo --scale 100").ok();
    project.run("test-data inject --account bystander --scale 100").ok();
    let set = |id: &str| {
        let quoted = |text: &str| text.replace('\'', "''");
        project.execute(&format!(
            "UPDATE site_integrations SET site_url = '{}', config = '{}' WHERE id = {id}",
            quoted(site_url),
            quoted(config)
        ));
    };
    set(&first(&project));
    set(&project.value("SELECT max(id) FROM site_integrations"));
    project
}

/// The first integration of the account; the last one is the bystander's.
fn first(project: &Project) -> String {
    project.value("SELECT min(id) FROM site_integrations")
}

fn of_first(project: &Project) -> Vec<String> {
    project.query(&format!("SELECT site_url, config FROM site_integrations WHERE id = {}", first(project))).concat()
}

const FIX: &str = "fix integration-site-url --account test-demo";

each_backend! {
    fn every_other_byte_of_config_stays(project: Project) {
        let config = "{ \"v\" : 2.50,\t\"ké\\u00e9y\": [1, {\"site_url\": \"inner\"}] , \"site_url\":\"HTTPS://One.test-demo.example/\" , \"z\": \"it's\\/\" }";
        let project = with_integration(project, "ftp://ONE.test-demo.example//", config);
        let (before, others) = (of_first(&project), project.query("SELECT * FROM site_integrations WHERE account_id = 2"));
        let dump = project.dump();

        project.run(&format!("{FIX} --yes --max-rows 9")).ok().says("✓ 1 row written · 1 captured · 1 in account test-demo · 0 elsewhere");

        assert_eq!(of_first(&project), ["https://one.test-demo.example", &config.replace("HTTPS://One.test-demo.example/", "https://one.test-demo.example")]);
        assert_eq!(project.query("SELECT * FROM site_integrations WHERE account_id = 2"), others);
        project.run("verify integration-site-url --account test-demo").ok();
        project.run(&format!("{FIX} --yes --max-rows 9")).ok().says("nothing to do");
        project.run("undo --last --yes --max-rows 9").ok();
        assert_eq!(of_first(&project), before);
        let without_ledger = |dump: &str| dump.lines().filter(|line| !line.starts_with("\"manage_")).collect::<Vec<_>>().join("\n");
        assert_eq!(without_ledger(&project.dump()), without_ledger(&dump));
    }

    fn what_a_person_has_to_decide_is_told_and_left(project: Project) {
        let project = with_integration(project, "https://elsewhere.example", "{}");
        let before = of_first(&project);

        let told = project.run(&format!("{FIX} --dry-run"));
        told.ok().says("nothing to do").says("1 row of site_integrations is left as before").says("site_url is elsewhere.example, the site's domain is one.test-demo.example");
        told.does_not_say("bystander").snapshot("rust_form_left");
        let json = project.run(&format!("{FIX} --dry-run --json")).ok().json();
        assert_eq!(json["left"][0]["table"], "site_integrations");
        assert_eq!(of_first(&project), before);
    }

    fn what_its_plan_was_is_what_is_written(project: Project) {
        let project = with_integration(project, "https://one.test-demo.example/", "{}");
        let json = project.run(&format!("{FIX} --dry-run --json")).ok().json();
        let digest = json["digest"].as_str().expect("a digest")[..16].to_owned();
        project.execute(&format!("UPDATE site_integrations SET config = '{{\"more\": 1}}' WHERE id = {}", first(&project)));
        let before = project.dump();

        project.run(&format!("{FIX} --digest {digest}")).fails_with(5).says("the plan is another one now");
        assert_eq!(project.dump(), before);
        project.execute(&format!("UPDATE site_integrations SET config = '{{}}' WHERE id = {}", first(&project)));
        project.run(&format!("{FIX} --digest {digest}")).ok().says("✓ 1 row written");
    }

    fn a_function_that_nobody_has_registered_is_told(project: Project) {
        let project = small(project);
        project.write_fix("urls", "form = \"rust\"\ntable = \"clusters\"", "SELECT id, name FROM clusters WHERE account_id = :account");

        project.run("fix urls --account acme --dry-run").fails_with(2).says("`urls` is computed in Rust, and this program has no function of that name");
    }

    fn its_candidates_are_the_accounts_own(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        project.edit("scripts/fix_integration_site_url.sql", |text| text.replace("WHERE n.account_id = :account AND", "WHERE :account > 0 AND").replace(" AND s.account_id = :account", ""));
        project.run("test-data inject --account bystander --scale 100").ok();
        project.execute("UPDATE site_integrations SET site_url = ''");

        project.run(&format!("{FIX} --yes --max-rows 9")).ok().says("✓ 2 rows written").says("0 elsewhere");
        assert_eq!(project.value("SELECT count(*) FROM site_integrations WHERE site_url = ''"), "2");
        project.edit("scripts/fix_integration_site_url.sql", |text| text.replace("n.id, ", ""));
        project.run(&format!("{FIX} --dry-run")).fails_with(2).says("does not give `id`, which names the row");
    }
}
