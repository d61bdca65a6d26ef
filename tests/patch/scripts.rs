//! The platform's own patches, on accounts that are broken in every way that a check must find.

use std::collections::BTreeSet;

use super::fixture::platform as small;
use crate::commands::mark;
use crate::support::*;
use crate::test_data::{Place, found, platform};

/// The tables whose rows belong to an account.
const TABLES: [&str; 14] = [
    "sites",
    "sectors",
    "clusters",
    "keywords",
    "content_ideas",
    "tasks",
    "content",
    "taxonomy_terms",
    "content_taxonomy",
    "site_integrations",
    "api_request_log",
    "ai_keys",
    "ai_prompts",
    "credit_usage_log",
];

/// Two accounts in which everything is broken, a whole one, and what is broken in the first.
struct Broken {
    project: Project,
    account: i64,
    states: Vec<State>,
}

/// An entry of the manifest.
struct State {
    place: Place,
    rules: Vec<String>,
    what: String,
}

impl Broken {
    fn new(project: Project) -> Self {
        let project = platform(project);
        project.run("test-data inject --account whole --scale 200 --seed 5").ok();
        project.run("test-data inject --account bystander --scale 200 --seed 3 --broken").ok();
        let injected = project.run("test-data inject --account demo --scale 200 --broken --json").ok().json();
        let read = |state: &serde_json::Value| {
            let text = |name: &str| state[name].as_str().unwrap_or_default().to_owned();
            let rules = state["rules"].as_array().expect("rules").iter().map(|rule| rule.as_str().unwrap_or_default().to_owned());
            State {
                place: (text("check"), text("table"), state["key"].as_i64().expect("a key")),
                rules: rules.collect(),
                what: text("what"),
            }
        };
        let states = injected["broken"].as_array().expect("a manifest").iter().map(read).collect();
        let account = injected["account"]["id"].as_i64().expect("an account");
        Self { project, account, states }
    }

    /// Every row that is not the account's, byte for byte.
    fn others(&self) -> String {
        let of = |table: &str| {
            let rows = self.project.query(&format!("SELECT * FROM {table} WHERE account_id <> {} ORDER BY id", self.account));
            format!("{table}: {rows:?}\n")
        };
        TABLES.iter().map(|table| of(table)).collect::<String>()
            + &format!("{:?}", self.project.query("SELECT * FROM credit_balances ORDER BY account_id"))
            + &format!("{:?}", self.project.query("SELECT * FROM accounts ORDER BY id"))
    }

    /// Runs the patch as an operator does, and holds what it mends against the manifest.
    fn mends(&self, command: &str, mended: impl Fn(&State) -> bool) {
        let project = &self.project;
        let wanted: BTreeSet<Place> = self.states.iter().filter(|state| mended(state)).map(|state| state.place.clone()).collect();
        assert!(wanted.len() > 3, "{command} mends little: {wanted:?}");
        let (rows, others, unowned) = (rows_of(project), self.others(), found(project, "unowned-rows --all-tenants"));
        let before: BTreeSet<Place> = found(project, "--account test-demo").into_iter().collect();
        assert!(wanted.is_subset(&before), "all of it is found before");
        let call = format!("{command} --account test-demo");

        let planned = project.run(&format!("{call} --dry-run --json")).ok().json();
        assert_eq!((rows_of(project), planned["status"].as_str()), (rows.clone(), Some("planned")), "{planned:#}");
        let digest = planned["digest"].as_str().expect("a digest")[..16].to_owned();
        // The plan knows its parameters.
        let bare = command.split(" --param").next().unwrap_or(command);
        let done = project.run(&format!("{bare} --account test-demo --digest {digest} --reason SUP-1432"));
        let count = planned["rows"].as_u64().expect("a number");
        done.ok().says(&format!("✓ {count} rows written · {count} captured · {count} in account test-demo · 0 elsewhere"));
        done.does_not_say("bystander");

        assert_eq!(self.others(), others, "nothing of another account is written");
        assert_eq!(found(project, "unowned-rows --all-tenants"), unowned, "nor what belongs to nobody");
        let after: BTreeSet<Place> = found(project, "--account test-demo").into_iter().collect();
        let left: BTreeSet<Place> = before.difference(&wanted).cloned().collect();
        assert_eq!(
            (after.difference(&left).collect::<Vec<_>>(), left.difference(&after).collect::<Vec<_>>()),
            (vec![], vec![]),
            "left, and gone besides"
        );
        let again = project.everything();
        let second = project.run(&format!("{call} --yes --max-rows 9999 --json")).ok().json();
        assert_eq!((&second["rows"], &second["status"]), (&0.into(), &"nothing to do".into()));
        assert_eq!(project.everything(), again, "a second run changes nothing");

        project.run("undo --last --yes --max-rows 9999").ok().says(&format!("✓ {count} rows written"));
        assert_eq!(rows_of(project), rows, "and all of it goes back");
    }
}

/// All rows but those of the ledger.
fn rows_of(project: &Project) -> String {
    project.dump().lines().filter(|line| !line.starts_with("\"manage_")).fold(String::new(), |text, line| text + line + "\n")
}

fn check_is(state: &State, check: &str) -> bool {
    state.place.0 == check
}

each_backend! {
    fn clusters_follow_their_keywords_and_ideas(project: Project) {
        let broken = Broken::new(project);

        broken.mends("fix cluster-status", |state| {
            check_is(state, "cluster-counts") || (check_is(state, "status-fixes") && state.place.1 == "clusters")
        });
    }

    fn a_cluster_that_is_switched_off_stays_as_it_is(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        project.execute("UPDATE clusters SET disabled = TRUE, status = 'archived', keywords_count = 99");

        project.run("fix cluster-status --account test-demo --yes --max-rows 99").ok().says("nothing to do");
        project.execute("UPDATE clusters SET disabled = FALSE");
        project.run("fix cluster-status --account test-demo --yes --max-rows 99").ok().says("0 elsewhere");
        project.run("verify --account test-demo").ok();
    }

    fn types_become_words_of_today_and_agree(project: Project) {
        let broken = Broken::new(project);
        const LEFT: [&str; 3] = ["`podcast`", "`article` is none of a page", "`general` is none of a taxonomy"];

        broken.mends("fix content-types", |state| check_is(state, "content-types") && !LEFT.iter().any(|word| state.what.contains(word)));
    }

    fn every_former_type_has_its_word(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        let ids: Vec<String> = project.query("SELECT id FROM content ORDER BY id").concat();
        project.execute("UPDATE content SET task_id = NULL");
        let cases = [
            ("blog_post", "hub", "post", "hub"),
            ("blog", "", "post", "article"),
            ("article", "supporting", "post", "article"),
            ("Guide ", "comparison", "post", "comparison"),
            ("tutorial", "hub", "post", "guide"),
            ("landing_page", "hub", "page", "landing_page"),
            ("landing_page", "general", "page", "general"),
            ("product_page", "hub", "product", "product_page"),
            ("woo_product", "", "product", "product_page"),
            ("category", "hub", "taxonomy", "category_archive"),
            ("tag", "attribute", "taxonomy", "attribute_archive"),
            ("taxonomy_archive", "tag", "taxonomy", "tag_archive"),
            ("taxonomy_archive", "hub", "taxonomy_archive", "hub"),
            ("post", "tutorial", "post", "guide"),
            ("page", "tutorial", "page", "tutorial"),
            ("podcast", "article", "podcast", "article"),
        ];
        for chunk in cases.chunks(ids.len()) {
            for (id, (content_type, structure, ..)) in ids.iter().zip(chunk) {
                project.execute(&format!("UPDATE content SET content_type = '{content_type}', content_structure = '{structure}' WHERE id = {id}"));
            }
            project.run("fix content-types --account test-demo --yes --max-rows 99").ok();
            for (id, (content_type, structure, wanted_type, wanted_structure)) in ids.iter().zip(chunk) {
                let now = project.query(&format!("SELECT content_type, content_structure FROM content WHERE id = {id}")).concat();
                assert_eq!(now, [*wanted_type, *wanted_structure], "{content_type}, {structure}");
            }
        }
    }

    fn what_is_synced_says_so(project: Project) {
        let broken = Broken::new(project);

        broken.mends("fix sync", |state| {
            (check_is(state, "sync") && !state.what.contains("older row")) || state.what == "sync_status `ok` is no word of today"
        });
    }

    fn the_thresholds_of_sync_are_those_of_its_check(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        let past = match project.backend() {
            Backend::Sqlite => "datetime('now', '-2 hours')",
            Backend::Postgres => "(now() AT TIME ZONE 'UTC') - INTERVAL '2 hours'",
        };
        project.execute(&format!("UPDATE content SET sync_status = 'failed', external_id = NULL, updated_at = {past} WHERE status = 'draft'"));
        let content: u64 = project.value("SELECT count(*) FROM content WHERE status = 'draft'").parse().expect("a count");
        project.execute(&format!("UPDATE site_integrations SET sync_status = 'syncing', sync_started_at = {past}"));

        let planned = |arguments: &str| {
            let json = project.run(&format!("fix sync --account test-demo --dry-run --json {arguments}")).ok().json();
            (json["rows"].as_u64(), json["findings_before"].as_u64())
        };

        assert!(content > 0);
        assert_eq!(planned(""), (Some(2), Some(2)));
        assert_eq!(planned("--param stuck_minutes=180"), (Some(0), Some(0)));
        assert_eq!(planned("--param stuck_minutes=180 --param retry_hours=1"), (Some(content), Some(content)));
        project.run("fix sync --account test-demo --yes --max-rows 9").ok();
        assert_eq!(project.value("SELECT DISTINCT sync_error FROM site_integrations"), "it was syncing for more than 30 minutes");
    }

    fn times_are_utc_whatever_the_session_was_told(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 100").ok();
        project.execute("UPDATE clusters SET status = 'new'");

        project.command("fix cluster-status --account test-demo --yes --max-rows 99").env("PGTZ", "Asia/Tokyo").env("TZ", "Asia/Tokyo").run().ok();

        let near = match project.backend() {
            Backend::Sqlite => "abs(julianday(updated_at) - julianday('now')) < 0.1",
            Backend::Postgres => "abs(extract(epoch FROM updated_at - (now() AT TIME ZONE 'UTC'))) < 8000",
        };
        assert_eq!(project.value(&format!("SELECT count(*) FROM clusters WHERE NOT ({near})")), "0");
    }

    fn links_and_terms_are_of_one_site(project: Project) {
        let broken = Broken::new(project);

        broken.mends("fix taxonomy-relationships", |state| check_is(state, "taxonomy") && state.rules.iter().any(|rule| rule == "S4-45"));
    }

    fn a_link_moves_where_the_term_is_there_too(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 200").ok();
        // Both sites have a `category-1`: the link moves. A term of one site only: the link goes.
        let link = |slug: &str, id: u32| {
            project.execute(&format!(
                "INSERT INTO content_taxonomy (id, account_id, site_id, content_id, taxonomy_term_id) SELECT {id}, w.account_id, w.site_id, w.id, t.id \
                 FROM content w, taxonomy_terms t WHERE t.slug = '{slug}' AND t.site_id <> w.site_id AND w.id = (SELECT max(id) FROM content)"
            ));
        };
        project.execute("INSERT INTO taxonomy_terms (id, account_id, site_id, name, slug, taxonomy_type) SELECT 900001, account_id, id, 'Only here', 'only-here', 'category' FROM sites WHERE slug = 'test-one'");
        project.execute("INSERT INTO taxonomy_terms (id, account_id, site_id, name, slug, taxonomy_type) SELECT 900002, account_id, id, 'Only there', 'only-there', 'category' FROM sites WHERE slug = 'test-two'");
        project.execute("DELETE FROM content_taxonomy WHERE content_id = (SELECT max(id) FROM content)");
        link("category-1", 900_010);
        link("only-here", 900_011);
        link("only-there", 900_012);
        let (term, own) = (project.value("SELECT taxonomy_term_id FROM content_taxonomy WHERE id = 900010"), "SELECT m.id FROM taxonomy_terms m JOIN content w ON w.site_id = m.site_id WHERE m.slug = 'category-1' AND w.id = (SELECT max(id) FROM content)");
        assert_ne!(term, project.value(own));

        // Of one site alone nobody can say that a row of another one is missing.
        for site in ["test-one", "test-two"] {
            project.run(&format!("fix taxonomy-relationships --account test-demo --site {site} --yes --max-rows 99")).ok();
        }
        assert_eq!(project.value("SELECT count(*) FROM content_taxonomy WHERE id >= 900010"), "2");
        project.run("fix taxonomy-relationships --account test-demo --yes --max-rows 99").ok();

        assert_eq!(project.query("SELECT id FROM content_taxonomy WHERE id >= 900010").concat(), ["900010"]);
        assert_eq!(project.value("SELECT taxonomy_term_id FROM content_taxonomy WHERE id = 900010"), project.value(own));
        project.run("verify --account test-demo").ok();
    }

    fn addresses_are_whole_and_the_same(project: Project) {
        let broken = Broken::new(project);
        const MENDED: [&str; 5] =
            ["site_url is missing", "site_url is of another protocol", "the host has capitals", "there is a slash at the end", "config has no site_url"];

        broken.mends("fix integration-site-url", |state| MENDED.contains(&state.what.as_str()));
    }

    fn ideas_follow_their_tasks(project: Project) {
        let broken = Broken::new(project);
        const DONE: [&str; 3] = ["completed, without a task", "completed, with a task that has no content", "status `published` is no word of today"];
        let of_ideas = |state: &State| check_is(state, "status-fixes") && (state.place.1 == "content_ideas" || state.what == "new, with an idea");

        broken.mends("sync idea-status", |state| of_ideas(state) && !DONE.contains(&state.what.as_str()));
        broken.mends("sync idea-status --param force=true", of_ideas);
    }

    fn each_account_gets_its_own_run(project: Project) {
        let broken = Broken::new(project);
        let project = &broken.project;

        let json = project.run("fix cluster-status --all-tenants --yes --max-rows 9999 --json").ok().json();

        let runs = json["runs"].as_array().expect("one for each account");
        let rows: Vec<_> = runs.iter().map(|run| (run["account"].as_str().unwrap_or_default(), run["rows"].as_u64().unwrap_or_default() > 0)).collect();
        assert_eq!(rows.iter().filter(|(_, some)| *some).map(|(name, _)| *name).collect::<BTreeSet<_>>(), ["test-bystander", "test-demo"].into());
        for account in ["test-demo", "test-bystander", "test-whole"] {
            assert_eq!(found(project, &format!("cluster-counts --account {account}")), []);
        }
    }

    fn every_script_of_the_platform_can_be_used(project: Project) {
        let project = platform(project);

        project.run("scripts check").ok().says("fix taxonomy-relationships").does_not_say("✗");
    }

    fn the_operator_is_shown_all_of_it_and_asked(project: Project) {
        let project = platform(project);
        project.run("test-data inject --account demo --scale 200 --broken").ok();
        project.write("docs/notes/README.md", "# Notes\n");
        mark(&project, "production", true);
        let before = rows_of(&project);
        let ask = || Terminal::run(&project, "fix cluster-status --account test-demo");

        project.run("fix cluster-status --account test-demo --yes --max-rows 99 --reason why").fails_with(4).says("--dry-run");
        ask().expect("reason: ").type_line("").finish().exits_with(4).says("no reason was given");
        ask().expect("reason: ").type_line("SUP-1432").expect("name to go on: ").type_line("test-demi").finish().exits_with(4).says("nothing was changed");
        assert_eq!(rows_of(&project), before);
        let done = ask().expect("reason: ").type_line("SUP-1432 clusters stuck").expect("name to go on: ").type_line("test-demo").finish();
        done.exits_with(0).says("10 rows in clusters, 0 elsewhere").says("✓ 10 rows written · 10 captured · 10 in account test-demo · 0 elsewhere");
        done.says("verify cluster-counts: 4 → 0").says("docs/notes/20").says("-fix-cluster-status-");
        // The server's name is as long as its folder's, and a heading is cut.
        if project.backend() == Backend::Sqlite {
            done.snapshot("cluster_status_screen");
        }
        // Keys and counts: no value of a row stands in a file.
        let year = project.list("docs/notes").into_iter().find(|name| name.starts_with('2')).expect("a folder of the year");
        let names = project.list(&format!("docs/notes/{year}"));
        let name = names.iter().find(|name| name.contains("fix-cluster-status")).expect("the file of the note");
        let note = project.read(&format!("docs/notes/{year}/{name}"));
        assert!(note.contains("SUP-1432 clusters stuck") && note.contains("manage undo 1") && !note.contains("mapped"), "{note}");
        project.run("notes check").ok();
    }

    fn what_was_applied_undone_or_refused_has_its_note(project: Project) {
        let project = small(project);
        let (before, notes) = (rows_of(&project), || project.run("notes list --json").ok().json()["notes"].as_array().cloned().unwrap_or_default());
        project.run("fix cluster-status --account acme --yes --max-rows 9 --reason SUP-1432").ok();
        project.run("undo 1 --yes --max-rows 9 --reason 'it was right'").ok();
        project.write_fix("wrong", "table = \"clusters\"\nverify = [\"status-fixes\"]", "SELECT id, 'worse' AS status FROM clusters WHERE account_id = :account");
        project.run("fix wrong --account acme --yes --max-rows 9 --reason SUP-1433").fails_with(1).says("the checks do not agree");
        // Refused before anything was written: nothing to account for.
        project.run("fix wrong --account acme --yes --max-rows 1").fails_with(4);
        project.run("fix wrong --account acme --dry-run").fails_with(1);

        let notes = notes();

        let told: Vec<_> = notes.iter().rev().map(|note| (note["kind"].as_str().unwrap_or_default(), note["title"].as_str().unwrap_or_default(), note["reason"].as_str().unwrap_or_default())).collect();
        assert_eq!(told, [
            ("fix", "fix cluster-status for acme: 3 rows in clusters", "SUP-1432"),
            ("undo", "undo of run 1, fix cluster-status for acme: 3 rows in clusters", "it was right"),
            ("fix", "fix wrong for acme: failed, nothing was changed", "SUP-1433"),
        ]);
        assert!(notes.iter().all(|note| note["account"] == "acme" && !note["written_at"].is_null()));
        assert_eq!(before, rows_of(&project));
    }
}
