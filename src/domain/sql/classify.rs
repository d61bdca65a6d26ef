//! What the words of a statement tell about how it must be run.

use crate::domain::engine::Engine;

use super::copy;
use super::outside::outside_transaction;
use super::token::TokenKind;
use super::words::Words;

/// What a statement is, as far as running it safely needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Begins or ends a transaction: `BEGIN`, `COMMIT`, `ROLLBACK`, `END`, `ABORT`, `START TRANSACTION`,
    /// `PREPARE TRANSACTION`, `COMMIT PREPARED` … Savepoints are not meant.
    TransactionControl {
        /// The words that say so, upper case.
        words: String,
    },
    /// Cannot run inside a transaction: `CREATE INDEX CONCURRENTLY`, `VACUUM`, `ALTER SYSTEM` …
    OutsideTransaction {
        /// The words that say so, upper case.
        words: String,
    },
    /// SQLite: `PRAGMA name …`, the name in lower case.
    Pragma {
        /// The pragma's name, without its schema.
        name: String,
    },
    /// SQLite: `ATTACH` or `DETACH`.
    Attach,
    /// PostgreSQL: `COPY … FROM STDIN`.
    CopyFromStdin,
    /// PostgreSQL: a command of psql, `\connect` …
    PsqlCommand {
        /// The command with its backslash, without its arguments.
        command: String,
    },
    /// `DROP TABLE name`.
    DropTable {
        /// The last part of the table's name, unquoted; on PostgreSQL in lower case unless it is quoted. Of
        /// several tables the first.
        table: String,
    },
    /// `CREATE TABLE name`, not a temporary one.
    CreateTable {
        /// The last part of the table's name, unquoted; on PostgreSQL in lower case unless it is quoted.
        table: String,
    },
    /// `ALTER TABLE … RENAME TO name`.
    RenameTable {
        /// The new name, unquoted; on PostgreSQL in lower case unless it is quoted.
        to: String,
    },
    /// Anything else.
    Other,
}

/// Classifies one statement.
pub fn classify(sql: &str, engine: Engine) -> Statement {
    let words = Words::new(sql, engine);
    let only_here = match engine {
        Engine::Sqlite => sqlite_only(words.clone()),
        Engine::Postgres => postgres_only(words.clone(), sql),
    };
    only_here
        .or_else(|| transaction_control(words.clone(), engine))
        .or_else(|| {
            outside_transaction(words.clone(), engine).map(|words| Statement::OutsideTransaction { words: words.to_owned() })
        })
        .or_else(|| drop_table(words.clone()))
        .or_else(|| create_table(words.clone()))
        .or_else(|| rename_table(words))
        .unwrap_or(Statement::Other)
}

fn sqlite_only(mut words: Words<'_>) -> Option<Statement> {
    if words.is(&["ATTACH", "DETACH"]) {
        return Some(Statement::Attach);
    }
    if !words.eat(&["PRAGMA"]) {
        return None;
    }
    words.name().map(|name| Statement::Pragma { name: name.name.to_ascii_lowercase() })
}

fn postgres_only(words: Words<'_>, sql: &str) -> Option<Statement> {
    if words.kind() == Some(TokenKind::PsqlCommand) {
        let command = words.peek().split_ascii_whitespace().next().unwrap_or_default();
        return Some(Statement::PsqlCommand { command: command.to_owned() });
    }
    (words.is(&["COPY"]) && copy::reads_stdin(sql)).then_some(Statement::CopyFromStdin)
}

fn transaction_control(mut words: Words<'_>, engine: Engine) -> Option<Statement> {
    let found = match engine {
        _ if words.eat(&["BEGIN"]) => "BEGIN",
        _ if words.eat(&["END"]) => "END",
        Engine::Postgres if words.eat(&["COMMIT", "PREPARED"]) => "COMMIT PREPARED",
        Engine::Postgres if words.eat(&["ROLLBACK", "PREPARED"]) => "ROLLBACK PREPARED",
        Engine::Postgres if words.eat(&["START", "TRANSACTION"]) => "START TRANSACTION",
        Engine::Postgres if words.eat(&["ABORT"]) => "ABORT",
        // Without a name for the transaction these words prepare a statement called `transaction`.
        Engine::Postgres if words.eat(&["PREPARE", "TRANSACTION"]) => match words.kind() {
            Some(TokenKind::String) => "PREPARE TRANSACTION",
            _ => return None,
        },
        _ if words.eat(&["COMMIT"]) => "COMMIT",
        _ if words.eat(&["ROLLBACK"]) && !words.anywhere(&["TO"]) => "ROLLBACK",
        _ => return None,
    };
    Some(Statement::TransactionControl { words: found.to_owned() })
}

fn drop_table(mut words: Words<'_>) -> Option<Statement> {
    if !words.eat(&["DROP", "TABLE"]) {
        return None;
    }
    words.eat(&["IF", "EXISTS"]);
    words.name().map(|name| Statement::DropTable { table: name.name })
}

fn create_table(mut words: Words<'_>) -> Option<Statement> {
    if !words.eat(&["CREATE", "TABLE"]) {
        return None;
    }
    words.eat(&["IF", "NOT", "EXISTS"]);
    words.name().map(|name| Statement::CreateTable { table: name.name })
}

fn rename_table(mut words: Words<'_>) -> Option<Statement> {
    words.altered_table()?;
    if !words.eat(&["RENAME", "TO"]) {
        return None;
    }
    words.name().map(|name| Statement::RenameTable { to: name.name })
}

impl Words<'_> {
    /// Steps over `ALTER TABLE name` and what may stand around the name.
    pub(super) fn altered_table(&mut self) -> Option<()> {
        if !self.eat(&["ALTER", "TABLE"]) {
            return None;
        }
        self.eat(&["IF", "EXISTS"]);
        self.eat(&["ONLY"]);
        self.name()?;
        if self.peek() == "*" {
            self.step();
        }
        Some(())
    }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
