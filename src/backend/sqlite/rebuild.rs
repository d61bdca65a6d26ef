//! Files that change the connection's settings, or rebuild a table.

use super::session::OUR_SETTINGS;
use crate::backend::full::Handling;
use crate::backend::session::Around;
use crate::domain::sql::Statement;

/// How a file with these statements has to be run.
pub fn handling(statements: &[Statement]) -> Handling {
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

/// What a plain client has to be told around a file that is run so.
pub fn around(handling: Handling) -> Around {
    let (before, after) = match handling {
        Handling::Shared => ("", ""),
        Handling::Alone => ("", OUR_SETTINGS),
        Handling::ForeignKeysOff => ("PRAGMA foreign_keys = OFF;\n", OUR_SETTINGS),
    };
    Around { first: "PRAGMA foreign_keys = ON;\n\n", before, inside: "", after }
}
