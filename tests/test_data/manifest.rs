//! Everything that is broken on purpose is found, by the check that it belongs to and by no other.

use super::{Place, found, platform};
use crate::support::*;

const GLOBAL: &str = "unowned-rows migrations --all-tenants";

/// What the manifest says must be found.
fn manifest(injected: &serde_json::Value) -> Vec<Place> {
    let entry = |state: &serde_json::Value| {
        let text = |name: &str| state[name].as_str().unwrap_or_default().to_owned();
        (text("check"), text("table"), state["key"].as_i64().expect("a key"))
    };
    let mut places: Vec<Place> = injected["broken"].as_array().expect("a manifest").iter().map(entry).collect();
    places.sort();
    places
}

each_backend! {
    fn every_broken_state_is_found_by_its_own_check_alone(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account bystander --seed 3").ok();
        let injected = project.run("test-data inject --account demo --broken --json").ok().json();
        let wanted = manifest(&injected);

        let mut all = found(&project, "--account test-demo");
        // What belongs to nobody is found by the checks that are about no account.
        assert!(all.iter().all(|(check, ..)| check != "unowned-rows"));
        all.extend(found(&project, GLOBAL));
        all.sort();

        let missed: Vec<&Place> = wanted.iter().filter(|place| !all.contains(place)).collect();
        let more: Vec<&Place> = all.iter().filter(|place| !wanted.contains(place)).collect();
        assert_eq!((missed, more), (vec![], vec![]), "not found, and found besides");
        assert_eq!(all.len(), wanted.len(), "each is found once");
        for rule in ["S4-37", "S4-38", "S4-39", "S4-40", "S4-41", "S4-42", "S4-43", "S4-44", "S4-45", "S4-48"] {
            let broken = injected["broken"].as_array().expect("a manifest").iter();
            assert!(broken.flat_map(|state| state["rules"].as_array()).flatten().any(|known| known == rule), "{rule} is broken nowhere");
        }
    }

    fn a_site_shows_its_part_of_the_findings(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --broken").ok();
        let whole = found(&project, "--account test-demo");

        let sites: Vec<Place> = project
            .query("SELECT s.slug FROM sites s JOIN accounts a ON a.id = s.account_id WHERE a.slug = 'test-demo' ORDER BY s.slug")
            .concat()
            .iter()
            .flat_map(|site| found(&project, &format!("--account test-demo --site {site}")))
            .collect();

        let mut sites = sites;
        sites.sort();
        assert_eq!(sites, whole);
    }

    fn nothing_is_wrong_with_a_clean_account(project: Project) {
        let project = platform(project);
        for (slug, scale, seed) in [("tiny", 100, 1), ("small", 1000, 2), ("large", 20_000, 3)] {
            project.run(&format!("test-data inject --account {slug} --scale {scale} --seed {seed}")).ok();
        }

        project.run("verify --all-tenants").ok();
        for slug in ["tiny", "small", "large"] {
            assert_eq!(found(&project, &format!("--account test-{slug}")), []);
        }
        assert_eq!(found(&project, GLOBAL), []);
    }

    fn nobody_else_is_ever_mentioned(project: Project) {
        let project = platform(project);
        let injected = project.run("test-data inject --account demo --broken --json").ok().json();
        // Keys that are no part of any other number that is shown.
        project.execute("INSERT INTO accounts (id, slug, name) VALUES (700001, 'customer', 'A customer')");
        project.execute("INSERT INTO sites (id, account_id, name, slug) VALUES (700002, 700001, 'Of the customer', 'customers-site')");
        project.execute("INSERT INTO sectors (id, account_id, site_id, name) VALUES (700003, 700001, 700002, 'Sector of the customer')");
        project.execute("INSERT INTO clusters (id, account_id, site_id, sector_id, name, status) VALUES (700004, 700001, 700002, 700003, 'Cluster of the customer', 'WRONG')");
        let ours = injected["account"]["id"].clone();

        // The customer's row is wrong, and so are rows that lead from the test account to its neighbour.
        for outcome in [project.run("verify --account test-demo --limit 1000"), project.run("verify --account test-demo --limit 1000 --json")] {
            for other in ["70000", "ustomer", "WRONG", "test-demo-other"] {
                outcome.does_not_say(other);
            }
        }
        let facts = project.run("verify --account test-demo --limit 1000 --json").json();
        let findings = facts["checks"].as_array().expect("checks").iter().flat_map(|check| check["sample"].as_array()).flatten();
        assert!(findings.into_iter().all(|finding| finding["account_id"] == ours), "findings are of the account alone");
        assert_eq!(found(&project, "--account test-demo-other"), []);
        assert_eq!(found(&project, "status-fixes --account customer"), [("status-fixes".to_owned(), "clusters".to_owned(), 700_004)]);
    }
}
