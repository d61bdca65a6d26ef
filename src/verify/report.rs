//! Reports: the tables, warnings and steps of a `check_*` or `diagnose_*` script.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::check::{Maker, Parameters, Scoping, explain};
use super::error::CheckError;
use super::finding::words;
use super::run::{Given, LIMIT};
use crate::backend::{Basic, Session};
use crate::domain::sql::binds::uses;
use crate::domain::value::{Row, Value};
use crate::project::scripts::Script;
use crate::project::scripts::sections::{Part, sections};
use crate::tenancy::{Confined, ScriptRefused};

pub use crate::project::scripts::sections::SectionKind;

/// A report that is ready to be run.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The script.
    pub script: &'a Script,
    parts: Vec<(Part, Confined)>,
    confined: bool,
    parameters: Parameters,
}

/// What a report says.
#[derive(Debug, Clone)]
pub struct Told {
    /// The report's name.
    pub name: String,
    /// Its sections, in their order.
    pub sections: Vec<Section>,
    /// How long it took.
    pub took: Duration,
    /// Why it could not be made.
    pub error: Option<CheckError>,
}

/// What a section says.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// What its rows are.
    pub kind: SectionKind,
    /// What it is called.
    pub title: Option<String>,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// The first of its rows.
    pub rows: Vec<Vec<Value>>,
    /// How many there are, all of them.
    pub count: u64,
    /// Its steps; none where it has no steps.
    pub steps: Vec<Step>,
}

/// A step of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was looked at.
    pub step: String,
    /// Whether it is right; `None` where that could not be told.
    pub ok: Option<bool>,
    /// What there is to say.
    pub detail: Option<String>,
}

impl Told {
    /// A report that could not be made.
    pub fn error(name: &str, error: CheckError) -> Self {
        Self { name: name.to_owned(), sections: Vec::new(), took: Duration::ZERO, error: Some(error) }
    }

    /// The first step that is wrong.
    pub fn blocked_by(&self) -> Option<&Step> {
        self.sections.iter().flat_map(|section| &section.steps).find(|step| step.ok == Some(false))
    }
}

impl<'a> Report<'a> {
    /// Makes a script ready, and lets the database look at it without running it.
    ///
    /// # Errors
    /// When it is not valid, cannot be confined, lacks a parameter, or the database refuses it: with the place.
    pub fn prepare(
        script: &'a Script,
        scoping: Scoping<'_>,
        given: &BTreeMap<String, String>,
        session: &mut Session,
    ) -> Result<Self, CheckError> {
        let parameters = Parameters::read(script, given, session.engine())?;
        Ok(Self { parameters, ..Self::made(script, scoping, session)? })
    }

    /// Looks at a script without running it.
    ///
    /// # Errors
    /// As [`Report::prepare`], but for its parameters' values.
    pub fn look(script: &'a Script, scoping: Scoping<'_>, session: &mut Session) -> Result<(), CheckError> {
        Self::made(script, scoping, session).map(drop)
    }

    fn made(script: &'a Script, scoping: Scoping<'_>, session: &mut Session) -> Result<Self, CheckError> {
        let engine = session.engine();
        let refused = |at: usize, message: &str, hint: &str| {
            let place = Some(script.place(at));
            CheckError::of(&ScriptRefused { message: message.to_owned(), place, hint: hint.to_owned() })
        };
        let found = sections(script, engine).map_err(|error| CheckError::of(&error))?;
        let mut maker = Maker::new(script, scoping, session);
        let named = |part: &Part| {
            uses(&script.text[part.start..part.end], engine).is_ok_and(|used| used.iter().any(|used| used.name == "account"))
        };
        if maker.is_confined() && !found.iter().any(named) {
            return Err(refused(
                found.first().map_or(script.body, |part| part.start),
                "the script is about one account, and its SQL does not use :account",
                "compare a column with :account, or say scope = \"global\" in the head",
            ));
        }
        let mut parts = Vec::new();
        for part in &found {
            let query = maker.make(&script.text[part.start..part.end], part.start, false)?;
            let columns = maker.columns_of(&query)?;
            let has = |name: &str| columns.iter().any(|column| column == name);
            if part.kind == SectionKind::Step && !has("ok") {
                return Err(refused(
                    part.start,
                    "the step returns no column `ok`",
                    "say in a column called ok whether it is right",
                ));
            }
            if part.kind == SectionKind::Step && part.title.is_none() && !has("step") {
                return Err(refused(
                    part.start,
                    "nothing says what the step is called",
                    "return a column called step, or write a line -- step: NAME before the SELECT",
                ));
            }
            parts.push((part.clone(), query));
        }
        Ok(Self { script, parts, confined: maker.is_confined(), parameters: Parameters::default() })
    }

    /// Runs it in the snapshot that is open.
    pub fn run(&self, given: &Given, session: &mut Session) -> Told {
        let begun = Instant::now();
        let mut told = Told { name: self.script.name.clone(), sections: Vec::new(), took: Duration::ZERO, error: None };
        for (part, query) in &self.parts {
            match self.section(part, query, given, session) {
                Ok(section) => told.sections.push(section),
                Err(error) => {
                    told.error = Some(error);
                    break;
                }
            }
        }
        told.took = begun.elapsed();
        told
    }

    fn section(&self, part: &Part, query: &Confined, given: &Given, session: &mut Session) -> Result<Section, CheckError> {
        let limit = given.limit.or(self.script.head.limit).unwrap_or(LIMIT);
        let failed = |error| explain(self.script, query, self.confined, &error);
        let read = self.parameters.bound(query, given);
        let mut section = Section {
            kind: part.kind,
            title: part.title.clone(),
            columns: session.prepare_read(&read).map_err(failed)?,
            rows: Vec::new(),
            count: 0,
            steps: Vec::new(),
        };
        session
            .read_rows(&read, &mut |row| {
                section.count += 1;
                if part.kind == SectionKind::Step {
                    section.steps.push(step(part, &row));
                } else if section.count <= limit {
                    section.rows.push(row.values);
                }
                Ok(())
            })
            .map_err(failed)?;
        if part.kind == SectionKind::Step && section.steps.is_empty() {
            let step = part.title.clone().unwrap_or_else(|| "the first step".to_owned());
            section.steps.push(Step { step, ok: Some(false), detail: Some("nothing found".to_owned()) });
        }
        Ok(section)
    }
}

fn step(part: &Part, row: &Row) -> Step {
    let value = |wanted: &str| row.names.iter().position(|name| name == wanted).and_then(|at| row.values.get(at));
    let text = |wanted: &str| value(wanted).filter(|value| **value != Value::Null).map(words);
    Step {
        step: text("step").or_else(|| part.title.clone()).unwrap_or_default(),
        ok: value("ok").and_then(truth),
        detail: text("detail"),
    }
}

/// A value as yes or no; `None` where it is neither.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Integer(number) => Some(*number != 0),
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "ok" | "1" => Some(true),
            "false" | "f" | "no" | "failed" | "0" => Some(false),
            _ => None,
        },
        Value::Null | Value::Real(_) | Value::Bytes(_) => None,
    }
}
