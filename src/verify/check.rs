//! A check that is ready to be run.

use std::collections::BTreeMap;

use crate::backend::{Basic, Read, Session};
use crate::domain::engine::Engine;
use crate::domain::sql::statement::Writing;
use crate::domain::value::Value;
use crate::project::scripts::{Scope, Script};
use crate::tenancy::{
    Confined, Functions, Map, ScriptRefused, casts, confine, confine_statement, free, free_statement, refuse_unknown,
};

use super::error::CheckError;
use super::finding::WHAT;
use super::run::Given;

/// How far a script may look.
#[derive(Debug, Clone, Copy)]
pub enum Scoping<'a> {
    /// The project has no accounts.
    Whole,
    /// The project has accounts; a script that is about one is confined to it, and to the site where one is given.
    Tenants {
        /// Whose a row is.
        map: &'a Map,
        /// Whether a site is given.
        site: bool,
    },
}

/// A script, confined, with the values of its parameters.
#[derive(Debug, Clone)]
pub struct Check<'a> {
    /// The script.
    pub script: &'a Script,
    /// Its query.
    pub main: Confined,
    /// The query that gives the rows of which a percentage is measured.
    pub total: Option<Confined>,
    /// Named counts.
    pub effects: Vec<(String, Confined)>,
    /// Whether it is about one account.
    pub confined: bool,
    parameters: Parameters,
}

impl<'a> Check<'a> {
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
        let engine = session.engine();
        let parameters = Parameters::read(script, given, engine)?;
        let made = Self::made(script, scoping, session)?;
        Ok(Self { parameters, ..made })
    }

    /// Looks at a script without running it.
    ///
    /// # Errors
    /// As [`Check::prepare`], but for its parameters' values.
    pub fn look(script: &'a Script, scoping: Scoping<'_>, session: &mut Session) -> Result<(), CheckError> {
        Self::made(script, scoping, session).map(drop)
    }

    fn made(script: &'a Script, scoping: Scoping<'_>, session: &mut Session) -> Result<Self, CheckError> {
        let mut maker = Maker::new(script, scoping, session);
        let main = maker.make(script.sql(), script.body, true)?;
        let columns = maker.columns_of(&main)?;
        if script.kind == crate::project::scripts::Kind::Verify && !columns.iter().any(|name| name == WHAT) {
            let refused = ScriptRefused {
                message: "the check returns no column `what`".to_owned(),
                place: Some(script.place(script.body + lead(script.sql()))),
                hint: "every row is a finding: say what is wrong with it in a column called what".to_owned(),
            };
            return Err(CheckError::of(&refused));
        }
        let total = script.head.total.as_ref().map(|total| maker.in_head(total.get_ref())).transpose()?;
        let effects = script.head.effects.iter();
        let effects =
            effects.map(|(name, sql)| Ok((name.clone(), maker.in_head(sql.get_ref())?))).collect::<Result<_, CheckError>>()?;
        Ok(Self { script, main, total, effects, confined: maker.is_confined(), parameters: Parameters::default() })
    }

    /// The query with the values of its parameters.
    pub fn read(&self, query: &Confined, given: &Given) -> Read {
        self.parameters.bound(query, given)
    }

    /// What the database said of one of its queries.
    pub(super) fn explain(&self, query: &Confined, error: &crate::backend::SqlError) -> CheckError {
        explain(self.script, query, self.confined, error)
    }
}

/// The values of the parameters that a script declares.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    pub fn read(script: &Script, given: &BTreeMap<String, String>, engine: Engine) -> Result<Self, CheckError> {
        let mut values = BTreeMap::new();
        for (name, parameter) in &script.head.params {
            let value = parameter.get_ref().value(name, given.get(name).map(String::as_str), engine);
            values.insert(name.clone(), value.map_err(|error| CheckError::of(&error))?);
        }
        Ok(Self(values))
    }

    pub fn bound(&self, query: &Confined, given: &Given) -> Read {
        let value = |name: &String| match name.as_str() {
            "account" => given.account.clone(),
            "site" => given.site.clone(),
            "now" => given.now.clone(),
            other => self.0.get(other).cloned().unwrap_or(Value::Null),
        };
        Read { sql: query.sql.clone(), binds: query.parameters.iter().map(value).collect(), tables: query.tables.clone() }
    }
}

/// Makes the queries of one script ready.
pub(super) struct Maker<'a, 's> {
    script: &'a Script,
    scoping: Option<(&'s Map, bool)>,
    engine: Engine,
    session: &'s mut Session,
}

impl<'a, 's> Maker<'a, 's> {
    pub fn new(script: &'a Script, scoping: Scoping<'s>, session: &'s mut Session) -> Self {
        let scoping = match (scoping, script.head.scope) {
            (Scoping::Tenants { map, site }, Scope::Tenant) => Some((map, site)),
            _ => None,
        };
        Self { script, scoping, engine: session.engine(), session }
    }
}

impl Maker<'_, '_> {
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether the script is about one account.
    pub fn is_confined(&self) -> bool {
        self.scoping.is_some()
    }

    /// A query of the head, which the database looks at, too.
    fn in_head(&mut self, sql: &str) -> Result<Confined, CheckError> {
        let at = self.script.text.find(sql).unwrap_or(0);
        let query = self.make(sql, at, false)?;
        self.columns_of(&query)?;
        Ok(query)
    }

    /// Confines `sql`, which stands at byte `at` of the file, or in its head.
    pub fn make(&mut self, sql: &str, at: usize, in_body: bool) -> Result<Confined, CheckError> {
        self.refuse_unknown_parameters(sql, at)?;
        let functions = Functions::of(sql, self.engine, self.session).map_err(|error| CheckError::of(&error))?;
        let casts = casts(self.script, self.scoping.map(|(map, _)| map), self.engine);
        let form = |name: &str, place: String| match casts.get(name) {
            Some(cast) => format!("{place}::{cast}"),
            None => place,
        };
        let made = match self.scoping {
            Some((map, site)) => confine(map, sql, site, in_body, &functions, &form),
            None => free(sql, self.engine, &functions, &form),
        };
        let mut made = made.map_err(|refusal| self.placed(at, refusal))?;
        made.at = at;
        Ok(made)
    }

    /// What the statement at byte `at` of the file writes, once it is sure that it can be confined.
    pub fn writing(&mut self, sql: &str, at: usize) -> Result<Writing, CheckError> {
        self.refuse_unknown_parameters(sql, at)?;
        let functions = Functions::of_statement(sql, self.engine, self.session).map_err(|error| CheckError::of(&error))?;
        let form = |_: &str, place: String| place;
        let made = match self.scoping {
            Some((map, site)) => confine_statement(map, sql, site, &functions, &form),
            None => free_statement(sql, self.engine, &functions, &form),
        };
        made.map(|(writing, _)| writing).map_err(|refusal| self.placed(at, refusal))
    }

    fn placed(&self, at: usize, (offset, refused): (usize, ScriptRefused)) -> CheckError {
        CheckError::of(&ScriptRefused { place: Some(self.script.place(at + offset)), ..refused })
    }

    /// Refuses a parameter that `sql`, which stands at byte `at`, uses and nobody declares.
    pub fn refuse_unknown_parameters(&self, sql: &str, at: usize) -> Result<(), CheckError> {
        refuse_unknown(self.script, self.scoping.is_some(), sql, self.engine).map_err(|refusal| self.placed(at, refusal))
    }

    /// The columns that the database says it returns.
    pub fn columns_of(&mut self, query: &Confined) -> Result<Vec<String>, CheckError> {
        let read = Read { sql: query.sql.clone(), binds: Vec::new(), tables: query.tables.clone() };
        self.session.prepare_read(&read).map_err(|error| explain(self.script, query, self.scoping.is_some(), &error))
    }
}

pub(super) fn explain(script: &Script, query: &Confined, confined: bool, error: &crate::backend::SqlError) -> CheckError {
    let at = error.position.and_then(|at| query.origin(at)).unwrap_or_else(|| query.at + lead(&script.text[query.at..]));
    CheckError::sql(error, Some(script.place(at)), confined)
}

/// How much white space stands before the SQL.
fn lead(sql: &str) -> usize {
    sql.len() - sql.trim_start().len()
}
