//! The project's own checks, made on the new content before it counts.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use crate::backend::{Basic, Session};
use crate::cli::context::Chosen;
use crate::cli::failure::Failure;
use crate::cli::output::words;
use crate::domain::explain::{Class, Explain};
use crate::domain::value::Value;
use crate::project::scripts::{self, Kind, Scope, Script, parameter};
use crate::project::tenancy::Tenancy;
use crate::tenancy::{Map, find};
use crate::verify::{Check, Given, Outcome, Scoping, Status, run};

/// The `verify_*.sql` of the project that need nothing that only a person can give.
pub struct Checks {
    scripts: Vec<Script>,
    tenancy: Option<Tenancy>,
    instant: NaiveDateTime,
}

impl Checks {
    /// Reads them.
    ///
    /// # Errors
    /// When one of them is not valid: nothing is wiped for the sake of a check that cannot be made.
    pub fn read(chosen: &Chosen, instant: NaiveDateTime) -> Result<Self, Failure> {
        let engine = chosen.url.engine();
        let all = scripts::load(&chosen.project.scripts_folder(), engine)?;
        let scripts = all
            .of(Kind::Verify)?
            .into_iter()
            .filter(|script| script.head.runs_on(engine) && !script.head.lacks(|_| false))
            .cloned();
        Ok(Self { scripts: scripts.collect(), tenancy: chosen.project.config.tenancy.clone(), instant })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.scripts.len()
    }

    /// Makes them: those about all accounts once, the others for each account that the migrations have made. What a check
    /// writes is taken back.
    ///
    /// # Errors
    /// When one of them finds something that it does not only warn of, or cannot tell.
    pub fn make(&self, session: &mut Session, stop: &dyn Fn() -> bool) -> Result<(), Failure> {
        if self.scripts.is_empty() {
            return Ok(());
        }
        session.begin()?;
        let made = self.within(session, stop);
        session.rollback()?;
        let mut bad: Vec<Outcome> = made?;
        bad.retain(|outcome| outcome.status != Status::Skip && !outcome.passes());
        // After an error the transaction takes nothing more on PostgreSQL: those that follow say nothing of themselves.
        let first = bad.iter().position(|outcome| outcome.status == Status::Error).unwrap_or(bad.len());
        bad.truncate(first + 1);
        if bad.is_empty() { Ok(()) } else { Err(ChecksFailed { count: self.count(), bad }.into()) }
    }

    fn within(&self, session: &mut Session, stop: &dyn Fn() -> bool) -> Result<Vec<Outcome>, Failure> {
        let map = match &self.tenancy {
            Some(tenancy) => Some(Map::new(session.engine(), tenancy, session.relations()?)?),
            None => None,
        };
        let scoping = map.as_ref().map_or(Scoping::Whole, |map| Scoping::Tenants { map, site: false });
        let (mut together, mut each, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        for script in &self.scripts {
            match Check::prepare(script, scoping, &BTreeMap::new(), session) {
                Ok(check) if map.is_some() && script.head.scope == Scope::Tenant => each.push(check),
                Ok(check) => together.push(check),
                Err(error) => return Ok(vec![Outcome::error(&script.name, error)]),
            }
        }
        let now = parameter::instant(self.instant, session.engine());
        let given = |account: Value| Given { account, site: Value::Null, now: now.clone(), limit: None };
        outcomes.extend(run(&together, &given(Value::Null), session, stop));
        if let Some(map) = map.as_ref().filter(|_| !each.is_empty()) {
            for account in find::accounts(map, session)? {
                if account.left_out(map).is_none() {
                    outcomes.extend(run(&each, &given(account.key), session, stop));
                }
            }
        }
        Ok(outcomes)
    }
}

/// A check of the project does not agree with the new content.
#[derive(Debug, thiserror::Error)]
#[error("{} not pass on the new content; the old content is in place", who(.bad, *.count))]
struct ChecksFailed {
    count: usize,
    bad: Vec<Outcome>,
}

fn who(bad: &[Outcome], count: usize) -> String {
    let mut names: Vec<&str> = bad.iter().map(|outcome| outcome.name.as_str()).collect();
    names.dedup();
    let does = if names.len() == 1 { "does" } else { "do" };
    format!("{} of {} {does}", names.len(), words::count(count, "check"))
}

impl Explain for ChecksFailed {
    fn class(&self) -> Class {
        Class::Check
    }

    fn hint(&self) -> Option<String> {
        Some(
            "correct the migrations or the checks in the scripts folder, then ask for a new plan: manage reset --plan".to_owned(),
        )
    }

    fn details(&self) -> Vec<String> {
        let told = |outcome: &Outcome| match (&outcome.error, outcome.sample.first()) {
            (Some(error), _) => format!("✗ {}: {error}", outcome.name),
            (None, Some(finding)) => format!(
                "✗ {}: {}, the first: {}",
                outcome.name,
                words::count(usize::try_from(outcome.findings).unwrap_or(usize::MAX), "finding"),
                finding.what
            ),
            (None, None) => format!("✗ {}", outcome.name),
        };
        self.bad.iter().take(10).map(told).collect()
    }
}
