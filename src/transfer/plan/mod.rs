//! The plan of a transfer: mapping × both catalogues. Pure.

mod columns;
mod inputs;
mod options;
mod order;
mod table;
mod types;

use crate::domain::explain::Place;
use crate::domain::schema::Schema;
use crate::domain::transfer::TablePlan;
use crate::project::mapping::Mapping;

pub use options::OnError;

/// How each table is moved, in the order in which it has to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tables.
    pub tables: Vec<TablePlan>,
    /// Tables that stay behind.
    pub skipped: Vec<Skipped>,
    /// What becomes of rejected rows.
    pub on_error: OnError,
    /// What is worth a word, and keeps nobody from going on.
    pub warnings: Vec<Problem>,
}

/// A table that stays behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The table of the source.
    pub table: String,
    /// Why.
    pub why: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing can be done before it is solved.
    Error,
    /// It is worth a word.
    Warning,
}

/// Something that mapping and catalogues do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub level: Level,
    /// One word: `no-table`, `unmapped-column` …
    pub kind: &'static str,
    /// The table that it is about.
    pub table: String,
    /// What it is.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The line of the mapping, where there is one.
    pub place: Option<Place>,
}

/// Plans a transfer.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn plan(mapping: &Mapping, source: &Schema, target: &Schema) -> Result<Plan, Vec<Problem>> {
    let mut problems = Problems { mapping, list: Vec::new() };
    let options = options::Options::read(mapping, &mut problems);
    let mut tables = Vec::new();
    let mut skipped = Vec::new();
    for spec in mapping.tables.iter().chain(&mapping.derived) {
        match table::plan(mapping, spec, &options, source, target, &mut problems) {
            Some(table::Planned::Moved(table)) => tables.push(*table),
            Some(table::Planned::Skipped(table)) => skipped.push(table),
            None => {}
        }
    }
    table::unmapped_tables(mapping, &options, source, &mut problems, &mut skipped);
    table::twice(mapping, &mut problems);
    table::unknown_to_verify(mapping, source, &mut problems);
    let tables = order::ordered(tables, &mut problems);
    let (errors, warnings): (Vec<_>, Vec<_>) = problems.list.into_iter().partition(|problem| problem.level == Level::Error);
    if errors.is_empty() {
        Ok(Plan { tables, skipped, on_error: options.on_error, warnings })
    } else {
        Err(errors.into_iter().chain(warnings).collect())
    }
}

/// Problems as they are found.
pub(in crate::transfer) struct Problems<'a> {
    mapping: &'a Mapping,
    list: Vec<Problem>,
}

impl Problems<'_> {
    fn error<T>(&mut self, kind: &'static str, table: &str, at: &toml::Spanned<T>, message: String, hint: impl Into<String>) {
        let place = Some(self.mapping.place(at));
        self.list.push(Problem { level: Level::Error, kind, table: table.to_owned(), message, hint: hint.into(), place });
    }

    fn warn<T>(&mut self, kind: &'static str, table: &str, at: &toml::Spanned<T>, message: String, hint: impl Into<String>) {
        let place = Some(self.mapping.place(at));
        self.list.push(Problem { level: Level::Warning, kind, table: table.to_owned(), message, hint: hint.into(), place });
    }

    fn without_place(&mut self, level: Level, kind: &'static str, table: &str, message: String, hint: impl Into<String>) {
        self.list.push(Problem { level, kind, table: table.to_owned(), message, hint: hint.into(), place: None });
    }
}
