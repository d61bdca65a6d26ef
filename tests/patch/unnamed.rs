//! What a script does not name and what is written all the same: generated columns, defaults, keys of several columns,
//! triggers; and ways to an account that are not sure.

use crate::support::*;

/// Two accounts with the tables of `schema`, all of the account unless `tables` says otherwise.
fn shop(project: Project, schema: &str, tables: &str) -> Project {
    let toml = format!(
        "[database]\nurl = \"${{DATABASE_URL:-sqlite:manage.db}}\"\n[tenancy]\n\
         account = {{ table = \"accounts\", key = \"id\", label = \"slug\" }}\n[tenancy.tables]\n{tables}\n"
    );
    let accounts = "CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT NOT NULL);
        INSERT INTO accounts VALUES (1, 'acme'), (2, 'zeta');";
    let project =
        project.file("manage.toml", &toml).migration("20260101000000_shop", &format!("{accounts}\n{schema}"), "SELECT 1");
    project.run("migrate").ok();
    project
}

/// The patch ends with exit 4, says `why`, and changes nothing.
#[track_caller]
fn is_refused(project: &Project, head: &str, sql: &str, why: &str) {
    project.write("scripts/fix_x.sql", &format!("/* manage\ndescription = \"a patch\"\n{head}\n*/\n{sql}\n"));
    let before = project.dump();
    project.run("fix x --account id:1 --yes --max-rows 99").fails_with(4).says(why);
    assert_eq!(before, project.dump());
}

const OWN: &str = "t = { account = \"account_id\" }";
const T: &str = "table = \"t\"";

each_backend! {
    fn the_source_of_a_generated_column_moves_no_row(project: Project) {
        let kind = if project.backend() == Backend::Sqlite { "VIRTUAL" } else { "STORED" };
        let project = shop(project, &format!(
            "CREATE TABLE t (id BIGINT PRIMARY KEY, own BIGINT, account_id BIGINT GENERATED ALWAYS AS (own) {kind}, a BIGINT);
             INSERT INTO t (id, own, a) VALUES (1, 1, 1), (2, 2, 2);"), OWN);
        is_refused(&project, T, "SELECT id, 2 AS own FROM t WHERE account_id = :account", "would not belong to acme");
        project.write("scripts/fix_x.sql", "/* manage\ndescription = \"x\"\ntable = \"t\"\n*/\nSELECT id, 5 AS a FROM t WHERE account_id = :account");
        project.run("fix x --account acme --yes --max-rows 9").ok().says("1 in account acme · 0 elsewhere");
    }

    fn a_generated_foreign_key_points_inside(project: Project) {
        let project = shop(project,
            "CREATE TABLE t (id BIGINT PRIMARY KEY, account_id BIGINT, a BIGINT, g BIGINT GENERATED ALWAYS AS (a) STORED REFERENCES t (id));
             INSERT INTO t (id, account_id, a) VALUES (1, 1, NULL), (2, 2, NULL), (3, 1, NULL);", OWN);
        is_refused(&project, T, "SELECT id, 2 AS a FROM t WHERE account_id = :account AND id = 1", "would point to rows of t that are not of acme");
        project.write("scripts/fix_x.sql", "/* manage\ndescription = \"x\"\ntable = \"t\"\n*/\nSELECT id, 3 AS a FROM t WHERE account_id = :account AND id = 1");
        project.run("fix x --account acme --yes --max-rows 9").ok();
    }

    fn one_column_of_a_foreign_key_is_looked_at_with_the_other(project: Project) {
        let project = shop(project,
            "CREATE TABLE p (id BIGINT PRIMARY KEY, account_id BIGINT, code TEXT, UNIQUE (account_id, code));
             CREATE TABLE t (id BIGINT PRIMARY KEY, account_id BIGINT, p_acc BIGINT, p_code TEXT,
                 FOREIGN KEY (p_acc, p_code) REFERENCES p (account_id, code));
             INSERT INTO p VALUES (1, 1, 'k'), (2, 2, 'k'), (3, 1, 'l');
             INSERT INTO t VALUES (1, 1, 1, 'k'), (2, 2, 2, 'k');",
            "t = { account = \"account_id\" }\np = { account = \"account_id\" }");
        is_refused(&project, T, "SELECT id, 2 AS p_acc FROM t WHERE account_id = :account", "would point to rows of p that are not of acme");
        project.write("scripts/fix_x.sql", "/* manage\ndescription = \"x\"\ntable = \"t\"\n*/\nSELECT id, 'l' AS p_code FROM t WHERE account_id = :account");
        project.run("fix x --account acme --yes --max-rows 9").ok();
    }

    fn a_default_points_inside(project: Project) {
        let project = shop(project,
            "CREATE TABLE t (id BIGINT PRIMARY KEY, account_id BIGINT, a BIGINT, twin BIGINT DEFAULT 2 REFERENCES t (id));
             INSERT INTO t VALUES (1, 1, 1, NULL), (2, 2, 2, NULL);", OWN);
        is_refused(&project, "table = \"t\"\nop = \"insert\"", "SELECT 10 AS id, 1 AS account_id, 9 AS a WHERE :account = 1",
            "would point to rows of t that are not of acme");
    }

    fn a_way_that_two_rows_answer_is_no_way(project: Project) {
        let project = shop(project,
            "CREATE TABLE p (id BIGINT PRIMARY KEY, account_id BIGINT, code TEXT);
             CREATE TABLE t (id BIGINT PRIMARY KEY, code TEXT, a TEXT);
             INSERT INTO p VALUES (1, 1, 'home'), (2, 2, 'home'); INSERT INTO t VALUES (1, 'home', 'x');",
            "t = { via = \"code -> p.code\" }\np = { account = \"account_id\" }");
        is_refused(&project, T, "SELECT id, 'hit' AS a FROM t WHERE :account = :account", "nothing makes code unique");
        project.execute("UPDATE p SET code = 'away' WHERE id = 2; CREATE UNIQUE INDEX p_code ON p (code)");
        project.write("scripts/fix_x.sql", "/* manage\ndescription = \"x\"\ntable = \"t\"\n*/\nSELECT id, 'hit' AS a FROM t WHERE :account = :account");
        project.run("fix x --account acme --yes --max-rows 9").ok();
    }

    fn a_row_is_written_by_one_part_only(project: Project) {
        let project = shop(project,
            "CREATE TABLE t (id BIGINT PRIMARY KEY, account_id BIGINT, n BIGINT); INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 1, 3);", OWN);
        is_refused(&project, "", "-- patch: t(id)\nSELECT id, n + 100 AS n FROM t WHERE account_id = :account\n\
             -- patch: t(id) delete\nSELECT id FROM t WHERE account_id = :account AND id = 1", "two parts write the same rows of t");
        project.write("scripts/fix_x.sql", "/* manage\ndescription = \"x\"\n*/\n-- patch: t(id)\nSELECT id, n + 100 AS n FROM t WHERE account_id = :account AND id = 3\n\
             -- patch: t(id) delete\nSELECT id FROM t WHERE account_id = :account AND id = 1");
        let before = project.dump();
        project.run("fix x --account acme --yes --max-rows 9").ok();
        project.run("undo --last --yes --max-rows 9").ok();
        assert_eq!(before, project.dump());
    }

    fn the_account_itself_is_not_deleted(project: Project) {
        let project = shop(project, "CREATE TABLE t (id BIGINT PRIMARY KEY, account_id BIGINT);", OWN);
        is_refused(&project, "table = \"accounts\"\nop = \"delete\"", "SELECT id FROM accounts WHERE id = :account", "does not delete it");
    }
}

#[test]
fn what_a_trigger_puts_into_a_row_points_inside() {
    let project = shop(
        Project::on(Backend::Postgres),
        "CREATE TABLE t (id BIGINT PRIMARY KEY, account_id BIGINT, a BIGINT, g BIGINT REFERENCES t (id));
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.g := 2; RETURN new; END $$;
         CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
         INSERT INTO t VALUES (1, 1, 1, NULL), (2, 2, 2, NULL);",
        OWN,
    );
    is_refused(
        &project,
        T,
        "SELECT id, 5 AS a FROM t WHERE account_id = :account",
        "would point to rows of t that are not of acme",
    );
}

#[test]
fn accounts_are_told_apart_by_bytes() {
    let project = Project::new()
        .file(
            "manage.toml",
            "[database]\nurl = \"sqlite:manage.db\"\n[tenancy]\naccount = { table = \"accounts\", key = \"id\", label = \"slug\" }\n\
             [tenancy.tables]\nt = { account = \"account_id\" }\n",
        )
        .migration(
            "20260101000000_shop",
            "CREATE TABLE accounts (id TEXT PRIMARY KEY, slug TEXT NOT NULL); INSERT INTO accounts VALUES ('a', 'low'), ('A', 'high');
             CREATE TABLE t (id INTEGER PRIMARY KEY, account_id TEXT COLLATE NOCASE, n INTEGER);
             INSERT INTO t VALUES (1, 'a', 1), (2, 'A', 2);
             CREATE TABLE u (id INTEGER PRIMARY KEY, account_id INTEGER, n INTEGER);",
            "SELECT 1",
        )
        .file("scripts/fix_x.sql", "/* manage\ndescription = \"x\"\ntable = \"t\"\n*/\nSELECT id, 9 AS n FROM t WHERE account_id = :account");
    project.run("migrate").ok();

    project.run("fix x --account slug:low --yes --max-rows 9").ok().says("1 in account low · 0 elsewhere");

    assert_eq!(project.query("SELECT id, n FROM t ORDER BY id"), [["1", "9"], ["2", "2"]]);
    // A number's column takes '01' for 1.
    project.edit("manage.toml", |text| format!("{text}u = {{ account = \"account_id\" }}\n"));
    project.run("fix x --account slug:low --yes --max-rows 9").fails_with(2).says("make them the same type");
}
