//! `manage doctor`

mod scripts;

use serde_json::json;

use super::context::{Chosen, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use crate::backend::{Access, Full, LeftOverKind, Location, Session};
use crate::domain::explain::Place;
use crate::guards::Standing;
use crate::ledger::{Ledger, Look};
use crate::migrate::{Picture, Replacement, Step, prepare};
use crate::project::{Migration, Project, backup_file};

/// Look at project and database, and say what is wrong with them
///
/// Writes nothing. Exits with 1 when something is wrong that will stop a migration.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage doctor
  manage doctor --env production --json | jq '.checks[] | select(.status != \"ok\")'")]
pub struct Args {}

/// What one look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Warn,
    Bad,
}

struct Doctor<'a> {
    context: &'a mut Context,
    findings: Vec<serde_json::Value>,
    worst: Verdict,
}

/// Runs the command.
///
/// # Errors
/// When there is no project.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut doctor = Doctor { context, findings: Vec::new(), worst: Verdict::Good };
    doctor.project(&chosen);
    let files = doctor.migrations(&chosen);
    doctor.database(&chosen, files.as_deref());
    let (findings, worst) = (std::mem::take(&mut doctor.findings), doctor.worst);
    context.screen.facts.insert("checks".to_owned(), findings.into());
    Ok(if worst == Verdict::Bad { Exit::Check } else { Exit::Ok })
}

impl Doctor<'_> {
    fn say(&mut self, verdict: Verdict, what: &str, text: &str) {
        let (mark, style, word) = match verdict {
            Verdict::Good => ("✓", Style::Good, "ok"),
            Verdict::Warn => ("!", Style::Warn, "warn"),
            Verdict::Bad => ("✗", Style::Bad, "fail"),
        };
        let mark = self.context.screen.paint.on(style, mark);
        self.context.screen.line(&format!("  {mark} {what:<12} {text}"));
        self.findings.push(json!({ "name": what, "status": word, "message": text }));
        if verdict == Verdict::Bad || (verdict == Verdict::Warn && self.worst == Verdict::Good) {
            self.worst = verdict;
        }
    }

    fn fail(&mut self, what: &str, failure: &Failure) {
        let hint = failure.0.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        let cause =
            crate::domain::explain::Explain::cause(failure.0.as_ref()).map(|cause| format!(": {cause}")).unwrap_or_default();
        let place = self.place(failure);
        let text = crate::domain::secret::redact(&format!("{place}{}{cause}{hint}", failure.0));
        self.say(Verdict::Bad, what, &text);
    }

    /// Where it is, as the person would type it.
    fn place(&self, failure: &Failure) -> String {
        let shown = |place: Place| Place { file: Project::shown(&place.file, &self.context.folder), ..place };
        failure.0.place().map(|place| format!("{}: ", shown(place))).unwrap_or_default()
    }

    fn project(&mut self, chosen: &Chosen) {
        let text = format!("{}", chosen.project.folder.display());
        self.say(Verdict::Good, "project", &text);
    }

    fn migrations(&mut self, chosen: &Chosen) -> Option<Vec<Migration>> {
        let files = match self.context.migrations(chosen) {
            Ok(files) => files,
            Err(failure) => {
                self.fail("migrations", &failure);
                return None;
            }
        };
        let broken: Vec<Failure> =
            files.iter().flat_map(ways).filter_map(|step| prepare(step).err().map(Failure::from)).collect();
        for failure in &broken {
            let text = format!("{}{}", self.place(failure), failure.0);
            self.say(Verdict::Bad, "migrations", &text);
        }
        let irreversible = files.iter().filter(|file| file.down.is_none()).count();
        let text = format!("{}, {irreversible} without a way back", words::count(files.len(), "migration"));
        if broken.is_empty() {
            self.say(Verdict::Good, "migrations", &text);
        }
        Some(files)
    }

    fn database(&mut self, chosen: &Chosen, files: Option<&[Migration]>) {
        let reached = match self.context.reach_if_made(chosen, Access::Read, "doctor") {
            Ok(Some(reached)) => reached,
            Ok(None) => {
                return self.say(Verdict::Warn, "database", &format!("{} is not made yet: manage migrate makes it", chosen.url));
            }
            Err(failure) => return self.fail("database", &failure),
        };
        self.say(Verdict::Good, "database", &reached.title());
        let verdict = if reached.standing == Standing::Unknown { Verdict::Warn } else { Verdict::Good };
        let hint = if reached.standing == Standing::Unknown { "; say what it is: manage marker set NAME" } else { "" };
        self.say(verdict, "guards", &format!("{}: {}{hint}", reached.standing.word(), reached.why));
        if let (Some(false), Location::Server { .. }) = (reached.identity.tls, &reached.identity.location) {
            let verdict = if reached.identity.location.is_local() { Verdict::Good } else { Verdict::Warn };
            self.say(verdict, "tls", "the connection is not encrypted; ask for it with sslmode=verify-full");
        }
        let mut session = reached.session;
        if let Err(failure) = self.ledger(&mut session) {
            self.fail("ledger", &failure);
        }
        match session.lock_holder() {
            Ok(None) => self.say(Verdict::Good, "lock", "free"),
            Ok(Some(holder)) => self.say(Verdict::Warn, "lock", &format!("held by {}", holder.described())),
            Err(error) => self.fail("lock", &error.into()),
        }
        match session.health() {
            Ok(troubles) if troubles.is_empty() => {
                self.say(Verdict::Good, "health", "no damage, no INVALID index, no violated foreign key")
            }
            Ok(troubles) => troubles.iter().for_each(|trouble| self.say(Verdict::Bad, "health", trouble)),
            Err(error) => self.fail("health", &error.into()),
        }
        if let Err(failure) = self.left_overs(chosen, &mut session) {
            self.fail("restores", &failure);
        }
        if let Some(files) = files
            && let Err(failure) = self.history(&mut session, files)
        {
            self.fail("history", &failure);
        }
        self.accounts_and_scripts(chosen, &mut session);
    }

    /// The last restore, and what restores and backups that were broken off have left.
    fn left_overs(&mut self, chosen: &Chosen, session: &mut Session) -> Result<(), Failure> {
        let (restores, resets) = match Ledger::look(session)? {
            Look::Present(ledger) => (ledger.restores(session)?, ledger.resets(session)?),
            Look::Absent | Look::Unreadable(_) => (Vec::new(), Vec::new()),
        };
        if let Some(last) = restores.first()
            && resets.first().is_none_or(|reset| reset.run < last.run)
        {
            let backup = super::context::shown(std::path::Path::new(&last.backup), &self.context.folder);
            let back = last.before.as_ref().map(|before| super::backup::way_back(self.context, std::path::Path::new(before)));
            let back = back.map(|back| format!("; way back: {back}")).unwrap_or_default();
            let text = format!("the content is that of {backup}, restored at {}{back}", last.restored_at);
            self.say(Verdict::Good, "restores", &text);
        }
        if let Some(last) = resets.first()
            && restores.first().is_none_or(|restore| restore.run < last.run)
        {
            let way_back = |before: &String| super::backup::way_back(self.context, std::path::Path::new(before));
            let back = last.before.as_ref().map(way_back).map(|back| format!("; way back: {back}")).unwrap_or_default();
            let made = words::count(last.migrations.len(), "migration");
            let text = format!("the content is from the reset at {}, made by {made}{back}", last.reset_at);
            self.say(Verdict::Good, "resets", &text);
        }
        let is_done =
            |run: &String| restores.iter().any(|restore| restore.run == *run) || resets.iter().any(|reset| reset.run == *run);
        for left in session.left_overs()? {
            let done = left.run.as_ref().is_some_and(is_done);
            let (name, remove) = (&left.name, &left.remove);
            let text = match left.kind {
                LeftOverKind::Before => {
                    let text = format!("the content of before a restore is kept in {name}; when you need it no more: {remove}");
                    self.say(Verdict::Good, "restores", &text);
                    continue;
                }
                _ if left.in_use => continue,
                LeftOverKind::Restore if done => {
                    format!(
                        "a restore or reset was broken off at its end: the new content is in place, whole; remove what it left: {remove}"
                    )
                }
                LeftOverKind::Restore => format!(
                    "a restore or reset was broken off: the old content is in place, whole; remove what it left, then begin again: {remove}"
                ),
                LeftOverKind::Scratch => format!("a scratch database was left behind by a run that was broken off: {remove}"),
            };
            self.say(Verdict::Warn, "restores", &text);
        }
        let folder = chosen.project.folder.join(&chosen.project.config.backup.dir);
        for path in backup_file::left_overs(&folder) {
            let path = super::context::shown(&path, &self.context.folder);
            let text = format!("left behind by a backup that was broken off, or is being made; not a backup: rm -r '{path}'");
            self.say(Verdict::Warn, "backups", &text);
        }
        Ok(())
    }

    fn ledger(&mut self, session: &mut impl Full) -> Result<(), Failure> {
        match Ledger::look(session)? {
            Look::Present(_) => self.say(Verdict::Good, "ledger", "there and up to date"),
            Look::Absent => {
                self.say(Verdict::Good, "ledger", "not made yet, or older: the next writing command brings it up to date")
            }
            Look::Unreadable(error) => self.say(Verdict::Warn, "ledger", &format!("this role may not read it: {error}")),
        }
        Ok(())
    }

    fn history(&mut self, session: &mut impl Full, files: &[Migration]) -> Result<(), Failure> {
        let picture = Picture::gather_from_outside(session, files)?;
        for (_, text) in picture.being_run() {
            self.say(Verdict::Warn, "history", &text);
        }
        let problems = picture.problems();
        if let Some(replacement) = picture.replacement() {
            let (verdict, text) = match replacement {
                Replacement::Due(baseline) => {
                    (Verdict::Warn, format!("archived migrations are recorded: manage migrate compares, and records {baseline}"))
                }
                Replacement::Partly { baseline, missing } => {
                    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                    (Verdict::Bad, format!("only a part of what {baseline} replaces has run; not run: {}", missing.join(", ")))
                }
            };
            self.say(verdict, "history", &text);
        }
        for problem in &problems {
            self.say(Verdict::Bad, "history", &problem.message());
        }
        if problems.is_empty() {
            self.say(Verdict::Good, "history", &super::running::counts(&picture));
        }
        Ok(())
    }
}

/// Both directions of a migration.
fn ways(migration: &Migration) -> Vec<Step<'_>> {
    use crate::migrate::Direction::{Down, Up};
    let up = Step { migration, direction: Up, script: &migration.up };
    let down = migration.down.as_ref().map(|script| Step { migration, direction: Down, script });
    std::iter::once(up).chain(down).collect()
}
