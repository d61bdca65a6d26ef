//! Several parts, rows that are made and deleted, and the memory of runs.

use super::fixture::{OTHERS, platform};
use crate::support::*;

const PARTS: &str = "-- patch: keywords(id) delete
SELECT id FROM keywords WHERE account_id = :account AND cluster_id = 17 AND word = 'b'
-- patch: clusters(id)
SELECT c.id, (SELECT count(*) FROM keywords k WHERE k.cluster_id = c.id) AS keywords_count FROM clusters c WHERE c.account_id = :account
-- patch: keywords(id) insert
SELECT 900 + c.id AS id, :account AS account_id, c.id AS cluster_id, 'made' AS word FROM clusters c WHERE c.account_id = :account AND c.keywords_count = 0
-- patch: tags(id)
SELECT id, 'y' AS tag FROM tags WHERE :account = 1
";

each_backend! {
    fn later_parts_see_what_earlier_ones_wrote(project: Project) {
        let project = platform(project);
        let (before, others) = (project.dump(), project.others());
        project.remove("scripts/verify_status_fixes.sql");
        project.write_fix("parts", "", PARTS);

        let json = project.run("fix parts --account acme --yes --max-rows 99 --json").ok().json();

        assert_eq!(json["tables"].to_string(), serde_json_text(&[("keywords", 2, 0, 1), ("clusters", 0, 2, 0), ("tags", 0, 1, 0)]));
        assert_eq!(project.query("SELECT id, keywords_count FROM clusters WHERE account_id = 1 ORDER BY id").concat(),
            ["17", "1", "23", "1", "31", "0", "32", "0"]);
        assert_eq!(project.query("SELECT id FROM keywords WHERE word = 'made' ORDER BY id").concat(), ["931", "932"]);
        assert_eq!(others, project.others());

        project.run("undo --last --yes --max-rows 99").ok();
        assert_eq!(before, project.dump());
        project.run("undo 2 --yes --max-rows 99").ok();
        assert_eq!(project.query("SELECT id FROM keywords WHERE word = 'made' ORDER BY id").concat(), ["931", "932"]);
    }

    fn one_digest_is_of_all_parts(project: Project) {
        let project = platform(project);
        project.remove("scripts/verify_status_fixes.sql");
        project.write_fix("parts", "", PARTS);
        let json = project.run("fix parts --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest").to_owned();
        project.execute("UPDATE tags SET tag = 'moved' WHERE id = 1");
        let before = project.dump();

        project.run(&format!("fix parts --account acme --digest {digest}")).fails_with(5);
        assert_eq!(before, project.dump());
        project.execute("UPDATE tags SET tag = 'x' WHERE id = 1");
        project.run(&format!("fix parts --account acme --digest {digest}")).ok();
    }

    fn a_part_that_is_refused_takes_all_with_it(project: Project) {
        let project = platform(project);
        project.remove("scripts/verify_status_fixes.sql");
        let before = project.dump();
        project.write_fix("parts", "", &format!("{PARTS}-- patch: tags(id)\nSELECT 2 AS id, 'z' AS tag WHERE :account = 1\n"));

        project.run("fix parts --account acme --yes --max-rows 99").fails_with(4).does_not_say(OTHERS);
        assert_eq!(before, project.dump());
    }

    fn a_made_row_that_somebody_has_changed_stays(project: Project) {
        let project = platform(project);
        project.write_fix("make", "table = \"keywords\"\nop = \"insert\"",
            "SELECT 70 AS id, :account AS account_id, 17 AS cluster_id, 'new' AS word UNION ALL SELECT 71, :account, 17, 'new'");
        project.run("fix make --account acme --yes --max-rows 99").ok();
        project.execute("UPDATE keywords SET word = 'mine' WHERE id = 71");

        project.run("undo 1 --yes --max-rows 99").fails_with(5).says("1 of 2 rows changed since run 1");
        project.run("undo 1 --yes --max-rows 99 --skip-conflicts").ok();
        assert_eq!(project.query("SELECT id FROM keywords WHERE id >= 70").concat(), ["71"]);
    }

    fn a_deleted_row_that_is_there_again_is_not_overwritten(project: Project) {
        let project = platform(project);
        project.write_fix("drop", "table = \"keywords\"\nop = \"delete\"", "SELECT id FROM keywords WHERE account_id = :account AND word IN ('a', 'c')");
        project.run("fix drop --account acme --yes --max-rows 99").ok();
        project.execute("INSERT INTO keywords VALUES (1, 2, 40, 'ZETA-AGAIN')");

        project.run("undo 1 --yes --max-rows 99").fails_with(5).says("1 of 2 rows changed since run 1").does_not_say(OTHERS);
        project.run("undo 1 --yes --max-rows 99 --skip-conflicts").ok().says("1 row written");
        assert_eq!(project.query("SELECT id, word FROM keywords WHERE id IN (1, 3) ORDER BY id").concat(), ["1", "ZETA-AGAIN", "3", "c"]);
    }

    fn runs_are_listed_shown_and_pruned(project: Project) {
        let project = platform(project);
        project.run("runs").ok().says("there are no runs yet");
        project.run("fix cluster-status --account acme --yes --max-rows 9 --reason SUP-1432").ok();

        project.run("runs").ok().snapshot("runs_list");
        project.run("runs show 1 --rows").ok().says("status: new → mapped").says("SUP-1432").does_not_say(OTHERS);
        project.run("runs show 7").fails_with(2).says("there is no run 7");
        project.run("runs list --account zeta --json").ok().says("\"runs\": []");
        let json = project.run("runs show 1 --rows --json").ok().json();
        assert_eq!(json["run"]["tables"][0]["shown"][0]["columns"]["status"]["after"], "mapped");
        project.run("runs prune").ok().says("nothing to drop");
        project.run("runs prune --older-than 0s --yes").ok().says("dropped the rows of 1 run (3 rows)");
        project.run("undo 1 --yes --max-rows 9").fails_with(4).says("the rows of run 1 were dropped");
    }

    fn a_plan_is_approved_by_its_digest(project: Project) {
        let project = platform(project);
        let json = project.run("fix cluster-status --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest")[..16].to_owned();

        project.run(&format!("approve {digest} --reason looked")).ok().says("fix cluster-status for acme: 3 rows");
        project.run("approve 0123456789abcdef").fails_with(5);
        project.run("approve short").fails_with(2);
        project.run("notes list").ok().says("approved");
    }

    fn a_protected_database_takes_a_digest_and_a_reason(project: Project) {
        let project = platform(project);
        project.edit("manage.toml", |text| format!("{text}\n[environments.production]\nurl = \"{}\"\nprotected = true\n", project.database_url()));
        let before = project.dump();
        project.run("fix cluster-status --account acme --yes --max-rows 9 --reason why").fails_with(4).says("--dry-run");
        let json = project.run("fix cluster-status --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest")[..16].to_owned();
        project.run(&format!("fix cluster-status --account acme --digest {digest}")).fails_with(4).says("needs a reason");
        assert_eq!(before, project.dump());
        project.run(&format!("fix cluster-status --account acme --digest {digest} --reason SUP-1")).ok();
        project.run("undo 1 --yes --max-rows 9 --reason why").fails_with(4);
        project.run("runs show 1 --rows").fails_with(4).says("protected");
    }

    fn on_a_terminal_the_plan_is_shown_and_asked_for(project: Project) {
        let project = platform(project);
        let before = project.dump();
        let ask = || Terminal::run(&project, "fix cluster-status --account acme").expect("reason: ").type_line("SUP-1").expect("Go on? [y/N] ");
        ask().type_line("n").finish().exits_with(4).says("3 rows in clusters").says("nothing was changed");
        assert_eq!(before, project.dump());
        ask().type_line("y").finish().exits_with(0).says("3 rows written");
    }
}

fn serde_json_text(tables: &[(&str, u32, u32, u32)]) -> String {
    let one = |(table, inserted, updated, deleted): &(&str, u32, u32, u32)| {
        format!("{{\"table\":\"{table}\",\"inserted\":{inserted},\"updated\":{updated},\"deleted\":{deleted}}}")
    };
    format!("[{}]", tables.iter().map(one).collect::<Vec<_>>().join(","))
}
