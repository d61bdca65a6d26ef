//! Rows of a file, and everything that may be wrong with what is typed.

use super::fixture::{HEAD, OTHERS, platform};
use crate::support::*;

/// A patch whose rows a file may replace: three clusters are to be `mapped`, or what the file says.
fn with_file(project: Project) -> Project {
    let project = platform(project);
    project.remove("scripts/verify_status_fixes.sql");
    project.write_fix(
        "words",
        "table = \"clusters\"\nvolatile = [\"updated_at\"]",
        "SELECT id, 'mapped' AS status, 0 AS keywords_count, name, :now AS updated_at FROM clusters WHERE account_id = :account AND id <> 32",
    );
    project
}

fn clusters(project: &Project) -> Vec<String> {
    project.query("SELECT id, status, keywords_count FROM clusters WHERE account_id = 1 ORDER BY id").concat()
}

const WORDS: &str = "fix words --account acme";

each_backend! {
    fn a_file_of_keys_narrows_the_patch_to_them(project: Project) {
        let project = with_file(project);
        let (before, others) = (project.dump(), project.others());
        project.write("keys.csv", "id\n17\n31\n32\n");

        project.run(&format!("{WORDS} --csv keys.csv --yes --max-rows 9")).ok().says("✓ 2 rows written");

        assert_eq!(clusters(&project), ["17", "mapped", "0", "23", "new", "7", "31", "mapped", "0", "32", "new", "0"]);
        assert_eq!(project.others(), others);
        project.run("undo 1 --yes --max-rows 9").ok();
        assert_eq!(project.dump(), before);
    }

    fn a_file_with_values_takes_the_place_of_the_query(project: Project) {
        let project = with_file(project);
        let (before, others) = (project.dump(), project.others());
        project.write("rows.csv", "keywords_count;id;status\r\n5;17;\"it's \"\"so\"\"; there\"\r\n;32;\"\"\r\n");

        project.run(&format!("{WORDS} --csv rows.csv --yes --max-rows 9")).ok().says("✓ 2 rows written");

        assert_eq!(clusters(&project)[..3], ["17", "it's \"so\"; there", "5"]);
        assert_eq!(project.value("SELECT count(*) FROM clusters WHERE id = 32 AND status = '' AND keywords_count IS NULL AND updated_at IS NOT NULL"), "1");
        assert_eq!(clusters(&project)[3..6], ["23", "new", "7"]);
        assert_eq!(project.others(), others);
        let second = project.run(&format!("{WORDS} --csv rows.csv --yes --max-rows 9 --json")).ok().json();
        assert_eq!(second["rows"], 0);
        project.run("undo 1 --yes --max-rows 9").ok();
        assert_eq!(project.dump(), before);
    }

    fn a_file_names_no_row_of_another_account(project: Project) {
        let project = with_file(project);
        let before = project.dump();

        for (file, code) in [("id,status\n17,x\n40,x\n", 4), ("id,status\n99,x\n", 4)] {
            project.write("rows.csv", file);
            project.run(&format!("{WORDS} --csv rows.csv --yes --max-rows 9")).fails_with(code).says("not there, or not of acme").does_not_say(OTHERS);
        }
        project.write("rows.csv", "id\n17\n40\n");
        project.run(&format!("{WORDS} --csv rows.csv --yes --max-rows 9 --dry-run")).ok().says("1 row in clusters").does_not_say(OTHERS);
        assert_eq!(before, project.dump());
    }

    fn a_file_makes_rows_and_deletes_them(project: Project) {
        let project = with_file(project);
        let before = project.dump();
        project.write_fix("make", "table = \"keywords\"\nop = \"insert\"", "SELECT 1 AS id, :account AS account_id, 17 AS cluster_id, 'x' AS word WHERE 1 = 0");
        project.write_fix("drop", "table = \"keywords\"\nop = \"delete\"", "SELECT id FROM keywords WHERE account_id = :account");
        project.write("made.csv", "id,account_id,cluster_id,word\n70,1,17,one\n71,1,,two\n");
        project.write("foreign.csv", "id,account_id,cluster_id,word\n72,2,40,one\n");
        project.write("gone.csv", "id\n70\n71\n");

        project.run("fix make --account acme --csv foreign.csv --yes --max-rows 9").fails_with(4).does_not_say(OTHERS);
        project.run("fix make --account acme --csv made.csv --yes --max-rows 9").ok().says("✓ 2 rows written");
        assert_eq!(project.query("SELECT id, word FROM keywords WHERE id >= 70 ORDER BY id").concat(), ["70", "one", "71", "two"]);
        project.run("fix drop --account acme --csv gone.csv --yes --max-rows 9").ok().says("✓ 2 rows written");
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn what_is_wrong_with_a_file_is_said_with_its_place(project: Project) {
        let project = with_file(project);
        let before = project.dump();
        let refused = |file: &str, says: &[&str]| {
            project.write("rows.csv", file);
            let outcome = project.run(&format!("{WORDS} --csv rows.csv --yes --max-rows 9"));
            outcome.fails_with(2);
            for text in says {
                outcome.says(text);
            }
            outcome
        };

        refused("id,statu\n17,x\n", &["rows.csv:1:4", "`words` writes no column `statu`", "do you mean `status`?"]).snapshot("csv_wrong_column");
        refused("id,country\n17,de\n", &["rows.csv:1:4", "no column `country`", "its columns are id, status, keywords_count, name, updated_at"]);
        refused("status\nx\n", &["rows.csv:1:1", "the column `id` is missing"]);
        refused("id,status,status\n17,x,y\n", &["rows.csv:1:11", "there twice"]);
        refused("id,status\n17,x\n23,x\n17,y\n", &["rows.csv:4:1", "the row 17 of `clusters` is there twice", "line 2 has it, too"]).snapshot("csv_duplicate_key");
        refused("id,status\n17,x\n017,y\n", &["rows.csv:3:1", "there twice"]);
        refused("id,status\n,x\n", &["rows.csv:2:1", "`id` is empty"]);
        refused("id,keywords_count\n17,many\n", &["rows.csv:2:4", "`many` is no value of `keywords_count`", "a whole number"]);
        refused("id,updated_at\n17,yesterday\n", &["rows.csv:2:4", "a moment"]);
        refused("id,status\n17,x,y\n", &["rows.csv:2:1", "the row has 3 cells, the first line 2"]);
        refused("id,status\n17,\"x\n", &["rows.csv:2:4", "quotes"]);
        refused("", &["rows.csv:1:1", "the file is empty"]);
        project.run(&format!("{WORDS} --csv none.csv --dry-run")).fails_with(3).says("cannot read").says("none.csv");
        project.write_fix("two", "", "-- patch: clusters(id)\nSELECT id, 'x' AS status FROM clusters WHERE account_id = :account\n-- patch: tags(id)\nSELECT id, 'x' AS tag FROM tags WHERE :account = 1\n");
        project.run("fix two --account acme --csv rows.csv --dry-run").fails_with(2).says("`two` takes no rows of a file");
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn a_plan_made_with_a_file_is_applied_with_that_file(project: Project) {
        let project = with_file(project);
        project.write("rows.csv", "id,status\n17,x\n");
        let json = project.run(&format!("{WORDS} --csv rows.csv --dry-run --json")).ok().json();
        let digest = json["digest"].as_str().expect("a digest")[..16].to_owned();
        let plain = project.run(&format!("{WORDS} --dry-run --json")).ok().json();
        let plain = plain["digest"].as_str().expect("a digest")[..16].to_owned();

        project.run(&format!("{WORDS} --digest {digest}")).fails_with(5).says("was made with --csv");
        project.run(&format!("{WORDS} --digest {plain} --csv rows.csv")).fails_with(5).says("was made without --csv");
        project.write("rows.csv", "id,status\n17,y\n");
        project.run(&format!("{WORDS} --digest {digest} --csv rows.csv")).fails_with(5).says("the file is another one");
        project.write("rows.csv", "id,status\n17,x\n");
        project.run(&format!("{WORDS} --digest {digest} --csv rows.csv --reason SUP-1")).ok().says("✓ 1 row written");
        project.run("notes show 1").ok().says("rows.csv");
    }

    fn who_and_what_is_not_known_is_told(project: Project) {
        let project = platform(project);
        let before = project.everything();

        project.run("fix cluster-statsu --account acme --dry-run").fails_with(2).says("there is no script `cluster-statsu`").says("cluster-status");
        project.run("sync cluster-status --account acme --dry-run").fails_with(2).says("manage fix cluster-status");
        project.run("fix status-fixes --account acme --dry-run").fails_with(2).says("manage verify status-fixes");
        project.run("fix cluster-status --account acne --dry-run").fails_with(2).says("acne");
        project.run("fix cluster-status --account acme --site nowhere --dry-run").fails_with(2).says("nowhere");
        project.run("fix cluster-status --account zeta --site shop --dry-run").fails_with(4).says("shop");
        project.run("fix cluster-status --site shop --dry-run").fails_with(2).says("--account");
        project.run("fix cluster-status --account acme --all-tenants --dry-run").fails_with(2);
        project.run("fix cluster-status --dry-run").fails_with(4).says("which account?").says("--account acme for one");
        project.write_fix("cluster_status", &format!("{HEAD}\n[params.since]\ntype = \"date\"\nrequired = true\n[params.mode]\ntype = \"enum\"\nvalues = [\"soft\", \"hard\"]"),
            "SELECT id, 'mapped' AS status FROM clusters WHERE account_id = :account AND (:mode IS NULL OR :mode <> 'x') AND :since IS NOT NULL");
        project.run("fix cluster-status --account acme --dry-run").fails_with(2).says("the parameter `since` is missing").says("--param since=");
        project.run("fix cluster-status --account acme --dry-run --param since=soon").fails_with(2).says("`soon` is no value of the parameter `since`").says("a day: 2026-11-21");
        project.run("fix cluster-status --account acme --dry-run --param since=2026-02-30").fails_with(2);
        project.run("fix cluster-status --account acme --dry-run --param since=2026-02-01 --param mode=medium").fails_with(2).says("one of soft, hard");
        project.run("fix cluster-status --account acme --dry-run --param sinse=2026-02-01").fails_with(2).says("has no parameter `sinse`");
        project.run("fix cluster-status --account acme --dry-run --param since").fails_with(2).says("--param name=value");
        assert_eq!(before, project.everything());
    }

    fn a_broken_head_is_told_with_its_line(project: Project) {
        let project = platform(project);
        let file = "scripts/fix_cluster_status.sql";
        let told = |head: &str, says: &[&str]| {
            project.write(file, &format!("/* manage\ndescription = \"d\"\ntable = \"clusters\"\n{head}\n*/\nSELECT id, 'x' AS status FROM clusters WHERE account_id = :account\n"));
            let outcome = project.run("fix cluster-status --account acme --dry-run");
            outcome.fails_with(2);
            for text in says {
                outcome.says(text);
            }
            outcome
        };

        told("op = \"replace\"", &["scripts/fix_cluster_status.sql:4"]);
        told("verfy = [\"x\"]", &["scripts/fix_cluster_status.sql:4:1", "do you mean `verify`?"]).snapshot("fix_broken_head");
        told("expect_max = \"many\"", &["scripts/fix_cluster_status.sql:4"]);
        told("leaves = [\"status-fixes\"]", &["stands in leaves, and not in verify"]);
        told("form = \"statement\"", &["writes"]);
        told("[params.account]\ntype = \"text\"", &["scripts/fix_cluster_status.sql:4"]);
        project.write(file, "SELECT 1\n");
        project.run("fix cluster-status --account acme --dry-run").fails_with(2).says("scripts/fix_cluster_status.sql:1:1").says("no head");
        project.write(file, "/* manage\ndescription = \"d\"\n*/\nSELECT 1\n");
        project.run("fix cluster-status --account acme --dry-run").fails_with(2).says("does not say which table it writes");
        project.write(file, "/* manage\ndescription = \"d\"\ntable = \"clusters\"\n*/\nSELECT id, 'x' AS statuss FROM clusters WHERE account_id = :account\n");
        project.run("fix cluster-status --account acme --dry-run").fails_with(2).says("scripts/fix_cluster_status.sql:5:1").says("do you mean `status`?");
        project.write(file, "/* manage\ndescription = \"d\"\ntable = \"clusters\"\n*/\nSELECT id, 'x' AS status FROM clusters WHERE account_id = :account AND :since = 1\n");
        project.run("fix cluster-status --account acme --dry-run").fails_with(2).says("scripts/fix_cluster_status.sql:5:72").says("`:since` is not declared");
    }

    fn an_archived_script_does_not_run(project: Project) {
        let project = platform(project);
        project.run("scripts archive cluster-status").ok();
        let before = project.everything();

        project.run("fix cluster-status --account acme --yes --max-rows 9").fails_with(2).says("archive");
        assert_eq!(before, project.everything());
    }

    fn a_digest_of_another_database_or_plan_is_none(project: Project) {
        let project = platform(project);
        let json = project.run("fix cluster-status --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest")[..16].to_owned();
        let other = platform(Project::on(project.backend()));
        let untouched = other.dump();

        other.run(&format!("fix cluster-status --account acme --digest {digest}")).fails_with(5).says(&format!("there is no plan {digest} in this database"));
        let own = other.run("fix cluster-status --account acme --dry-run --json").ok().json();
        assert_ne!(own["digest"].as_str().map(|own| own[..16].to_owned()), Some(digest.clone()), "two databases have two digests of one plan");
        assert_eq!(untouched, other.dump());
        project.execute("UPDATE clusters SET status = 'mapped' WHERE id = 17");
        let before = project.dump();
        project.run(&format!("fix cluster-status --account acme --digest {digest}")).fails_with(5).says("the plan is another one now");
        project.run(&format!("fix cluster-status --account acme --digest {}", &digest[..15])).fails_with(2).says("16 to 64 hexadecimal digits");
        assert_eq!(before, project.dump());
    }
}

/// The rows without those of the ledger.
fn without_ledger(dump: &str) -> String {
    dump.lines().filter(|line| !line.starts_with("\"manage_")).fold(String::new(), |text, line| text + line + "\n")
}
