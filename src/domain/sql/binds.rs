//! Named parameters: `:name` becomes the database's own placeholder, by tokens and never inside of one.
//!
//! Strings, comments, quoted names, dollar quotes, `::casts` and the colon of `a[1:2]` are other tokens, so they
//! stay as they are. A name that is used twice is one parameter, also across texts that go into one statement.

use crate::domain::engine::Engine;

use super::token::{Token, TokenKind, tokens};

/// The parameters of one statement, in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Binds {
    engine: Engine,
    names: Vec<String>,
}

/// A parameter where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Its name, without the colon.
    pub name: String,
    /// First byte of it.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A text whose parameters have become placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The text.
    pub sql: String,
    /// Bytes of it, and those of the original text that they were.
    places: Vec<(usize, usize)>,
}

impl Rewritten {
    /// The same with `more` in the place of byte `at` of the original text.
    #[must_use]
    pub fn with(mut self, at: usize, more: &str) -> Self {
        let known = self.places.iter().rposition(|(_, there)| *there <= at).unwrap_or(0);
        let (here, there) = self.places.get(known).copied().unwrap_or_default();
        let place = here + (at - there);
        self.sql.insert_str(place, more);
        for (here, _) in self.places.iter_mut().skip(known + 1) {
            *here += more.len();
        }
        self.places.insert(known + 1, (place + more.len(), at));
        self
    }

    /// The byte of the original text that stands at byte `at` of this one.
    pub fn origin(&self, at: usize) -> usize {
        let known = self.places.iter().rev().find(|(here, _)| *here <= at);
        known.map_or(at, |(here, there)| there + (at - here))
    }
}

/// A placeholder in another form than `:name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a parameter of a script")]
pub struct ForeignPlaceholder {
    /// As it stands.
    pub text: String,
    /// First byte of it.
    pub at: usize,
}

impl Binds {
    /// No parameters yet.
    pub fn new(engine: Engine) -> Self {
        Self { engine, names: Vec::new() }
    }

    /// The placeholder of the parameter called `name`: `$1` on PostgreSQL, `?1` on SQLite.
    pub fn place(&mut self, name: &str) -> String {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        match self.engine {
            Engine::Sqlite => format!("?{}", at + 1),
            Engine::Postgres => format!("${}", at + 1),
        }
    }

    /// `text` with placeholders in place of its parameters. `form` dresses a placeholder: with a cast, for instance.
    ///
    /// # Errors
    /// When it has placeholders in another form.
    pub fn rewrite(&mut self, text: &str, form: &dyn Fn(&str, String) -> String) -> Result<Rewritten, ForeignPlaceholder> {
        let mut out = String::with_capacity(text.len() + 16);
        let mut behind = 0;
        let mut places = vec![(0, 0)];
        for parameter in uses(text, self.engine)? {
            out.push_str(&text[behind..parameter.start]);
            let place = self.place(&parameter.name);
            out.push_str(&form(&parameter.name, place));
            behind = parameter.end;
            places.push((out.len(), behind));
        }
        out.push_str(&text[behind..]);
        Ok(Rewritten { sql: out, places })
    }

    /// The names, each at the place of its number less one.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// The parameters of `text`, each use of them.
///
/// # Errors
/// When it has placeholders in another form than `:name`.
pub fn uses(text: &str, engine: Engine) -> Result<Vec<Use>, ForeignPlaceholder> {
    tokens(text, engine).filter(|token| token.kind == TokenKind::Parameter).map(|token| named(text, token)).collect()
}

fn named(text: &str, token: Token) -> Result<Use, ForeignPlaceholder> {
    let written = token.text(text);
    match written.strip_prefix(':') {
        Some(name) if is_name(name) => Ok(Use { name: name.to_owned(), start: token.start, end: token.end }),
        // `:name::text` is one word to SQLite's lexer, and means a cast that SQLite does not have.
        _ => Err(ForeignPlaceholder { text: written.to_owned(), at: token.start }),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, engine: Engine) -> (String, Vec<String>) {
        let mut binds = Binds::new(engine);
        let sql = binds.rewrite(text, &|_, place| place).expect("the parameters are ours").sql;
        (sql, binds.names().to_vec())
    }

    #[test]
    fn each_database_gets_its_own_placeholders_and_a_name_is_one_parameter() {
        let text = "SELECT :account, :site, :account";

        assert_eq!(plain(text, Engine::Postgres), ("SELECT $1, $2, $1".to_owned(), vec!["account".into(), "site".into()]));
        assert_eq!(plain(text, Engine::Sqlite).0, "SELECT ?1, ?2, ?1");
    }

    #[test]
    fn what_only_looks_like_a_parameter_stays_as_it_is() {
        for text in [
            "SELECT ':a' || E'\\':a' || $$ :a $$ || $x$ :a $x$ || \":a\" -- :a\n /* :a /* :a */ */",
            "SELECT x::text, a[1:2], a[lo:hi], (b)[lo:hi], U&\":a\"",
        ] {
            assert_eq!(plain(text, Engine::Postgres), (text.to_owned(), vec![]));
        }
        let text = "SELECT ':a', \":a\", [:a], `:a` -- :a\n /* :a */";
        assert_eq!(plain(text, Engine::Sqlite), (text.to_owned(), vec![]));
    }

    #[test]
    fn a_cast_behind_a_parameter_stays_a_cast() {
        assert_eq!(plain("SELECT :a::date, a[:lo:2]", Engine::Postgres).0, "SELECT $1::date, a[$2:2]");
        assert_eq!(uses("SELECT :a::date", Engine::Sqlite), Err(ForeignPlaceholder { text: ":a::date".into(), at: 7 }));
    }

    #[test]
    fn placeholders_of_another_form_are_refused() {
        for (text, engine) in [
            ("SELECT $1", Engine::Postgres),
            ("SELECT ?1", Engine::Sqlite),
            ("SELECT ?", Engine::Sqlite),
            ("SELECT @a", Engine::Sqlite),
            ("SELECT $a", Engine::Sqlite),
            ("SELECT :ä", Engine::Postgres),
        ] {
            assert!(uses(text, engine).is_err(), "{text}");
        }
    }

    #[test]
    fn the_numbers_go_on_over_several_texts() {
        let mut binds = Binds::new(Engine::Postgres);
        binds.place("account");

        let text = binds
            .rewrite("SELECT :now, :account", &|name, place| if name == "now" { format!("{place}::timestamptz") } else { place });

        let text = text.expect("the parameters are ours");
        assert_eq!(text.sql, "SELECT $2::timestamptz, $1");
        assert_eq!((text.origin(0), text.origin(22)), (0, 11));
        let text = text.with(6, " DISTINCT");
        assert_eq!(text.sql, "SELECT DISTINCT $2::timestamptz, $1");
        assert_eq!((text.origin(0), text.origin(16), text.origin(31)), (0, 7, 11));
    }
}
