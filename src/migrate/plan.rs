//! What would run. Pure: no database, no files.

use std::fmt;

use super::picture::{Picture, Problem, ProblemKind};
use super::replaced::Replacement;
use crate::domain::explain::{Class, Explain};
use crate::domain::version::Version;
use crate::project::config::Layout;
use crate::project::{Migration, Script};

/// Forward or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `up.sql`
    Up,
    /// `down.sql`
    Down,
}

impl Direction {
    /// The word in the ledger: `up` or `down`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// One migration in one direction.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The migration.
    pub migration: &'a Migration,
    /// The direction.
    pub direction: Direction,
    /// The script of that direction.
    pub script: &'a Script,
}

/// How far forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forward {
    /// Everything.
    Latest,
    /// Up to this version and with it, as it was typed.
    To(String),
    /// So many.
    Steps(usize),
}

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backward {
    /// So many, the highest version first.
    Steps(usize),
    /// Down to this version, which stays.
    To(String),
    /// Everything.
    All,
}

/// Plans the way forward.
///
/// # Errors
/// When something is wrong with the history (see [`ProblemKind`]), or the target is not known or lies behind.
pub fn plan_forward<'a>(picture: &Picture<'a>, target: &Forward, allow_out_of_order: bool) -> Result<Vec<Step<'a>>, PlanError> {
    let (target, steps) = match target {
        Forward::To(asked) => (Some(find(picture, asked)?), usize::MAX),
        Forward::Steps(steps) => (None, *steps),
        Forward::Latest => (None, usize::MAX),
    };
    let blocking: Vec<Problem> = picture
        .problems()
        .into_iter()
        // A file that stopped half-way is taken up again by this very command.
        .filter(|problem| problem.kind != ProblemKind::Unfinished)
        // A number that is used up cannot run late.
        .filter(|problem| !(allow_out_of_order && problem.kind == ProblemKind::OutOfOrder && problem.instead.is_none()))
        .filter(|problem| {
            problem.kind != ProblemKind::OutOfOrder || target.as_ref().is_none_or(|target| problem.version <= *target)
        })
        .collect();
    refuse_half_way(picture, Direction::Down)?;
    refuse_replacement(picture)?;
    if !blocking.is_empty() {
        return Err(PlanError::Blocked(blocking));
    }
    if let Some(target) = &target
        && let Some(latest) = picture.latest().filter(|latest| *latest > target)
        && picture.is_applied(target)
    {
        return Err(PlanError::Behind { target: target.clone(), latest: latest.clone() });
    }
    let mut pending = picture.pending();
    if let Some(target) = &target {
        pending.retain(|file| file.version <= *target);
    }
    pending.truncate(steps);
    Ok(pending.into_iter().map(|migration| Step { migration, direction: Direction::Up, script: &migration.up }).collect())
}

/// Plans the way back, the highest version first, as diesel reverts.
///
/// # Errors
/// When the target is not known or not applied, a file is gone, or a migration on the way has no way back.
pub fn plan_back<'a>(picture: &Picture<'a>, target: &Backward) -> Result<Vec<Step<'a>>, PlanError> {
    refuse_half_way(picture, Direction::Up)?;
    let applied = picture.applied.iter().rev().map(|row| &row.version);
    let going: Vec<&Version> = match target {
        Backward::All => applied.collect(),
        Backward::Steps(steps) => applied.take(*steps).collect(),
        Backward::To(asked) => {
            let target = find(picture, asked)?;
            if !picture.is_applied(&target) {
                return Err(PlanError::NotApplied(target));
            }
            applied.take_while(|version| **version > target).collect()
        }
    };
    let (mut steps, mut gone, mut irreversible) = (Vec::new(), Vec::new(), Vec::new());
    for version in going {
        match picture.file(version) {
            None => gone.push(version.clone()),
            Some(migration) => match &migration.down {
                None => irreversible.push(named(migration)),
                Some(script) => steps.push(Step { migration, direction: Direction::Down, script }),
            },
        }
    }
    if !gone.is_empty() {
        return Err(PlanError::Gone(gone));
    }
    if !irreversible.is_empty() {
        return Err(PlanError::Irreversible(irreversible));
    }
    Ok(steps)
}

/// A baseline never runs over what it replaces.
fn refuse_replacement(picture: &Picture<'_>) -> Result<(), PlanError> {
    match picture.replacement() {
        None => Ok(()),
        Some(Replacement::Due(baseline)) => Err(PlanError::BaselineDue(named(baseline))),
        Some(Replacement::Partly { baseline, missing }) => Err(PlanError::PartOfBaseline { baseline: named(baseline), missing }),
    }
}

/// What is half-way in the other direction stands on what would go from under it.
fn refuse_half_way(picture: &Picture<'_>, direction: Direction) -> Result<(), PlanError> {
    // Somebody is at it: it is looked at again under the lock.
    if picture.running.is_some() {
        return Ok(());
    }
    match picture.half_way().find(|(_, forward)| *forward == (direction == Direction::Up)) {
        None => Ok(()),
        Some((version, _)) => Err(PlanError::HalfWay { migration: Named::of(picture, version), direction }),
    }
}

/// The way forward over these versions, for `redo`.
pub(super) fn plan_again<'a>(picture: &Picture<'a>, versions: &[Version]) -> Vec<Step<'a>> {
    let files = picture.files.iter().filter(|file| versions.contains(&file.version));
    files.map(|migration| Step { migration, direction: Direction::Up, script: &migration.up }).collect()
}

/// The version that a person means: the version itself, with or without dashes, or the name of the folder.
///
/// # Errors
/// When there is none, in the files or the history.
pub fn find(picture: &Picture<'_>, asked: &str) -> Result<Version, PlanError> {
    let version = picture.asked(asked);
    if picture.file(&version).is_some() || picture.is_applied(&version) {
        return Ok(version);
    }
    if let Some((latest, wanted)) = picture.files.last().filter(|_| picture.is_numbered()).zip(version.number())
        && latest.version.number().is_some_and(|latest| wanted > latest)
    {
        return Err(PlanError::TooHigh { target: version, latest: latest.version.clone() });
    }
    let near = picture.files.iter().filter(|file| file.name == asked || file.version.as_str().starts_with(version.as_str()));
    Err(PlanError::Unknown { asked: asked.to_owned(), near: near.take(3).map(named).collect() })
}

pub(super) fn named(migration: &Migration) -> Named {
    Named { version: migration.version.clone(), name: migration.name.clone(), layout: migration.layout() }
}

/// A version with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The version.
    pub version: Version,
    /// The name.
    pub name: String,
    /// The layout of its file.
    pub layout: Layout,
}

impl Named {
    /// The version, with what files and log say of it.
    pub(super) fn of(picture: &Picture<'_>, version: &Version) -> Self {
        let layout = picture.file(version).map_or(Layout::Diesel, Migration::layout);
        Self { version: version.clone(), name: picture.name(version), layout }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.name)
    }
}

/// A plan that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The history and the files do not fit together.
    #[error("the history and the files do not fit together: {}", problem_count(.0.len()))]
    Blocked(Vec<Problem>),
    /// A file without a transaction stopped half-way in the other direction.
    #[error("{migration} stopped half-way; it runs without a transaction")]
    HalfWay {
        /// The migration.
        migration: Named,
        /// Where it was going.
        direction: Direction,
    },
    /// No such version.
    #[error("there is no migration `{asked}`")]
    Unknown {
        /// What was typed.
        asked: String,
        /// What it may have meant.
        near: Vec<Named>,
    },
    /// A number above that of the last file.
    #[error("target version {target} is higher than the latest version, {latest}")]
    TooHigh {
        /// What was asked for.
        target: Version,
        /// The last file's.
        latest: Version,
    },
    /// `migrate --to` a version that is behind.
    #[error("{target} lies behind: {latest} is applied already")]
    Behind {
        /// The target.
        target: Version,
        /// The highest applied version.
        latest: Version,
    },
    /// `rollback --to` a version that is not applied.
    #[error("{0} is not applied, so there is no way back to it")]
    NotApplied(Version),
    /// The files of the way back are gone.
    #[error("{} cannot be reverted: no file has {}", listed(.0), if .0.len() == 1 { "it" } else { "them" })]
    Gone(Vec<Version>),
    /// No way back.
    #[error("{} {} no way back", listed(.0), if .0.len() == 1 { "has" } else { "have" })]
    Irreversible(Vec<Named>),
    /// A baseline is to be recorded first.
    #[error("the database has run what {0} replaces, so it is compared and recorded, not run")]
    BaselineDue(Named),
    /// Only a part of what a baseline replaces has run.
    #[error("the database has run only a part of what {baseline} replaces")]
    PartOfBaseline {
        /// The baseline.
        baseline: Named,
        /// What has not run.
        missing: Vec<Named>,
    },
    /// The live schema is another one than a baseline makes.
    #[error("the database has run what {baseline} replaces, but is not what it makes: {}", difference_count(.lines.len()))]
    NotTheBaseline {
        /// The baseline.
        baseline: Named,
        /// The differences.
        lines: Vec<String>,
    },
}

fn difference_count(count: usize) -> String {
    if count == 1 { "1 difference".to_owned() } else { format!("{count} differences") }
}

/// What to write where there is no way back.
fn write_a_way_back(layout: Layout) -> &'static str {
    match layout {
        Layout::Diesel => "write its down.sql, or restore a backup",
        Layout::Refinery => "refinery's files have none: write it as a new migration, or restore a backup",
        Layout::Numbered => "write what belongs below its line `-- down`, or restore a backup",
    }
}

fn problem_count(count: usize) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}

fn listed<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Explain for PlanError {
    fn class(&self) -> Class {
        match self {
            Self::Blocked(_)
            | Self::HalfWay { .. }
            | Self::Gone(_)
            | Self::BaselineDue(_)
            | Self::PartOfBaseline { .. }
            | Self::NotTheBaseline { .. } => Class::Conflict,
            Self::Unknown { .. } | Self::TooHigh { .. } | Self::Behind { .. } | Self::NotApplied(_) | Self::Irreversible(_) => {
                Class::Usage
            }
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Blocked(problems) => match problems[..] {
                [Problem { kind: ProblemKind::Missing, .. }, ..] => {
                    "bring the files of that version back, or check that this is the right database: manage status".to_owned()
                }
                [Problem { kind: ProblemKind::Edited, .. }, ..] => {
                    "put the file back as it was, and write the change as a new migration: manage new migration NAME".to_owned()
                }
                [Problem { kind: ProblemKind::OutOfOrder, instead: Some(_), .. }, ..] => {
                    "give the new file the next free number, and the others the numbers that they ran under".to_owned()
                }
                [Problem { kind: ProblemKind::OutOfOrder, .. }, ..] => {
                    "give it a version after the last applied one, or run it late with --allow-out-of-order".to_owned()
                }
                _ => "manage status shows all of it".to_owned(),
            },
            Self::HalfWay { direction: Direction::Up, .. } => "bring it to its end first: manage migrate".to_owned(),
            Self::HalfWay { direction: Direction::Down, .. } => "bring it to its end first: manage rollback".to_owned(),
            Self::Unknown { near, .. } if near.is_empty() => "manage status lists all migrations".to_owned(),
            Self::Unknown { near, .. } => format!("did you mean {}?", listed(near)),
            Self::Behind { target, .. } => format!("to go back: manage rollback --to {target}"),
            Self::NotApplied(version) => format!("to go forward: manage migrate --to {version}"),
            Self::Gone(_) => "bring the files back from the version control of the project".to_owned(),
            Self::TooHigh { .. } => "manage status lists all migrations".to_owned(),
            Self::BaselineDue(_) => "manage migrate does it".to_owned(),
            Self::PartOfBaseline { .. } => {
                "check out the commit before the baseline and run manage migrate there; then come back and run it again"
                    .to_owned()
            }
            Self::NotTheBaseline { .. } => {
                "nothing was written; bring the live schema to what the old migrations make and migrate again, or start afresh: manage reset --plan"
                    .to_owned()
            }
            Self::Irreversible(all) => write_a_way_back(all.first().map_or(Layout::Diesel, |one| one.layout)).to_owned(),
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Blocked(problems) => problems.iter().map(|problem| format!("! {}", problem.message())).collect(),
            Self::PartOfBaseline { missing, .. } => missing.iter().map(|one| format!("not run: {one}")).collect(),
            Self::NotTheBaseline { lines, .. } => lines.clone(),
            Self::Behind { target, .. } => vec![format!("nothing is pending up to {target}, and migrate only goes forward")],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
