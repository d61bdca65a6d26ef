//! Running probes.

use super::file::{Expected, Part, Probe, Probes};
use super::matching::{Fit, fit};
use crate::backend::{Full, SqlError};
use crate::domain::explain::Place;
use crate::domain::schema::Schema;

/// What came of a probe.
#[derive(Debug, Clone)]
pub struct Probed {
    /// What it is about.
    pub title: String,
    /// Where it stands.
    pub place: Place,
    /// What was to come of it.
    pub expected: Expected,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// What was to come.
    Met,
    /// It failed on a constraint of the kind; the database does not say on which.
    MetByKind,
    /// It passed, and was to fail.
    Passed,
    /// It failed, and was to pass.
    Failed(Box<SqlError>),
    /// It failed on something else.
    FailedElsewhere {
        /// On what, where the database has a name for it.
        on: Option<String>,
        /// What the database said.
        error: Box<SqlError>,
    },
    /// A statement before the one that counts failed.
    Broken(Box<SqlError>),
}

impl Verdict {
    /// Whether it is as it should be.
    pub fn is_met(&self) -> bool {
        matches!(self, Self::Met | Self::MetByKind)
    }

    /// The word in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Met | Self::MetByKind => "met",
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::FailedElsewhere { .. } => "failed-elsewhere",
            Self::Broken(_) => "broken",
        }
    }
}

/// Runs the probes of a file, each in a transaction that is rolled back.
///
/// # Errors
/// When a transaction cannot be opened or rolled back: what a probe is refused is its result.
pub fn run(session: &mut impl Full, schema: &Schema, probes: &Probes) -> Result<Vec<Probed>, SqlError> {
    probes.probes.iter().map(|probe| one(session, schema, &probes.before, probe)).collect()
}

fn one(session: &mut impl Full, schema: &Schema, before: &[Part], probe: &Probe) -> Result<Probed, SqlError> {
    session.begin()?;
    let verdict = verdict(session, schema, before, probe);
    // A trigger's RAISE(ROLLBACK) may have ended it already, which is fine.
    session.rollback()?;
    session.restore_settings()?;
    let _ = session.take_notices();
    Ok(Probed { title: probe.title.clone(), place: probe.place.clone(), expected: probe.expected.clone(), verdict: verdict? })
}

fn verdict(session: &mut impl Full, schema: &Schema, before: &[Part], probe: &Probe) -> Result<Verdict, SqlError> {
    let Some((last, first)) = probe.statements.split_last() else { return Ok(Verdict::Met) };
    for part in before.iter().chain(first) {
        if let Err(error) = session.execute(&part.sql) {
            return Ok(Verdict::Broken(Box::new(error)));
        }
    }
    let ran = session.execute(&last.sql).and_then(|()| session.check_deferred());
    Ok(match (&probe.expected, ran) {
        (Expected::Passes, Ok(())) => Verdict::Met,
        (Expected::Passes, Err(error)) => Verdict::Failed(Box::new(error)),
        (Expected::FailsOn(_), Ok(())) => Verdict::Passed,
        (Expected::FailsOn(wanted), Err(error)) => match best(&error, wanted, schema) {
            Fit::Same => Verdict::Met,
            Fit::Kind => Verdict::MetByKind,
            Fit::Other(on) => Verdict::FailedElsewhere { on, error: Box::new(error) },
        },
    })
}

/// Where a row violates two constraints, each database names the one that it looks at first: `a or b` takes both.
fn best(error: &SqlError, wanted: &str, schema: &Schema) -> Fit {
    let fits: Vec<Fit> = wanted.split(" or ").map(|name| fit(error, name.trim(), schema)).collect();
    let other = fits.last().cloned().unwrap_or(Fit::Other(None));
    let of = |wanted: &Fit| fits.iter().any(|fit| fit == wanted);
    if of(&Fit::Same) {
        Fit::Same
    } else if of(&Fit::Kind) {
        Fit::Kind
    } else {
        other
    }
}
