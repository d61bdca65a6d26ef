//! Files that change the connection's settings, or rebuild a table.

use crate::backend::full::Handling;
use crate::domain::sql::Statement;

/// How a file with these statements has to be run.
pub fn handling(statements: &[Statement]) -> Handling {
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
