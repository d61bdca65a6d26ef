//! From files to findings.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::consent::Consents;
use super::finding::{Finding, Severity};
use super::new_things::NewThings;
use super::reading::{Raw, Reading, Way};
use super::rule::{Rule, rule};
use super::settings::Settings;
use super::{files, rebuild, statements};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::sql;
use crate::project::{Migration, Script};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The migrations, in order; those that count as applied are not among them.
    pub migrations: &'a [&'a Migration],
    /// Files that both databases run, where the project is on both; see [`shared_files`].
    pub shared: &'a HashSet<PathBuf>,
    /// What manage.toml says.
    pub settings: &'a Settings,
    /// The version of the PostgreSQL server, where one was reached: `15.18`.
    pub server: Option<&'a str>,
}

/// Looks at the migrations.
pub fn lint(input: &Input<'_>) -> Vec<Finding> {
    let mut new = NewThings::default();
    let mut findings = Vec::new();
    for migration in input.migrations {
        findings.extend(one_file(input, migration, Way::Up, &migration.up, &mut new));
        if let Some(down) = &migration.down {
            findings.extend(one_file(input, migration, Way::Down, down, &mut new.clone()));
        }
    }
    findings
}

/// The files that both databases run, if there are any that only one of them runs: `ours` and `others` are the
/// same folder, read for the one and for the other.
pub fn shared_files(ours: &[Migration], others: &[Migration]) -> HashSet<PathBuf> {
    let paths = |all: &[Migration]| -> HashSet<PathBuf> {
        all.iter()
            .flat_map(|migration| [Some(&migration.up), migration.down.as_ref()])
            .flatten()
            .map(|s| s.file.clone())
            .collect()
    };
    let (ours, others) = (paths(ours), paths(others));
    if ours == others { HashSet::new() } else { ours.intersection(&others).cloned().collect() }
}

fn one_file(input: &Input<'_>, migration: &Migration, way: Way, script: &Script, new: &mut NewThings) -> Vec<Finding> {
    let finish = |raw: &Raw| finding(input.settings, migration, script, raw);
    if script.text.is_empty() {
        return finish(&Raw::file("cannot-run", "the file is empty")).into_iter().collect();
    }
    if let Some(at) = sql::directive(&script.text, script.engine, "unedited") {
        return finish(&Raw::at("template", at, "this is still the template")).into_iter().collect();
    }
    let mut reading = match Reading::of(migration, way, script, new) {
        Ok(reading) => reading,
        Err(error) => return finish(&Raw::at("cannot-run", error.at(), error.to_string())).into_iter().collect(),
    };
    reading.shared = input.shared.contains(&script.file);
    let found = found(input, &reading);
    let mut consents = Consents::of(&reading);
    let mut kept: Vec<Raw> = Vec::new();
    for raw in found {
        // First the consent: where nobody uses the table yet, it is not needed, but not wrong either.
        let allowed = consents.cover(&reading, &raw);
        let spared = rule(raw.rule).is_some_and(|rule| rule.spares_new) && is_about_new(&reading, &raw);
        if !allowed && !spared {
            kept.push(raw);
        }
    }
    kept.extend(consents.findings(&reading));
    for (_, change) in reading.changes() {
        new.see(&change.what);
    }
    let mut findings: Vec<_> = kept.iter().filter_map(finish).collect();
    findings.sort_by_key(|finding| (finding.place.line, finding.place.column, finding.severity));
    findings
}

fn found(input: &Input<'_>, reading: &Reading<'_>) -> Vec<Raw> {
    let mut found = Vec::new();
    if reading.way == Way::Up {
        found.extend(files::no_way_back(reading.migration));
    }
    files::empty_way_back(reading, &mut found);
    statements::that_cannot_run_here(reading, &mut found);
    statements::destructive(reading, &mut found);
    statements::rename_in_use(reading, &mut found);
    statements::database_specific(reading, &mut found);
    files::mixed(reading, &mut found);
    files::if_exists(reading, &mut found);
    match reading.script.engine {
        Engine::Sqlite => {
            statements::add_column(reading, &mut found);
            rebuild::rebuild(reading, &mut found);
        }
        Engine::Postgres => {
            statements::enum_value_used(reading, &mut found);
            #[cfg(feature = "cli")]
            super::squawk::squawk(reading, input.settings, input.server, &mut found);
        }
    }
    #[cfg(not(feature = "cli"))]
    let _ = input.server;
    found
}

fn is_about_new(reading: &Reading<'_>, raw: &Raw) -> bool {
    raw.at.and_then(|at| reading.number(at)).is_some_and(|number| reading.read[number].new)
}

fn finding(settings: &Settings, migration: &Migration, script: &Script, raw: &Raw) -> Option<Finding> {
    let rule: &Rule = rule(raw.rule)?;
    let severity = settings.severity(rule)?;
    Some(Finding {
        rule: rule.name,
        severity: if raw.mild { Severity::Hint } else { severity },
        version: migration.version.clone(),
        place: place(script, raw.at),
        message: raw.message.clone(),
        help: raw.help.clone().unwrap_or_else(|| rule.instead.to_owned()),
    })
}

fn place(script: &Script, at: Option<usize>) -> Place {
    match at {
        Some(at) => script.place(at),
        None => Place::file(Path::new(&script.file)),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
