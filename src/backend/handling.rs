//! Files that change the connection's settings, or rebuild a table.

use crate::domain::engine::Engine;
use crate::domain::sql::Statement;

/// How a file of statements has to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// In a transaction, which other files may share.
    Shared,
    /// In a transaction of its own: it changes settings of the connection.
    Alone,
    /// In a transaction of its own, with foreign keys off around it and checked before the commit: it rebuilds
    /// a table.
    ForeignKeysOff,
}

/// How a file with these statements has to be run, beyond what its author says.
pub fn handling(engine: Engine, statements: &[Statement]) -> Handling {
    match engine {
        Engine::Sqlite => on_sqlite(statements),
        Engine::Postgres => Handling::Shared,
    }
}

fn on_sqlite(statements: &[Statement]) -> Handling {
    // A rebuild drops a table and gives its name to another. With foreign keys on, the drop would first delete
    // every row, with all that cascades from it.
    let drops = |statements: &[Statement], name: &str| {
        statements.iter().any(|known| matches!(known, Statement::DropTable { table } if table.eq_ignore_ascii_case(name)))
    };
    let rebuilds = statements.iter().enumerate().any(|(at, statement)| match statement {
        Statement::RenameTable { to } => drops(statements, to),
        // Made anew under its name, out of a copy.
        Statement::CreateTable { table } => drops(&statements[..at], table),
        Statement::Pragma { name } => name == "foreign_keys",
        _ => false,
    });
    if rebuilds {
        Handling::ForeignKeysOff
    } else if statements.iter().any(|statement| matches!(statement, Statement::Pragma { .. } | Statement::Attach)) {
        Handling::Alone
    } else {
        Handling::Shared
    }
}

/// Pragmas that belong to the connection and that a migration may leave changed, with our values.
pub(super) const SQLITE_SETTINGS: &str = "PRAGMA query_only = OFF;
PRAGMA foreign_keys = ON;
PRAGMA defer_foreign_keys = OFF;
PRAGMA ignore_check_constraints = OFF;
PRAGMA legacy_alter_table = OFF;
PRAGMA recursive_triggers = OFF;
PRAGMA writable_schema = OFF;
PRAGMA reverse_unordered_selects = OFF;
PRAGMA case_sensitive_like = OFF;
PRAGMA synchronous = FULL;
PRAGMA locking_mode = NORMAL;
";

/// What a plain client has to be told around the statements of a file, so that they run as they run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Once, before the first file.
    pub first: &'static str,
    /// Before the transaction.
    pub before: &'static str,
    /// After the statements, before the records.
    pub inside: &'static str,
    /// After the transaction.
    pub after: &'static str,
}

/// What a plain client has to be told around a file that is run so.
pub fn around(engine: Engine, handling: Handling) -> Around {
    let (before, after) = match (engine, handling) {
        (Engine::Postgres, _) => return ON_POSTGRES,
        (Engine::Sqlite, Handling::Shared) => ("", ""),
        (Engine::Sqlite, Handling::Alone) => ("", SQLITE_SETTINGS),
        (Engine::Sqlite, Handling::ForeignKeysOff) => ("PRAGMA foreign_keys = OFF;\n", SQLITE_SETTINGS),
    };
    Around {
        first: "-- Run it with `sqlite3 -bail`, which stops at the first error.\nPRAGMA foreign_keys = ON;\n\n",
        before,
        inside: "",
        after,
    }
}

/// What a plain client has to be told around a file.
const ON_POSTGRES: Around = Around {
    first: "-- Run it with `psql -v ON_ERROR_STOP=1`, which stops at the first error.\n\n",
    before: "",
    inside: "RESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\nDISCARD TEMP;\n",
    after: "",
};
