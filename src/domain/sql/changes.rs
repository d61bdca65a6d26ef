//! What a statement changes: the tables, columns and rows that it names, as far as its words tell.
//!
//! Only the outermost statement is read: the body of a function or trigger is not its own.

use crate::domain::engine::Engine;

use super::change::{Change, Refused, What};
use super::token::TokenKind;
use super::words::Words;

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
