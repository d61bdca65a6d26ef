//! What a query mentions, told from its tokens: names where tables stand, functions, qualified names, its own `WITH`.
//!
//! This is what confinement rests on, so in doubt it says too much: a column that stands in a `FROM` clause is told
//! as if it were a table. Whoever refuses something for it errs on the safe side.

use crate::domain::engine::Engine;

use super::token::{Token, TokenKind, tokens};
use super::words::bare;

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The name as the catalogue has it.
    pub name: String,
    /// First byte of it.
    pub at: usize,
}

/// What a query mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Names that may be those of tables.
    pub tables: Vec<Mention>,
    /// Every name, wherever it stands.
    pub names: Vec<Mention>,
    /// Names before a point: schemas, tables, aliases.
    pub qualifiers: Vec<Mention>,
    /// Names before an opening parenthesis: functions, and much else.
    pub calls: Vec<Mention>,
    /// Names behind a point: columns, and functions that are called like one.
    pub members: Vec<Mention>,
    /// Operators.
    pub operators: Vec<Mention>,
    /// Names of the query's own `WITH`, on every level.
    pub own: Vec<Mention>,
    /// The byte behind `WITH` (and `RECURSIVE`), where the query begins with it.
    pub with: Option<With>,
}

/// The `WITH` that a query begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct With {
    /// The byte behind it.
    pub behind: usize,
    /// Whether it is `WITH RECURSIVE`.
    pub recursive: bool,
}

/// A text that is not one query that only reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NotAQuery {
    /// What it is.
    pub what: String,
    /// The byte at which that stands.
    pub at: usize,
}

/// Reads a text that should be one query.
///
/// # Errors
/// When it is several statements, another statement, or writes, as far as its words tell.
pub fn query(text: &str, engine: Engine) -> Result<Query, NotAQuery> {
    let tokens: Vec<Token> = tokens(text, engine).filter(|token| !token.kind.is_trivia()).collect();
    only_one(text, &tokens)?;
    let reader = Reader { text, engine, tokens: &tokens };
    reader.begins_a_query()?;
    reader.refuse_writing()?;
    reader.read()
}

pub(super) fn only_one(text: &str, tokens: &[Token]) -> Result<(), NotAQuery> {
    let not = |what: &str, token: &Token| Err(NotAQuery { what: what.to_owned(), at: token.start });
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Unclosed => return not("a string, quoted name or comment is not closed", token),
            TokenKind::PsqlCommand => return not("commands of psql do not run here", token),
            TokenKind::CopyData => return not("COPY does not run here", token),
            TokenKind::Semicolon if tokens[at + 1..].iter().any(|rest| rest.kind != TokenKind::Semicolon) => {
                return not("a script is one statement; a second one begins here", &tokens[at + 1]);
            }
            TokenKind::QuotedName | TokenKind::String if token.text(text).to_ascii_lowercase().starts_with("u&\"") => {
                return not("names are written without U&", token);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Words that end the part of a query in which tables stand. Both databases reserve them.
const END_OF_FROM: &[&str] = &["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "SELECT"];

/// A text with its tokens, without white space and comments.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub engine: Engine,
    pub tokens: &'a [Token],
}

impl Reader<'_> {
    pub(super) fn is(&self, at: usize, words: &[&str]) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            token.kind == TokenKind::Word && words.iter().any(|word| token.text(self.text).eq_ignore_ascii_case(word))
        })
    }

    pub(super) fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    fn begins_a_query(&self) -> Result<(), NotAQuery> {
        let at = self.tokens.first().map_or(0, |token| token.start);
        if self.tokens.iter().all(|token| token.kind == TokenKind::Semicolon) {
            return Err(NotAQuery { what: "there is no SQL in it".to_owned(), at });
        }
        let begins = (0..).find(|at| self.text(*at) != "(").unwrap_or(0);
        if self.is(begins, &["SELECT", "WITH", "VALUES"]) {
            return Ok(());
        }
        Err(NotAQuery { what: format!("it must be one SELECT, and `{}` begins none", self.text(0)), at })
    }

    fn refuse_writing(&self) -> Result<(), NotAQuery> {
        const WRITING: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"];
        for at in 0..self.tokens.len() {
            let opens = at > 0 && matches!(self.text(at - 1), "(" | ")") && self.is(at, WRITING);
            // `replace(…)` is a function; `UPDATE` may be a name behind a point.
            let writes = opens && self.text(at + 1) != "(";
            if writes || self.is(at, &["INTO"]) {
                let what = format!("it only reads, and `{}` writes", self.text(at));
                return Err(NotAQuery { what, at: self.tokens[at].start });
            }
            if self.is(at, &["FOR"]) && self.is(at + 1, &["UPDATE", "SHARE", "NO", "KEY"]) {
                let what = "it only reads, and locks no row".to_owned();
                return Err(NotAQuery { what, at: self.tokens[at].start });
            }
            if self.engine == Engine::Postgres && self.is(at, &["TABLE"]) && self.text(at.wrapping_sub(1)) != "." {
                return Err(NotAQuery { what: "write SELECT * FROM instead of TABLE".to_owned(), at: self.tokens[at].start });
            }
        }
        Ok(())
    }

    /// The token as a name. On SQLite a string may be one.
    pub(super) fn name(&self, at: usize) -> Option<Mention> {
        let token = self.tokens.get(at)?;
        bare(token.text(self.text), token.kind, self.engine).map(|name| Mention { name, at: token.start })
    }

    pub(super) fn read(&self) -> Result<Query, NotAQuery> {
        let mut found = Query { with: self.leading_with(), ..Query::default() };
        // One entry a level of parentheses: whether tables may stand there.
        let mut levels = vec![false];
        for (at, token) in self.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Open => {
                    let outer = levels.last().copied().unwrap_or_default();
                    levels.push(outer);
                    continue;
                }
                TokenKind::Close => {
                    levels.pop();
                    continue;
                }
                _ => {}
            }
            if levels.is_empty() {
                levels.push(false);
            }
            let Some(level) = levels.last_mut() else { continue };
            if self.is(at, &["FROM", "JOIN", "USING"]) {
                *level = true;
                continue;
            }
            if self.is(at, END_OF_FROM) && self.text(at.wrapping_sub(1)) != "." {
                *level = false;
                continue;
            }
            if token.kind == TokenKind::Punctuation {
                found.operators.push(Mention { name: self.text(at).to_owned(), at: token.start });
            }
            let Some(mention) = self.name(at) else { continue };
            let member = at > 0 && self.text(at - 1) == ".";
            // `x IN t` reads a table on SQLite.
            let listed = at > 0 && self.is(at - 1, &["IN"]);
            let string = token.kind == TokenKind::String;
            if self.text(at + 1) == "." {
                found.qualifiers.push(mention.clone());
            }
            if string {
                if *level || listed {
                    found.tables.push(mention);
                }
                continue;
            }
            if self.text(at + 1) == "(" {
                found.calls.push(mention.clone());
            }
            if member {
                found.members.push(mention.clone());
            } else if *level || listed {
                found.tables.push(mention.clone());
            }
            if self.defines(at) {
                found.own.push(mention.clone());
            }
            found.names.push(mention);
        }
        Ok(found)
    }

    /// Whether the name at `at` is one that a `WITH` defines: `name AS (`, `name (columns) AS MATERIALIZED (`.
    fn defines(&self, at: usize) -> bool {
        if !(at > 0 && (self.is(at - 1, &["WITH", "RECURSIVE"]) || self.text(at - 1) == ",")) {
            return false;
        }
        let mut next = at + 1;
        if self.text(next) == "(" {
            let mut depth = 0_usize;
            while next < self.tokens.len() {
                match self.text(next) {
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                next += 1;
                if depth == 0 {
                    break;
                }
            }
        }
        if !self.is(next, &["AS"]) {
            return false;
        }
        next += 1;
        while self.is(next, &["NOT", "MATERIALIZED"]) {
            next += 1;
        }
        self.text(next) == "("
    }

    fn leading_with(&self) -> Option<With> {
        if !self.is(0, &["WITH"]) {
            return None;
        }
        let recursive = self.is(1, &["RECURSIVE"]);
        Some(With { behind: self.tokens[usize::from(recursive)].end, recursive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mentions: &[Mention]) -> Vec<&str> {
        mentions.iter().map(|mention| mention.name.as_str()).collect()
    }

    fn read(text: &str, engine: Engine) -> Query {
        query(text, engine).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn tables_stand_behind_from_join_and_commas() {
        let text = "SELECT a.x, (SELECT 1 FROM three) FROM one a, two AS b JOIN (four f LEFT JOIN five ON true) ON a.id = b.id, six \
                    WHERE EXISTS (SELECT 1 FROM \"Seven\") ORDER BY eight";
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let found = read(text, engine);
            let tables = names(&found.tables);
            for table in ["one", "two", "three", "four", "five", "six", "Seven"] {
                assert!(tables.contains(&table), "{engine} {table}: {tables:?}");
            }
            assert!(!tables.contains(&"x") && !tables.contains(&"eight"), "{tables:?}");
        }
    }

    #[test]
    fn names_are_folded_as_the_server_folds_them() {
        assert_eq!(names(&read("SELECT 1 FROM Pages, \"Pages\"", Engine::Postgres).tables), ["pages", "Pages"]);
        assert_eq!(names(&read("SELECT 1 FROM [a b], `c`, 'd'", Engine::Sqlite).tables), ["a b", "c", "d"]);
        assert_eq!(names(&read("SELECT 1 WHERE 1 IN secret", Engine::Sqlite).tables), ["secret"]);
    }

    #[test]
    fn what_stands_before_a_point_is_told_also_when_it_is_a_string() {
        assert_eq!(names(&read("SELECT 1 FROM 'main'.'pages'", Engine::Sqlite).qualifiers), ["main"]);
        assert_eq!(names(&read("SELECT 1 FROM \"public\" . pages", Engine::Postgres).qualifiers), ["public"]);
    }

    #[test]
    fn a_query_has_its_own_names() {
        let text = "WITH RECURSIVE a AS (SELECT 1), b(x, y) AS NOT MATERIALIZED (SELECT 1, 2) SELECT * FROM a, b, (WITH c AS (SELECT 1) SELECT 1) d";
        let found = read(text, Engine::Postgres);

        assert_eq!(names(&found.own), ["a", "b", "c"]);
        assert_eq!(found.with, Some(With { behind: 14, recursive: true }));
    }

    #[test]
    fn other_statements_are_not_queries() {
        for text in [
            "",
            "; ;",
            "DELETE FROM t",
            "SELECT 1; SELECT 2",
            "SELECT 1; COMMIT",
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "WITH d AS (SELECT 1) INSERT INTO t SELECT 1",
            "WITH d AS (SELECT 1) UPDATE t SET a = 1",
            "SELECT 1 INTO t",
            "SELECT 1 FROM t FOR NO KEY UPDATE",
            "PRAGMA query_only = OFF",
            "ATTACH 'x' AS y",
            "COPY t TO STDOUT",
            "EXPLAIN ANALYZE DELETE FROM t",
            "SET ROLE x",
            "BEGIN",
            "SELECT 'never closed",
        ] {
            for engine in [Engine::Sqlite, Engine::Postgres] {
                assert!(query(text, engine).is_err(), "{engine}: {text}");
            }
        }
        assert!(query("TABLE t", Engine::Postgres).is_err() && query("SELECT 1 UNION (TABLE t)", Engine::Postgres).is_err());
        assert!(query("SELECT 1 FROM U&\"p\\0061ges\"", Engine::Postgres).is_err());
        assert!(query("SELECT replace(a, 'b', 'c') FROM t;", Engine::Sqlite).is_ok());
    }
}
