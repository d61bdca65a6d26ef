//! What up, down and up again leave behind.

use super::consent::agrees;
use super::difference::difference;
use super::finding::{Finding, Severity};
use super::rule::rule;
use super::settings::Settings;
use crate::domain::explain::Place;
use crate::project::{Migration, Script};

/// The catalogues of one migration's trip: before it, after up, after down, after up again.
#[derive(Debug, Clone, Copy)]
pub struct Catalogues<'a> {
    /// Before.
    pub before: &'a [String],
    /// After up.
    pub up: &'a [String],
    /// After down.
    pub down: &'a [String],
    /// After the second up.
    pub again: &'a [String],
}

/// What the trip tells: down brings back what was there, and the second up makes what the first one made.
pub fn judge_trip(settings: &Settings, migration: &Migration, seen: &Catalogues<'_>) -> Vec<Finding> {
    let back = migration.down.as_ref().unwrap_or(&migration.up);
    let mut findings = Vec::new();
    for (script, then, now, what) in [
        (back, seen.before, seen.down, "does not bring back what was there before the way forward"),
        (&migration.up, seen.up, seen.again, "makes something else when it runs again after the way back"),
    ] {
        let found = difference(then, now);
        let name = script.file_name();
        if found.is_real() {
            findings.extend(finding(settings, migration, script, None, format!("{name} {what}: {}", found.words())));
        }
        // The second up repeats the order that down left.
        if std::ptr::eq(script, back) && !found.reordered.is_empty() {
            let message = format!("{name} brings the columns back in another order: {}", found.reordered.join("; "));
            let hint = finding(settings, migration, script, None, message);
            findings.extend(hint.map(|hint| Finding { severity: Severity::Hint, ..hint }));
        }
    }
    findings
}

/// A trip that broke off in `script`, at `place` where that is known.
pub fn broken_trip(
    settings: &Settings,
    migration: &Migration,
    script: &Script,
    place: Option<Place>,
    message: String,
) -> Option<Finding> {
    finding(settings, migration, script, place, message)
}

fn finding(
    settings: &Settings,
    migration: &Migration,
    script: &Script,
    place: Option<Place>,
    message: String,
) -> Option<Finding> {
    let rule = rule("roundtrip")?;
    let severity = settings.severity(rule)?;
    let place = place.unwrap_or_else(|| Place::file(&script.file));
    (!agrees(script, rule.name)).then(|| Finding {
        rule: rule.name,
        severity,
        version: migration.version.clone(),
        place,
        message,
        help: rule.instead.to_owned(),
    })
}
