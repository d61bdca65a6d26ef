//! Taking a backup.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::*;

each_backend! {
    fn a_backup_is_proved_and_described(project: Project) {
        let project = shop(project);
        let before = project.dump();

        project.run("backup").ok().says("proved by restoring it").says("way back: manage restore backups/");

        assert_eq!(before, project.dump());
        project.run("notes list").ok().says("backup in backups/");
        let backup = the_backup(&project);
        let about = description(&project, &backup);
        assert_eq!(about["format"], 1);
        assert_eq!(about["proved"], true);
        assert_eq!(about["migrations"], serde_json::json!(["20260101000000"]));
        assert_eq!(about["size"], path(&project, &backup).metadata().expect("it is there").len());
        let orders = about["tables"].as_array().expect("a list").iter().find(|table| table["table"].as_str().is_some_and(|t| t.ends_with("orders")));
        assert_eq!(orders.expect("the table is told")["rows"], 3);
        for file in [backup.clone(), format!("{backup}.json")] {
            let mode = path(&project, &file).metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_eq!(litter(&project), Vec::<String>::new());
        assert_eq!(databases_beside(&project), Vec::<String>::new());
    }

    fn the_facts_of_a_backup(project: Project) {
        let project = shop(project);

        let facts = project.run("backup mine.bak --json").ok().json();

        assert_eq!(facts["backup"]["path"], "mine.bak");
        assert_eq!(facts["backup"]["description"], "mine.bak.json");
        assert_eq!(facts["backup"]["proved"], true);
        assert_eq!(facts["backup"]["sha256"].as_str().expect("text").len(), 64);
        assert!(project.has("mine.bak") && project.has("mine.bak.json"));
    }

    fn nothing_is_overwritten(project: Project) {
        let project = shop(project).file("a.bak", "mine").file("b.bak.json", "mine");

        project.run("backup a.bak").fails_with(2).says("is there already, and a backup overwrites nothing").snapshot("backup_exists");
        project.run("backup b.bak").fails_with(2);

        assert_eq!(project.read("a.bak"), "mine");
        assert!(!project.has("b.bak"));
        assert_eq!(litter(&project), Vec::<String>::new());
    }

    fn a_folder_that_cannot_be_written_is_told(project: Project) {
        let project = shop(project).file("file", "");

        project.run("backup file/x.bak").fails_with(3).says("file");

        assert_eq!(litter(&project), Vec::<String>::new());
    }

    fn values_of_every_kind_come_through(project: Project) {
        let kinds = match project.backend() {
            Backend::Sqlite => "CREATE TABLE k (a, b BLOB, c TEXT, d REAL); INSERT INTO k VALUES (NULL, x'00ff', 'a\u{1f600}', 0.1), (-1, x'', '', -1e-300), (9223372036854775807, NULL, 'x', 1.0);
                CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('a', 1), ('b', 'x');
                CREATE TABLE g (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) VIRTUAL); INSERT INTO g (a) VALUES (1), (2);
                CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('one two'), ('three');
                CREATE TABLE au (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO au VALUES (7);",
            Backend::Postgres => "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN year AS int CHECK (value > 1900);
                CREATE TABLE k (id bigint GENERATED ALWAYS AS IDENTITY, m mood, y year, j jsonb, b bytea, t timestamptz, i interval, n numeric, f float8, a int[], u uuid);
                INSERT INTO k (m, y, j, b, t, i, n, f, a, u) VALUES ('sad', 2026, '{\"a\": [1, null]}', '\\x00ff', now(), '1 mon 2 days', 1.10, 'NaN', '{1,NULL}', gen_random_uuid()), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
                ALTER TABLE k DROP COLUMN b; CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
                CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); INSERT INTO p VALUES (1, '2026-05-05');
                CREATE TABLE parent (id int); CREATE TABLE child (more text) INHERITS (parent); INSERT INTO child VALUES (1, 'x');
                CREATE SCHEMA \"Odd Name\"; CREATE TABLE \"Odd Name\".\"a\"\"b\" (\"t\" text); INSERT INTO \"Odd Name\".\"a\"\"b\" VALUES ('t');
                CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select a'; CREATE MATERIALIZED VIEW mv AS SELECT f(1) AS one;
                CREATE UNLOGGED TABLE ul (id int); INSERT INTO ul VALUES (1); CREATE SEQUENCE s; SELECT nextval('s'); SELECT lo_from_bytea(0, '\\x01');",
        };
        let project = shop(project);
        project.execute(kinds);

        project.run("backup").ok().says("the same by count and checksum");

        let before = project.dump();
        project.execute("DELETE FROM orders; DELETE FROM k;");
        project.run(&format!("restore {} --yes", the_backup(&project))).ok();
        assert_eq!(before, project.dump());
        tidy(&project);
    }

    /// What the copy and the checksums see is one moment, whatever is written meanwhile.
    fn a_backup_under_steady_writes_is_one_moment(project: Project) {
        let project = shop(project);
        if project.backend() == Backend::Sqlite {
            project.execute("PRAGMA journal_mode = WAL");
        }
        project.execute("CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER)");
        let rows = (1..2000).map(|n| format!("({n}, 1, 1, 'some text that takes room')")).collect::<Vec<_>>().join(", ");
        project.execute(&format!("DELETE FROM orders; INSERT INTO orders VALUES {rows}"));
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let project = Arc::new(project);
        let writer = {
            let (stop, written, project) = (Arc::clone(&stop), Arc::clone(&written), Arc::clone(&project));
            std::thread::spawn(move || while !stop.load(Ordering::Relaxed) {
                project.execute("BEGIN; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); COMMIT;");
                written.fetch_add(1, Ordering::Relaxed);
            })
        };
        while written.load(Ordering::Relaxed) < 5 {
            std::thread::yield_now();
        }

        let outcome = project.run("backup steady.bak");

        stop.store(true, Ordering::Relaxed);
        writer.join().expect("the writer writes");
        outcome.ok();
        let about = description(&project, "steady.bak");
        let rows = |name: &str| {
            let tables = about["tables"].as_array().expect("a list");
            tables.iter().find(|table| table["table"] == name || table["table"] == format!("public.{name}")).expect("it is told")["rows"].clone()
        };
        assert_eq!(rows("a"), rows("b"));
        let project = Arc::into_inner(project).expect("the writer is done");
        project.run("restore steady.bak --yes").ok();
        assert_eq!(project.value("SELECT count(*) FROM a"), rows("a").to_string());
        tidy(&project);
    }
}

#[test]
fn a_backup_of_a_file_in_wal_mode_is_one_file_that_can_be_read_anywhere() {
    let project = shop(Project::new());
    project.execute("PRAGMA journal_mode = WAL; INSERT INTO customers VALUES (9, 'Zoe')");

    project.run("backup x.bak").ok();

    let copy = rusqlite::Connection::open(project.path("x.bak")).expect("it opens");
    let mode: String = copy.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("it has one");
    assert_eq!(mode, "delete");
    let found: i64 =
        copy.query_row("SELECT count(*) FROM customers WHERE id = 9", [], |row| row.get(0)).expect("it is a database");
    assert_eq!(found, 1);
    assert_eq!(description(&project, "x.bak")["settings"][0], serde_json::json!(["journal_mode", "wal"]));
}

#[test]
fn a_damaged_file_gives_no_backup() {
    let project = shop(Project::new());
    project.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, t TEXT); CREATE INDEX big_t ON big (t);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO big SELECT i, 'text ' || i FROM n;");
    // An index that has lost a row is damage that no page's form tells.
    project.execute("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX big_t ON big (t) WHERE id > 5' WHERE name = 'big_t';");
    project.execute("DELETE FROM big WHERE id = 3;");
    project.execute(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX big_t ON big (t)' WHERE name = 'big_t';",
    );

    project.run("backup x.bak").fails_with(1).says("the database is damaged");

    assert!(!project.has("x.bak"));
    assert_eq!(litter(&project), Vec::<String>::new());
}
