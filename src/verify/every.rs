//! Every check that concerns a run: made before it and after it, in its own transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, Scoping};
use super::error::CheckError;
use super::finding::{Finding, words};
use super::run::{Given, Outcome, Status, outcome_of};
use crate::backend::{Basic, Session};
use crate::domain::value::Value;
use crate::project::scripts::{Kind, Scope, Script, Scripts};

/// How many findings of a check are remembered.
const REMEMBERED: u64 = 10_000;

/// The checks of a project, as they concern a run.
#[derive(Debug, Clone)]
pub struct Every<'a> {
    /// The scripts.
    pub scripts: &'a Scripts,
    /// How far they look.
    pub scoping: Scoping<'a>,
    /// The account's key, or NULL.
    pub account: Value,
    /// The site's key, or NULL.
    pub site: Value,
    /// The instant of the run.
    pub now: Value,
    /// The parameters of the run: a check that declares one of the same name gets its value.
    pub given: &'a BTreeMap<String, String>,
    /// Those of which the findings are remembered.
    pub named: &'a [String],
}

impl Every<'_> {
    /// Makes them, one after the other. One that needs parameters of its own is left out.
    pub fn made(&self, session: &mut Session) -> Vec<Outcome> {
        let all = self.scripts.all().filter(|(kind, ..)| *kind == Kind::Verify);
        all.filter_map(|(_, name, script)| match script {
            Ok(script) => self.one(name, script, session),
            Err(error) => Some(Outcome::error(name, CheckError::of(error))),
        })
        .collect()
    }

    fn one(&self, name: &str, script: &Script, session: &mut Session) -> Option<Outcome> {
        let own = |name: &String| self.given.get(name).map(|value| (name.clone(), value.clone()));
        let own: BTreeMap<String, String> = script.head.params.keys().filter_map(own).collect();
        if script.head.lacks(|name| own.contains_key(name)) || !self.concerns(script, session) {
            return None;
        }
        let kept = if self.named.iter().any(|known| known == name) { REMEMBERED } else { 0 };
        let given = Given { account: self.account.clone(), site: self.site.clone(), now: self.now.clone(), limit: Some(kept) };
        Some(match Check::prepare(script, self.scoping, &own, session) {
            Ok(check) => outcome_of(&check, &given, session),
            Err(error) => Outcome::error(name, error),
        })
    }

    /// Whether a check is about what the run is about.
    fn concerns(&self, script: &Script, session: &Session) -> bool {
        let whole = matches!(self.scoping, Scoping::Whole);
        let one = self.account != Value::Null;
        script.head.runs_on(session.engine()) && (whole || (script.head.scope == Scope::Tenant) == one)
    }
}

impl Outcome {
    /// Whether it could tell.
    pub fn could_tell(&self) -> bool {
        self.status != Status::Error
    }

    /// Whether nothing is wrong, or not enough of it to fail.
    pub fn passes(&self) -> bool {
        matches!(self.status, Status::Pass | Status::Warn)
    }

    /// The rows that it found; `None` where more were found than are kept.
    pub fn rows(&self) -> Option<BTreeSet<String>> {
        let whole = self.error.is_none() && self.sample.len() as u64 == self.findings;
        whole.then(|| self.sample.iter().map(row_of).collect())
    }
}

/// The row that a finding is about.
fn row_of(finding: &Finding) -> String {
    let key: Vec<String> = finding.key.iter().map(|(_, value)| words(value)).collect();
    format!("{} {}", finding.table.as_deref().unwrap_or_default(), key.join(", ")).trim().to_owned()
}
