//! Schemas of which a squash could lose something: what the baseline makes is what the migrations made, to the eyes of
//! `manage` and to those of the kit, and its way back leaves nothing, whatever rows are there.

use crate::support::*;

/// Statements of a history, and rows that its way back must not be held up by.
struct Odd {
    what: &'static str,
    sql: &'static str,
    rows: &'static str,
}

const fn odd(what: &'static str, sql: &'static str) -> Odd {
    Odd { what, sql, rows: "" }
}

const SQLITE: &[Odd] = &[
    odd(
        "views that were made in another order than they need one another",
        "CREATE TABLE t (a, b); CREATE VIEW z AS SELECT * FROM t; CREATE VIEW a AS SELECT * FROM z; DROP VIEW z; CREATE VIEW z (x) AS SELECT a FROM t;
         CREATE VIEW m AS SELECT * FROM a JOIN z; CREATE VIEW broken AS SELECT * FROM gone;",
    ),
    odd(
        "triggers",
        "CREATE TABLE t (a, b); CREATE TABLE l (x); CREATE VIEW v AS SELECT * FROM t;
         CREATE TRIGGER tr AFTER INSERT ON t WHEN new.a > 1 BEGIN INSERT INTO l VALUES (CASE WHEN new.a = 1 THEN 'end;' ELSE 'b;' END); SELECT 1; END;
         CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.a, new.b); END;",
    ),
    odd(
        "names in quotes",
        "CREATE TABLE \"we\"\"ird ;t\" ([b c] TEXT, `d``e` INT, \"select\" INT CHECK (\"select\" > 0)); CREATE TABLE 'single' (\"ключ\" INTEGER PRIMARY KEY, \"🙂\" TEXT);
         CREATE INDEX \"i;x\" ON \"we\"\"ird ;t\" (\"select\" DESC, [b c] COLLATE NOCASE) WHERE `d``e` IS NOT NULL; CREATE VIEW \"v\"\"1\" AS SELECT [b c] AS \"x.y\" FROM \"we\"\"ird ;t\";
         CREATE TRIGGER \"tr\"\"x\" AFTER DELETE ON 'single' BEGIN DELETE FROM \"we\"\"ird ;t\" WHERE \"select\" = old.\"ключ\"; END;",
    ),
    odd(
        "generated columns and indexes on expressions",
        "CREATE TABLE g (a INT, b INT GENERATED ALWAYS AS (a * 2) STORED, c TEXT AS (a || 'x') VIRTUAL NOT NULL); CREATE INDEX gi ON g (c);
         CREATE UNIQUE INDEX ge ON g (a + b, lower(c)) WHERE a > 0;",
    ),
    odd(
        "tables of special kinds",
        "CREATE TABLE s (a INT PRIMARY KEY, b ANY, c BLOB) STRICT, WITHOUT ROWID; CREATE TABLE w (a TEXT, b, PRIMARY KEY (b DESC, a)) WITHOUT ROWID; CREATE INDEX wi ON w (a);
         CREATE TABLE au (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO au (a) VALUES (1); DELETE FROM au; CREATE TABLE made AS SELECT a, b + 1 AS q FROM w;",
    ),
    odd(
        "comments where statements end",
        "CREATE TABLE t(a -- the a\n , b /* c */\n -- last\n); CREATE VIEW v AS SELECT 1 -- end",
    ),
    odd(
        "constraints and defaults",
        "CREATE TABLE t (a DEFAULT (datetime('now')), b DEFAULT -1, c DEFAULT CURRENT_TIMESTAMP, d DEFAULT x'ab', e TEXT COLLATE RTRIM DEFAULT 'it''s', f CHECK (json_valid(f)),
         CONSTRAINT \"c k\" CHECK (length(a) > 2 AND b <> ';'), UNIQUE (a, b) ON CONFLICT REPLACE); CREATE TABLE u (a REFERENCES nowhere (id));
         ALTER TABLE t ADD COLUMN g TEXT NOT NULL DEFAULT 'x;y'; ALTER TABLE t RENAME COLUMN e TO ee;",
    ),
    Odd {
        what: "virtual tables",
        sql: "CREATE TABLE d (id INTEGER PRIMARY KEY, t); CREATE VIRTUAL TABLE f USING fts5 (t, content = 'd', content_rowid = 'id');
              CREATE TRIGGER ai AFTER INSERT ON d BEGIN INSERT INTO f (rowid, t) VALUES (new.id, new.t); END;",
        rows: "INSERT INTO d VALUES (1, 'x')",
    },
    Odd {
        what: "foreign keys in a circle",
        sql: "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b (id)); CREATE TABLE b (id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a (id) ON DELETE RESTRICT);
              CREATE TABLE c (id INTEGER PRIMARY KEY, p INT NOT NULL REFERENCES C (id) ON DELETE RESTRICT);",
        rows: "INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1; INSERT INTO c VALUES (1, 1)",
    },
    Odd {
        what: "foreign keys in a line",
        sql: "CREATE TABLE z (id INTEGER PRIMARY KEY); CREATE TABLE y (id INTEGER PRIMARY KEY, z INT REFERENCES Z (id) ON DELETE RESTRICT);
              CREATE TABLE x (id INTEGER PRIMARY KEY, y INT REFERENCES y ON DELETE RESTRICT); CREATE TRIGGER no BEFORE DELETE ON y BEGIN SELECT raise(ABORT, 'no'); END;",
        rows: "INSERT INTO z VALUES (1); INSERT INTO y VALUES (1, 1); INSERT INTO x VALUES (1, 1)",
    },
];

const POSTGRES: &[Odd] = &[
    odd(
        "views over views, one of them replaced",
        "CREATE TABLE t (a INT, b TEXT); CREATE VIEW v1 AS SELECT a FROM t; CREATE VIEW v2 AS SELECT a FROM v1; CREATE VIEW v0 AS SELECT a FROM v2;
         CREATE OR REPLACE VIEW v1 AS SELECT a, b FROM t; ALTER VIEW v2 RENAME TO v9; CREATE VIEW v2 AS SELECT * FROM v9;
         CREATE MATERIALIZED VIEW m AS SELECT * FROM v2; CREATE UNIQUE INDEX ON m (a); CREATE RECURSIVE VIEW r (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 5;
         CREATE VIEW chk WITH (security_barrier) AS SELECT * FROM t WHERE a > 0 WITH LOCAL CHECK OPTION;",
    ),
    odd(
        "triggers",
        "CREATE TABLE t (id INT PRIMARY KEY, a INT); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
         CREATE TRIGGER t1 AFTER UPDATE OF a ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION f();
         CREATE CONSTRAINT TRIGGER t2 AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();
         CREATE TRIGGER t3 AFTER INSERT ON t REFERENCING NEW TABLE AS nt FOR EACH STATEMENT EXECUTE FUNCTION f();
         ALTER TABLE t DISABLE TRIGGER t1; ALTER TABLE t ENABLE ALWAYS TRIGGER t3; ALTER TABLE t ENABLE REPLICA TRIGGER t2;",
    ),
    odd(
        "indexes and what tables keep beside them",
        "CREATE TABLE t (id INT NOT NULL, a TEXT, b JSONB, c TEXT COLLATE \"C\", d INT); CREATE INDEX i1 ON t (lower(a) text_pattern_ops DESC NULLS LAST) INCLUDE (id) WHERE a IS NOT NULL;
         CREATE INDEX ON t USING gin (b jsonb_path_ops) WITH (fastupdate = off); CREATE INDEX \"I;x\" ON t ((b ->> 'x;y'), ((id + 1) % 2)); CREATE UNIQUE INDEX u ON t (id);
         CLUSTER t USING u; ALTER TABLE t REPLICA IDENTITY USING INDEX u; CREATE STATISTICS st ON id, d FROM t; COMMENT ON INDEX i1 IS 'i';
         ALTER TABLE t ALTER a SET STORAGE EXTERNAL; ALTER TABLE t ALTER d SET STATISTICS 500; ALTER TABLE t ALTER d SET (n_distinct = -0.5);",
    ),
    odd(
        "generated and identity columns, and a sequence of another table",
        "CREATE TABLE t (a INT GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 5 MINVALUE 50 CACHE 3 CYCLE) PRIMARY KEY, b BIGINT GENERATED BY DEFAULT AS IDENTITY,
         c INT GENERATED ALWAYS AS (b * 2) STORED, d SERIAL); CREATE SEQUENCE lone AS SMALLINT INCREMENT -1 MINVALUE -5 MAXVALUE 9 START 9;
         CREATE TABLE u (x INT DEFAULT nextval('lone'), y INT DEFAULT nextval('t_d_seq')); ALTER SEQUENCE t_a_seq RENAME TO other; ALTER TABLE t RENAME TO tt;",
    ),
    odd(
        "types",
        "CREATE TYPE e AS ENUM ('b', 'a', 'it''s'); ALTER TYPE e ADD VALUE 'first' BEFORE 'b'; CREATE DOMAIN d0 AS TEXT DEFAULT 'a' CONSTRAINT dk CHECK (VALUE <> 'b'); CREATE DOMAIN d1 AS d0 NOT NULL;
         CREATE TYPE comp AS (x e, y d1[], z NUMERIC(5, 2)); CREATE TYPE rng AS RANGE (subtype = numeric);
         CREATE TABLE t (a e[], b d1, c comp, d rng, m nummultirange, s TIME(3) WITH TIME ZONE, i INTERVAL DAY TO SECOND(2), v BIT VARYING(5), l UUID DEFAULT gen_random_uuid());
         COMMENT ON CONSTRAINT dk ON DOMAIN d0 IS 'dk'; COMMENT ON TYPE e IS 'it''s \\ e';",
    ),
    odd(
        "functions that need tables and views, and defaults, checks and indexes that need them",
        "CREATE TABLE t (id INT PRIMARY KEY, a TEXT); CREATE FUNCTION next_no() RETURNS BIGINT LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END;
         CREATE TABLE u (a BIGINT DEFAULT next_no()); ALTER TABLE t ADD b BIGINT DEFAULT next_no();
         CREATE FUNCTION of_row(t) RETURNS INT LANGUAGE sql IMMUTABLE AS 'SELECT $1.id'; ALTER TABLE t ADD CONSTRAINT k CHECK (of_row(t) > 0); CREATE INDEX ti ON t (of_row(t));
         CREATE FUNCTION over(a INT) RETURNS INT LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE FUNCTION over(a TEXT, VARIADIC b INT[] DEFAULT '{}') RETURNS TEXT LANGUAGE sql AS 'SELECT a';
         CREATE FUNCTION tab() RETURNS TABLE (x INT, y TEXT) LANGUAGE sql SECURITY DEFINER SET search_path = public COST 5 ROWS 3 AS 'SELECT id, a FROM t';
         CREATE VIEW fv AS SELECT * FROM tab(); CREATE FUNCTION on_view() RETURNS SETOF fv LANGUAGE sql AS 'SELECT * FROM fv';
         CREATE PROCEDURE pr(INOUT x INT) LANGUAGE plpgsql AS $b$ BEGIN x := 1; END $b$;
         CREATE FUNCTION ok(t TEXT) RETURNS BOOL LANGUAGE sql IMMUTABLE AS 'SELECT t IS NOT NULL'; CREATE DOMAIN d AS TEXT CHECK (ok(VALUE)); CREATE FUNCTION again(x d) RETURNS d LANGUAGE sql AS 'SELECT x';",
    ),
    Odd {
        what: "foreign keys in a circle",
        sql: "CREATE TABLE a (id INT PRIMARY KEY, b INT); CREATE TABLE b (id INT PRIMARY KEY, a INT NOT NULL REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED);
              ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b ON DELETE SET NULL; CREATE TABLE c (id INT PRIMARY KEY, p INT NOT NULL REFERENCES c);
              CREATE TABLE p (x INT, y INT, u INT UNIQUE, PRIMARY KEY (x, y)); CREATE TABLE k (x INT, y INT, z INT, FOREIGN KEY (x, y) REFERENCES p MATCH FULL ON DELETE SET NULL (x),
              FOREIGN KEY (z) REFERENCES p (u) NOT VALID); ALTER TABLE k ADD CONSTRAINT chk CHECK (z > 0) NOT VALID; ALTER TABLE k ADD CONSTRAINT chk2 CHECK (x > 0) NO INHERIT;",
        rows: "BEGIN; INSERT INTO b VALUES (1, 1); INSERT INTO a VALUES (1, 1); COMMIT; INSERT INTO c VALUES (1, 1)",
    },
    odd(
        "names in quotes, in schemas of their own",
        "CREATE SCHEMA \"S;1\"; COMMENT ON SCHEMA \"S;1\" IS 'it''s'; CREATE SCHEMA \"select\"; CREATE TABLE \"S;1\".\"we\"\"ird t\" (\"A b\" INT PRIMARY KEY, \"select\" TEXT DEFAULT 'x;''y', \"ü\" INT CHECK (\"ü\" > 0));
         CREATE TYPE \"S;1\".\"T y\" AS ENUM ('x'); CREATE TABLE \"select\".\"we\"\"ird t\" (x \"S;1\".\"T y\", y INT REFERENCES \"S;1\".\"we\"\"ird t\");
         CREATE INDEX \"i\"\"x\" ON \"S;1\".\"we\"\"ird t\" (\"select\"); CREATE VIEW \"select\".\"V\" AS SELECT \"A b\" AS \"C\"\"d\" FROM \"S;1\".\"we\"\"ird t\";
         CREATE SEQUENCE \"S;1\".\"Se q\"; CREATE FUNCTION \"select\".\"F n\"(\"a b\" INT) RETURNS INT LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION \"S;1\".tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER \"T r\" BEFORE INSERT ON \"S;1\".\"we\"\"ird t\" FOR EACH ROW EXECUTE FUNCTION \"S;1\".tf();
         COMMENT ON TRIGGER \"T r\" ON \"S;1\".\"we\"\"ird t\" IS 'x'; COMMENT ON COLUMN \"S;1\".\"we\"\"ird t\".\"A b\" IS E'two\\nlines'; COMMENT ON VIEW \"select\".\"V\" IS 'v';",
    ),
    odd(
        "partitions",
        "CREATE TABLE e (id INT, at DATE NOT NULL, k TEXT, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE e1 PARTITION OF e FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY HASH (id);
         CREATE TABLE e1a PARTITION OF e1 FOR VALUES WITH (MODULUS 1, REMAINDER 0); CREATE TABLE ed PARTITION OF e DEFAULT; CREATE INDEX ei ON e (k); CREATE INDEX only_here ON ed (k);
         CREATE TABLE ref (id INT, at DATE, FOREIGN KEY (id, at) REFERENCES e); ALTER TABLE ed ADD CONSTRAINT kk CHECK (k <> 'x');",
    ),
    Odd {
        what: "policies and rules that read other tables",
        sql: "CREATE TABLE t (a INT, tenant INT); CREATE TABLE m (tenant INT, who NAME); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
              CREATE POLICY \"P 1\" ON t AS RESTRICTIVE FOR SELECT USING (tenant IN (SELECT tenant FROM m WHERE who = current_user)); CREATE POLICY p2 ON t FOR INSERT TO pg_monitor, pg_read_all_data WITH CHECK (a > 0);
              COMMENT ON POLICY p2 ON t IS 'x'; CREATE RULE \"R 1\" AS ON UPDATE TO t WHERE new.a = 1 DO ALSO INSERT INTO m VALUES (new.a, 'x'); CREATE RULE r2 AS ON DELETE TO m DO INSTEAD NOTHING;",
        rows: "INSERT INTO t VALUES (1, 1)",
    },
];

fn squashes(backend: Backend, odd: &Odd) {
    let what = odd.what;
    let old = Project::on(backend).one_way_migration("20250101000000_odd", odd.sql);
    old.run("migrate").ok();
    let schema = old.schema();
    old.run("baseline squash").ok().does_not_say("not in it");
    let name = old.list("migrations").into_iter().find(|name| name.ends_with("_baseline")).expect("there is a baseline");
    let read = |file: &str| old.read(&format!("migrations/{name}/{file}"));
    let new = Project::on(backend).migration(&name, &read("up.sql"), &read("down.sql"));
    let empty = new.schema();

    old.run("migrate").ok().says("only recorded");
    new.run("migrate").ok().says("1 migration applied");

    assert_eq!(schema, new.schema(), "{what}\n{}", read("up.sql"));
    let dumped = |project: &Project| project.run("schema dump").stdout.clone();
    assert_eq!(dumped(&old), dumped(&new), "{what}");
    for project in [&old, &new] {
        if !odd.rows.is_empty() {
            project.execute(odd.rows);
        }
        project.run("rollback --yes").ok();
        let left = project.schema();
        assert!(left == empty || backend == Backend::Sqlite && left.is_empty(), "{what} leaves behind\n{left}");
    }
}

#[test]
fn odd_schemas_of_sqlite_are_squashed_whole() {
    SQLITE.iter().for_each(|odd| squashes(Backend::Sqlite, odd));
}

#[test]
fn odd_schemas_of_postgres_are_squashed_whole() {
    POSTGRES.iter().for_each(|odd| squashes(Backend::Postgres, odd));
}

each_backend! {
    fn what_stands_beside_the_schema_is_named(project: Project) {
        let (sql, said) = match project.backend() {
            Backend::Sqlite => ("CREATE TABLE t (a); PRAGMA user_version = 7;", "not in it: PRAGMA user_version = 7"),
            Backend::Postgres => ("CREATE TABLE t (a INT); GRANT SELECT ON t TO pg_monitor;", "not in it: privileges on "),
        };
        let project = project.one_way_migration("20250101000000_beside", sql);

        let outcome = project.run("baseline squash");

        outcome.ok().says(said);
    }
}

/// PostgreSQL spells `IN` on a `varchar` otherwise once its own text was parsed again.
#[test]
fn what_is_only_spelled_otherwise_is_the_same() {
    let project = Project::on(Backend::Postgres).one_way_migration(
        "20250101000000_lists",
        "CREATE DOMAIN letter AS VARCHAR CHECK (VALUE IN ('a', 'b')); CREATE TABLE t (a VARCHAR CHECK (a IN ('x', 'y')), b VARCHAR GENERATED ALWAYS AS (CASE WHEN a IN ('x', 'z') THEN 'p' END) STORED, c letter);
         CREATE INDEX ti ON t (b) WHERE a IN ('x', 'y'); CREATE VIEW v AS SELECT * FROM t WHERE a IN ('x', 'y') OR b NOT IN ('q', 'r');",
    );
    project.run("migrate").ok();

    project.run("backup").ok().says("proved by restoring it");
    project.run("baseline squash").ok();

    project.run("migrate").ok().says("only recorded");
    project.run("schema check").ok().says("no drift");
}

#[test]
fn what_no_statement_can_make_is_refused() {
    let project = Project::on(Backend::Postgres)
        .one_way_migration("20250101000000_sum", "CREATE AGGREGATE total (INTEGER) (SFUNC = int4pl, STYPE = INTEGER);");

    project.run("baseline squash").fails_with(3).says("aggregate public.total(integer)").says("nothing was changed");

    assert!(!project.has("migrations/archive"));
}
