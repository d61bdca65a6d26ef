//! What only a person can decide: that an edited file is right as it is, and what became of a statement.

use super::apply::Engine;
use super::error::MigrateError;
use super::history::History;
use super::picture::Picture;
use super::plan::{Direction, Named, find};
use crate::backend::{Full, SqlError};
use crate::domain::checksum::Edit;
use crate::domain::explain::{Class, Explain};
use crate::domain::version::Version;
use crate::ledger::{Action, Entry, File, Ledger, Progress, ProgressState};
use crate::project::Migration;

/// What a person has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The file is right as it is now.
    AcceptFile,
    /// The statement in which an earlier run was interrupted did its work.
    StatementDone,
    /// It did not, or may be run again.
    StatementNotDone,
}

impl Verdict {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::AcceptFile => "file-accepted",
            Self::StatementDone => "statement-done",
            Self::StatementNotDone => "statement-not-done",
        }
    }
}

/// What was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// The number of the statement, from 1, and the way, `up` or `down`; `None` for a file.
    pub statement: Option<(usize, &'static str)>,
}

/// What is known before anything is written.
struct Case<'a> {
    migration: &'a Migration,
    /// The statement that an earlier run has started, and its way.
    started: Option<(Progress, Direction)>,
}

impl<'e, S: Full> Engine<'e, S> {
    /// Looks whether `verdict` can be given on the migration that `asked` names. Writes nothing.
    ///
    /// # Errors
    /// When there is nothing to repair: the message says why.
    pub fn can_repair(&mut self, asked: &str, verdict: Verdict) -> Result<Repaired, MigrateError> {
        let case = self.case(asked, verdict)?;
        Ok(case.repaired())
    }

    /// Records the verdict of a person, under the lock.
    ///
    /// # Errors
    /// When there is nothing to repair, the lock is held, or the database refuses.
    pub fn repair(&mut self, asked: &str, verdict: Verdict, reason: &str) -> Result<Repaired, MigrateError> {
        self.under_lock(|engine| {
            let case = engine.case(asked, verdict)?;
            let ledger = Ledger::prepare(engine.session)?;
            engine.session.begin()?;
            if let Err(error) = engine.write(ledger, &case, verdict, reason).and_then(|()| engine.session.commit()) {
                // Where this fails too, the connection is lost, which the error says.
                let _ = engine.session.rollback();
                return Err(error.into());
            }
            Ok(case.repaired())
        })
    }

    fn case(&mut self, asked: &str, verdict: Verdict) -> Result<Case<'e>, MigrateError> {
        let files = self.files;
        let picture = Picture::gather(self.session, files)?;
        let version = find(&picture, asked)?;
        if let Some(error) = &picture.log_unreadable {
            return Err(RepairError::Unreadable(error.clone()).into());
        }
        let named = Named::of(&picture, &version);
        let half_way = picture.half_way().find(|(known, _)| **known == version).map(|(_, forward)| forward);
        let Some(migration) = picture.file(&version) else { return Err(RepairError::NoFile(named).into()) };
        if verdict != Verdict::AcceptFile {
            let Some(forward) = half_way else { return Err(RepairError::NotHalfWay(named).into()) };
            let direction = if forward { Direction::Up } else { Direction::Down };
            let started = match Ledger::look(self.session)? {
                crate::ledger::Look::Present(ledger) => {
                    let history = History::look(self.session, files)?.key();
                    let file = File { history: &history, version: &version, direction: direction.word() };
                    let progress = ledger.progress(self.session, file)?;
                    progress.into_iter().find(|progress| progress.state == ProgressState::Started)
                }
                _ => None,
            };
            let Some(started) = started else { return Err(RepairError::NothingStarted(named, direction).into()) };
            return Ok(Case { migration, started: Some((started, direction)) });
        }
        Err(match half_way {
            Some(true) => RepairError::HalfWay(named),
            _ if !picture.is_applied(&version) => RepairError::NotApplied(named),
            _ if !picture.is_known(&version) => RepairError::NotKnown(named),
            _ if picture.edit(&version) == Edit::None => RepairError::NotEdited(named),
            _ => return Ok(Case { migration, started: None }),
        }
        .into())
    }

    fn write(&mut self, ledger: Ledger, case: &Case<'_>, verdict: Verdict, reason: &str) -> Result<(), SqlError> {
        let kept = History::ensure(self.session, self.files)?;
        let history = kept.key();
        let migration = case.migration;
        let mut message = reason.to_owned();
        if let Some((started, direction)) = &case.started {
            let file = File { history: &history, version: &migration.version, direction: direction.word() };
            let number = started.statement;
            match verdict {
                Verdict::StatementNotDone => ledger.forget_statement(self.session, file, number)?,
                _ => ledger.note_progress(self.session, file, &Progress { state: ProgressState::Done, ..started.clone() })?,
            }
            message = format!("{} {} ({}): {reason}", verdict.word(), number + 1, direction.word());
        }
        let accepted = case.started.is_none();
        if accepted {
            kept.accept(self.session, migration)?;
        }
        let entry = Entry {
            history: &history,
            version: &migration.version,
            name: &migration.name,
            action: Action::Repaired,
            micros: 0,
            statements: 0,
            checksum: &migration.up.checksum(),
            up_text: accepted.then_some(migration.up.text.as_str()),
            down_text: migration.down.as_ref().filter(|_| accepted).map(|down| down.text.as_str()),
            message: Some(&message),
        };
        ledger.log(self.session, &entry, self.actor)
    }
}

impl Case<'_> {
    fn repaired(&self) -> Repaired {
        Repaired {
            version: self.migration.version.clone(),
            name: self.migration.name.clone(),
            statement: self.started.as_ref().map(|(started, direction)| (started.statement + 1, direction.word())),
        }
    }
}

/// There is nothing to repair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// Not in the history.
    #[error("{0} is not applied, so its file may be edited freely")]
    NotApplied(Named),
    /// The file is what ran.
    #[error("{0} was not edited: its file is what ran")]
    NotEdited(Named),
    /// Another tool ran it.
    #[error("{0} was applied by another tool; nothing is known of what ran, so no edit can be told")]
    NotKnown(Named),
    /// No file.
    #[error("{} is applied, but no file has it, so there is nothing to accept", .0.version)]
    NoFile(Named),
    /// Half-way forward.
    #[error("{0} is not applied yet: it stopped half-way")]
    HalfWay(Named),
    /// Not half-way.
    #[error("{0} is not half-way, so there is no statement to decide about")]
    NotHalfWay(Named),
    /// Half-way, and every statement is known.
    #[error("{0} is half-way, but of each of its statements it is known whether it finished")]
    NothingStarted(Named, Direction),
    /// The role may not read the log.
    #[error("the log cannot be read, so it cannot be told what there is to repair: {0}")]
    Unreadable(SqlError),
}

impl Explain for RepairError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable(_) => Class::CouldNotRun,
            Self::NoFile(_) => Class::Conflict,
            _ => Class::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotApplied(named) => format!("run it: manage migrate --to {}", named.version),
            Self::NoFile(_) => "bring the files of that version back from the version control of the project".to_owned(),
            Self::HalfWay(_) | Self::NothingStarted(_, Direction::Up) => "bring it to its end: manage migrate".to_owned(),
            Self::NothingStarted(_, Direction::Down) => "bring it to its end: manage rollback".to_owned(),
            Self::NotKnown(_) => "note its file as it is now: manage adopt".to_owned(),
            Self::NotEdited(_) | Self::NotHalfWay(_) => "manage status shows what is wrong, if anything".to_owned(),
            Self::Unreadable(_) => {
                "let the owner of the ledger do it, or GRANT USAGE ON SCHEMA manage, SELECT ON ALL TABLES IN SCHEMA manage"
                    .to_owned()
            }
        })
    }
}
