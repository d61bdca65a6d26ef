//! What a statement changes: the tables, columns and rows that it names, as far as its words tell.
//!
//! Only the outermost statement is read: the body of a function or trigger is not its own.

use crate::domain::engine::Engine;

use super::token::TokenKind;
use super::words::Words;

/// A change and the byte of the statement at which it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Byte within the statement: its first word, or that of the action of an `ALTER TABLE`.
    pub at: usize,
    /// What changes.
    pub what: What,
}

/// What changes. Names are without their schema, as the catalogue has them; on SQLite in lower case, since it
/// does not tell `A` from `a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// `CREATE TABLE`; `lenient` with `IF NOT EXISTS`.
    CreateTable {
        /// The table.
        table: String,
        /// Content to find it there.
        lenient: bool,
        /// Gone with the session.
        temporary: bool,
    },
    /// `CREATE INDEX`
    CreateIndex {
        /// The index, where it has a name.
        index: Option<String>,
        /// Its table.
        table: String,
        /// Content to find it there.
        lenient: bool,
    },
    /// `CREATE` of anything else that knows `IF NOT EXISTS` or `OR REPLACE`.
    CreateOther {
        /// `VIEW`, `TRIGGER` …, upper case.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Content to find it there.
        lenient: bool,
    },
    /// `DROP TABLE`
    DropTable {
        /// The table.
        table: String,
        /// `IF EXISTS`
        lenient: bool,
    },
    /// `DROP INDEX`
    DropIndex {
        /// The index.
        index: String,
        /// `IF EXISTS`
        lenient: bool,
    },
    /// `DROP` of anything else.
    DropOther {
        /// `VIEW`, `SCHEMA` …, upper case.
        kind: &'static str,
        /// Its name.
        name: String,
        /// `IF EXISTS`
        lenient: bool,
    },
    /// `ALTER TABLE … ADD COLUMN`
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why SQLite refuses it, always or on a table with rows.
        refused: Option<Refused>,
    },
    /// `ALTER TABLE … DROP COLUMN`
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// `ALTER TABLE … RENAME COLUMN`
    RenameColumn {
        /// The table.
        table: String,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// `ALTER TABLE … RENAME TO`
    RenameTable {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Any other action of `ALTER TABLE`.
    AlterTable {
        /// The table.
        table: String,
    },
    /// `CREATE TYPE`
    CreateType {
        /// The type.
        name: String,
    },
    /// `ALTER TYPE … ADD VALUE`
    AddEnumValue {
        /// The type.
        name: String,
        /// The value as it is written, with its quotes.
        value: String,
    },
    /// `TRUNCATE`
    Truncate {
        /// The table; of several the first.
        table: String,
    },
    /// `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `REPLACE` or `COPY … FROM`.
    Rows {
        /// The verb, upper case.
        verb: &'static str,
        /// The table.
        table: String,
        /// Whether a `WHERE` limits it.
        limited: bool,
    },
    /// Any other change of the schema or of rights.
    Schema,
}

/// Why SQLite refuses to add a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// `PRIMARY KEY` or `UNIQUE`: always.
    Always(&'static str),
    /// What a table with rows cannot take, though an empty one can.
    WithRows(&'static str),
}

impl What {
    /// Whether rows change.
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Rows { .. } | Self::Truncate { .. })
    }

    /// The table that it is about.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::CreateTable { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::RenameTable { from: table, .. }
            | Self::AlterTable { table }
            | Self::Truncate { table }
            | Self::Rows { table, .. } => Some(table),
            _ => None,
        }
    }
}

/// What `sql` changes, in its order; nothing for a query or a setting.
pub fn changes(sql: &str, engine: Engine) -> Vec<Change> {
    let mut words = Words::new(sql, engine);
    skip_with(&mut words);
    let at = words.at();
    let one = |what: Option<What>| what.map(|what| vec![Change { at, what }]).unwrap_or_default();
    if words.eat(&["CREATE"]) {
        return one(create(words));
    }
    if words.eat(&["DROP"]) {
        return drop_objects(words, at);
    }
    if words.is(&["ALTER"]) {
        return alter(words, at);
    }
    if words.eat(&["TRUNCATE"]) {
        words.eat(&["TABLE"]);
        words.eat(&["ONLY"]);
        return one(name(&mut words).map(|table| What::Truncate { table }));
    }
    if let Some(what) = rows(words.clone()) {
        return one(Some(what));
    }
    let schema = ["COMMENT", "GRANT", "REVOKE", "REINDEX", "CLUSTER", "SECURITY", "IMPORT", "REASSIGN", "REFRESH"];
    one(words.is(&schema).then_some(What::Schema))
}

fn create(mut words: Words<'_>) -> Option<What> {
    let replaces = words.eat(&["OR", "REPLACE"]);
    let temporary = words.is(&["TEMP", "TEMPORARY"]);
    while ["TEMP", "TEMPORARY", "GLOBAL", "LOCAL", "UNLOGGED", "UNIQUE", "FOREIGN", "RECURSIVE", "CONSTRAINT", "EVENT"]
        .iter()
        .any(|word| words.eat(&[word]))
    {}
    if words.eat(&["TABLE"]) {
        let lenient = words.eat(&["IF", "NOT", "EXISTS"]);
        return name(&mut words).map(|table| What::CreateTable { table, lenient, temporary });
    }
    if words.eat(&["INDEX"]) {
        words.eat(&["CONCURRENTLY"]);
        let lenient = words.eat(&["IF", "NOT", "EXISTS"]);
        let index = if words.is(&["ON"]) { None } else { Some(name(&mut words)?) };
        words.eat(&["ON"]);
        words.eat(&["ONLY"]);
        return name(&mut words).map(|table| What::CreateIndex { index, table, lenient });
    }
    if words.eat(&["TYPE"]) {
        return name(&mut words).map(|name| What::CreateType { name });
    }
    if words.eat(&["VIRTUAL", "TABLE"]) {
        let lenient = words.eat(&["IF", "NOT", "EXISTS"]);
        return name(&mut words).map(|table| What::CreateTable { table, lenient, temporary });
    }
    words.eat(&["MATERIALIZED"]);
    for kind in ["VIEW", "TRIGGER", "SEQUENCE", "SCHEMA", "EXTENSION", "FUNCTION", "PROCEDURE", "AGGREGATE", "RULE"] {
        if words.eat(&[kind]) {
            let lenient = words.eat(&["IF", "NOT", "EXISTS"]) || replaces;
            return name(&mut words).map(|name| What::CreateOther { kind, name, lenient });
        }
    }
    Some(What::Schema)
}

fn drop_objects(mut words: Words<'_>, at: usize) -> Vec<Change> {
    const KINDS: [&str; 18] = [
        "TABLE",
        "INDEX",
        "VIEW",
        "TRIGGER",
        "SEQUENCE",
        "SCHEMA",
        "DATABASE",
        "EXTENSION",
        "FUNCTION",
        "PROCEDURE",
        "AGGREGATE",
        "TYPE",
        "DOMAIN",
        "POLICY",
        "RULE",
        "OWNED",
        "ROLE",
        "PUBLICATION",
    ];
    words.eat(&["MATERIALIZED"]);
    words.eat(&["FOREIGN"]);
    let Some(kind) = KINDS.into_iter().find(|kind| words.eat(&[kind])) else {
        return vec![Change { at, what: What::Schema }];
    };
    words.eat(&["CONCURRENTLY"]);
    let lenient = words.eat(&["IF", "EXISTS"]);
    let mut all = Vec::new();
    while let Some(name) = name(&mut words) {
        let what = match kind {
            "TABLE" => What::DropTable { table: name, lenient },
            "INDEX" => What::DropIndex { index: name, lenient },
            _ => What::DropOther { kind, name, lenient },
        };
        all.push(Change { at, what });
        words.parenthesised();
        if words.peek() != "," {
            break;
        }
        words.step();
    }
    all
}

fn alter(mut words: Words<'_>, at: usize) -> Vec<Change> {
    if words.eat(&["ALTER", "TYPE"]) {
        let Some(name) = name(&mut words) else { return Vec::new() };
        let adds = words.eat(&["ADD", "VALUE"]);
        words.eat(&["IF", "NOT", "EXISTS"]);
        let what = if adds { What::AddEnumValue { name, value: words.peek().to_owned() } } else { What::Schema };
        return vec![Change { at, what }];
    }
    let mut table = words.clone();
    if words.altered_table().is_none() {
        return vec![Change { at, what: What::Schema }];
    }
    table.eat(&["ALTER", "TABLE"]);
    table.eat(&["IF", "EXISTS"]);
    table.eat(&["ONLY"]);
    let Some(table) = name(&mut table) else { return Vec::new() };
    let mut all = Vec::new();
    loop {
        let at = words.at();
        let what = action(&mut words, &table).unwrap_or_else(|| What::AlterTable { table: table.clone() });
        all.push(Change { at, what });
        while !words.at_end() && words.peek() != "," {
            if words.parenthesised().is_none() {
                words.step();
            }
        }
        if words.at_end() {
            return all;
        }
        words.step();
    }
}

/// One action of an `ALTER TABLE`; `None` where it is none of those that matter.
fn action(words: &mut Words<'_>, table: &str) -> Option<What> {
    let table = table.to_owned();
    if words.eat(&["RENAME", "TO"]) {
        return name(words).map(|to| What::RenameTable { from: table, to });
    }
    if words.eat(&["RENAME"]) {
        if words.is(&["CONSTRAINT"]) {
            return None;
        }
        words.eat(&["COLUMN"]);
        let from = name(words)?;
        words.eat(&["TO"]);
        return name(words).map(|to| What::RenameColumn { table, from, to });
    }
    let (adds, drops) = (words.eat(&["ADD"]), words.eat(&["DROP"]));
    if !(adds || drops) || words.is(&["CONSTRAINT", "CHECK", "PRIMARY", "UNIQUE", "FOREIGN", "EXCLUDE"]) {
        return None;
    }
    words.eat(&["COLUMN"]);
    words.eat(&["IF", "NOT", "EXISTS"]);
    words.eat(&["IF", "EXISTS"]);
    let column = name(words)?;
    if drops {
        return Some(What::DropColumn { table, column });
    }
    Some(What::AddColumn { table, column, refused: refused(words.clone()) })
}

/// SQLite's reasons (`sqlite3AlterFinishAddColumn`).
fn refused(mut words: Words<'_>) -> Option<Refused> {
    let (mut required, mut default) = (false, None);
    while !words.at_end() && words.peek() != "," {
        if words.eat(&["PRIMARY", "KEY"]) {
            return Some(Refused::Always("PRIMARY KEY"));
        }
        if words.eat(&["UNIQUE"]) {
            return Some(Refused::Always("UNIQUE"));
        }
        if words.eat(&["GENERATED"]) || words.is(&["AS"]) {
            return None;
        }
        if words.eat(&["NOT", "NULL"]) {
            required = true;
        } else if words.eat(&["DEFAULT"]) {
            let constant = !words.is(&["CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_DATE"]) && words.peek() != "(";
            default = Some(constant && !words.is(&["NULL"]));
            if !constant {
                return Some(Refused::WithRows("a default that is not constant"));
            }
        } else if words.parenthesised().is_none() {
            words.step();
        }
    }
    (required && default != Some(true)).then_some(Refused::WithRows("NOT NULL without a default"))
}

fn rows(mut words: Words<'_>) -> Option<What> {
    let verb = ["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "COPY"].into_iter().find(|verb| words.eat(&[verb]))?;
    if verb == "COPY" && !words.anywhere(&["FROM"]) {
        return None;
    }
    if words.eat(&["OR"]) {
        words.step();
    }
    words.eat(&["INTO"]);
    words.eat(&["FROM"]);
    words.eat(&["ONLY"]);
    let table = name(&mut words)?;
    let mut limited = false;
    while !words.at_end() && !limited {
        limited = words.is(&["WHERE"]);
        if words.parenthesised().is_none() {
            words.step();
        }
    }
    Some(What::Rows { verb, table, limited })
}

/// Steps over `WITH a AS (…), b AS (…)`.
fn skip_with(words: &mut Words<'_>) {
    if !words.eat(&["WITH"]) {
        return;
    }
    while !words.at_end() && !words.is(&["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES"]) {
        if words.parenthesised().is_none() {
            words.step();
        }
    }
}

fn name(words: &mut Words<'_>) -> Option<String> {
    let name = words.name()?.name;
    Some(if words.engine() == Engine::Sqlite { name.to_lowercase() } else { name })
}

/// Whether a statement has this string as a literal, written the same way.
pub fn has_string(sql: &str, engine: Engine, literal: &str) -> bool {
    super::tokens(sql, engine).any(|token| token.kind == TokenKind::String && token.text(sql) == literal)
}

/// Whether a statement has one of these words (upper case) outside of strings and comments; the first of them.
pub fn first_word(sql: &str, engine: Engine, words: &[&'static str]) -> Option<(usize, &'static str)> {
    super::tokens(sql, engine).filter(|token| token.kind == TokenKind::Word).find_map(|token| {
        let word = words.iter().find(|word| token.text(sql).eq_ignore_ascii_case(word))?;
        Some((token.start, *word))
    })
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
