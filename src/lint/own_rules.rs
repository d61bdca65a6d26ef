//! Our own rules, on both databases.

use super::finding::Severity::{self, Error, Hint, Warning};
use super::rule::{Rule, Source};
use crate::domain::engine::Engine;

const fn own(name: &'static str, severity: Severity, says: &'static str, instead: &'static str) -> Rule {
    Rule { name, severity: Some(severity), engine: None, spares_new: false, source: Source::Own, says, instead }
}

const fn on(engine: Engine, rule: Rule) -> Rule {
    Rule { engine: Some(engine), ..rule }
}

const fn not_on_new(rule: Rule) -> Rule {
    Rule { spares_new: true, ..rule }
}

pub(super) const OWN: &[Rule] = &[
    own(
        "cannot-run",
        Error,
        "the file is empty, something in it is not closed, or it speaks to psql",
        "write what a plain client can send: INSERT instead of COPY … FROM STDIN, no lines that begin with a backslash",
    ),
    own("template", Error, "the file is still the template", "write its statements and remove the line `-- manage: unedited`"),
    own(
        "own-transaction",
        Error,
        "BEGIN, COMMIT or ROLLBACK in a migration that runs in a transaction",
        "remove it: the transaction is opened and committed together with the record; or say run_in_transaction = false in metadata.toml",
    ),
    own(
        "not-alone",
        Error,
        "a statement that cannot run inside a transaction, in a migration that runs in one",
        "put it into a migration of its own with run_in_transaction = false in metadata.toml",
    ),
    own(
        "destructive",
        Error,
        "DROP TABLE, DROP COLUMN, DROP SCHEMA, TRUNCATE or DELETE without WHERE on the way forward loses rows for good",
        "first a release that no longer uses them, then the drop with a reason: `-- manage: allow destructive REASON`",
    ),
    own(
        "mixed",
        Warning,
        "one file changes the schema and rows, or a data migration changes the schema",
        "two migrations: the schema first, then the rows with kind = \"data\" in metadata.toml",
    ),
    own(
        "no-way-back",
        Warning,
        "there is no down.sql, or it is empty",
        "write down.sql, or the part below `-- down`; where there is no way back say why at the head of the file: `-- manage: allow no-way-back REASON`",
    ),
    not_on_new(own(
        "rename-in-use",
        Hint,
        "a renamed table or column breaks the running version of the application",
        "add the new name beside the old one, write both, move the readers, then drop the old one; or stop the application for the deploy",
    )),
    own(
        "if-exists",
        Hint,
        "CREATE without IF NOT EXISTS, or DROP without IF EXISTS",
        "CREATE … IF NOT EXISTS and DROP … IF EXISTS let a file run on a database where a part was made by hand",
    ),
    own(
        "database-specific",
        Hint,
        "a word of one database in a file that both run",
        "write up.sqlite.sql or up.postgres.sql beside it, or say it in standard SQL",
    ),
    on(
        Engine::Sqlite,
        own(
            "rebuild",
            Error,
            "a table is rebuilt in an order that breaks the links to it, or without foreign keys off",
            "make the new table under another name, copy, drop the old one, rename the new one; and begin with PRAGMA foreign_keys = OFF",
        ),
    ),
    on(
        Engine::Sqlite,
        not_on_new(own(
            "add-column",
            Error,
            "SQLite adds no column that is PRIMARY KEY or UNIQUE; and none that is NOT NULL without a default, or has a default that is not constant, to a table with rows",
            "add it with a constant default or nullable; for anything else rebuild the table; UNIQUE is an index of its own",
        )),
    ),
    on(
        Engine::Postgres,
        own(
            "enum-value-used",
            Error,
            "a value that ALTER TYPE … ADD VALUE adds is used in the same transaction",
            "use it in the next migration: PostgreSQL takes a new value only after the commit",
        ),
    ),
    on(
        Engine::Postgres,
        own("syntax", Warning, "squawk's parser does not understand the file", "correct it; if PostgreSQL takes it, allow it"),
    ),
    own(
        "allow",
        Warning,
        "an `allow` without a reason, for a rule that is not known, or that silences nothing (then a hint)",
        "`-- manage: allow RULE REASON`, before the statement or at the head of the file",
    ),
    Rule {
        source: Source::Roundtrip,
        ..own(
            "roundtrip",
            Error,
            "`--roundtrip`: down.sql does not run or does not bring back what was there, or the second up.sql makes something else (another order of columns is a hint)",
            "write down.sql so that it undoes every statement of up.sql, in the opposite order",
        )
    },
];
