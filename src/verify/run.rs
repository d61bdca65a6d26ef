//! Runs checks, and says what came of each.

use std::time::{Duration, Instant};

use crate::backend::{Session, SqlError};
use crate::domain::value::Value;

use super::check::Check;
use super::error::CheckError;
use super::finding::Finding;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing is wrong, or not enough of it.
    Pass,
    /// Something is wrong, and the check only warns.
    Warn,
    /// Something is wrong.
    Fail,
    /// It could not tell.
    Error,
    /// It was not made.
    Skip,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The check's name.
    pub name: String,
    /// What came of it.
    pub status: Status,
    /// How many findings there are, all of them.
    pub findings: u64,
    /// The first of them.
    pub sample: Vec<Finding>,
    /// The rows of which a percentage was measured.
    pub total: Option<u64>,
    /// Named counts of what the findings have an effect on; none where there is no finding.
    pub effects: Vec<(String, i64)>,
    /// The scripts that mend it.
    pub fix: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// Why it could not tell.
    pub error: Option<CheckError>,
    /// Why it was not made.
    pub reason: Option<String>,
}

impl Outcome {
    fn new(name: &str, status: Status) -> Self {
        Self {
            name: name.to_owned(),
            status,
            findings: 0,
            sample: Vec::new(),
            total: None,
            effects: Vec::new(),
            fix: Vec::new(),
            took: Duration::ZERO,
            error: None,
            reason: None,
        }
    }

    /// A check that could not tell.
    pub fn error(name: &str, error: CheckError) -> Self {
        Self { error: Some(error), ..Self::new(name, Status::Error) }
    }

    /// A check that was not made.
    pub fn skip(name: &str, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::new(name, Status::Skip) }
    }
}

/// What one call gives every check.
#[derive(Debug, Clone)]
pub struct Given {
    /// The account's key, or NULL.
    pub account: Value,
    /// The site's key, or NULL.
    pub site: Value,
    /// The instant of the call.
    pub now: Value,
    /// How many findings are kept, where the script's head does not say it.
    pub limit: Option<u64>,
}

/// How many findings are kept where nobody says it.
pub(super) const LIMIT: u64 = 20;

/// Runs `checks` in the snapshot that is open, one after the other. `stop` is asked between them.
pub fn run(checks: &[Check<'_>], given: &Given, session: &mut Session, stop: &dyn Fn() -> bool) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(checks.len());
    for check in checks {
        if stop() {
            outcomes.push(Outcome::skip(&check.script.name, "stopped before it"));
        } else {
            outcomes.push(outcome_of(check, given, session));
        }
    }
    outcomes
}

/// Runs one check.
pub fn outcome_of(check: &Check<'_>, given: &Given, session: &mut Session) -> Outcome {
    let begun = Instant::now();
    let outcome = match findings(check, given, session) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::error(&check.script.name, error),
    };
    Outcome { took: begun.elapsed(), ..outcome }
}

fn findings(check: &Check<'_>, given: &Given, session: &mut Session) -> Result<Outcome, CheckError> {
    let head = &check.script.head;
    let limit = given.limit.or(head.limit).unwrap_or(LIMIT);
    let key = head.key_columns();
    let mut outcome = Outcome::new(&check.script.name, Status::Pass);
    let read = check.read(&check.main, given);
    session
        .read_rows(&read, &mut |row| {
            outcome.findings += 1;
            if outcome.findings <= limit {
                outcome.sample.push(Finding::read(&row, head.table.as_deref(), &key));
            }
            Ok(())
        })
        .map_err(|error| check.explain(&check.main, &error))?;
    if let Some(query) = &check.total {
        outcome.total = Some(u64::try_from(number(check, query, given, session)?).unwrap_or(0));
    }
    if outcome.findings > 0 {
        outcome.fix = head.fix.clone();
        for (name, query) in &check.effects {
            let count = number(check, query, given, session)?;
            outcome.effects.push((name.clone(), count));
        }
    }
    let passed = |threshold: crate::project::scripts::Threshold| threshold.is_passed(outcome.findings, outcome.total);
    outcome.status = match head.fails_with() {
        Some(limit) if passed(limit) => Status::Fail,
        _ if passed(head.warns_with()) => Status::Warn,
        _ => Status::Pass,
    };
    Ok(outcome)
}

/// The one number that a query gives. "Could not tell" is not 0.
fn number(check: &Check<'_>, query: &crate::tenancy::Confined, given: &Given, session: &mut Session) -> Result<i64, CheckError> {
    let mut first = None;
    let read = check.read(query, given);
    let wrong = |message: &str| SqlError::new(crate::backend::SqlErrorKind::Other, message);
    session
        .read_rows(&read, &mut |row| {
            first = first.or(row.integer(0)).or_else(|| row.text(0).and_then(|text| text.parse().ok()));
            Ok(())
        })
        .and_then(|()| first.ok_or_else(|| wrong("the query for a total or an effect gives no whole number")))
        .map_err(|error| check.explain(query, &error))
}
