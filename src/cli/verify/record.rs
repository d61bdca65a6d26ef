//! What came of the same checks before, and keeping what came of them now.

use std::collections::BTreeMap;
use std::collections::HashMap;

use chrono::NaiveDateTime;

use super::groups::Group;
use crate::backend::{Access, Session};
use crate::cli::consent;
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::noting;
use crate::cli::output::words;
use crate::guards::Deed;
use crate::ledger::{CheckOf, CheckResult, Ledger, Look};
use crate::project::scripts::Script;
use crate::tenancy::{Account, find};
use crate::verify::{Outcome, Status};

/// The results of before, and those of now.
#[derive(Default)]
pub struct Record {
    before: HashMap<CheckOf, CheckResult>,
    /// The texts' hashes, by the names of the checks.
    hashes: HashMap<String, String>,
    parameters: Option<String>,
    instant: String,
    now: Vec<CheckResult>,
}

/// What a result was before.
pub struct Before {
    /// When: RFC 3339, UTC.
    pub at: String,
    /// How many findings there were.
    pub findings: i64,
    /// `pass`, `warn`, `fail`
    pub status: String,
    /// How many more there are now.
    pub change: i64,
}

/// The ledger, where there is one with results that this role may read. Else there is nothing to compare with.
///
/// # Errors
/// What the database refuses.
pub fn readable(session: &mut Session) -> Result<Option<Ledger>, Failure> {
    let Look::Present(ledger) = Ledger::look(session)? else { return Ok(None) };
    Ok(ledger.can_read_checks(session)?.then_some(ledger))
}

impl Record {
    /// Looks for what came of the same checks before.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn look<'a>(
        ledger: Option<Ledger>,
        session: &mut Session,
        account: Option<&Account>,
        scripts: impl Iterator<Item = &'a Script>,
        given: &BTreeMap<String, String>,
        instant: NaiveDateTime,
    ) -> Result<Self, Failure> {
        let mut record = Self {
            hashes: scripts.map(|script| (script.name.clone(), script.hash())).collect(),
            parameters: (!given.is_empty()).then(|| serde_json::json!(given).to_string()),
            instant: instant.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            ..Self::default()
        };
        if let Some(ledger) = ledger {
            let key = account.map(|account| find::shown(&account.key));
            let results = ledger.latest_checks(session, key.as_deref())?;
            record.before.extend(results.into_iter().map(|result| (result.of.clone(), result)));
        }
        Ok(record)
    }

    fn of(&self, group: &Group, outcome: &Outcome) -> Option<CheckOf> {
        Some(CheckOf {
            name: outcome.name.clone(),
            script: self.hashes.get(&outcome.name)?.clone(),
            account: group.account.as_ref().map(|account| find::shown(&account.key)),
            site: group.site.as_ref().map(|site| find::shown(&site.key)),
            parameters: self.parameters.clone(),
        })
    }

    /// What came of it before.
    pub fn before(&self, group: &Group, outcome: &Outcome) -> Option<Before> {
        if matches!(outcome.status, Status::Error | Status::Skip) {
            return None;
        }
        let before = self.before.get(&self.of(group, outcome)?)?;
        Some(Before {
            at: before.checked_at.clone(),
            findings: before.findings,
            status: before.status.clone(),
            change: i64::try_from(outcome.findings).unwrap_or(i64::MAX) - before.findings,
        })
    }

    /// Takes the results of a group.
    pub fn take(&mut self, group: &Group) {
        for outcome in group.outcomes.iter().filter(|outcome| outcome.status != Status::Skip) {
            let Some(of) = self.of(group, outcome) else { continue };
            self.now.push(CheckResult {
                of,
                checked_at: self.instant.clone(),
                status: outcome.status.word().to_owned(),
                findings: i64::try_from(outcome.findings).unwrap_or(i64::MAX),
                total: outcome.total.and_then(|total| i64::try_from(total).ok()),
                took_ms: outcome.took.as_secs_f64() * 1000.0,
            });
        }
    }

    /// Keeps what was taken, over a connection that may write.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn keep(self, context: &mut Context, chosen: &Chosen) -> Result<(), Failure> {
        let mut reached = context.reach(chosen, Access::Write, "verify --record")?;
        consent::obtain(context, &reached, Deed::VerifyRecord, "")?;
        let ledger = noting::prepare(context, &mut reached)?;
        ledger.add_checks(&mut reached.session, &self.now, &context.actor())?;
        context.screen.facts.insert("recorded".to_owned(), self.now.len().into());
        context.screen.talk(&format!("{} kept", words::count(self.now.len(), "result")));
        Ok(())
    }
}

impl Before {
    /// `(+1 since 2026-11-20 14:05)`; nothing where both are clean.
    pub fn in_words(&self) -> String {
        let when = self.at.get(..16).unwrap_or(&self.at).replace('T', " ");
        match self.change {
            0 if self.findings == 0 => String::new(),
            0 => format!("(as on {when})"),
            change => format!("({change:+} since {when})"),
        }
    }
}
