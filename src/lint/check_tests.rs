use super::super::rule::{RULES, Source};
use super::*;
use crate::domain::version::Version;
use crate::project::migrations::{Keeper, Kind};
use Engine::{Postgres as PG, Sqlite as LITE};

/// A migration that is not there as files.
fn migration(engine: Engine, version: &str, up: &str, down: Option<&str>) -> Migration {
    let folder = PathBuf::from(format!("migrations/{version}_x"));
    let script = |name: &str, text: &str| Script { file: folder.join(name), text: text.to_owned(), engine };
    Migration {
        version: Version::stored(version),
        name: "x".to_owned(),
        up: script("up.sql", up),
        down: down.map(|down| script("down.sql", down)),
        folder,
        run_in_transaction: true,
        kind: Kind::Schema,
        warnings: Vec::new(),
        keeper: Keeper::Diesel,
    }
}

fn run(migrations: &[Migration]) -> Vec<Finding> {
    let all: Vec<&Migration> = migrations.iter().collect();
    let settings = Settings::default();
    lint(&Input { migrations: &all, shared: &HashSet::new(), settings: &settings, server: None })
}

fn reversible(engine: Engine, up: &str) -> Migration {
    migration(engine, "1", up, Some("SELECT 1;"))
}

/// The findings of one up.sql, as `rule line:column`, less hints about IF EXISTS, which are everywhere.
fn found(engine: Engine, up: &str) -> Vec<String> {
    told(&run(&[reversible(engine, up)]))
}

fn told(findings: &[Finding]) -> Vec<String> {
    let shown = findings
        .iter()
        .filter(|finding| finding.rule != "if-exists")
        .map(|finding| format!("{} {}:{}", finding.rule, finding.place.line.unwrap_or(0), finding.place.column.unwrap_or(0)));
    shown.collect()
}

#[track_caller]
fn finds(rule: &str, engine: Engine, bad: &[&str], good: &[&str]) {
    for up in bad {
        let all = run(&[reversible(engine, up)]);
        assert!(all.iter().any(|finding| finding.rule == rule), "{rule} is not found in {up}: {:?}", told(&all));
    }
    for up in good {
        let all = run(&[reversible(engine, up)]);
        assert!(all.iter().all(|finding| finding.rule != rule), "{rule} is found in {up}");
    }
}

#[test]
fn our_own_rules_find_what_is_wrong_and_nothing_else() {
    for engine in [PG, LITE] {
        finds("cannot-run", engine, &["", "SELECT 'a"], &["-- nothing to do", "SELECT 'a'"]);
        finds("template", engine, &["-- manage: unedited (remove)\n"], &["SELECT 'manage: unedited'"]);
        finds("own-transaction", engine, &["BEGIN; SELECT 1; COMMIT;", "ROLLBACK"], &["SAVEPOINT a; RELEASE a"]);
        finds("not-alone", engine, &["VACUUM"], &["CREATE INDEX IF NOT EXISTS i ON t (a)"]);
        finds(
            "destructive",
            engine,
            &["DROP TABLE t", "ALTER TABLE t DROP COLUMN a", "DELETE FROM t", "DROP TABLE a; CREATE TABLE a (x INT)"],
            &[
                "DELETE FROM t WHERE a = 1",
                "CREATE TABLE t (a INT); DROP TABLE t",
                "CREATE TABLE n (a INT); INSERT INTO n SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
                "CREATE TABLE n AS SELECT a FROM t; DROP TABLE t",
                "DROP INDEX i",
            ],
        );
        finds(
            "mixed",
            engine,
            &["CREATE TABLE a (x INT); UPDATE t SET x = 1", "ALTER TABLE t ADD COLUMN x INT; INSERT INTO t (x) VALUES (1)"],
            &[
                "CREATE TABLE a (x INT); INSERT INTO a VALUES (1)",
                "UPDATE t SET x = 1",
                "CREATE TEMP TABLE k (x INT); DELETE FROM t WHERE x = 1",
            ],
        );
        finds(
            "rename-in-use",
            engine,
            &["ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME TO u"],
            &["CREATE TABLE t (a INT); ALTER TABLE t RENAME TO u"],
        );
        finds(
            "if-exists",
            engine,
            &["CREATE TABLE t (a INT)", "DROP INDEX i"],
            &["CREATE TABLE IF NOT EXISTS t (a INT)", "DROP INDEX IF EXISTS i", "CREATE TEMPORARY TABLE t (a INT)"],
        );
    }
    finds("cannot-run", PG, &["\\connect x\nSELECT 1", "COPY t FROM STDIN;\n1\n\\.\n"], &["COPY t TO '/x'"]);
    finds("not-alone", PG, &["CREATE INDEX CONCURRENTLY i ON t (a)"], &[]);
    finds("destructive", PG, &["TRUNCATE t", "DROP SCHEMA s CASCADE"], &["CREATE TABLE t (a INT); TRUNCATE t"]);
    finds(
        "enum-value-used",
        PG,
        &["ALTER TYPE mood ADD VALUE 'ok'; UPDATE t SET mood = 'ok'"],
        &[
            "ALTER TYPE mood ADD VALUE 'ok'; UPDATE t SET mood = 'bad'",
            "CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood ADD VALUE 'ok'; UPDATE t SET mood = 'ok'",
        ],
    );
    finds("syntax", PG, &["CREATE TABLE t (a INT"], &["CREATE TABLE t (a INT)"]);
    finds(
        "add-column",
        LITE,
        &["ALTER TABLE t ADD COLUMN a TEXT NOT NULL", "ALTER TABLE t ADD a INT UNIQUE"],
        &[
            "ALTER TABLE t ADD COLUMN a TEXT NOT NULL DEFAULT ''",
            "CREATE TABLE t (b INT); ALTER TABLE t ADD COLUMN a TEXT NOT NULL",
        ],
    );
    finds(
        "rebuild",
        LITE,
        &[
            "CREATE TABLE n (a); INSERT INTO n SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
            "ALTER TABLE t RENAME TO o; CREATE TABLE t (a); INSERT INTO t SELECT a FROM o; DROP TABLE o",
        ],
        &[
            "PRAGMA foreign_keys = OFF; CREATE TABLE n (a); INSERT INTO n SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
        ],
    );
    finds(
        "allow",
        LITE,
        &["-- manage: allow\nSELECT 1", "-- manage: allow nonsense because\nSELECT 1"],
        &["-- manage: allowed x\n"],
    );
}

#[test]
fn squawks_rules_find_what_is_wrong_and_nothing_else() {
    let cases: &[(&str, &str, &str)] = &[
        ("require-concurrent-index-creation", "CREATE INDEX i ON t (a)", "CREATE TABLE t (a INT); CREATE INDEX i ON t (a)"),
        ("require-concurrent-index-deletion", "DROP INDEX i", "CREATE TABLE t (a INT); CREATE INDEX i ON t (a); DROP INDEX i"),
        ("require-concurrent-reindex", "REINDEX INDEX i", "ANALYZE t"),
        (
            "constraint-missing-not-valid",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        ),
        (
            "adding-foreign-key-constraint",
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id)",
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id) NOT VALID",
        ),
        (
            "adding-field-with-default",
            "ALTER TABLE t ADD COLUMN a UUID DEFAULT gen_random_uuid()",
            "ALTER TABLE t ADD COLUMN a INT DEFAULT 1",
        ),
        ("adding-not-nullable-field", "ALTER TABLE t ALTER COLUMN a SET NOT NULL", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1"),
        ("adding-required-field", "ALTER TABLE t ADD COLUMN a INT NOT NULL", "ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT 1"),
        ("adding-serial-primary-key-field", "ALTER TABLE t ADD PRIMARY KEY (a)", "ALTER TABLE t ADD PRIMARY KEY USING INDEX i"),
        (
            "disallowed-unique-constraint",
            "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
            "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
        ),
        (
            "changing-column-type",
            "ALTER TABLE t ALTER COLUMN a TYPE BIGINT",
            "CREATE TABLE t (a INT); ALTER TABLE t ALTER COLUMN a TYPE BIGINT",
        ),
        ("require-concurrent-partition-detach", "ALTER TABLE t DETACH PARTITION p", "ALTER TABLE t ATTACH PARTITION p DEFAULT"),
        ("ban-drop-view", "DROP VIEW v", "CREATE VIEW v AS SELECT 1"),
        ("ban-drop-not-null", "ALTER TABLE t ALTER COLUMN a DROP NOT NULL", "SELECT 1"),
        (
            "identifier-too-long",
            "CREATE TABLE t_23456789_123456789_123456789_123456789_123456789_123456789_123456789 (a INT)",
            "CREATE TABLE t (a INT)",
        ),
        ("prefer-bigint-over-int", "CREATE TABLE t (a INTEGER)", "CREATE TABLE t (a BIGINT)"),
        ("prefer-identity", "CREATE TABLE t (a BIGSERIAL)", "CREATE TABLE t (a BIGINT GENERATED ALWAYS AS IDENTITY)"),
        ("ban-char-field", "CREATE TABLE t (a CHAR(3))", "CREATE TABLE t (a TEXT)"),
        ("prefer-timestamp-tz", "CREATE TABLE t (a TIMESTAMP)", "CREATE TABLE t (a TIMESTAMPTZ)"),
    ];
    for (rule, bad, good) in cases {
        finds(rule, PG, &[bad], &[good]);
    }
}

#[test]
fn what_an_earlier_pending_file_made_is_new() {
    let made = reversible(PG, "CREATE TABLE t (a BIGINT)");
    let later = || migration(PG, "2", "CREATE INDEX i ON t (a); ALTER TABLE t ALTER COLUMN a SET NOT NULL", Some("SELECT 1"));

    assert_eq!(told(&run(&[made, later()])), [""; 0]);
    assert_eq!(told(&run(&[later()])), ["require-concurrent-index-creation 1:1", "adding-not-nullable-field 1:55"]);
}

#[test]
fn what_this_file_did_not_make_is_lost_with_a_drop_even_where_an_earlier_one_made_it() {
    let made = reversible(LITE, "CREATE TABLE t (a BIGINT)");
    let later = migration(LITE, "2", "DROP TABLE t", Some("SELECT 1"));

    assert_eq!(told(&run(&[made, later])), ["destructive 1:1"]);
}

#[test]
fn a_file_without_a_transaction_may_do_what_others_may_not() {
    for (engine, up) in [(PG, "CREATE INDEX CONCURRENTLY i ON t (a)"), (PG, "BEGIN; SELECT 1; COMMIT"), (LITE, "VACUUM")] {
        let mut migration = reversible(engine, up);
        migration.run_in_transaction = false;

        assert_eq!(told(&run(&[migration])), [""; 0], "{up}");
    }
}

#[test]
fn a_migration_without_a_way_back_says_so() {
    let ways = |down: Option<&str>, kind| {
        let mut migration = migration(LITE, "1", "SELECT 1", down);
        migration.kind = kind;
        told(&run(&[migration]))
    };

    assert_eq!(ways(None, Kind::Schema), ["no-way-back 0:0"]);
    assert_eq!(ways(Some("-- later"), Kind::Schema), ["no-way-back 0:0"]);
    assert_eq!(ways(Some("-- nothing to take back"), Kind::Data), [""; 0]);
    assert_eq!(ways(Some("SELECT 1"), Kind::Schema), [""; 0]);
}

#[test]
fn a_data_migration_changes_no_schema() {
    let mut migration = reversible(LITE, "UPDATE t SET a = 1;\nCREATE TABLE u (a INT)");
    migration.kind = Kind::Data;

    assert_eq!(told(&run(&[migration])), ["mixed 2:1"]);
}

#[test]
fn the_way_back_may_drop_what_the_way_forward_made() {
    let up_and_down = migration(PG, "1", "CREATE TABLE t (a BIGINT)", Some("DROP TABLE t"));

    assert_eq!(told(&run(&[up_and_down])), [""; 0]);
}

#[test]
fn words_of_one_database_are_found_in_files_of_both_only() {
    let ours = [reversible(LITE, "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)")];
    let mut other = reversible(LITE, "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)");
    assert!(shared_files(&ours, std::slice::from_ref(&other)).is_empty());
    other.down = None;
    let shared = shared_files(&ours, &[other]);
    let settings = Settings::default();

    let input = Input { migrations: &[&ours[0]], shared: &shared, settings: &settings, server: None };

    assert_eq!(told(&lint(&input)), ["database-specific 1:39"]);
}

#[test]
fn consent_with_a_reason_silences_what_it_stands_before() {
    let at_one = "DROP TABLE a;\n-- manage: allow destructive unused since March\nDROP TABLE b;\nDROP TABLE c;";
    assert_eq!(found(LITE, at_one), ["destructive 1:1", "destructive 4:1"]);

    let behind_one = "DROP TABLE a; -- manage: allow destructive unused\nDROP TABLE b;";
    assert_eq!(found(LITE, behind_one), ["destructive 2:1"]);

    let at_the_head = "-- manage: allow destructive unused since March\n\nDROP TABLE a;\nDROP TABLE b;";
    assert_eq!(found(LITE, at_the_head), [""; 0]);

    let before_the_first = "-- manage: allow destructive unused since March\nDROP TABLE a;\nDROP TABLE b;";
    assert_eq!(found(LITE, before_the_first), ["destructive 3:1"]);

    let whole_file = migration(LITE, "1", "-- manage: allow no-way-back the backup is the way back\nSELECT 1", None);
    assert_eq!(told(&run(&[whole_file])), [""; 0]);
}

#[test]
fn consent_is_looked_at_itself() {
    let severity = |up: &str| {
        let all = run(&[reversible(LITE, up)]);
        all.iter().filter(|finding| finding.rule == "allow").map(|finding| finding.severity).collect::<Vec<_>>()
    };

    assert_eq!(severity("-- manage: allow destructive\nDROP TABLE a"), [Severity::Warning]);
    assert_eq!(severity("-- manage: allow nonsense x\nDROP TABLE a"), [Severity::Warning]);
    assert_eq!(severity("-- manage: allow mixed x\nSELECT 1"), [Severity::Hint]);
    assert_eq!(severity("-- manage: allow changing-column-type only PostgreSQL looks at it\nSELECT 1"), []);
    assert_eq!(found(LITE, "-- manage: allow destructive\nDROP TABLE a"), ["allow 1:1", "destructive 2:1"]);
}

#[test]
fn consent_that_is_not_needed_on_a_new_table_is_not_idle() {
    let made = reversible(PG, "CREATE TABLE t (a BIGINT)");
    let up = "-- manage: allow require-concurrent-index-creation the table is small\nCREATE INDEX i ON t (a)";

    assert_eq!(told(&run(&[made, migration(PG, "2", up, Some("SELECT 1"))])), [""; 0]);
}

#[test]
fn manage_toml_turns_rules_off_and_makes_them_warnings() {
    let config = crate::project::Config::parse(
        Path::new("manage.toml"),
        b"[lint]\noff = [\"if-exists\"]\nwarn = [\"destructive\", \"prefer-text-field\"]\n",
    );
    let settings = Settings::of(&config.expect("it is valid")).expect("the rules are known");
    let migration = reversible(PG, "DROP TABLE a; CREATE TABLE b (c VARCHAR(3))");

    let all = lint(&Input { migrations: &[&migration], shared: &HashSet::new(), settings: &settings, server: Some("15.18") });

    let told: Vec<_> = all.iter().map(|finding| (finding.rule, finding.severity)).collect();
    assert_eq!(told, [("destructive", Severity::Warning), ("prefer-text-field", Severity::Warning)]);
}

#[test]
fn a_rule_that_is_not_known_is_an_error_with_its_place() {
    let config = crate::project::Config::parse(Path::new("manage.toml"), b"[lint]\noff = [\"robust\"]\n").expect("it is valid");

    let error = Settings::of(&config).expect_err("there is no such rule");

    assert_eq!((error.place.line, error.place.column), (Some(2), Some(8)));
}

#[test]
fn deep_nesting_and_scraps_are_read_without_panic() {
    let deep = [
        "(".repeat(3000),
        "SELECT (".repeat(400),
        "SELECT ".to_owned() + &"NOT ".repeat(1_900),
        "SELECT 1".to_owned() + &" + 1".repeat(19_000),
    ];
    for up in deep.into_iter().chain(["CREATE TABLE t (a INT CHECK (".to_owned(), "\u{feff}ALTER é".to_owned()]) {
        found(PG, &up);
        found(LITE, &up);
    }
}

#[test]
fn every_rule_of_our_own_is_met_in_these_tests() {
    let text = include_str!("check_tests.rs");
    for rule in RULES.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.source == Source::Own) {
        assert!(text.contains(&format!("\"{}", rule.name)), "{} is not tested", rule.name);
    }
}
