//! The whole movement, with one table.

use super::fixture::{FIX, HEAD, OTHERS, platform};
use crate::support::*;

const APPLY: &str = "fix cluster-status --account acme --yes --max-rows 10 --reason SUP-1432";

each_backend! {
    fn a_fix_writes_what_it_planned_and_nothing_else(project: Project) {
        let project = platform(project);
        let others = project.others();
        project.run("verify --account acme").exits_with(1);

        let done = project.run(APPLY);
        done.ok().says("✓ 3 rows written · 3 captured · 3 in account acme · 0 elsewhere");

        done.says("verify status-fixes: 3 → 0, no other check got worse").says("undo: manage undo 1").does_not_say(OTHERS);
        done.snapshot("patch_applied");
        assert_eq!(project.query("SELECT id, status FROM clusters WHERE account_id = 1 ORDER BY id").concat(),
            ["17", "mapped", "23", "mapped", "31", "new", "32", "new"]);
        assert_eq!(others, project.others());
        project.run("verify --account acme").ok();
    }

    fn a_second_run_has_nothing_to_do(project: Project) {
        let project = platform(project);
        project.run(APPLY).ok();
        let before = project.everything();

        let outcome = project.run(&format!("{APPLY} --json"));
        outcome.ok();

        assert_eq!((outcome.json()["rows"].clone(), outcome.json()["status"].clone()), (0.into(), "nothing to do".into()));
        assert_eq!(before, project.everything());
    }

    fn a_dry_run_changes_no_row_and_its_digest_applies_it(project: Project) {
        let project = platform(project);
        let before = project.dump();

        let dry = project.run("fix cluster-status --account acme --dry-run");
        dry.ok().says("plan").says("3 rows in clusters, 0 elsewhere");
        dry.snapshot("patch_dry_run");
        assert_eq!(before, without_ledger(&project.dump()));

        let json = project.run("fix cluster-status --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest").to_owned();
        assert_eq!((json["status"].clone(), json["findings_before"].clone(), json["findings_after"].clone()), ("planned".into(), 3.into(), 0.into()));
        let done = project.run(&format!("fix cluster-status --account acme --json --reason why --digest {}", &digest[..16])).ok().json();
        assert_eq!((done["digest"].clone(), done["rows"].clone(), done["outside_tenant"].clone()), (digest.into(), 3.into(), 0.into()));
        assert_eq!(done["tables"][0]["updated"], 3);
    }

    fn a_plan_that_is_no_longer_true_is_not_applied(project: Project) {
        let project = platform(project);
        let json = project.run("fix cluster-status --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest").to_owned();
        project.execute("UPDATE clusters SET status = 'mapped' WHERE id = 17");
        let before = project.dump();

        project.run(&format!("fix cluster-status --account acme --digest {digest} --reason why")).fails_with(5).says("the plan is another one now");
        assert_eq!(before, without_ledger(&project.dump()));

        project.run("fix cluster-status --account acme --digest 0123456789abcdef").fails_with(5).says("there is no plan 0123456789abcdef");
        project.run(&format!("fix cluster-status --account zeta --digest {digest}")).fails_with(5).says("is about acme");
        project.write_fix("cluster_status", HEAD, &format!("{FIX} AND c.id < 99"));
        project.run(&format!("fix cluster-status --account acme --digest {digest}")).fails_with(5).says("was edited");
    }

    fn an_undo_gives_every_row_its_values_of_before(project: Project) {
        let project = platform(project);
        let before = project.dump();
        project.run(APPLY).ok();
        assert_ne!(before, project.dump());

        let undone = project.run("undo 1 --yes --max-rows 10");
        undone.ok().says("✓ 3 rows written · 3 captured · 3 in account acme · 0 elsewhere");
        undone.snapshot("patch_undone");
        assert_eq!(before, without_ledger(&project.dump()));
        project.run("undo 1 --yes --max-rows 10").fails_with(5).says("was taken back already, by run 2");
        project.run("undo 2 --yes --max-rows 10").ok();
        assert_eq!(project.value("SELECT status FROM clusters WHERE id = 17"), "mapped");
    }

    fn an_undo_does_not_overwrite_what_somebody_has_changed(project: Project) {
        let project = platform(project);
        project.run(APPLY).ok();
        project.execute("UPDATE clusters SET status = 'stuck' WHERE id = 23; UPDATE clusters SET name = 'renamed' WHERE id = 17");
        let before = project.dump();

        let refused = project.run("undo 1 --yes --max-rows 10");
        refused.fails_with(5).says("1 of 3 rows changed since run 1; nothing was undone").says("clusters 23");
        refused.snapshot("patch_undo_conflict");
        assert_eq!(before, without_ledger(&project.dump()));

        project.run("undo 1 --yes --max-rows 10 --skip-conflicts").ok().says("2 rows written");
        assert_eq!(project.query("SELECT id, name, status FROM clusters WHERE id IN (17, 23, 31) ORDER BY id").concat(),
            ["17", "renamed", "new", "23", "ours with one", "stuck", "31", "ours alone", "Active"]);
    }

    fn without_a_yes_nothing_happens(project: Project) {
        let project = platform(project);
        let before = project.dump();

        project.run("fix cluster-status").fails_with(4).says("which account?");
        project.run("fix cluster-status --account acme").fails_with(4).says("nobody has agreed");
        project.run("fix cluster-status --account acme --yes").fails_with(4).says("--max-rows");
        project.run("fix cluster-status --account acme --yes --max-rows 2").fails_with(4).says("3 rows would be written");
        project.run("fix nothing --account acme").fails_with(2);
        project.run("fix cluster-status --account nobody --dry-run").fails_with(2);
        project.run("fix cluster-status --account acme --site blog --param x=1 --dry-run").fails_with(2).says("no parameter `x`");
        project.run("fix cluster-status --account zeta --site shop --dry-run").fails_with(4);

        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn a_site_confines_further(project: Project) {
        let project = platform(project);

        project.run("fix cluster-status --account acme --site shop --yes --max-rows 9").ok().says("1 row written");

        assert_eq!(project.query("SELECT id FROM clusters WHERE status = 'mapped'").concat(), ["23"]);
    }

    fn all_tenants_go_one_after_the_other(project: Project) {
        let project = platform(project);

        let json = project.run("fix cluster-status --all-tenants --yes --max-rows 9 --json").ok().json();

        assert_eq!((json["rows"].clone(), json["runs"].as_array().map(Vec::len)), (5.into(), Some(2)), "{json:#}");
        project.run("verify --all-tenants").ok();
    }

    fn the_most_rows_are_those_of_all_accounts_together(project: Project) {
        let project = platform(project);

        let outcome = project.run("fix cluster-status --all-tenants --yes --max-rows 4");

        outcome.fails_with(4).says("at most 1 are expected");
        project.run("verify --account acme").ok();
        project.run("verify --account zeta").exits_with(1);
    }

    fn a_label_commands_no_terminal(project: Project) {
        let project = platform(project);
        let escape = if project.backend() == Backend::Sqlite { "char(27)" } else { "chr(27)" };
        project.execute(&format!("UPDATE accounts SET slug = 'acme' || {escape} || '[2J' || replace('|forged', '|', '\n') WHERE id = 1"));

        let outcome = project.run("fix cluster-status --account id:1 --dry-run");

        assert!(!outcome.ok().stdout.contains(['\u{1b}']) && !outcome.stdout.lines().any(|line| line.starts_with("forged")), "{outcome}");
    }
}

/// The rows without those of the ledger, which may only have been made.
fn without_ledger(dump: &str) -> String {
    dump.lines().filter(|line| !line.starts_with("\"manage_")).fold(String::new(), |text, line| text + line + "\n")
}
