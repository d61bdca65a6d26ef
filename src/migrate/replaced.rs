//! What a baseline stands for, and what of it the history of a database has.

use super::history::Applied;
use super::picture::{Picture, Problem, ProblemKind};
use super::plan::Named;
use crate::domain::version::Version;
use crate::project::Migration;
use crate::project::migrations::baseline::Replaced;

/// Where a database stands whose history has versions that a baseline replaces, and which does not have the baseline.
#[derive(Debug, Clone)]
pub enum Replacement<'a> {
    /// It ran all of them: if its schema is what the baseline makes, the baseline is recorded.
    Due(&'a Migration),
    /// It ran only a part of them.
    Partly {
        /// The baseline.
        baseline: &'a Migration,
        /// What it did not run.
        missing: Vec<Named>,
    },
}

impl<'a> Picture<'a> {
    /// Whether a baseline is still to take the place of what the history has; `None` where nothing is to be done.
    pub fn replacement(&self) -> Option<Replacement<'a>> {
        if self.archived.is_empty() {
            return None;
        }
        let (baseline, replaced) = baselines(self.files).find(|(baseline, _)| !self.is_applied(&baseline.version))?;
        let has = |one: &Replaced| self.archived.iter().any(|row| row.version == one.version);
        let missing = replaced.iter().filter(|one| !one.before && !has(one));
        let missing: Vec<Named> = missing
            .map(|one| Named { version: one.version.clone(), name: one.name.clone(), layout: baseline.layout() })
            .collect();
        Some(if missing.is_empty() { Replacement::Due(baseline) } else { Replacement::Partly { baseline, missing } })
    }

    /// What stands between the history and the baseline, in order: nothing once the baseline is recorded.
    pub fn archive_problems(&self) -> Vec<Problem> {
        let Some(replacement) = self.replacement() else { return Vec::new() };
        let of = |kind, version: &Version, name: String| Problem { kind, version: version.clone(), name, instead: None };
        let archived = self.archived.iter().map(|row| of(ProblemKind::Archived, &row.version, self.name(&row.version)));
        let mut problems: Vec<Problem> = archived.collect();
        if let Replacement::Partly { missing, .. } = replacement {
            let lacking = missing.iter().map(|one| of(ProblemKind::NotRunBeforeBaseline, &one.version, one.name.clone()));
            problems.extend(lacking);
        }
        problems
    }

    /// The same picture, once the baseline is recorded: for a plan that is only shown.
    #[must_use]
    pub fn replaced(mut self) -> Self {
        if let Some(Replacement::Due(baseline)) = self.replacement() {
            let row = Applied { version: baseline.version.clone(), run_on: String::new(), name: None, checksum: None };
            self.applied.push(row);
            self.applied.sort_by(|a, b| a.version.cmp(&b.version));
        }
        self
    }
}

/// What a history has of replaced versions, and the rest of it.
pub(super) fn split(files: &[Migration], applied: Vec<Applied>) -> (Vec<Applied>, Vec<Applied>) {
    let over: Vec<Version> = baselines(files).flat_map(|(_, replaced)| replaced).map(|one| one.version).collect();
    if over.is_empty() {
        return (Vec::new(), applied);
    }
    let is_file = |version: &Version| files.iter().any(|file| file.version == *version);
    applied.into_iter().partition(|row| over.contains(&row.version) && !is_file(&row.version))
}

/// The name of a replaced version.
pub(super) fn name(files: &[Migration], version: &Version) -> Option<String> {
    baselines(files).flat_map(|(_, replaced)| replaced).find(|one| one.version == *version).map(|one| one.name)
}

fn baselines(files: &[Migration]) -> impl Iterator<Item = (&Migration, Vec<Replaced>)> {
    files.iter().map(|file| (file, file.replaces())).filter(|(_, replaced)| !replaced.is_empty())
}
