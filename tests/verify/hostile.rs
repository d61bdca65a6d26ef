//! Scripts that want more than they may: to write, or to see other accounts' rows.

use super::fixture::{OTHERS, platform};
use crate::support::*;

/// Runs one script for acme: it ends with 2 or 3, changes nothing and shows nothing of others.
fn is_stopped(project: &Project, head: &str, sql: &str) {
    project.write("scripts/verify_evil.sql", &super::fixture::script(head, sql));
    let before = project.everything();
    let scope = if head.contains("global") { "--all-tenants" } else { "--account id:1" };
    let outcome = project.run(&format!("verify evil {scope}"));
    assert!(matches!(outcome.code, 2 | 3), "{sql}\nexit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
    assert_eq!(before, project.everything(), "{sql}");
    if scope != "--all-tenants" {
        for other in OTHERS {
            outcome.does_not_say(other);
        }
    }
}

const WRITES: &[&str] = &[
    "INSERT INTO pages VALUES (1, 1, 1, 'x', 'x')",
    "UPDATE pages SET title = 'x' WHERE account_id = :account",
    "DELETE FROM pages WHERE account_id = :account RETURNING 'x' AS what",
    "WITH d AS (DELETE FROM pages RETURNING id) SELECT id, 'x' AS what FROM d WHERE :account = 1",
    "WITH d AS (SELECT 1) DELETE FROM pages WHERE :account = 1",
    "WITH d AS (SELECT 1) INSERT INTO pages SELECT 1, 1, 1, 'x', 'x' WHERE :account = 1",
    "SELECT 'x' AS what WHERE :account = 1; DELETE FROM pages",
    "SELECT 'x' AS what WHERE :account = 1; COMMIT",
    "COMMIT; DELETE FROM pages; SELECT :account AS what",
    "REPLACE INTO pages VALUES (1, 1, 1, 'x', 'x')",
    "CREATE TABLE t AS SELECT :account AS what",
    "DROP TABLE pages",
    "SELECT title AS what INTO stolen FROM pages WHERE account_id = :account",
    "VACUUM",
    "ROLLBACK",
    "BEGIN",
    "SAVEPOINT x",
    "/* /* */ DELETE FROM pages -- */",
    "SELECT 'x' AS what WHERE :account = 1 /* ; */; DELETE FROM pages --",
    "SELECT 'x' AS what WHERE :account = 1 -- ;\n; DELETE FROM pages",
    "SELECT 'it''s; ' AS what WHERE :account = 1; DELETE FROM pages WHERE title <> ''''",
    "SELECT '\\'; DELETE FROM pages; SELECT '' AS what WHERE :account = 1",
    "WITH a AS (SELECT 1), d AS (UPDATE pages SET title = 'x' RETURNING id) SELECT id, 'x' AS what FROM d WHERE :account = 1",
    "SELECT 'x' AS what FROM (DELETE FROM pages RETURNING id) d WHERE :account = 1",
    "SELECT 'x' AS what WHERE :account = 1;;DELETE FROM pages;",
    "(DELETE FROM pages)",
    "VALUES (1); DROP TABLE pages",
    "EXPLAIN QUERY PLAN DELETE FROM pages",
    "ANALYZE",
    "REINDEX",
];

const WRITES_ON_SQLITE: &[&str] = &[
    "PRAGMA query_only = OFF",
    "PRAGMA user_version = 7",
    "ATTACH 'other.db' AS other",
    "SELECT name AS what FROM pragma_table_list WHERE :account = 1",
    "SELECT load_extension('x') AS what WHERE :account = 1",
    "EXPLAIN DELETE FROM pages",
    "SELECT E'\\'; DELETE FROM pages; --' AS what WHERE :account = 1",
    "SELECT 'x' AS what FROM pragma_user_version(7) WHERE :account = 1",
    "SELECT \"x\" AS what WHERE :account = 1; PRAGMA query_only = 0; DELETE FROM pages",
    "DETACH main",
    "VACUUM INTO 'other.db'",
    "SELECT writefile('other.db', 'x') AS what WHERE :account = 1",
];

const WRITES_ON_POSTGRES: &[&str] = &[
    "COPY pages TO STDOUT",
    "COPY pages TO PROGRAM 'true'",
    "SELECT set_config('transaction_read_only', 'off', true) AS what WHERE :account = 1",
    "SELECT set_config('search_path', 'other', true) AS what WHERE :account = 1",
    "SET ROLE postgres",
    "SET TRANSACTION READ WRITE",
    "RESET ALL",
    "DO $$ BEGIN DELETE FROM pages; END $$",
    "CALL touch()",
    "SELECT deletes() AS what WHERE :account = 1",
    "SELECT hides() AS what WHERE :account = 1",
    "SELECT title AS what FROM pages WHERE account_id = :account FOR UPDATE",
    "EXPLAIN ANALYZE DELETE FROM pages",
    "SELECT nextval('counter') AS what WHERE :account = 1",
    "SELECT setval('counter', 99) AS what WHERE :account = 1",
    "SELECT pg_advisory_lock(1) AS what WHERE :account = 1",
    "SELECT lo_create(0) AS what WHERE :account = 1",
    "SELECT pg_notify('a', 'b') AS what WHERE :account = 1",
    "LISTEN x",
    "PREPARE p AS DELETE FROM pages",
    "LOCK TABLE pages",
    "MERGE INTO pages USING sites ON false WHEN MATCHED THEN DELETE",
    "TABLE pages",
    "WITH d AS MATERIALIZED (DELETE FROM pages RETURNING id) SELECT id, 'x' AS what FROM d WHERE :account = 1",
    "WITH d AS NOT MATERIALIZED (INSERT INTO countries VALUES ('x', 'x') RETURNING code) SELECT code AS what FROM d WHERE :account = 1",
    "SELECT $$x$$ AS what WHERE :account = 1; DELETE FROM pages; SELECT $$",
    "SELECT $a$ $$ $a$ AS what WHERE :account = 1; DELETE FROM pages",
    "SELECT public.deletes() AS what WHERE :account = 1",
    "SELECT \"deletes\"() AS what WHERE :account = 1",
    "SELECT U&\"d\\0065letes\"() AS what WHERE :account = 1",
    "SELECT title AS what FROM pages, LATERAL deletes() WHERE account_id = :account",
    "SELECT what FROM (SELECT 'a' !!! 'b' AS what) x WHERE :account = 1",
    "SELECT pg_read_file('postgresql.conf') AS what WHERE :account = 1",
    "SELECT pg_read_binary_file('postgresql.conf') AS what WHERE :account = 1",
    "SELECT pg_ls_dir('.') AS what WHERE :account = 1",
    "SELECT pg_terminate_backend(pg_backend_pid()) AS what WHERE :account = 1",
    "SELECT pg_reload_conf() AS what WHERE :account = 1",
    "SELECT pg_switch_wal() AS what WHERE :account = 1",
    "SELECT lo_import('/etc/hostname') AS what WHERE :account = 1",
    "SELECT lo_export(1, 'other.db') AS what WHERE :account = 1",
    "SELECT currval('counter') AS what WHERE :account = 1",
    "COPY (SELECT 1) TO PROGRAM 'touch other.db'",
    "COPY pages FROM PROGRAM 'true'",
    "SET SESSION AUTHORIZATION postgres",
    "SET default_transaction_read_only = off",
    "REFRESH MATERIALIZED VIEW all_pages",
    "DECLARE c CURSOR FOR SELECT 1",
    "EXECUTE p",
    "NOTIFY a",
    "\\! touch other.db",
];

const FUNCTIONS: &str = "
CREATE SEQUENCE counter;
CREATE FUNCTION deletes() RETURNS bigint LANGUAGE sql VOLATILE AS 'DELETE FROM pages RETURNING id';
CREATE FUNCTION hides() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM deletes(); RETURN 1; END $$;
CREATE FUNCTION peek() RETURNS text LANGUAGE sql STABLE AS 'SELECT string_agg(title, '','') FROM public.pages';
CREATE FUNCTION peek_immutable() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT string_agg(title, '','') FROM public.pages';
CREATE FUNCTION peek_all() RETURNS SETOF pages LANGUAGE sql STABLE AS 'SELECT * FROM public.pages';
CREATE FUNCTION \"Peek\"() RETURNS text LANGUAGE sql STABLE AS 'SELECT string_agg(title, '','') FROM public.pages';
CREATE FUNCTION of_row(anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT string_agg(title, '','') FROM public.pages';
CREATE FUNCTION peeks(text, text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true FROM public.pages LIMIT 1';
CREATE OPERATOR ### (LEFTARG = text, RIGHTARG = text, FUNCTION = peeks);
CREATE FUNCTION writes(text, text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM deletes(); RETURN 'x'; END $$;
CREATE OPERATOR !!! (LEFTARG = text, RIGHTARG = text, FUNCTION = writes);
CREATE FUNCTION peek_next(text, text) RETURNS text LANGUAGE sql STABLE AS 'SELECT string_agg(title, '','') FROM public.pages';
CREATE AGGREGATE peek_sum(text) (SFUNC = peek_next, STYPE = text);
CREATE TYPE peeked AS (said text);
CREATE FUNCTION peek_cast(text) RETURNS peeked LANGUAGE sql STABLE AS 'SELECT ROW(string_agg(title, '',''))::peeked FROM public.pages';
CREATE CAST (text AS peeked) WITH FUNCTION peek_cast(text);
CREATE SCHEMA hidden;
CREATE TABLE hidden.pages AS SELECT * FROM pages;
CREATE TABLE hidden.words (word text);
CREATE TABLE \"Secrets\" AS SELECT * FROM secrets;
";

/// Each of them shows other accounts' rows, if it runs.
const PEEKS: &[&str] = &[
    "SELECT word AS what FROM secrets WHERE :account = 1",
    "SELECT word AS what FROM SECRETS WHERE :account = 1",
    "SELECT word AS what FROM \"secrets\" WHERE :account = 1",
    "SELECT title AS what FROM all_pages WHERE :account = 1",
    "SELECT title AS what FROM pages, secrets WHERE :account = 1",
    "SELECT title AS what FROM pages p JOIN secrets s ON true WHERE :account = 1",
    "SELECT title AS what FROM (pages p JOIN sites ON true LEFT JOIN secrets s ON true) WHERE :account = 1",
    "SELECT (SELECT word FROM secrets) AS what WHERE :account = 1",
    "SELECT title AS what FROM pages WHERE account_id = :account AND EXISTS (SELECT 1 FROM secrets)",
    "SELECT title AS what FROM pages WHERE account_id = :account AND id IN (SELECT id FROM secrets)",
    "SELECT title AS what FROM pages WHERE account_id = :account ORDER BY (SELECT max(word) FROM secrets)",
    "SELECT 'x' AS what WHERE :account = 1 UNION ALL SELECT word FROM secrets",
    "WITH s AS (SELECT * FROM secrets) SELECT word AS what FROM s WHERE :account = 1",
    "WITH secrets AS (SELECT * FROM secrets) SELECT word AS what FROM secrets WHERE :account = 1",
    "WITH pages AS (SELECT * FROM all_pages) SELECT title AS what FROM pages WHERE :account = 1",
    "WITH pages AS (SELECT 1 AS id) SELECT id AS what FROM pages WHERE :account = 1",
    "SELECT * FROM (WITH pages AS (SELECT * FROM pages) SELECT title AS what FROM pages) x WHERE :account = 1",
    "SELECT amount AS what FROM ledger_lines WHERE :account = 1",
];

const PEEKS_ON_SQLITE: &[&str] = &[
    "SELECT title AS what FROM main.pages WHERE :account = 1",
    "SELECT title AS what FROM MAIN.pages WHERE :account = 1",
    "SELECT title AS what FROM \"main\".\"pages\" WHERE :account = 1",
    "SELECT title AS what FROM [main].[pages] WHERE :account = 1",
    "SELECT title AS what FROM 'main'.'pages' WHERE :account = 1",
    "SELECT title AS what FROM `main` . `pages` WHERE :account = 1",
    "SELECT title AS what FROM main/**/./**/pages WHERE :account = 1",
    "SELECT title AS what FROM pages WHERE account_id = :account AND 1 IN main.secrets",
    "SELECT title AS what FROM pages WHERE account_id = :account AND id IN secrets",
    "SELECT word AS what FROM 'secrets' WHERE :account = 1",
    "SELECT word AS what FROM [secrets] WHERE :account = 1",
    "SELECT word AS what FROM `Secrets` WHERE :account = 1",
    "SELECT sql AS what FROM sqlite_schema WHERE :account = 1",
    "SELECT sql AS what FROM sqlite_master WHERE :account = 1",
    "SELECT sql AS what FROM sqlite_temp_master WHERE :account = 1",
    "SELECT name AS what FROM pragma_table_info('pages') WHERE :account = 1",
    "SELECT name AS what FROM dbstat WHERE :account = 1",
    "SELECT name AS what FROM manage_log WHERE :account = 1",
];

const PEEKS_ON_POSTGRES: &[&str] = &[
    "SELECT title AS what FROM public.pages WHERE :account = 1",
    "SELECT title AS what FROM PUBLIC.pages WHERE :account = 1",
    "SELECT title AS what FROM \"public\".\"pages\" WHERE :account = 1",
    "SELECT title AS what FROM public/**/./**/pages WHERE :account = 1",
    "SELECT title AS what FROM U&\"p\\0061ges\" WHERE :account = 1",
    "SELECT title AS what FROM ONLY public.pages WHERE :account = 1",
    "SELECT title AS what FROM hidden.pages WHERE :account = 1",
    "SELECT word AS what FROM \"Secrets\" WHERE :account = 1",
    "SELECT relname AS what FROM pg_class WHERE :account = 1",
    "SELECT relname AS what FROM pg_catalog.pg_class WHERE :account = 1",
    "SELECT table_name AS what FROM information_schema.tables WHERE :account = 1",
    "SELECT query AS what FROM pg_stat_activity WHERE :account = 1",
    "SELECT most_common_vals::text AS what FROM pg_stats WHERE :account = 1",
    "SELECT peek() AS what WHERE :account = 1",
    "SELECT PEEK() AS what WHERE :account = 1",
    "SELECT peek /* */ () AS what WHERE :account = 1",
    "SELECT peek_immutable() AS what WHERE :account = 1",
    "SELECT \"Peek\"() AS what WHERE :account = 1",
    "SELECT title AS what FROM peek_all() WHERE :account = 1",
    "SELECT title AS what FROM ROWS FROM (peek_all()) AS x WHERE :account = 1",
    "SELECT title AS what FROM pages, LATERAL (SELECT peek()) x WHERE account_id = :account",
    "SELECT pages.of_row AS what FROM pages WHERE :account = 1",
    "SELECT (pages).of_row AS what FROM pages WHERE :account = 1",
    "SELECT title AS what FROM pages WHERE account_id = :account AND title ### title",
    "SELECT query_to_xml('SELECT * FROM public.pages', true, true, '')::text AS what WHERE :account = 1",
    "SELECT table_to_xml('public.pages', true, true, '')::text AS what WHERE :account = 1",
    "SELECT database_to_xml(true, true, '')::text AS what WHERE :account = 1",
    "SELECT word AS what FROM ts_stat('SELECT to_tsvector(title) FROM public.pages') WHERE :account = 1",
    "SELECT pg_read_file('postgresql.conf') AS what WHERE :account = 1",
    "SELECT title AS what FROM pages WHERE account_id = :account AND EXISTS (TABLE public.pages)",
    "SELECT peek_sum(title) AS what FROM pages WHERE account_id = :account",
    "SELECT (title::peeked)::text AS what FROM pages WHERE account_id = :account",
    "SELECT CAST(title AS \"peeked\")::text AS what FROM pages WHERE account_id = :account",
    "SELECT query AS what FROM pg_stat_get_activity(NULL) WHERE :account = 1",
    "SELECT pg_stat_get_backend_activity(1) AS what WHERE :account = 1",
    "SELECT schema_to_xml('public', true, true, '')::text AS what WHERE :account = 1",
    "SELECT title AS what FROM pages WHERE account_id = :account UNION TABLE secrets",
    "SELECT current_setting('data_directory') AS what WHERE :account = 1",
    "SELECT title AS what FROM pages TABLESAMPLE system (100), public.pages x WHERE :account = 1",
];

each_backend! {
    fn a_check_cannot_write(project: Project) {
        let project = platform(project);
        let own = match project.backend() {
            Backend::Sqlite => WRITES_ON_SQLITE,
            Backend::Postgres => {
                project.execute(FUNCTIONS);
                // Strings end elsewhere with this, unless the session says otherwise.
                let name = project.value("SELECT current_database()");
                project.execute(&format!("ALTER DATABASE {name} SET standard_conforming_strings = off"));
                WRITES_ON_POSTGRES
            }
        };
        for sql in WRITES.iter().chain(own) {
            is_stopped(&project, "", sql);
            is_stopped(&project, "scope = \"global\"", &sql.replace(":account", "1"));
        }
        assert!(!project.has("other.db"));
    }

    fn a_check_cannot_look_at_others(project: Project) {
        let project = platform(project);
        let own = match project.backend() {
            Backend::Sqlite => PEEKS_ON_SQLITE,
            Backend::Postgres => {
                project.execute(FUNCTIONS);
                PEEKS_ON_POSTGRES
            }
        };
        for sql in PEEKS.iter().chain(own) {
            is_stopped(&project, "", sql);
        }
    }

    /// None of these is refused, and none of them shows what it should not.
    fn what_looks_odd_is_confined_all_the_same(project: Project) {
        let project = platform(project);
        let harmless = [
            "SELECT p.title AS what FROM pages p, pages q WHERE p.id = q.id AND p.account_id = :account",
            "SELECT title AS what FROM \"pages\" AS \"words\" WHERE account_id = :account",
            "SELECT title AS what FROM pages WHERE :account = :account OR 1 = 1",
            "SELECT title AS what FROM pages WHERE :account IS NOT NULL UNION SELECT target FROM links UNION SELECT body FROM notes",
            "WITH RECURSIVE x(title, n) AS (SELECT title, 1 FROM pages WHERE account_id = :account UNION ALL SELECT title, n + 1 FROM x WHERE n < 2) SELECT title AS what FROM x",
            "SELECT x.title AS what FROM (SELECT * FROM (SELECT * FROM pages) y) x WHERE :account = 1",
            "SELECT (SELECT max(title) FROM pages) AS what WHERE :account = 1",
            "SELECT title AS what FROM PAGES WHERE account_id = :account",
            "SELECT COALESCE(max(title), 'x') AS what FROM pages WHERE account_id <> :account",
            "SELECT upper(trim(title)) || replace('a', 'a', 'b') AS what, count(*) AS n FROM pages WHERE account_id = :account GROUP BY 1 HAVING count(*) > 0",
        ];
        for sql in harmless {
            project.write("scripts/verify_odd.sql", &super::fixture::script("", sql));
            let outcome = project.run("verify odd --account id:1");
            assert!(matches!(outcome.code, 0 | 1), "{sql}\n{}{}", outcome.stdout, outcome.stderr);
            for other in OTHERS {
                outcome.does_not_say(other);
            }
        }
    }

    fn an_error_does_not_repeat_anothers_value(project: Project) {
        let project = platform(project.check("cast", "", "SELECT id, title AS what FROM pages WHERE CAST(title AS integer) > 5 AND account_id = :account"));

        let outcome = project.run("verify --account id:1");

        for other in OTHERS {
            outcome.does_not_say(other);
        }
    }
}

#[test]
fn the_servers_own_functions_and_an_allowed_one_may_be_called() {
    let project = platform(Project::on(Backend::Postgres));
    project.execute(FUNCTIONS);
    project.write("scripts/verify_fine.sql", &super::fixture::script("", "SELECT id, format('%s', substring(lower(title) FROM 1 FOR 3)) AS what, peek_immutable() IS NULL AS x
        FROM pages WHERE account_id = :account AND now() > :now - interval '1 day' AND EXTRACT(year FROM now()) > 2000 AND status = ANY (ARRAY['new'])"));

    project.run("verify --account id:1").exits_with(2).says("may read other accounts' rows");
    project.edit("manage.toml", |text| text.replace("system = ", "functions = [\"peek_immutable\"]\nsystem = "));
    project.run("verify --account id:1").exits_with(1).says("2 findings");
}
