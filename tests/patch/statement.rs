//! Patches in statement form: one INSERT, UPDATE or DELETE that writes by itself, captured and held against the account.

use super::fixture::{self, OTHERS};
use crate::support::*;

const APPLY: &str = "fix by-hand --account acme --yes --max-rows 99 --reason why";

/// The platform without its check, which has its own word about clusters.
fn platform(project: Project) -> Project {
    let project = fixture::platform(project);
    project.remove("scripts/verify_status_fixes.sql");
    project
}

/// The head of a statement that writes this table.
fn head(table: &str) -> String {
    format!("form = \"statement\"\nwrites = [\"{table}\"]")
}

/// Writes the script, which is in statement form.
fn by_hand(project: &Project, table: &str, sql: &str) {
    project.write_fix("by_hand", &head(table), sql);
}

/// The rows without those of the ledger.
fn without_ledger(dump: &str) -> String {
    dump.lines().filter(|line| !line.starts_with("\"manage_")).fold(String::new(), |text, line| text + line + "\n")
}

/// Runs one statement for acme: it ends with one of these codes, changes no row and shows nothing of others.
#[track_caller]
fn is_stopped(project: &Project, head: &str, sql: &str, codes: &[i32]) {
    project.write_fix("by_hand", head, sql);
    let before = without_ledger(&project.dump());
    let outcome = project.run("fix by-hand --account id:1 --yes --max-rows 1000 --reason test");
    assert!(codes.contains(&outcome.code), "{head}\n{sql}\nexit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
    assert_eq!(before, without_ledger(&project.dump()), "{sql}");
    outcome.does_not_say(OTHERS);
}

/// Applies it, takes it back, takes that back: each time the rows are what they were. Gives the facts of the first.
#[track_caller]
fn there_and_back(project: &Project, head: &str, sql: &str) -> serde_json::Value {
    project.write_fix("by_hand", head, sql);
    let (before, others) = (without_ledger(&project.dump()), project.others());
    let dry = project.run("fix by-hand --account acme --dry-run --json").ok().json();
    assert_eq!(before, without_ledger(&project.dump()));
    let digest = dry["digest"].as_str().expect("a digest").to_owned();
    let done = project.run(&format!("fix by-hand --account acme --digest {digest} --reason why --json")).ok().json();
    assert_eq!(done["digest"], digest);
    let changed = without_ledger(&project.dump());
    assert_ne!(before, changed);
    assert_eq!(others, project.others());
    let undone = project.run(&format!("undo {} --yes --max-rows 99 --json", done["run"])).ok().json();
    assert_eq!(before, without_ledger(&project.dump()));
    project.run(&format!("undo {} --yes --max-rows 99", undone["run"])).ok();
    assert_eq!(changed, without_ledger(&project.dump()));
    done
}

each_backend! {
    fn an_update_is_captured_and_taken_back(project: Project) {
        let project = platform(project);
        by_hand(&project, "clusters", "UPDATE clusters SET status = 'mapped', updated_at = :now WHERE account_id = :account AND status <> 'mapped' \
            AND EXISTS (SELECT 1 FROM keywords k WHERE k.cluster_id = clusters.id)");
        let before = without_ledger(&project.dump());

        let dry = project.run("fix by-hand --account acme --dry-run");
        dry.ok().says("2 rows in clusters, 0 elsewhere").does_not_say(OTHERS);
        dry.snapshot("statement_dry_run");
        assert_eq!(before, without_ledger(&project.dump()));

        project.run(APPLY).ok().says("✓ 2 rows written · 2 captured · 2 in account acme · 0 elsewhere").does_not_say(OTHERS);
        assert_eq!(project.query("SELECT id FROM clusters WHERE status = 'mapped' ORDER BY id").concat(), ["17", "23"]);
        project.run("runs show 1 --rows").ok().says("status: new → mapped").does_not_say(OTHERS);
        // A second one finds nothing.
        project.run(APPLY).ok().says("nothing to do");
        project.run("undo 1 --yes --max-rows 99").ok();
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn every_verb_goes_there_and_back(project: Project) {
        let project = platform(project);
        let updated = there_and_back(&project, &head("clusters"), "UPDATE clusters AS c SET name = k.word, keywords_count = c.id FROM keywords k \
            WHERE k.cluster_id = c.id AND k.word = 'c' AND c.account_id = :account");
        assert_eq!((updated["rows"].clone(), updated["tables"][0]["updated"].clone()), (1.into(), 1.into()));
        let made = there_and_back(&project, &head("keywords"), "WITH wanted AS (SELECT c.id FROM clusters c WHERE c.keywords_count = 0) \
            INSERT INTO keywords (id, account_id, cluster_id, word) SELECT 900 + w.id, :account, w.id, 'made' FROM wanted w;");
        assert_eq!(made["tables"][0]["inserted"], 3);
        let deleted = there_and_back(&project, &head("keywords"), "-- what has no cluster\nDELETE FROM keywords WHERE account_id = :account AND cluster_id IS NULL");
        assert_eq!(deleted["tables"][0]["deleted"], 1);
    }

    fn what_it_reads_beside_its_table_is_the_accounts(project: Project) {
        let project = platform(project);
        let others = project.others();
        by_hand(&project, "clusters", "UPDATE clusters SET name = COALESCE((SELECT max(o.name) FROM clusters o WHERE o.id >= 40), 'nothing') WHERE account_id = :account");
        project.run(APPLY).ok().does_not_say(OTHERS);
        assert_eq!(project.query("SELECT DISTINCT name FROM clusters WHERE account_id = 1").concat(), ["nothing"]);

        by_hand(&project, "keywords", "INSERT INTO keywords (id, account_id, word) SELECT 800 + c.id, :account, c.name FROM clusters c");
        project.run(APPLY).ok().says("4 rows written");

        by_hand(&project, "keywords", "DELETE FROM keywords WHERE account_id = :account AND id > 800 AND NOT EXISTS (SELECT 1 FROM clusters c WHERE c.id >= 40)");
        project.run(APPLY).ok().says("4 rows written");
        assert_eq!(others, project.others());
    }

    fn rows_of_others_are_not_written(project: Project) {
        let project = platform(project);
        for (table, sql) in [
            // Without a condition, and with one that is none.
            ("clusters", "UPDATE clusters SET status = 'x', keywords_count = :account"),
            ("clusters", "UPDATE clusters SET status = 'x' WHERE :account = 1"),
            ("clusters", "UPDATE clusters SET status = 'x' WHERE account_id = :account OR id = 40"),
            ("clusters", "UPDATE clusters SET status = 'x' WHERE account_id <> :account"),
            ("keywords", "DELETE FROM keywords WHERE account_id <> :account"),
            ("keywords", "DELETE FROM keywords WHERE :account = 1"),
            ("tags", "DELETE FROM tags WHERE cluster_id IN (17, 40) AND :account = 1"),
            // Moved out, moved in, made for somebody else.
            ("clusters", "UPDATE clusters SET account_id = 2, site_id = NULL WHERE account_id = :account AND id = 31"),
            ("clusters", "UPDATE clusters SET account_id = :account, site_id = NULL WHERE id = 40"),
            ("clusters", "UPDATE clusters SET site_id = 20 WHERE account_id = :account AND id = 31"),
            ("keywords", "UPDATE keywords SET cluster_id = 40 WHERE account_id = :account AND id = 4"),
            ("keywords", "INSERT INTO keywords VALUES (50, :account + 1, NULL, 'x')"),
            ("keywords", "INSERT INTO keywords VALUES (50, :account, 40, 'x')"),
            ("keywords", "INSERT INTO keywords VALUES (50, :account, NULL, 'x'), (51, 2, NULL, 'x')"),
            ("tags", "INSERT INTO tags SELECT 50, 40, 'x' WHERE :account = 1"),
            ("tags", "UPDATE tags SET cluster_id = 40 WHERE :account = 1 AND id = 1"),
            // A key is how a row is found again.
            ("clusters", "UPDATE clusters SET id = 99 WHERE account_id = :account AND id = 31"),
        ] {
            is_stopped(&project, &head(table), sql, &[3, 4]);
        }
    }

    fn only_tables_that_a_patch_may_write_are(project: Project) {
        let project = platform(project);
        for (table, sql) in [
            ("loose", "UPDATE loose SET word = 'x' WHERE account_id = :account"),
            ("credits", "UPDATE credits SET amount = 9 WHERE account_id = :account"),
            ("credits", "DELETE FROM credits WHERE account_id = :account"),
            ("countries", "UPDATE countries SET name = 'x' WHERE :account = 1"),
            ("manage_runs", "DELETE FROM manage_runs WHERE :account = 1"),
            ("nowhere", "DELETE FROM nowhere WHERE :account = 1"),
            ("clusters", "UPDATE clusters SET name = (SELECT max(word) FROM loose) WHERE account_id = :account"),
            ("clusters", "UPDATE clusters SET name = l.word FROM loose l WHERE clusters.account_id = :account"),
        ] {
            is_stopped(&project, &head(table), sql, &[2, 4]);
        }
        // The head says another table.
        is_stopped(&project, &head("keywords"), "UPDATE clusters SET status = 'x' WHERE account_id = :account", &[2]);
    }

    fn only_one_plain_statement_is_let_through(project: Project) {
        let project = platform(project);
        for sql in [
            "SELECT id FROM clusters WHERE account_id = :account",
            "UPDATE clusters SET status = 'x'",
            "UPDATE clusters SET status = 'x' -- :account",
            "UPDATE clusters SET status = ':account'",
            "UPDATE clusters SET status = 'x' /* :account */ WHERE account_id = 1",
            "UPDATE clusters SET status = 'x' WHERE account_id = :account; DELETE FROM clusters",
            "UPDATE clusters SET status = 'x' WHERE account_id = :account; COMMIT",
            "UPDATE clusters SET status = 'x' WHERE account_id = :account RETURNING id",
            "UPDATE clusters SET status = 'x' WHERE account_id = :account AND :other = 1",
            "UPDATE clusters SET status = current_timestamp WHERE account_id = :account",
            "UPDATE main.clusters SET status = 'x' WHERE account_id = :account",
            "UPDATE public.clusters SET status = 'x' WHERE account_id = :account",
            "UPDATE OR REPLACE clusters SET status = 'x' WHERE account_id = :account",
            "UPDATE OR IGNORE clusters SET status = 'x' WHERE account_id = :account",
            "UPDATE clusters SET no_such_column = 'x' WHERE account_id = :account",
            "INSERT OR REPLACE INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x')",
            "REPLACE INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x')",
            "INSERT INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x') ON CONFLICT (id) DO UPDATE SET status = 'x'",
            "INSERT INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x') ON CONFLICT DO NOTHING",
            "INSERT INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x')",
            "MERGE INTO clusters USING sites ON :account = 1 WHEN MATCHED THEN DELETE",
            "WITH d AS (DELETE FROM keywords RETURNING id) UPDATE clusters SET status = 'x' WHERE account_id = :account",
            "WITH d AS (UPDATE keywords SET word = 'x' RETURNING id) DELETE FROM clusters WHERE account_id = :account",
            "WITH clusters AS (SELECT 40 AS id) UPDATE clusters SET status = 'x' WHERE account_id = :account",
            "TRUNCATE clusters",
            "DROP TABLE clusters",
            "ALTER TABLE clusters ADD COLUMN x TEXT",
            "CREATE TABLE x AS SELECT :account AS id",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT x",
            "SET ROLE postgres",
            "RESET ROLE",
            "SET search_path = x",
            "DO $$ BEGIN DELETE FROM clusters; END $$",
            "COPY clusters TO STDOUT",
            "CALL x()",
            "LOCK TABLE clusters",
            "PREPARE x AS DELETE FROM clusters",
            "EXPLAIN ANALYZE DELETE FROM clusters WHERE account_id = :account",
            "ATTACH 'other.db' AS other",
            "PRAGMA foreign_keys = OFF",
            "VACUUM INTO 'copy.db'",
            "DELETE FROM clusters WHERE CURRENT OF c AND account_id = :account",
        ] {
            is_stopped(&project, &head("clusters"), sql, &[2, 3, 4]);
        }
    }

    fn triggers_and_cascades_behind_it_are_declared_or_rolled_back(project: Project) {
        let project = platform(project);
        project.execute("CREATE TABLE pins (id BIGINT PRIMARY KEY, keyword_id BIGINT NOT NULL REFERENCES keywords (id) ON DELETE CASCADE, spot TEXT);
             INSERT INTO pins VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 5, 'ZETA-PIN')");
        project.edit("manage.toml", |text| text.replace("[tenancy.tables]", "[tenancy.tables]\npins = { via = \"keyword_id -> keywords.id\" }"));
        let sql = "DELETE FROM keywords WHERE account_id = :account AND word = 'a'";
        by_hand(&project, "keywords", sql);
        let before = without_ledger(&project.dump());
        project.run(APPLY).fails_with(4).says("pins: 2 deleted").says("side_effects = { pins = \"delete\" }");
        assert_eq!(before, without_ledger(&project.dump()));

        let done = there_and_back(&project, &format!("{}\nside_effects = {{ pins = \"delete\" }}", head("keywords")), sql);
        assert_eq!(done["rows"], 3);
        project.execute("INSERT INTO keywords VALUES (1, 1, 17, 'a')");
        project.write_fix("by_hand", "form = \"statement\"\nwrites = [\"keywords\", \"pins\"]", sql);
        project.run(APPLY).ok().says("1 row written");
    }

    fn more_rows_than_expected_are_rolled_back(project: Project) {
        let project = platform(project);
        let sql = "UPDATE clusters SET status = 'x' WHERE account_id = :account";
        project.write_fix("by_hand", &format!("{}\nexpect_max = 3", head("clusters")), sql);
        let before = without_ledger(&project.dump());
        project.run("fix by-hand --account acme --dry-run").fails_with(4).says("at most 3 are expected");
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn a_plan_that_is_no_longer_true_is_not_applied(project: Project) {
        let project = platform(project);
        by_hand(&project, "clusters", "UPDATE clusters SET status = 'x' WHERE account_id = :account AND status = 'new'");
        let json = project.run("fix by-hand --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest").to_owned();
        project.execute("UPDATE clusters SET name = 'renamed' WHERE id = 17");
        let before = without_ledger(&project.dump());

        project.run(&format!("fix by-hand --account acme --digest {digest} --reason why")).fails_with(5).says("the plan is another one now");
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn a_row_that_somebody_has_changed_since_stays(project: Project) {
        let project = platform(project);
        by_hand(&project, "clusters", "UPDATE clusters SET status = 'x' WHERE account_id = :account");
        project.run(APPLY).ok();
        project.execute("UPDATE clusters SET status = 'mine' WHERE id = 17; UPDATE clusters SET name = 'renamed' WHERE id = 23");
        let before = without_ledger(&project.dump());

        project.run("undo 1 --yes --max-rows 99").fails_with(5).says("1 of 4 rows changed since run 1").says("clusters 17");
        assert_eq!(before, without_ledger(&project.dump()));
        project.run("undo 1 --yes --max-rows 99 --skip-conflicts").ok().says("3 rows written");
        assert_eq!(project.query("SELECT id, name, status FROM clusters WHERE id IN (17, 23) ORDER BY id").concat(),
            ["17", "ours with two", "mine", "23", "renamed", "new"]);
    }

    fn a_site_confines_it_further(project: Project) {
        let project = platform(project);
        by_hand(&project, "clusters", "UPDATE clusters SET status = 'x' WHERE account_id = :account");
        let before = without_ledger(&project.dump());
        project.run("fix by-hand --account acme --site blog --yes --max-rows 99").fails_with(4);
        assert_eq!(before, without_ledger(&project.dump()));
        by_hand(&project, "clusters", "UPDATE clusters SET status = 'x' WHERE account_id = :account AND site_id = :site");
        project.run("fix by-hand --account acme --site blog --yes --max-rows 99").ok().says("2 rows written");
        // A table that knows no site.
        by_hand(&project, "keywords", "UPDATE keywords SET word = 'x' WHERE account_id = :account AND id = 1");
        project.run("fix by-hand --account acme --site blog --yes --max-rows 99").ok().says("1 row written");
        project.write_fix("words", "table = \"keywords\"", "SELECT id, 'y' AS word FROM keywords WHERE account_id = :account AND id = 1");
        project.run("fix words --account acme --site blog --yes --max-rows 99").ok().says("1 row written");
    }
}

#[test]
fn functions_of_postgres_do_not_write_behind_it() {
    let project = platform(Project::on(Backend::Postgres));
    project.execute(
        "CREATE FUNCTION deletes() RETURNS bigint LANGUAGE sql VOLATILE AS 'DELETE FROM clusters WHERE id = 41 RETURNING id';
         CREATE FUNCTION hides() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN deletes(); END $$;
         CREATE FUNCTION definer() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT max(id) FROM public.clusters';
         CREATE SEQUENCE counter;",
    );
    for sql in [
        "UPDATE clusters SET keywords_count = deletes() WHERE account_id = :account",
        "UPDATE clusters SET keywords_count = hides() WHERE account_id = :account",
        "UPDATE clusters SET keywords_count = definer() WHERE account_id = :account",
        "UPDATE clusters SET keywords_count = nextval('counter') WHERE account_id = :account",
        "UPDATE clusters SET name = set_config('role', 'postgres', false) WHERE account_id = :account",
        "UPDATE clusters SET name = set_config('track_counts', 'off', false) WHERE account_id = :account",
        "UPDATE clusters SET name = query_to_xml('select 1', true, true, '')::text WHERE account_id = :account",
        "UPDATE clusters SET updated_at = now() WHERE account_id = :account",
        "UPDATE clusters SET keywords_count = random() WHERE account_id = :account",
        "UPDATE ONLY clusters SET status = 'x' WHERE account_id = :account",
        "UPDATE clusters * SET status = 'x' WHERE account_id = :account",
        "INSERT INTO keywords TABLE keywords",
        "DELETE FROM clusters WHERE account_id = :account AND deletes() = 1",
    ] {
        is_stopped(&project, &head("clusters"), sql, &[2, 4]);
    }
    project.execute(
        "CREATE TABLE parted (id bigint PRIMARY KEY, account_id bigint NOT NULL, v text) PARTITION BY RANGE (id);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100); INSERT INTO parted VALUES (1, 1, 'a');
         CREATE TABLE keyless (account_id bigint NOT NULL, v text); INSERT INTO keyless VALUES (1, 'a');
         CREATE TABLE ruled (id bigint PRIMARY KEY, account_id bigint NOT NULL, v text); INSERT INTO ruled VALUES (1, 1, 'a');
         CREATE RULE evil AS ON UPDATE TO ruled DO ALSO UPDATE clusters SET status = 'x' WHERE id = 40",
    );
    project.edit("manage.toml", |text| {
        let tables = ["parted", "keyless", "ruled"].map(|table| format!("{table} = {{ account = \"account_id\" }}\n"));
        text.replace("[tenancy.tables]", &format!("[tenancy.tables]\n{}", tables.concat()))
    });
    for table in ["parted", "keyless", "ruled"] {
        is_stopped(&project, &head(table), &format!("UPDATE {table} SET v = 'x' WHERE account_id = :account"), &[4]);
    }
}

#[test]
fn functions_of_sqlite_do_not_reach_beyond_it() {
    let project = platform(Project::new());
    project.execute(
        "CREATE TABLE slugs (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, account_id INTEGER NOT NULL, slug TEXT UNIQUE ON CONFLICT REPLACE);
         INSERT INTO slugs VALUES (1, 1, 'a'), (2, 2, 'taken');
         CREATE TABLE narrow (code TEXT PRIMARY KEY, account_id INTEGER NOT NULL, v ANY) STRICT, WITHOUT ROWID;
         INSERT INTO narrow VALUES ('a', 1, 1), ('b', 1, '1'), ('c', 2, 'ZETA-NARROW')",
    );
    project.edit("manage.toml", |text| {
        text.replace(
            "[tenancy.tables]",
            "[tenancy.tables]\nslugs = { account = \"account_id\" }\nnarrow = { account = \"account_id\" }",
        )
    });
    for (table, sql) in [
        ("clusters", "UPDATE clusters SET name = load_extension('x') WHERE account_id = :account"),
        ("clusters", "UPDATE clusters SET name = (SELECT sql FROM sqlite_schema) WHERE account_id = :account"),
        ("clusters", "UPDATE clusters SET keywords_count = random() WHERE account_id = :account"),
        ("clusters", "UPDATE clusters SET updated_at = datetime('now') WHERE account_id = :account"),
        ("clusters", "UPDATE 'main'.'clusters' SET name = 'x' WHERE account_id = :account"),
        ("slugs", "UPDATE slugs SET slug = 'taken' WHERE account_id = :account"),
        ("slugs", "INSERT INTO slugs VALUES (9, :account, 'taken')"),
        ("slugs", "INSERT INTO slugs VALUES (2, :account, 'mine')"),
        ("narrow", "UPDATE narrow SET v = 'x' WHERE :account = 1"),
        ("narrow", "DELETE FROM narrow WHERE :account = 1"),
    ] {
        is_stopped(&project, &head(table), sql, &[2, 3, 4]);
    }
    let done = there_and_back(
        &project,
        &head("narrow"),
        "UPDATE narrow SET v = CASE typeof(v) WHEN 'integer' THEN 'one' ELSE 2.5 END WHERE account_id = :account",
    );
    assert_eq!(done["rows"], 2);
    there_and_back(&project, &head("narrow"), "DELETE FROM narrow WHERE account_id = :account");
}
