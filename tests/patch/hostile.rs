//! Patches that want more than they may. Each is refused or rolled back, and changes no row of anybody.

use super::fixture::{OTHERS, platform};
use crate::support::*;

/// Runs one patch for acme: it ends with one of these codes, changes no row and shows nothing of others.
#[track_caller]
fn is_stopped(project: &Project, head: &str, sql: &str, codes: &[i32]) {
    project.write_fix("evil", head, sql);
    let before = project.dump();
    let outcome = project.run("fix evil --account id:1 --yes --max-rows 1000 --reason test");
    assert!(codes.contains(&outcome.code), "{head}\n{sql}\nexit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
    assert_eq!(before, project.dump(), "{sql}");
    outcome.does_not_say(OTHERS);
}

const CLUSTERS: &str = "table = \"clusters\"";
const DELETE: &str = "table = \"clusters\"\nop = \"delete\"";
const INSERT: &str = "table = \"clusters\"\nop = \"insert\"";
const KEYWORDS: &str = "table = \"keywords\"";

each_backend! {
    fn rows_of_others_are_not_written(project: Project) {
        let project = platform(project);
        // By their keys, computed so that no query had to read them.
        is_stopped(&project, CLUSTERS, "SELECT 40 AS id, 'x' AS status WHERE :account = 1", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT c.id + 9 AS id, 'x' AS status FROM clusters c WHERE c.account_id = :account AND c.id = 31", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT c.id, 'x' AS status FROM clusters c WHERE c.account_id = :account UNION ALL SELECT 41, 'x'", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT 999 AS id, 'x' AS status WHERE :account = 1", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT NULL AS id, 'x' AS status WHERE :account = 1", &[4]);
        is_stopped(&project, DELETE, "SELECT 40 AS id WHERE :account = 1", &[4]);
        is_stopped(&project, "table = \"tags\"", "SELECT 2 AS id, 'x' AS tag WHERE :account = 1", &[4]);
    }

    fn a_query_without_a_condition_reaches_only_the_account(project: Project) {
        let project = platform(project);
        let others = project.others();
        project.write_fix("wide", CLUSTERS, "SELECT id, 'x' AS name FROM clusters, (SELECT :account AS a) b");

        project.run("fix wide --account acme --yes --max-rows 99").ok().says("4 rows written · 4 captured · 4 in account acme");

        assert_eq!(others, project.others());
    }

    fn a_patch_must_say_which_account_it_is_about(project: Project) {
        let project = platform(project);
        is_stopped(&project, CLUSTERS, "SELECT id, 'x' AS status FROM clusters", &[2]);
        is_stopped(&project, CLUSTERS, "SELECT id, 'x' AS status FROM clusters -- :account", &[2]);
        is_stopped(&project, CLUSTERS, "SELECT id, ':account' AS status FROM clusters", &[2]);
        is_stopped(&project, CLUSTERS, "SELECT id, 'x' AS status FROM clusters /* :account */", &[2]);
    }

    fn rows_are_not_moved_to_or_from_another_account(project: Project) {
        let project = platform(project);
        is_stopped(&project, CLUSTERS, "SELECT id, 2 AS account_id FROM clusters WHERE account_id = :account AND id = 31", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT id, 2 AS account_id, 20 AS site_id FROM clusters WHERE account_id = :account AND id = 17", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT id, 20 AS site_id FROM clusters WHERE account_id = :account", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT 40 AS id, 1 AS account_id, NULL AS site_id WHERE :account = 1", &[4]);
        is_stopped(&project, KEYWORDS, "SELECT id, NULL AS account_id FROM keywords WHERE account_id = :account AND id = 4", &[3, 4]);
    }

    fn rows_are_not_made_for_another_account(project: Project) {
        let project = platform(project);
        is_stopped(&project, INSERT, "SELECT 50 AS id, 2 AS account_id, 'x' AS name, 'x' AS status WHERE :account = 1", &[4]);
        is_stopped(&project, INSERT, "SELECT 50 AS id, :account AS account_id, 20 AS site_id, 'x' AS name, 'x' AS status", &[4]);
        is_stopped(&project, "table = \"tags\"\nop = \"insert\"", "SELECT 50 AS id, 40 AS cluster_id, 'x' AS tag WHERE :account = 1", &[4]);
        is_stopped(&project, "table = \"keywords\"\nop = \"insert\"", "SELECT 50 AS id, :account AS account_id, 40 AS cluster_id, 'x' AS word", &[4]);
    }

    fn a_foreign_key_does_not_lead_into_another_account(project: Project) {
        let project = platform(project);
        is_stopped(&project, KEYWORDS, "SELECT id, 40 AS cluster_id FROM keywords WHERE account_id = :account", &[4]);
        is_stopped(&project, KEYWORDS, "SELECT id, 41 AS cluster_id FROM keywords WHERE account_id = :account AND id = 4", &[4]);
        is_stopped(&project, CLUSTERS, "SELECT id, 'it' AS country FROM clusters WHERE account_id = :account", &[3, 4]);
        project.write_fix("point", KEYWORDS, "SELECT id, 23 AS cluster_id FROM keywords WHERE account_id = :account AND id = 4");
        project.run("fix point --account acme --yes --max-rows 9").ok();
        project.write_fix("land", CLUSTERS, "SELECT id, 'fr' AS country FROM clusters WHERE account_id = :account");
        project.run("fix land --account acme --yes --max-rows 9").ok();
    }

    fn values_of_others_are_not_copied(project: Project) {
        let project = platform(project);
        let others = project.others();
        // A query sees no row of them: the sub-select gives nothing.
        project.write_fix("copy", CLUSTERS, "SELECT id, COALESCE((SELECT max(name) FROM clusters o WHERE o.id >= 40), 'nothing') AS name \
            FROM clusters WHERE account_id = :account");
        project.run("fix copy --account acme --yes --max-rows 9").ok().does_not_say(OTHERS);
        assert_eq!(project.query("SELECT DISTINCT name FROM clusters WHERE account_id = 1").concat(), ["nothing"]);
        assert_eq!(others, project.others());
        is_stopped(&project, CLUSTERS, "SELECT id, (SELECT word FROM loose WHERE id = 2) AS name FROM clusters WHERE account_id = :account", &[2, 4]);
    }

    fn only_classified_tables_that_may_be_written_are(project: Project) {
        let project = platform(project);
        is_stopped(&project, "table = \"loose\"", "SELECT 1 AS id, 'x' AS word WHERE :account = 1", &[4]);
        is_stopped(&project, "table = \"credits\"", "SELECT id, 9 AS amount FROM credits WHERE account_id = :account", &[4]);
        is_stopped(&project, "table = \"countries\"\nkey = [\"code\"]", "SELECT code, 'x' AS name FROM countries WHERE :account = 1", &[4]);
        is_stopped(&project, "table = \"manage_runs\"", "SELECT 1 AS id, 'x' AS name WHERE :account = 1", &[4]);
        is_stopped(&project, "table = \"nowhere\"", "SELECT 1 AS id, 'x' AS name WHERE :account = 1", &[2, 4]);
    }

    fn a_key_names_one_row(project: Project) {
        let project = platform(project);
        is_stopped(&project, "table = \"clusters\"\nkey = [\"name\"]", "SELECT name, 'x' AS status FROM clusters WHERE account_id = :account", &[4]);
        is_stopped(&project, "table = \"clusters\"\nkey = [\"account_id\"]", "SELECT account_id, 'x' AS status FROM clusters WHERE account_id = :account", &[4]);
        // The same row twice.
        is_stopped(&project, CLUSTERS, "SELECT c.id, k.word AS name FROM clusters c JOIN keywords k ON k.cluster_id = c.id WHERE c.account_id = :account", &[4]);
        project.execute("CREATE TABLE keyless (account_id BIGINT NOT NULL, word TEXT); INSERT INTO keyless VALUES (1, 'a'), (2, 'b')");
        project.edit("manage.toml", |text| text.replace("[tenancy.tables]", "[tenancy.tables]\nkeyless = { account = \"account_id\" }"));
        is_stopped(&project, "table = \"keyless\"\nkey = [\"word\"]", "SELECT word, 1 AS account_id FROM keyless WHERE account_id = :account", &[4]);
    }

    fn other_statements_are_not_patches(project: Project) {
        let project = platform(project);
        for sql in [
            "UPDATE clusters SET status = 'x' WHERE account_id = :account",
            "DELETE FROM clusters WHERE account_id = :account RETURNING id",
            "INSERT INTO clusters (id, account_id, name, status) VALUES (90, :account, 'x', 'x')",
            "WITH d AS (DELETE FROM clusters RETURNING id) SELECT id, 'x' AS status FROM d WHERE :account = 1",
            "WITH d AS (UPDATE clusters SET status = 'x' RETURNING id) SELECT id, 'x' AS status FROM d WHERE :account = 1",
            "SELECT 17 AS id, 'x' AS status WHERE :account = 1; DELETE FROM clusters",
            "SELECT 17 AS id, 'x' AS status WHERE :account = 1; COMMIT",
            "SELECT 17 AS id, 'x' AS status WHERE :account = 1) AS q; DELETE FROM clusters; SELECT * FROM (SELECT 1",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT x",
            "TRUNCATE clusters",
            "DROP TABLE clusters",
            "ALTER TABLE clusters ADD COLUMN x TEXT",
            "CREATE TABLE x AS SELECT :account AS id",
            "MERGE INTO clusters USING sites ON :account = 1 WHEN MATCHED THEN DELETE",
            "REPLACE INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x')",
            "INSERT INTO clusters (id, account_id, name, status) VALUES (40, :account, 'x', 'x') ON CONFLICT (id) DO UPDATE SET status = 'x'",
            "SELECT id, 'x' AS status FROM main.clusters WHERE :account = 1",
            "SELECT id, 'x' AS status FROM public.clusters WHERE :account = 1",
            "SELECT id, 'x' AS status FROM clusters WHERE account_id = :account AND :other = 1",
            "SELECT id, current_timestamp AS status FROM clusters WHERE account_id = :account",
            "SELECT id, 'x' AS status, 'y' AS status FROM clusters WHERE account_id = :account",
            "SELECT id, 'x' AS no_such_column FROM clusters WHERE account_id = :account",
            "SELECT id FROM clusters WHERE account_id = :account",
            "SELECT 'x' AS status FROM clusters WHERE account_id = :account",
        ] {
            is_stopped(&project, CLUSTERS, sql, &[2, 3, 4]);
        }
    }

    fn too_many_rows_are_refused(project: Project) {
        let project = platform(project);
        project.write_fix("evil", "table = \"clusters\"\nexpect_max = 2", "SELECT id, 'x' AS status FROM clusters WHERE account_id = :account");
        let before = project.dump();
        project.run("fix evil --account acme --dry-run").fails_with(4).says("at most 2 are expected");
        assert_eq!(before, project.dump());
    }
}

#[test]
fn statements_of_sqlite_are_not_patches() {
    let project = platform(Project::new());
    for sql in [
        "ATTACH 'other.db' AS other",
        "PRAGMA user_version = 7",
        "PRAGMA foreign_keys = OFF",
        "VACUUM INTO 'copy.db'",
        "SELECT id, load_extension('x') AS status FROM clusters WHERE account_id = :account",
        "SELECT id, name AS status FROM sqlite_schema WHERE :account = 1",
        "SELECT id, random() AS keywords_count FROM clusters WHERE account_id = :account",
        "SELECT id, datetime('now') AS updated_at FROM clusters WHERE account_id = :account",
    ] {
        is_stopped(&project, CLUSTERS, sql, &[2, 3, 4]);
    }
}

#[test]
fn statements_of_postgres_are_not_patches() {
    let project = platform(Project::on(Backend::Postgres));
    project.execute(
        "CREATE FUNCTION deletes() RETURNS bigint LANGUAGE sql VOLATILE AS 'DELETE FROM clusters WHERE id = 41 RETURNING id';
         CREATE FUNCTION hides() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN deletes(); END $$;
         CREATE FUNCTION definer() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT max(id) FROM public.clusters';
         CREATE SEQUENCE counter;",
    );
    for sql in [
        "SET ROLE postgres",
        "RESET ROLE",
        "RESET ALL",
        "SET track_counts = off",
        "DO $$ BEGIN DELETE FROM clusters; END $$",
        "COPY clusters TO STDOUT",
        "COPY clusters FROM PROGRAM 'true'",
        "CALL x()",
        "SELECT id, set_config('track_counts', 'off', false) AS status FROM clusters WHERE account_id = :account",
        "SELECT id, set_config('role', 'postgres', false) AS status FROM clusters WHERE account_id = :account",
        "SELECT id, deletes() AS keywords_count FROM clusters WHERE account_id = :account",
        "SELECT id, hides() AS keywords_count FROM clusters WHERE account_id = :account",
        "SELECT id, definer() AS keywords_count FROM clusters WHERE account_id = :account",
        "SELECT id, nextval('counter') AS keywords_count FROM clusters WHERE account_id = :account",
        "SELECT id, now() AS updated_at FROM clusters WHERE account_id = :account",
        "SELECT id, random() AS keywords_count FROM clusters WHERE account_id = :account",
        "SELECT id, 'x' AS status FROM clusters WHERE account_id = :account FOR UPDATE",
        "TABLE clusters",
        "LOCK TABLE clusters",
    ] {
        is_stopped(&project, CLUSTERS, sql, &[2, 3, 4]);
    }
}

/// What a trigger of the project does behind a write.
const TRIGGERS_ON_SQLITE: &[(&str, &str)] = &[
    (
        "drops one row and changes another account's",
        "CREATE TRIGGER evil BEFORE UPDATE ON clusters WHEN OLD.id = 17 BEGIN UPDATE clusters SET name = 'x' WHERE id = 40; SELECT RAISE(IGNORE); END",
    ),
    (
        "changes another account's row",
        "CREATE TRIGGER evil AFTER UPDATE ON clusters WHEN OLD.id = 17 BEGIN UPDATE clusters SET name = 'x' WHERE id = 40; END",
    ),
    (
        "changes the account",
        "CREATE TRIGGER evil AFTER UPDATE OF status ON clusters WHEN OLD.id = 31 BEGIN UPDATE clusters SET account_id = 2 WHERE id = 31; END",
    ),
    (
        "changes what was written",
        "CREATE TRIGGER evil AFTER UPDATE OF status ON clusters WHEN OLD.id = 31 BEGIN UPDATE clusters SET status = 'z' WHERE id = 31; END",
    ),
    (
        "writes another table",
        "CREATE TRIGGER evil AFTER UPDATE ON clusters BEGIN INSERT INTO audit_log VALUES (OLD.id, OLD.account_id, 'x'); END",
    ),
    ("empties another table", "CREATE TRIGGER evil AFTER UPDATE ON clusters BEGIN DELETE FROM tags; END"),
    (
        "replaces another account's row",
        "CREATE TRIGGER evil AFTER UPDATE ON clusters WHEN OLD.id = 17 BEGIN INSERT OR REPLACE INTO tags VALUES (2, 40, 'x'); END",
    ),
];

const TRIGGERS_ON_POSTGRES: &[(&str, &str)] = &[
    (
        "drops one row and changes another account's",
        "BEFORE UPDATE ON clusters FOR EACH ROW WHEN (OLD.id = 17)|UPDATE clusters SET name = 'x' WHERE id = 40; RETURN NULL;",
    ),
    (
        "changes another account's row",
        "AFTER UPDATE ON clusters FOR EACH ROW WHEN (OLD.id = 17)|UPDATE clusters SET name = 'x' WHERE id = 40; RETURN NULL;",
    ),
    (
        "changes the account",
        "BEFORE UPDATE ON clusters FOR EACH ROW WHEN (OLD.id = 31)|NEW.account_id := 2; NEW.site_id := 20; RETURN NEW;",
    ),
    ("changes what was written", "BEFORE UPDATE ON clusters FOR EACH ROW WHEN (OLD.id = 31)|NEW.status := 'z'; RETURN NEW;"),
    (
        "writes another table",
        "AFTER UPDATE ON clusters FOR EACH ROW|INSERT INTO audit_log VALUES (OLD.id, OLD.account_id, 'x'); RETURN NULL;",
    ),
    ("empties another table", "AFTER UPDATE ON clusters FOR EACH STATEMENT|TRUNCATE tags; RETURN NULL;"),
    ("alters a table", "AFTER UPDATE ON clusters FOR EACH STATEMENT|ALTER TABLE tags ADD COLUMN x int; RETURN NULL;"),
    ("switches a trigger off", "AFTER UPDATE ON clusters FOR EACH STATEMENT|ALTER TABLE tags DISABLE TRIGGER ALL; RETURN NULL;"),
    ("drops a table", "AFTER UPDATE ON clusters FOR EACH STATEMENT|DROP TABLE loose; RETURN NULL;"),
    (
        "writes another table at the end",
        "DEFERRED AFTER UPDATE ON clusters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW|INSERT INTO audit_log VALUES (OLD.id, OLD.account_id, 'x'); RETURN NULL;",
    ),
    (
        "writes in a subtransaction",
        "AFTER UPDATE ON clusters FOR EACH STATEMENT|BEGIN UPDATE tags SET tag = 'x'; EXCEPTION WHEN others THEN NULL; END; RETURN NULL;",
    ),
    (
        "truncates in a subtransaction",
        "AFTER UPDATE ON clusters FOR EACH STATEMENT|BEGIN TRUNCATE tags; EXCEPTION WHEN others THEN NULL; END; RETURN NULL;",
    ),
];

/// Every trigger is tried with a patch that would be right without it.
fn triggers_are_seen(project: Project, triggers: &[(&str, &str)]) {
    let project = platform(project);
    for (what, text) in triggers {
        let (make, drop) = match text.split_once('|') {
            None => ((*text).to_owned(), "DROP TRIGGER evil".to_owned()),
            Some((head, body)) => {
                let (constraint, head) = head.strip_prefix("DEFERRED ").map_or(("", head), |rest| ("CONSTRAINT ", rest));
                (
                    format!(
                        "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN {body} END $$; \
                         CREATE {constraint}TRIGGER evil {head} EXECUTE FUNCTION evil()"
                    ),
                    "DROP TRIGGER evil ON clusters; DROP FUNCTION evil()".to_owned(),
                )
            }
        };
        project.execute(&make);
        let before = project.dump();
        let outcome = project.run("fix cluster-status --account acme --yes --max-rows 99");
        assert!(matches!(outcome.code, 3 | 4), "{what}: exit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
        assert_eq!(before, project.dump(), "{what}");
        outcome.does_not_say(OTHERS);
        project.execute(&drop);
    }
    project.run("fix cluster-status --account acme --yes --max-rows 99").ok();
}

#[test]
fn triggers_of_sqlite_are_seen() {
    triggers_are_seen(Project::new(), TRIGGERS_ON_SQLITE);
}

#[test]
fn triggers_of_postgres_are_seen() {
    triggers_are_seen(Project::on(Backend::Postgres), TRIGGERS_ON_POSTGRES);
}

each_backend! {
    fn a_cascade_is_seen(project: Project) {
        let project = platform(project);
        project.execute(
            "CREATE TABLE notes (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, parent_id BIGINT REFERENCES notes (id) ON DELETE CASCADE, body TEXT);
             CREATE TABLE shares (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, note_id BIGINT REFERENCES notes (id) ON DELETE SET NULL);
             INSERT INTO notes VALUES (1, 1, NULL, 'a'), (2, 2, 1, 'ZETA-NOTE'), (3, 1, NULL, 'b'), (4, 1, NULL, 'c');
             INSERT INTO shares VALUES (1, 2, 3)",
        );
        project.edit("manage.toml", |text| {
            text.replace("[tenancy.tables]", "[tenancy.tables]\nnotes = { account = \"account_id\" }\nshares = { account = \"account_id\" }")
        });
        let head = "table = \"notes\"\nop = \"delete\"";
        is_stopped(&project, head, "SELECT id FROM notes WHERE account_id = :account AND id = 1", &[4]);
        is_stopped(&project, head, "SELECT id FROM notes WHERE account_id = :account AND id = 3", &[4]);
        project.write_fix("evil", head, "SELECT id FROM notes WHERE account_id = :account AND id = 4");
        project.run("fix evil --account acme --yes --max-rows 9").ok();
    }

    fn a_refusal_after_the_start_is_remembered(project: Project) {
        let project = platform(project);
        project.write_fix("evil", CLUSTERS, "SELECT id, 2 AS account_id FROM clusters WHERE account_id = :account AND id = 31");
        project.run("fix evil --account acme --yes --max-rows 9 --reason why").fails_with(4).snapshot("patch_refused");
        project.run("notes list").ok().says("fix evil for acme: refused, nothing was changed");
    }
}

#[test]
fn a_schema_that_replaces_rows_is_not_let_do_it() {
    let project = platform(Project::new());
    project.execute(
        "CREATE TABLE slugs (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, account_id INTEGER NOT NULL, slug TEXT UNIQUE ON CONFLICT REPLACE);
         INSERT INTO slugs VALUES (1, 1, 'a'), (2, 2, 'taken')",
    );
    project
        .edit("manage.toml", |text| text.replace("[tenancy.tables]", "[tenancy.tables]\nslugs = { account = \"account_id\" }"));
    let slug = "'taken'";
    is_stopped(
        &project,
        "table = \"slugs\"",
        &format!("SELECT id, {slug} AS slug FROM slugs WHERE account_id = :account"),
        &[3, 4],
    );
    is_stopped(
        &project,
        "table = \"slugs\"\nop = \"insert\"",
        &format!("SELECT 9 AS id, :account AS account_id, {slug} AS slug"),
        &[3, 4],
    );
    is_stopped(&project, "table = \"slugs\"\nop = \"insert\"", "SELECT 2 AS id, :account AS account_id, 'new' AS slug", &[3, 4]);
}
