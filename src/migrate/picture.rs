//! What the files, the history and the log say, laid side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::history::{Applied, History};
use super::replaced;
use crate::backend::{Full, Holder, SqlError};
use crate::domain::checksum::Edit;
use crate::domain::version::Version;
use crate::ledger::{Ledger, LedgerError, Look, Recorded};
use crate::project::Migration;
use crate::project::config::Layout;

/// The whole picture. Making it writes nothing.
#[derive(Debug)]
pub struct Picture<'a> {
    /// The files, in order.
    pub files: &'a [Migration],
    /// The history, in order, without what a baseline replaces.
    pub applied: Vec<Applied>,
    /// What the history has of versions that a baseline replaces, in order.
    pub archived: Vec<Applied>,
    /// What the log remembers.
    pub recorded: HashMap<Version, Recorded>,
    /// Versions that are half-way, with `up` or `down`.
    pub unfinished: Vec<(Version, String)>,
    /// When something was last migrated, where the history keeps it.
    pub last_run: Option<String>,
    /// Who holds the lock, where something is half-way and it was looked from outside.
    pub running: Option<Holder>,
    /// Why the log could not be read, where it is there: then edits cannot be told.
    pub log_unreadable: Option<SqlError>,
    edits: HashMap<Version, Edit>,
    texts: HashMap<Version, String>,
}

/// The state of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In the history, with its file.
    Applied,
    /// In the history, but the file's statements are others now.
    Edited,
    /// In the history, and no file has it.
    Missing,
    /// Not in the history.
    Pending,
    /// Not in the history, though a later one is.
    OutOfOrder,
    /// Half-way: a file without a transaction that did not come to its end.
    Unfinished,
    /// Half-way, and somebody is at it.
    Running,
}

/// What is wrong with one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The version.
    pub version: Version,
    /// Its name, where a file or the log has it.
    pub name: String,
    /// The migration that ran under its number, where that was another one.
    pub instead: Option<String>,
}

/// The kinds of trouble. Each has its own message and its own way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// Applied, but no file has it.
    Missing,
    /// Applied, and its statements were edited afterwards.
    Edited,
    /// Pending, though a later one is applied.
    OutOfOrder,
    /// Half-way.
    Unfinished,
    /// Applied, but of an archived history: it is not in this one, and the baseline is not recorded yet.
    Archived,
    /// Of an archived history that the database has run only in part: this one is what it lacks.
    NotRunBeforeBaseline,
}

impl ProblemKind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Edited => "edited",
            Self::OutOfOrder => "out-of-order",
            Self::Unfinished => "unfinished",
            Self::Archived => "archived",
            Self::NotRunBeforeBaseline => "not-run-before-baseline",
        }
    }
}

impl Problem {
    /// The problem in words.
    pub fn message(&self) -> String {
        let Self { version, name, .. } = self;
        match self.kind {
            ProblemKind::Missing => format!("{version} is applied, but no file has it"),
            ProblemKind::Edited => format!("{version} {name} was edited after it was applied"),
            ProblemKind::OutOfOrder if self.instead.is_some() => {
                let instead = self.instead.as_deref().unwrap_or_default();
                format!("{version} {name} came late and would never run: {instead} was applied as {version}")
            }
            ProblemKind::OutOfOrder => format!("{version} {name} is pending, though a later one is applied"),
            ProblemKind::Unfinished => format!("{version} {name} stopped half-way; it runs without a transaction"),
            ProblemKind::Archived => format!("{version} {name} is not in this history: it is archived, a baseline stands for it"),
            ProblemKind::NotRunBeforeBaseline => {
                format!("{version} {name} has not run here, and is archived: the baseline stands for it")
            }
        }
    }
}

impl<'a> Picture<'a> {
    /// The picture of a database that is not there yet.
    pub fn unborn(files: &'a [Migration]) -> Self {
        Self {
            files,
            applied: Vec::new(),
            archived: Vec::new(),
            recorded: HashMap::new(),
            unfinished: Vec::new(),
            last_run: None,
            running: None,
            log_unreadable: None,
            edits: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// Gathers it.
    ///
    /// # Errors
    /// What the database refuses, and a ledger of a newer version.
    pub fn gather(session: &mut impl Full, files: &'a [Migration]) -> Result<Self, LedgerError> {
        let history = History::look(session, files).map_err(LedgerError::Sql)?;
        let applied = history.applied(session).map_err(LedgerError::Sql)?;
        let (archived, applied) = replaced::split(files, applied);
        let mut picture = Self {
            files,
            applied,
            archived,
            recorded: HashMap::new(),
            unfinished: Vec::new(),
            last_run: None,
            running: None,
            log_unreadable: None,
            edits: HashMap::new(),
            texts: HashMap::new(),
        };
        picture.last_run = history.last_run(session).map_err(LedgerError::Sql)?;
        let look = Ledger::look(session)?;
        match &look {
            Look::Absent => {}
            Look::Unreadable(error) => picture.log_unreadable = Some(error.clone()),
            Look::Present(ledger) => {
                let key = history.key();
                let read = ledger.recorded(session, &key).and_then(|recorded| Ok((recorded, ledger.unfinished(session, &key)?)));
                match read {
                    Ok((recorded, unfinished)) => {
                        picture.recorded = recorded;
                        let numbered = |(version, way): (Version, String)| (history.version(version.as_str()), way);
                        picture.unfinished = unfinished.into_iter().map(numbered).collect();
                    }
                    Err(error) if error.kind == crate::backend::SqlErrorKind::Permission => picture.log_unreadable = Some(error),
                    Err(error) => return Err(LedgerError::Sql(error)),
                }
            }
        }
        if let History::Numbered(_) = history {
            // One version stands for all of them; the log knows when each of them ran.
            for row in &mut picture.applied {
                row.run_on = picture.recorded.get(&row.version).map(|recorded| recorded.at.clone()).unwrap_or_default();
            }
        }
        for row in &picture.applied {
            let Some(file) = picture.file(&row.version) else { continue };
            let recorded = picture.recorded.get(&row.version);
            let edit = edit_of(file, recorded, history.differs(row, file));
            if edit == Edit::None {
                continue;
            }
            picture.edits.insert(row.version.clone(), edit);
            if let (Some(_), Look::Present(ledger)) = (recorded, &look)
                && let Some(text) = ledger.what_ran(session, &history.key(), &row.version).map_err(LedgerError::Sql)?
            {
                picture.texts.insert(row.version.clone(), text);
            }
        }
        Ok(picture)
    }

    /// Gathers it without holding the lock: what is half-way while somebody else holds it is being worked on.
    ///
    /// # Errors
    /// As [`Picture::gather`].
    pub fn gather_from_outside(session: &mut impl Full, files: &'a [Migration]) -> Result<Self, LedgerError> {
        let mut picture = Self::gather(session, files)?;
        if picture.half_way().next().is_none() {
            return Ok(picture);
        }
        let mut holder = session.lock_holder().map_err(LedgerError::Sql)?;
        if holder.is_none() {
            // It may have come to its end between the two looks.
            picture = Self::gather(session, files)?;
            holder = session.lock_holder().map_err(LedgerError::Sql)?;
        }
        picture.running = holder;
        Ok(picture)
    }

    /// What is being worked on, in words.
    pub fn being_run(&self) -> Vec<(&Version, String)> {
        let Some(holder) = &self.running else { return Vec::new() };
        let words = |(version, forward): (&'_ Version, bool)| {
            let way = if forward { "is running" } else { "is being reverted" };
            format!("{version} {} {way} now, without a transaction, by {}", self.name(version), holder.described())
        };
        self.half_way().map(|(version, forward)| (version, words((version, forward)))).collect()
    }

    /// The files that are not applied, in order.
    pub fn pending(&self) -> Vec<&'a Migration> {
        let applied: HashSet<&Version> = self.applied.iter().map(|row| &row.version).collect();
        self.files.iter().filter(|file| !applied.contains(&file.version)).collect()
    }

    /// The files of applied migrations that the log does not know: another tool ran them.
    pub fn unrecorded(&self) -> Vec<&'a Migration> {
        let unknown = self.applied.iter().filter(|row| !self.recorded.contains_key(&row.version));
        unknown.filter_map(|row| self.file(&row.version)).collect()
    }

    /// The highest applied version.
    pub fn latest(&self) -> Option<&Version> {
        self.applied.last().map(|row| &row.version)
    }

    /// The file of `version`.
    pub fn file(&self, version: &Version) -> Option<&'a Migration> {
        self.files.binary_search_by(|file| file.version.cmp(version)).ok().map(|at| &self.files[at])
    }

    /// Whether `version` is applied.
    pub fn is_applied(&self, version: &Version) -> bool {
        self.applied.binary_search_by(|row| row.version.cmp(version)).is_ok()
    }

    /// How the file of an applied version differs from what ran; `None` where the log does not know.
    pub fn edit(&self, version: &Version) -> Edit {
        self.edits.get(version).copied().unwrap_or(Edit::None)
    }

    /// Whether anything tells what ran as `version`: the log, or a checksum in the history.
    pub fn is_known(&self, version: &Version) -> bool {
        let kept = |row: &Applied| row.version == *version && row.checksum.is_some();
        self.recorded.contains_key(version) || self.applied.iter().any(kept)
    }

    /// The way forward of an edited migration as it ran; `None` where its file does not differ from it.
    pub fn what_ran(&self, version: &Version) -> Option<&str> {
        self.texts.get(version).map(String::as_str)
    }

    /// All versions of files and history with their states, in order.
    pub fn states(&self) -> BTreeMap<&Version, State> {
        let mut states = BTreeMap::new();
        for row in &self.applied {
            states.insert(&row.version, if self.file(&row.version).is_some() { State::Applied } else { State::Missing });
        }
        for file in self.files {
            match states.get_mut(&file.version) {
                Some(state) if self.ran_under_its_number(file).is_some() => *state = State::OutOfOrder,
                Some(state) if self.edit(&file.version) == Edit::Real => *state = State::Edited,
                Some(_) => {}
                None => {
                    let late = !file.may_run_late() && self.latest().is_some_and(|latest| file.version < *latest);
                    states.insert(&file.version, if late { State::OutOfOrder } else { State::Pending });
                }
            }
        }
        for (version, _) in self.half_way() {
            states.insert(version, if self.running.is_some() { State::Running } else { State::Unfinished });
        }
        states
    }

    /// The name of the other migration that ran under this one's number: in the numbered layout a file that came late
    /// pushes those behind it on, and would never run.
    fn ran_under_its_number(&self, file: &Migration) -> Option<&str> {
        let recorded = self.recorded.get(&file.version).filter(|recorded| recorded.name != file.name)?;
        let is_other = file.layout() == Layout::Numbered && self.edit(&file.version) == Edit::Real;
        is_other.then_some(recorded.name.as_str())
    }

    /// What is half-way, and whether it is on its way forward. Progress of a way that another tool has finished is
    /// out of date.
    pub fn half_way(&self) -> impl Iterator<Item = (&Version, bool)> {
        let ways = self.unfinished.iter().map(|(version, way)| (version, way == "up"));
        ways.filter(|(version, forward)| *forward != self.is_applied(version))
    }

    /// What is wrong, in order.
    pub fn problems(&self) -> Vec<Problem> {
        self.states()
            .into_iter()
            .filter_map(|(version, state)| {
                let kind = match state {
                    State::Applied | State::Pending | State::Running => return None,
                    State::Edited => ProblemKind::Edited,
                    State::Missing => ProblemKind::Missing,
                    State::OutOfOrder => ProblemKind::OutOfOrder,
                    State::Unfinished => ProblemKind::Unfinished,
                };
                let instead = self.file(version).and_then(|file| self.ran_under_its_number(file)).map(str::to_owned);
                Some(Problem { kind, version: version.clone(), name: self.name(version), instead })
            })
            .collect()
    }

    /// The name of `version`, from its file or from the log.
    pub fn name(&self, version: &Version) -> String {
        match (self.file(version), self.recorded.get(version)) {
            (Some(file), _) => file.name.clone(),
            (None, Some(recorded)) => recorded.name.clone(),
            (None, None) => {
                let row = self.applied.iter().chain(&self.archived).find(|row| row.version == *version);
                row.and_then(|row| row.name.clone()).or_else(|| replaced::name(self.files, version)).unwrap_or_default()
            }
        }
    }

    /// Whether the project's files are in the numbered layout.
    pub fn is_numbered(&self) -> bool {
        self.files.first().is_some_and(|file| file.layout() == Layout::Numbered)
    }

    /// The version that a person means by what was typed: the version itself, or the name of the folder or file.
    pub fn asked(&self, typed: &str) -> Version {
        let number = match self.files.first() {
            Some(file) if file.layout() == Layout::Numbered => Version::of_numbered_file(typed),
            Some(file) if file.version.number().is_none() => None,
            // Without files it is the history that tells.
            None if self.latest().and_then(Version::number).is_none() => None,
            _ => Version::of_refinery_file(typed),
        };
        number.unwrap_or_else(|| Version::of_directory(typed))
    }
}

/// How a file differs from what ran, by the log and by the history's own checksum.
fn edit_of(file: &Migration, recorded: Option<&Recorded>, differs: Option<bool>) -> Edit {
    let known = recorded.map(|recorded| recorded.checksum.edit(&file.up.text, file.up.engine));
    match (known, differs) {
        // The history's own checksum counts comments and line ends, too.
        (None | Some(Edit::None), Some(true)) => Edit::Real,
        (Some(edit), _) => edit,
        (None, _) => Edit::None,
    }
}
