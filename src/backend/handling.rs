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
    let dropped = |name: &str| {
        statements.iter().any(|known| matches!(known, Statement::DropTable { table } if table.eq_ignore_ascii_case(name)))
    };
    let rebuilds = statements.iter().any(|statement| match statement {
        Statement::RenameTable { to } => dropped(to),
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
