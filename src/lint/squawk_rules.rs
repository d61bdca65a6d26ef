//! squawk's rules: which are on, how bad they are, and the safe way.
//!
//! What stops readers or writers for as long as a table is scanned or written anew is an error; what breaks the
//! running version of the application is a warning or a hint; style is a hint or off.

use super::finding::Severity::{Error, Hint, Warning};
use super::rule::{Rule, Source};
use crate::domain::engine::Engine;

const fn squawk(name: &'static str, says: &'static str, instead: &'static str) -> Rule {
    let engine = Some(Engine::Postgres);
    Rule { name, severity: None, engine, spares_new: true, source: Source::Squawk, says, instead }
}

const fn error(rule: Rule) -> Rule {
    Rule { severity: Some(Error), ..rule }
}

const fn warning(rule: Rule) -> Rule {
    Rule { severity: Some(Warning), ..rule }
}

const fn hint(rule: Rule) -> Rule {
    Rule { severity: Some(Hint), ..rule }
}

/// A rule about how something new is written: what is new is what it looks at.
const fn style(rule: Rule) -> Rule {
    Rule { spares_new: false, ..rule }
}

const fn off(name: &'static str, why: &'static str) -> Rule {
    style(squawk(name, "turned on in manage.toml", why))
}

const BREAKS: &str = "drop it one release after the last version of the application that uses it";

pub(super) const SQUAWK: &[Rule] = &[
    error(squawk(
        "require-concurrent-index-creation",
        "writers of the table wait until the index is built",
        "CREATE INDEX CONCURRENTLY, in a migration of its own with run_in_transaction = false",
    )),
    error(squawk(
        "require-concurrent-reindex",
        "readers and writers wait until the index is built anew",
        "REINDEX … CONCURRENTLY, in a migration with run_in_transaction = false",
    )),
    error(squawk(
        "constraint-missing-not-valid",
        "writers wait while every row is checked against the new constraint",
        "ADD CONSTRAINT … NOT VALID in one migration, VALIDATE CONSTRAINT in the next one",
    )),
    error(squawk(
        "adding-foreign-key-constraint",
        "writers of both tables wait while every row is checked",
        "ADD CONSTRAINT … FOREIGN KEY … NOT VALID in one migration, VALIDATE CONSTRAINT in the next one",
    )),
    error(squawk(
        "adding-field-with-default",
        "a default that is computed for each row, or a generated column, writes the whole table anew",
        "add the column without a default, set the default for new rows, fill old rows in batches",
    )),
    error(squawk(
        "adding-not-nullable-field",
        "SET NOT NULL reads the whole table while everybody waits",
        "ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID; VALIDATE it in the next migration; then SET NOT NULL, which needs no scan, and drop c",
    )),
    error(squawk(
        "adding-required-field",
        "a NOT NULL column without a default cannot be added to a table with rows",
        "add it nullable or with a constant default, fill it, then set NOT NULL",
    )),
    error(squawk(
        "adding-serial-primary-key-field",
        "everybody waits while the index of the primary key is built",
        "CREATE UNIQUE INDEX CONCURRENTLY in one migration, ADD PRIMARY KEY USING INDEX in the next one",
    )),
    error(squawk(
        "disallowed-unique-constraint",
        "everybody waits while the index of the constraint is built",
        "CREATE UNIQUE INDEX CONCURRENTLY in one migration, ADD CONSTRAINT … UNIQUE USING INDEX in the next one",
    )),
    error(squawk(
        "changing-column-type",
        "another type may write the whole table anew while everybody waits, and may break the application",
        "add a column of the new type, write both, fill old rows in batches, move the readers, drop the old one",
    )),
    error(squawk(
        "prefer-repack",
        "VACUUM FULL and CLUSTER lock the table until it is written anew",
        "pg_repack, or a plain VACUUM",
    )),
    error(style(squawk(
        "ban-duplicate-column-assignments",
        "one column is set twice; PostgreSQL refuses it",
        "keep one of them",
    ))),
    warning(squawk(
        "require-concurrent-index-deletion",
        "DROP INDEX waits for every query on the table, and all later ones wait behind it",
        "DROP INDEX CONCURRENTLY, in a migration with run_in_transaction = false",
    )),
    warning(squawk(
        "require-concurrent-partition-detach",
        "DETACH PARTITION locks the whole partitioned table",
        "DETACH PARTITION … CONCURRENTLY, in a migration with run_in_transaction = false",
    )),
    warning(style(squawk("identifier-too-long", "PostgreSQL cuts names after 63 bytes", "a shorter name"))),
    warning(style(squawk(
        "ban-create-domain-with-constraint",
        "the constraint of a domain can later be changed only with long locks",
        "a CHECK on the columns",
    ))),
    warning(squawk(
        "ban-alter-domain-with-add-constraint",
        "every table with the domain is locked and checked",
        "ADD CONSTRAINT … NOT VALID, or a CHECK on the columns",
    )),
    warning(squawk("ban-drop-view", "the application may still read the view", BREAKS)),
    warning(squawk("ban-drop-function", "the application may still call the function", BREAKS)),
    warning(squawk("ban-drop-type", "the application may still use the type", BREAKS)),
    warning(squawk("ban-drop-domain", "the application may still use the domain", BREAKS)),
    warning(squawk("ban-drop-sequence", "the application may still draw from the sequence", BREAKS)),
    warning(squawk("ban-drop-extension", "what the extension brought is gone with it", BREAKS)),
    warning(squawk(
        "ban-drop-generated-expression",
        "the column is no longer computed",
        "fill the column from the application first",
    )),
    warning(squawk("ban-alter-identity", "inserts of the running application may break", "change the application first")),
    warning(squawk("ban-set-schema", "the application looks for it in the old schema", "leave a view of the old name behind")),
    hint(squawk("ban-drop-not-null", "the application may not expect NULL", "teach all readers first")),
    hint(squawk(
        "ban-drop-default",
        "inserts of the running application may rely on the default",
        "change the application first",
    )),
    hint(squawk("ban-drop-constraint", "the application may rely on the guarantee", "change the application first")),
    hint(squawk("renaming-object", "the application may use the old name", "make the new one beside the old one")),
    hint(style(squawk("prefer-bigint-over-int", "INTEGER ends at two billion", "BIGINT, for keys above all"))),
    hint(style(squawk("prefer-timestamp-tz", "TIMESTAMP forgets its time zone", "TIMESTAMPTZ, or times in UTC everywhere"))),
    hint(style(squawk(
        "prefer-identity",
        "SERIAL leaves rights and ownership of its sequence behind",
        "GENERATED BY DEFAULT AS IDENTITY",
    ))),
    hint(style(squawk("ban-char-field", "CHAR(n) pads with blanks", "TEXT or VARCHAR"))),
    off("ban-drop-table", "`destructive` says it on both databases"),
    off("ban-drop-column", "`destructive` says it on both databases"),
    off("ban-drop-schema", "`destructive` says it"),
    off("ban-drop-database", "`not-alone` and `destructive` say it"),
    off("ban-truncate-cascade", "`destructive` says it"),
    off("renaming-column", "`rename-in-use` says it on both databases"),
    off("renaming-table", "`rename-in-use` says it on both databases"),
    off("transaction-nesting", "`own-transaction` says it"),
    off("ban-uncommitted-transaction", "`own-transaction` says it; outside of one the end of the file is checked when it runs"),
    off("ban-concurrent-index-creation-in-transaction", "`not-alone` says it, and `manage migrate` refuses the file"),
    off("prefer-robust-stmts", "a file in a transaction leaves nothing half done, and outside of one each statement is recorded"),
    off("require-lock-timeout", "a matter of the session that runs all files, not of each file"),
    off("require-statement-timeout", "a matter of the session that runs all files, not of each file"),
    off("require-timeout-settings", "a matter of the session that runs all files, not of each file"),
    off("require-enum-value-ordering", "the order of an enum seldom matters"),
    off("require-table-schema", "the search path is restored after each file"),
    off("prefer-bigint-over-smallint", "a matter of taste"),
    off("prefer-text-field", "a matter of taste; a longer VARCHAR writes no table anew"),
    off("unused-ignore", "`allow` has its own findings"),
];
