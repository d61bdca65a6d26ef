//! Rules that look at one statement after the other.

use super::reading::{Raw, Reading, Way};
use crate::domain::engine::Engine;
use crate::domain::sql::changes::{first_word, has_string};
use crate::domain::sql::{Refused, Statement, What};

/// BEGIN and COMMIT, statements that stand alone, and what is not SQL.
pub(super) fn that_cannot_run_here(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    for read in &reading.read {
        let at = read.piece.start;
        found.extend(match &read.statement {
            Statement::TransactionControl { words } if reading.in_transaction() => {
                Some(Raw::at("own-transaction", at, format!("{words} inside a migration that runs in a transaction")))
            }
            Statement::OutsideTransaction { words } if reading.in_transaction() => {
                Some(Raw::at("not-alone", at, format!("{words} cannot run inside a transaction")))
            }
            Statement::CopyFromStdin => {
                Some(Raw::at("cannot-run", at, "COPY … FROM STDIN takes its rows from a client, which manage is not"))
            }
            Statement::PsqlCommand { command } => {
                Some(Raw::at("cannot-run", at, format!("`{command}` is a command of psql, not SQL")))
            }
            _ => None,
        });
    }
}

/// What loses rows.
pub(super) fn destructive(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    if reading.way == Way::Down {
        return;
    }
    for (number, read) in reading.read.iter().enumerate().filter(|(_, read)| !read.new_here) {
        for change in &read.changes {
            let message = match &change.what {
                What::DropTable { table, .. } if !copied_before(reading, number, table) => {
                    format!("DROP TABLE loses the rows of {table}")
                }
                What::DropColumn { table, column } => format!("DROP COLUMN loses the values of {table}.{column}"),
                What::DropOther { kind: kind @ ("SCHEMA" | "DATABASE" | "OWNED"), name, .. } => {
                    format!("DROP {kind} loses everything in {name}")
                }
                What::Truncate { table } => format!("TRUNCATE loses the rows of {table}"),
                What::Rows { verb: "DELETE", table, limited: false } => format!("DELETE without WHERE loses the rows of {table}"),
                _ => continue,
            };
            found.push(Raw::at("destructive", read.piece.start + change.at, message));
        }
    }
}

/// Whether an earlier statement of the file has put the table's rows into a new table.
fn copied_before(reading: &Reading<'_>, number: usize, table: &str) -> bool {
    reading.read[..number].iter().any(|read| {
        let fills_new = matches!(&read.changes[..], [change] if matches!(&change.what, What::Rows { verb: "INSERT", .. }));
        let creates = matches!(&read.changes[..], [change] if matches!(&change.what, What::CreateTable { .. }));
        let copies = (fills_new && read.new_here) || creates;
        copies && reads(reading.sql(read), reading.script.engine, table)
    })
}

/// Whether a statement selects from a table, as far as its words tell.
fn reads(sql: &str, engine: Engine, table: &str) -> bool {
    let mut after_from = false;
    crate::domain::sql::significant_tokens(sql, engine).any(|word| {
        let name = word.trim_matches(['"', '`', '[', ']']);
        let is_read = after_from && name.eq_ignore_ascii_case(table);
        after_from = word.eq_ignore_ascii_case("FROM") || word.eq_ignore_ascii_case("JOIN") || (after_from && word == ".");
        is_read
    })
}

/// Names that the running application uses.
pub(super) fn rename_in_use(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    if reading.way == Way::Down {
        return;
    }
    for (read, change) in reading.changes() {
        let message = match &change.what {
            What::RenameColumn { table, from, to } => format!("{table}.{from} becomes {to} while the application runs"),
            What::RenameTable { from, to } => format!("{from} becomes {to} while the application runs"),
            _ => continue,
        };
        found.push(Raw::at("rename-in-use", read.piece.start + change.at, message));
    }
}

/// Columns that SQLite does not add.
pub(super) fn add_column(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    for (read, change) in reading.changes() {
        let What::AddColumn { table, column, refused: Some(refused) } = &change.what else { continue };
        let at = read.piece.start + change.at;
        found.push(match refused {
            Refused::Always(what) => Raw::at("add-column", at, format!("SQLite adds no {what} column: {table}.{column}")),
            Refused::WithRows(what) => {
                let message = format!("fails as soon as {table} has rows: {column} has {what}");
                Raw::at("add-column", at, message.replace("has NOT NULL", "is NOT NULL"))
            }
        });
    }
}

/// `ALTER TYPE … ADD VALUE`, and the value in a later statement of the same transaction.
pub(super) fn enum_value_used(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    if !reading.in_transaction() {
        return;
    }
    for (number, read) in reading.read.iter().enumerate() {
        // The values of a type that is made in the same transaction may be used at once.
        let [change] = &read.changes[..] else { continue };
        let What::AddEnumValue { value, .. } = &change.what else { continue };
        if read.new_here {
            continue;
        }
        let engine = reading.script.engine;
        let user = reading.read[number + 1..].iter().find(|later| has_string(reading.sql(later), engine, value));
        if let Some(user) = user {
            let message = format!("{value} is added by line {} and used before the commit", read.piece.line);
            found.push(Raw::at("enum-value-used", user.piece.start, message));
        }
    }
}

const POSTGRES_WORDS: &[&str] =
    &["SERIAL", "BIGSERIAL", "SMALLSERIAL", "JSONB", "TIMESTAMPTZ", "IDENTITY", "CONCURRENTLY", "BYTEA", "ILIKE", "PLPGSQL"];
const SQLITE_WORDS: &[&str] = &["AUTOINCREMENT", "PRAGMA", "ROWID", "GLOB", "STRFTIME"];

/// Words that only one of two databases knows, in a file for both.
pub(super) fn database_specific(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    if !reading.shared {
        return;
    }
    for read in &reading.read {
        for (engine, words) in [(Engine::Postgres, POSTGRES_WORDS), (Engine::Sqlite, SQLITE_WORDS)] {
            if let Some((at, word)) = first_word(reading.sql(read), reading.script.engine, words) {
                let message = format!("{word} is {engine}'s, and both databases run this file");
                found.push(Raw::at("database-specific", read.piece.start + at, message));
            }
        }
    }
}
