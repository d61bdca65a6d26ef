//! The one statement of a script that writes: its verb, its table, and what it mentions beside.
//!
//! In doubt a text is refused: what is let through is one INSERT, UPDATE or DELETE that writes one table by its own name
//! and everything else only reads.

use crate::domain::engine::Engine;

use super::query::{Mention, NotAQuery, Query, Reader, only_one};
use super::token::{Token, TokenKind, tokens};

/// What a statement does with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
}

/// A statement that writes one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// What it does.
    pub verb: Verb,
    /// The byte behind its verb.
    pub behind_verb: usize,
    /// The table that it writes, as the catalogue has it: with its schema, where one is written.
    pub table: Mention,
    /// What it mentions.
    pub query: Query,
}

const VERBS: &[&str] = &["INSERT", "UPDATE", "DELETE"];

/// Reads a text that should be one statement that writes one table.
///
/// # Errors
/// When it is anything else, as far as its words tell.
pub fn statement(text: &str, engine: Engine) -> Result<Writing, NotAQuery> {
    let tokens: Vec<Token> = tokens(text, engine).filter(|token| !token.kind.is_trivia()).collect();
    only_one(text, &tokens)?;
    let reader = Reader { text, engine, tokens: &tokens };
    let verb = verb(&reader)?;
    let wrong = |at: usize, what: &str| {
        let at = tokens.get(at).or(tokens.last()).map_or(0, |token| token.start);
        Err(NotAQuery { what: what.to_owned(), at })
    };
    let (kind, behind) = match reader.text(verb).to_ascii_uppercase().as_str() {
        "INSERT" => (Verb::Insert, "INTO"),
        "UPDATE" => (Verb::Update, ""),
        _ => (Verb::Delete, "FROM"),
    };
    if reader.is(verb + 1, &["OR"]) {
        return wrong(verb + 1, "what is done about conflicts is not the statement's to say: leave OR out");
    }
    let mut at = verb + 1;
    if !behind.is_empty() {
        if !reader.is(at, &[behind]) {
            return wrong(at, "the statement is not understood");
        }
        at += 1;
    }
    if reader.is(at, &["ONLY"]) {
        return wrong(at, "the table is written by its name alone, without ONLY");
    }
    let Some(mut table) = reader.name(at) else { return wrong(at, "the name of a table is missing") };
    while reader.text(at + 1) == "." {
        let Some(part) = reader.name(at + 2) else { return wrong(at + 2, "the name of a table is missing") };
        table.name = format!("{}.{}", table.name, part.name);
        at += 2;
    }
    if matches!(reader.text(at + 1), "*" | "@") {
        return wrong(at + 1, "the table is written by its name alone");
    }
    refuse(&reader, verb)?;
    Ok(Writing { verb: kind, behind_verb: tokens[verb].end, table, query: reader.read()? })
}

/// The place of the verb: the first word, or the first one behind the statement's own `WITH`.
fn verb(reader: &Reader<'_>) -> Result<usize, NotAQuery> {
    let other = |at: usize| {
        let start = reader.tokens.get(at).map_or(0, |token| token.start);
        let what = match reader.text(at) {
            "" => "there is no SQL in it".to_owned(),
            word => format!("it must be one INSERT, UPDATE or DELETE, and `{word}` begins none"),
        };
        Err(NotAQuery { what, at: start })
    };
    if !reader.is(0, &["WITH"]) {
        return if reader.is(0, VERBS) { Ok(0) } else { other(0) };
    }
    let mut depth = 0_usize;
    for (at, token) in reader.tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            // Behind the last of its queries, no comma and no name stands before it.
            TokenKind::Word if depth == 0 && at > 0 && reader.text(at - 1) == ")" && !reader.is(at, &["AS"]) => {
                return if reader.is(at, VERBS) { Ok(at) } else { other(at) };
            }
            _ => {}
        }
    }
    other(0)
}

fn refuse(reader: &Reader<'_>, verb: usize) -> Result<(), NotAQuery> {
    const WRITING: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"];
    let is_name = |at: usize| at > 0 && reader.text(at - 1) == ".";
    for at in (0..reader.tokens.len()).filter(|at| *at != verb && !is_name(*at)) {
        let begins = at > 0 && matches!(reader.text(at - 1), "(" | ")");
        let what = if begins && reader.is(at, WRITING) && reader.text(at + 1) != "(" {
            "it writes by its own verb only, and a second one stands here"
        } else if reader.is(at, &["INTO"]) && at != verb + 1 {
            "it writes by its own verb only, and `INTO` writes"
        } else if reader.is(at, &["RETURNING"]) {
            "it gives nothing back: leave RETURNING out"
        } else if reader.is(at, &["ON"]) && reader.is(at + 1, &["CONFLICT", "DUPLICATE"]) {
            "it makes rows or changes them, not the one or the other: leave ON CONFLICT out"
        } else if reader.is(at, &["CURRENT"]) && reader.is(at + 1, &["OF"]) {
            "it has no cursor"
        } else if reader.is(at, &["FOR"]) && reader.is(at + 1, &["UPDATE", "SHARE", "NO", "KEY"]) {
            "its queries lock no row"
        } else if reader.engine == Engine::Postgres && reader.is(at, &["TABLE"]) {
            "write SELECT * FROM instead of TABLE"
        } else {
            continue;
        };
        return Err(NotAQuery { what: what.to_owned(), at: reader.tokens[at].start });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_that_writes_one_table_is_let_through() {
        for (text, verb, table) in [
            ("UPDATE t SET a = 1 WHERE b = :account;", Verb::Update, "t"),
            ("update \"t\" as x set a = replace(a, 'b', 'c') from u where u.id = x.id", Verb::Update, "t"),
            ("DELETE FROM s.t USING u WHERE u.id = t.id", Verb::Delete, "s.t"),
            ("WITH a AS (SELECT 1), b (x) AS (VALUES (1)) INSERT INTO t (a) SELECT x FROM b", Verb::Insert, "t"),
            ("INSERT INTO t (a) VALUES ((SELECT max(u.update) FROM u))", Verb::Insert, "t"),
            (
                "-- a comment\nWITH RECURSIVE a(x) AS NOT MATERIALIZED (SELECT 1) DELETE FROM t WHERE a IN (SELECT x FROM a)",
                Verb::Delete,
                "t",
            ),
        ] {
            for engine in [Engine::Sqlite, Engine::Postgres] {
                let found = statement(text, engine).unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!((found.verb, found.table.name.as_str()), (verb, table), "{text}");
            }
        }
    }

    #[test]
    fn tables_that_it_reads_are_told() {
        let found = statement("DELETE FROM t USING u, v WHERE t.a = (SELECT 1 FROM w)", Engine::Postgres).expect("it is one");
        let tables: Vec<&str> = found.query.tables.iter().map(|mention| mention.name.as_str()).collect();

        assert_eq!(tables, ["t", "u", "v", "w"]);
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            ";",
            "SELECT 1",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "UPDATE t SET a = 1; DELETE FROM t",
            "UPDATE t SET a = 1; COMMIT",
            "UPDATE t SET a = 1 RETURNING a",
            "UPDATE ONLY t SET a = 1",
            "UPDATE OR REPLACE t SET a = 1",
            "INSERT OR IGNORE INTO t VALUES (1)",
            "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
            "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
            "REPLACE INTO t VALUES (1)",
            "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
            "WITH d AS (DELETE FROM u RETURNING a) UPDATE t SET a = 1",
            "WITH d AS (SELECT 1) MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
            "INSERT INTO t WITH d AS (UPDATE u SET a = 1 RETURNING a) SELECT * FROM d",
            "INSERT INTO t SELECT * INTO u FROM v",
            "INSERT INTO t SELECT a FROM u FOR UPDATE",
            "DELETE FROM t WHERE CURRENT OF c",
            "DELETE t",
            "INSERT t VALUES (1)",
            "TRUNCATE t",
            "DROP TABLE t",
            "DO $$ BEGIN END $$",
            "COPY t FROM STDIN",
            "SET ROLE x",
            "RESET ROLE",
            "COMMIT",
            "ATTACH 'x' AS y",
            "PRAGMA foreign_keys = OFF",
            "VACUUM INTO 'x'",
            "EXPLAIN ANALYZE UPDATE t SET a = 1",
            "CALL p()",
            "PREPARE x AS UPDATE t SET a = 1",
        ] {
            for engine in [Engine::Sqlite, Engine::Postgres] {
                assert!(statement(text, engine).is_err(), "{engine}: {text}");
            }
        }
        assert!(statement("INSERT INTO t TABLE u", Engine::Postgres).is_err());
        assert!(statement("UPDATE t * SET a = 1", Engine::Postgres).is_err());
    }
}
