//! The queries of a script, confined, with the places of their parameters.

use std::collections::BTreeMap;

use super::error::PatchError;
use super::job::Source;
use crate::backend::{Basic, Session};
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Place};
use crate::domain::sql::significant_tokens;
use crate::domain::sql::statement::{Verb, Writing, statement as parse};
use crate::project::scripts::{Form, Op, Script};
use crate::tenancy::{
    Confined, Functions, Map, ScriptRefused, casts, confine, confine_statement, free, free_statement, refuse_unknown,
};

/// A query of a script that names rows and their new values.
#[derive(Debug, Clone)]
pub struct ScriptQuery {
    /// It, confined.
    pub confined: Confined,
    /// Its place in the file, for what the database says of it.
    pub place: Place,
    /// The script's own text and the byte at which the query begins.
    text: String,
    file: std::path::PathBuf,
    at: usize,
}

impl ScriptQuery {
    /// The query as it stands in the script; of a script with one part, which reaches to the end of the file.
    pub(super) fn sql(&self) -> &str {
        &self.text[self.at..]
    }

    /// The place of byte `position` of the statement.
    pub fn place_of(&self, position: Option<usize>) -> Place {
        match position.and_then(|at| self.confined.origin(at)) {
            Some(at) => Place::in_text(&self.file, &self.text, self.at + at),
            None => self.place.clone(),
        }
    }
}

/// A part of a script: its table, key, what is done, and its query or statement.
pub type Part = (String, Vec<String>, Op, Source);

/// The parts of `script`. `map` is given where the script is about one account; `site` says whether one is named.
///
/// # Errors
/// When a part cannot be confined, or names a parameter that is not declared.
pub fn queries(script: &Script, map: Option<&Map>, site: bool, session: &mut Session) -> Result<Vec<Part>, PatchError> {
    if script.head.form == Form::Statement {
        return Ok(vec![statement(script, map, site, session)?]);
    }
    let whole = (
        script.head.table.clone().unwrap_or_default(),
        script.head.key_columns(),
        script.head.op.unwrap_or_default(),
        script.body,
        script.text.len(),
    );
    let mut parts: Vec<_> =
        script.parts.iter().map(|part| (part.table.clone(), part.key.clone(), part.op, part.start, part.end)).collect();
    if parts.is_empty() {
        parts.push(whole);
    } else if let Some(first) = script.parts.first() {
        let before = &script.text[script.body..first.start];
        if significant_tokens(before, session.engine()).next().is_some() {
            return Err(PatchError::new(
                Class::Usage,
                "there is SQL before the first part",
                "put it behind a line -- patch: table(key)",
            )
            .at(script.place(script.body)));
        }
    }
    let mut out = Vec::new();
    for (table, key, op, start, end) in parts {
        let maker = Maker { script, map, site, at: start, engine: session.engine() };
        let sql = &script.text[start..end];
        out.push((table, key, op, Source::Script(Box::new(maker.make(sql, session)?.1))));
    }
    Ok(out)
}

/// The one part of a script in statement form. Its key is left open where the head names none.
fn statement(script: &Script, map: Option<&Map>, site: bool, session: &mut Session) -> Result<Part, PatchError> {
    let engine = session.engine();
    let (writing, query) = Maker { script, map, site, at: script.body, engine }.make(script.sql(), session)?;
    let Some(writing) = writing else {
        return Err(PatchError::new(Class::Usage, "the statement is not understood", "").at(query.place));
    };
    let table = writing.table.name;
    if !script.head.writes.iter().any(|name| same(name, &table, engine)) {
        return Err(PatchError::new(
            Class::Usage,
            format!("the statement writes `{table}`, and its head does not say so"),
            format!("name it: writes = [\"{table}\"]"),
        )
        .at(script.place(script.body + writing.table.at)));
    }
    let op = match writing.verb {
        Verb::Insert => Op::Insert,
        Verb::Update => Op::Update,
        Verb::Delete => Op::Delete,
    };
    Ok((table, script.head.key.clone().unwrap_or_default(), op, Source::Statement(Box::new(query))))
}

/// What triggers and cascades may write, by table: what the head says, and in statement form all else that it `writes`.
pub fn side_effects(script: &Script, engine: Engine) -> BTreeMap<String, Vec<Op>> {
    let mut found: BTreeMap<String, Vec<Op>> = BTreeMap::new();
    if let (Form::Statement, Ok(writing)) = (script.head.form, parse(script.sql(), engine)) {
        let others = script.head.writes.iter().filter(|name| !same(name, &writing.table.name, engine));
        found.extend(others.map(|name| (name.clone(), vec![Op::Insert, Op::Update, Op::Delete])));
    }
    found.extend(script.head.side_effects.iter().map(|(table, ops)| (table.clone(), ops.0.clone())));
    found
}

fn same(a: &str, b: &str, engine: Engine) -> bool {
    a == b || (engine == Engine::Sqlite && a.eq_ignore_ascii_case(b))
}

/// Words that give another answer each time.
const CLOCKS: &[&str] = &[
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "now",
    "'now'",
    "random",
    "randomblob",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
    "gen_random_uuid",
];

struct Maker<'a> {
    script: &'a Script,
    map: Option<&'a Map>,
    site: bool,
    at: usize,
    engine: Engine,
}

impl Maker<'_> {
    fn make(&self, sql: &str, session: &mut Session) -> Result<(Option<Writing>, ScriptQuery), PatchError> {
        let lead = sql.len() - sql.trim_start().len();
        let place = self.script.place(self.at + lead);
        let placed = |(offset, refused): (usize, ScriptRefused)| {
            PatchError::of(&ScriptRefused { place: Some(self.script.place(self.at + offset)), ..refused })
        };
        refuse_unknown(self.script, self.map.is_some(), sql, self.engine).map_err(placed)?;
        self.refuse_clocks(sql, &place)?;
        let casts = casts(self.script, self.map, self.engine);
        let form = |name: &str, place: String| match casts.get(name) {
            Some(cast) => format!("{place}::{cast}"),
            None => place,
        };
        let (writing, confined) = match self.script.head.form {
            Form::Patch | Form::Rust => {
                let functions = Functions::of(sql, self.engine, session)?;
                let confined = match self.map {
                    Some(map) => confine(map, sql, self.site, true, &functions, &form),
                    None => free(sql, self.engine, &functions, &form),
                };
                (None, confined.map_err(placed)?)
            }
            Form::Statement => {
                let functions = Functions::of_statement(sql, self.engine, session)?;
                let made = match self.map {
                    Some(map) => confine_statement(map, sql, self.site, &functions, &form),
                    None => free_statement(sql, self.engine, &functions, &form),
                };
                let (writing, confined) = made.map_err(placed)?;
                (Some(writing), confined)
            }
        };
        let file = self.script.file.clone();
        Ok((writing, ScriptQuery { confined, place, text: self.script.text.clone(), file, at: self.at }))
    }

    fn refuse_clocks(&self, sql: &str, place: &Place) -> Result<(), PatchError> {
        if !self.script.head.volatile.is_empty() {
            return Ok(());
        }
        let clock = significant_tokens(sql, self.engine).find(|token| {
            let lower = token.to_ascii_lowercase();
            CLOCKS.contains(&lower.as_str())
        });
        match clock {
            Some(word) => Err(PatchError::refused(
                format!("`{word}` gives another answer each time, so no plan could be kept"),
                "use :now, which is one instant for the whole run; or name the column in volatile = [\"…\"]",
            )
            .at(place.clone())),
            None => Ok(()),
        }
    }
}
