//! Which constraint a statement failed on, in names that are the same on both databases as far as they can be.
//!
//! PostgreSQL names it in the error. SQLite names a CHECK; for UNIQUE and PRIMARY KEY it tells the columns, for which
//! the name is looked up in the text of the table; of a foreign key it tells nothing, so any of that table's keys
//! counts, and the result says so.

use crate::backend::{SqlError, SqlErrorKind};
use crate::domain::engine::Engine;
use crate::domain::schema::{ConstraintKind, Schema, Table};
use crate::domain::sql::significant_tokens;

/// How an error fits to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It is that constraint.
    Same,
    /// It may be: the database does not say which one.
    Kind,
    /// It is another one, in the database's words where it has a name for it.
    Other(Option<String>),
}

/// Whether `error` is of the constraint called `wanted`.
pub fn fit(error: &SqlError, wanted: &str, schema: &Schema) -> Fit {
    if error.kind != SqlErrorKind::Constraint {
        return Fit::Other(None);
    }
    match schema.engine {
        Engine::Postgres => match &error.constraint {
            Some(name) if name.eq_ignore_ascii_case(wanted) => Fit::Same,
            found => Fit::Other(found.as_deref().map(str::to_owned)),
        },
        Engine::Sqlite => sqlite(error, wanted, schema),
    }
}

fn sqlite(error: &SqlError, wanted: &str, schema: &Schema) -> Fit {
    let (kind, what) = error.message.split_once(" constraint failed").unwrap_or((&error.message, ""));
    let what = what.trim_start_matches(':').trim();
    let decide = |same: bool| if same { Fit::Same } else { Fit::Other(Some(what.to_owned())) };
    match kind {
        "FOREIGN KEY" => {
            let known = schema.tables.iter().flat_map(named).any(|one| one.kind == ConstraintKind::ForeignKey && one.is(wanted));
            // `posts_user_id_fkey` is PostgreSQL's own name for a key without one.
            if known || wanted.ends_with("_fkey") { Fit::Kind } else { Fit::Other(Some("a foreign key".to_owned())) }
        }
        "UNIQUE" => {
            let index = what.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\''));
            let by_index = index.is_some_and(|index| index.eq_ignore_ascii_case(wanted));
            decide(
                what.eq_ignore_ascii_case(wanted)
                    || by_index
                    || columns_of(wanted, schema).is_some_and(|own| own == columns(what)),
            )
        }
        // A CHECK without a name is told by its expression.
        _ => decide(what.eq_ignore_ascii_case(wanted)),
    }
}

/// `t.a, t.b` as names in lower case.
fn columns(what: &str) -> Vec<String> {
    what.split(',').map(|column| column.trim().to_lowercase()).collect()
}

/// The columns of a unique constraint, primary key or unique index.
fn columns_of(wanted: &str, schema: &Schema) -> Option<Vec<String>> {
    schema.tables.iter().find_map(|table| {
        let full =
            |columns: &[String]| columns.iter().map(|column| format!("{}.{column}", table.name.name).to_lowercase()).collect();
        let uniques = [ConstraintKind::Unique, ConstraintKind::PrimaryKey];
        let constraint = named(table).into_iter().find(|one| uniques.contains(&one.kind) && one.is(wanted));
        if let Some(constraint) = constraint {
            return Some(full(&constraint.columns));
        }
        // PostgreSQL's own name for a primary key without one.
        if wanted.eq_ignore_ascii_case(&format!("{}_pkey", table.name.name)) {
            return Some(full(&table.primary_key));
        }
        let index = table.indexes.iter().find(|index| index.name.eq_ignore_ascii_case(wanted))?;
        let words: Vec<&str> = significant_tokens(&index.definition, Engine::Sqlite).collect();
        let open = words.iter().position(|word| *word == "(")?;
        Some(full(&names_in_parentheses(&words[open..])))
    })
}

/// A constraint that the text of a table names.
struct Constraint {
    name: String,
    kind: ConstraintKind,
    columns: Vec<String>,
}

impl Constraint {
    fn is(&self, wanted: &str) -> bool {
        self.name.eq_ignore_ascii_case(wanted)
    }
}

/// The constraints behind the words `CONSTRAINT name`. One that stands with its column is of that column.
fn named(table: &Table) -> Vec<Constraint> {
    let Some(text) = &table.text else { return Vec::new() };
    let words: Vec<&str> = significant_tokens(text, Engine::Sqlite).collect();
    let (mut found, mut depth, mut column) = (Vec::new(), 0_usize, String::new());
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 1 && matches!(*word, "(" | ",") {
            column = words.get(at + 1).map(|name| plain(name)).unwrap_or_default();
        }
        let is_head = depth == 1 && word.eq_ignore_ascii_case("CONSTRAINT");
        let (true, Some(name), Some(kind)) = (is_head, words.get(at + 1), words.get(at + 2)) else { continue };
        let kind = match kind.to_ascii_uppercase().as_str() {
            "UNIQUE" => ConstraintKind::Unique,
            "PRIMARY" => ConstraintKind::PrimaryKey,
            "CHECK" => ConstraintKind::Check,
            "FOREIGN" | "REFERENCES" => ConstraintKind::ForeignKey,
            _ => continue,
        };
        let after = if matches!(kind, ConstraintKind::PrimaryKey) { at + 4 } else { at + 3 };
        let listed = words.get(after) == Some(&"(");
        let columns = if listed { names_in_parentheses(&words[after..]) } else { vec![column.clone()] };
        found.push(Constraint { name: plain(name), kind, columns });
    }
    found
}

/// The first word of each item of a list.
fn names_in_parentheses(words: &[&str]) -> Vec<String> {
    let end = words.iter().position(|word| *word == ")").unwrap_or(words.len());
    words[..end].split(|word| matches!(*word, "(" | ",")).filter_map(|item| item.first().map(|name| plain(name))).collect()
}

fn plain(name: &str) -> String {
    name.trim_matches(['"', '`', '[', ']', '\'']).to_owned()
}
