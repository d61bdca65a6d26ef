//! Results as facts.

use serde_json::{Map, Value, json};

use super::groups::Group;
use super::record::{Before, Record};
use crate::cli::output::value::fact;
use crate::cli::output::words;
use crate::domain::explain::{Explain, Place};
use crate::project::Project;
use crate::verify::{CheckError, Finding, Outcome};
use std::path::Path;

/// The checks of a group, as JSON tells them.
pub fn checks(group: &Group, folder: &Path, record: &Record) -> Vec<Value> {
    group.outcomes.iter().map(|outcome| check(group, outcome, folder, record.before(group, outcome))).collect()
}

fn check(group: &Group, outcome: &Outcome, folder: &Path, before: Option<Before>) -> Value {
    json!({
        "name": outcome.name,
        "status": outcome.status.word(),
        "account": group.account.as_ref().map(|account| account.name.clone()),
        "site": group.site.as_ref().map(|site| site.name.clone()),
        "findings": outcome.findings,
        "sample": outcome.sample.iter().map(finding).collect::<Vec<_>>(),
        "total": outcome.total,
        "effects": outcome.effects.iter().map(|(name, count)| (name.clone(), json!(count))).collect::<Map<_, _>>(),
        "fix": outcome.fix,
        "duration_ms": words::milliseconds(outcome.took),
        "before": before.map(|before| json!({
            "checked_at": before.at, "status": before.status, "findings": before.findings, "change": before.change,
        })),
        "reason": outcome.reason,
        "error": outcome.error.as_ref().map(|error| error_fact(error, folder)),
    })
}

/// Why it could not tell.
pub fn error_fact(error: &CheckError, folder: &Path) -> Value {
    let place = error.place().map(|place| Place { file: Project::shown(&place.file, folder), ..place });
    json!({
        "message": error.to_string(),
        "cause": Explain::cause(error),
        "hint": error.hint(),
        "file": place.as_ref().map(|place| place.file.display().to_string()),
        "line": place.as_ref().and_then(|place| place.line),
        "column": place.as_ref().and_then(|place| place.column),
        "sqlstate": error.sqlstate(),
    })
}

/// A finding.
pub fn finding(finding: &Finding) -> Value {
    let object = |pairs: &[(String, crate::domain::value::Value)]| {
        pairs.iter().map(|(name, value)| (name.clone(), fact(value))).collect::<Map<_, _>>()
    };
    json!({
        "table": finding.table,
        "key": object(&finding.key),
        "account_id": finding.account.as_ref().map(fact),
        "site_id": finding.site.as_ref().map(fact),
        "what": finding.what,
        "expected": finding.expected,
        "facts": object(&finding.facts),
    })
}
