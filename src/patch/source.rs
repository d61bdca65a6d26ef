//! The queries of a script, confined, with the places of their parameters.

use std::collections::BTreeMap;

use super::error::PatchError;
use crate::backend::{Basic, Session};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::sql::binds::uses;
use crate::domain::sql::significant_tokens;
use crate::project::scripts::{Op, Scope, Script};
use crate::tenancy::{Confined, Functions, Map, ScriptRefused, confine, free};

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

/// A part of a script: its table, key, what is done, and its query.
pub type Part = (String, Vec<String>, Op, ScriptQuery);

/// The parts of `script`. `map` is given where the script is about one account; `site` says whether one is named.
///
/// # Errors
/// When a part cannot be confined, or names a parameter that is not declared.
pub fn queries(script: &Script, map: Option<&Map>, site: bool, session: &mut Session) -> Result<Vec<Part>, PatchError> {
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
                crate::domain::explain::Class::Usage,
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
        out.push((table, key, op, maker.make(sql, session)?));
    }
    Ok(out)
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
    fn make(&self, sql: &str, session: &mut Session) -> Result<ScriptQuery, PatchError> {
        let lead = sql.len() - sql.trim_start().len();
        let place = self.script.place(self.at + lead);
        let placed = |(offset, refused): (usize, ScriptRefused)| {
            PatchError::of(&ScriptRefused { place: Some(self.script.place(self.at + offset)), ..refused })
        };
        self.refuse_unknown(sql).map_err(placed)?;
        self.refuse_clocks(sql, &place)?;
        let functions = Functions::of(sql, self.engine, session)?;
        let casts = self.casts();
        let form = |name: &str, place: String| match casts.get(name) {
            Some(cast) => format!("{place}::{cast}"),
            None => place,
        };
        let confined = match self.map {
            Some(map) => confine(map, sql, self.site, true, &functions, &form),
            None => free(sql, self.engine, &functions, &form),
        };
        Ok(ScriptQuery {
            confined: confined.map_err(placed)?,
            place,
            text: self.script.text.clone(),
            file: self.script.file.clone(),
            at: self.at,
        })
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

    /// PostgreSQL takes the type of a parameter from its place, which may mislead it: `:now - interval '1 day'`.
    fn casts(&self) -> BTreeMap<&str, String> {
        if self.engine == Engine::Sqlite {
            return BTreeMap::new();
        }
        let declared = self.script.head.params.iter();
        let mut casts: BTreeMap<&str, String> =
            declared.filter_map(|(name, parameter)| Some((name.as_str(), parameter.get_ref().cast()?.to_owned()))).collect();
        casts.insert("now", "timestamptz".to_owned());
        if let Some(map) = self.map {
            casts.extend(map.key_type(false).map(|kind| ("account", kind.to_owned())));
            casts.extend(map.key_type(true).map(|kind| ("site", kind.to_owned())));
        }
        casts
    }

    fn refuse_unknown(&self, sql: &str) -> Result<(), (usize, ScriptRefused)> {
        let Ok(used) = uses(sql, self.engine) else { return Ok(()) };
        for parameter in used {
            let (message, hint) = match parameter.name.as_str() {
                "now" => continue,
                "account" | "site" if self.map.is_some() => continue,
                "account" | "site" if self.script.head.scope == Scope::Global => (
                    format!("`:{}` is used, but the script is not about one account", parameter.name),
                    "leave scope = \"global\" out of the head, or the parameter out of the SQL".to_owned(),
                ),
                "account" | "site" => (
                    format!("`:{}` is used, but the project has no [tenancy]", parameter.name),
                    "describe the accounts in manage.toml: [tenancy]".to_owned(),
                ),
                name if self.script.head.params.contains_key(name) => continue,
                name => (
                    format!("the parameter `:{name}` is not declared"),
                    format!("declare it in the head: [params.{name}] with a type"),
                ),
            };
            return Err((parameter.start, ScriptRefused { message, place: None, hint }));
        }
        Ok(())
    }
}
