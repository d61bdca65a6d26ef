//! The common part of `all`, `table` and `dry-run`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::progress::Progress as Line;
use super::sides::Sides;
use super::{Between, Readers, lock, show};
use crate::backend::{Access, Full, Identity, Session, Spool};
use crate::cli::consent;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::cli::signals::Interrupts;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::explain::Class;
use crate::domain::transfer::{Instant as Moment2000, Moment};
use crate::guards::Deed;
use crate::ledger::{Ledger, NewRun};
use crate::project::mapping::Mapping;
use crate::transfer::history;
use crate::transfer::{Past, Plan, Progress, Report, Transfer, TransferError, Wanted};

/// Options of commands that move rows.
#[derive(Debug, Clone, clap::Args)]
pub struct Manner {
    #[command(flatten)]
    pub between: Between,

    #[command(flatten)]
    pub readers: Readers,

    /// The run's moment, by which ages are told and that `now` means in the mapping [default: this moment]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub now: Option<DateTime<Utc>>,

    /// Write every row that was rejected, skipped or warned about to a file: .csv or .json
    #[arg(long, value_name = "FILE")]
    pub left: Option<PathBuf>,
}

/// Options of commands that write.
#[derive(Debug, Clone, clap::Args)]
pub struct Writing {
    #[command(flatten)]
    pub manner: Manner,

    /// Everything on a copy, as `dry-run`
    #[arg(long)]
    pub dry_run: bool,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// How long to wait for another run: 30s, 5m; 0 does not wait
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::parse_duration)]
    pub lock_timeout: Duration,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let read = crate::domain::transfer::parse_time(text.as_bytes(), 0).map_err(|why| format!("`{text}` {why}"))?.0;
    let micros = read.0 + 946_684_800_000_000;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| format!("`{text}` lies too far away"))
}

/// The run's moment.
pub fn clock(given: Option<DateTime<Utc>>) -> Result<(Moment, String), Failure> {
    let at = given.unwrap_or_else(Utc::now);
    let instant = Moment2000::from_unix_micros(at.timestamp_micros())
        .ok_or_else(|| Failure::new(Class::Usage, "the moment lies outside of the years 1 to 9999", "correct --now"))?;
    Ok((Moment::new(instant), at.to_rfc3339_opts(SecondsFormat::Millis, true)))
}

/// Where a transfer is rehearsed: on a copy of the target, or in it, in a transaction that is taken back. There it keeps
/// others from the rehearsal's rows, so that it waits for the lock.
pub(super) struct Stage<'a> {
    copy: Option<Session>,
    real: &'a mut Session,
}

impl<'a> Stage<'a> {
    /// # Errors
    /// When no copy can be made, or another run holds the lock.
    pub(super) fn of(real: &'a mut Session, what: &str) -> Result<Self, Failure> {
        let copy = real.scratch_copy()?;
        if copy.is_none() {
            lock::take(real, what, Duration::from_secs(30))?;
        }
        Ok(Self { copy, real })
    }

    pub(super) fn session(&mut self) -> &mut Session {
        self.copy.as_mut().unwrap_or(self.real)
    }

    /// In words, where it was.
    fn words(&self) -> &'static str {
        if self.copy.is_some() { "on a copy" } else { "in a transaction that was taken back" }
    }
}

/// Moves rows on a copy of the target, which is thrown away; on a server in a transaction that is taken back.
///
/// # Errors
/// As [`write()`].
pub fn rehearse(context: &mut Context, manner: &Manner, only: Option<&str>) -> Result<Exit, Failure> {
    let mut sides = Sides::open(context, &manner.between, Access::Read, "transfer dry-run")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let plan = sides.plan()?;
    known(&plan, only)?;
    show::problems(context, &plan.warnings);
    let (now, _) = clock(manner.now)?;
    let begun = Instant::now();
    let what = context.what("transfer dry-run");
    let mut stage = Stage::of(&mut sides.target.session, &what)?;
    let canceller = stage.session().canceller();
    let interrupts = Interrupts::listen(move || canceller.cancel());
    let stop = || interrupts.asked();
    let mut line = Line::of(context);
    let mut no_note = |_: &mut Session, _: &Report| Ok(String::new());
    let mut transfer = Transfer {
        plan: &plan,
        mapping: &sides.mapping,
        now: &now,
        wanted: Wanted { only, dry: true },
        run: None,
        observer: &mut line,
        stop: &stop,
        note: &mut no_note,
        report: Report::default(),
        spool: Spool::new()?,
    };
    let more = sides.source.readers(context, &manner.readers, "transfer dry-run")?;
    let mut carrier = stage.session().carrier(&sides.source.url, &mut sides.source.session)?;
    carrier.read_with(more);
    let result = transfer.run(carrier.as_mut());
    let (report, spool) = (transfer.report, transfer.spool);
    drop(carrier);
    let place = stage.words();
    line.end();
    context.interrupted |= interrupts.twice();
    context.screen.facts.insert("status".to_owned(), "rehearsed".into());
    told(context, &plan, &report, &spool, manner)?;
    context.screen.facts.insert("rows".to_owned(), report.written().into());
    match result {
        Ok(()) => {}
        Err(TransferError::Rejected { rows }) => {
            return Err(Failure::new(
                Class::Check,
                format!("{rows} rejected: `transfer all` would write nothing"),
                "correct them in the source, give the mapping a rule, or say on_error = \"reject\"; --left FILE lists all of them",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let rejected = report.rejected();
    context.screen.line(&format!(
        "{} would be written, {} rejected; validated {place} in {}, the target is as it was · do it: manage transfer all",
        count_rows(report.written()),
        show::number(rejected),
        words::duration(begun.elapsed())
    ));
    if rejected > 0 {
        context.screen.warn(&format!("{} rejected; --left FILE lists all of them", count_rows(rejected)));
        return Ok(Exit::Check);
    }
    Ok(Exit::Ok)
}

/// Which tables, and how.
#[derive(Default)]
pub struct Way<'a> {
    /// Only this table.
    pub only: Option<&'a str>,
    /// In parts of so many rows, each in a transaction of its own.
    pub parts: Option<u64>,
    /// A run that broke off is taken up again.
    pub resumes: bool,
}

/// A run that broke off, which `sides` take up again.
fn broken_off(sides: &mut Sides, ledger: Ledger, way: &Way<'_>) -> Result<Option<(Past, Progress)>, Failure> {
    let found = Past::paused(ledger, &mut sides.target.session)?;
    let Some(past) = found else {
        if way.resumes {
            let message = "no transfer waits to be taken up again";
            return Err(Failure::new(Class::Usage, message, "see them with `manage transfer status`"));
        }
        return Ok(None);
    };
    let id = past.run.id;
    if !way.resumes {
        return Err(Failure::new(
            Class::Conflict,
            format!("run {id} broke off, and its parts are there"),
            format!("go on with it: manage transfer resume; or take it back: manage transfer rollback {id}"),
        ));
    }
    let back = || format!("take run {id} back, and begin anew: manage transfer rollback {id}");
    if past.differs(&sides.mapping.hash()) {
        return Err(Failure::new(Class::Conflict, format!("the mapping was changed since run {id} broke off"), back()));
    }
    if past.binding != binding(&sides.source.identity) {
        return Err(Failure::new(Class::Conflict, format!("the source is another database than that of run {id}"), back()));
    }
    let progress = past.run.checkpoint.as_deref().and_then(Progress::read);
    let progress =
        progress.ok_or_else(|| Failure::new(Class::CouldNotRun, format!("how far run {id} has come cannot be read"), back()))?;
    Ok(Some((past, progress)))
}

/// What tells a database from others.
fn binding(identity: &Identity) -> Option<String> {
    let parts: Vec<_> = identity.binding.iter().map(|(name, value)| format!("{name} {value}")).collect();
    Some(parts.join(", "))
}

/// Moves rows for good.
///
/// # Errors
/// When mapping and databases do not agree, a guard refuses, rows are rejected where the mapping stops then, or what was
/// written is not what the source says: then nothing was written.
pub fn write(context: &mut Context, args: &Writing, way: &Way<'_>, kind: &str) -> Result<Exit, Failure> {
    let only = way.only;
    if args.dry_run {
        return rehearse(context, &args.manner, only);
    }
    let mut sides = Sides::open(context, &args.manner.between, Access::Write, kind)?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let plan = sides.plan()?;
    known(&plan, only)?;
    show::problems(context, &plan.warnings);
    sides.tell_others(context)?;
    let effect = format!(
        "This moves rows of {} into {} of {}.",
        sides.source.identity.name,
        match only {
            Some(table) => format!("the table {table}"),
            None => words::count(plan.tables.len(), "table"),
        },
        sides.target.identity.name
    );
    consent::obtain(context, &sides.target, Deed::Transfer, &effect)?;
    let begun = Instant::now();
    let ledger = noting::prepare(context, &mut sides.target)?;
    let what = context.what(kind);
    lock::take(&mut sides.target.session, &what, args.lock_timeout)?;
    history::settle(ledger, &mut sides.target.session)?;
    let (run, now, progress) = match broken_off(&mut sides, ledger, way)? {
        Some((past, progress)) => (past.run.id, super::validate::moment(&past)?, progress),
        None => {
            let (now, clock) = clock(args.manner.now)?;
            (start(context, ledger, &mut sides, args, only, &clock)?, now, Progress::default())
        }
    };
    let canceller = sides.target.session.canceller();
    let interrupts = Interrupts::listen(move || canceller.cancel());
    let stop = || interrupts.asked();
    let more = sides.source.readers(context, &args.manner.readers, kind)?;
    let mut line = Line::of(context);
    let mut note = None;
    let (identity, marker, mapping) = (sides.target.identity.clone(), sides.target.marker.clone(), sides.mapping.clone());
    let (result, report, spool) = {
        let talk: &Context = context;
        let mut write_note = |session: &mut Session, report: &Report| {
            let said = said(kind, &mapping.name(), report, run, args.reason.clone());
            let written = noting::insert(talk, ledger, session, &identity, marker.as_deref(), &said)?;
            let uid = written.uid.clone();
            note = Some(written);
            Ok(uid)
        };
        let mut transfer = Transfer {
            plan: &plan,
            mapping: &mapping,
            now: &now,
            wanted: Wanted { only, dry: false },
            run: Some((ledger, run)),
            observer: &mut line,
            stop: &stop,
            note: &mut write_note,
            report: Report::default(),
            spool: Spool::new()?,
        };
        let mut carrier = sides.target.session.carrier(&sides.source.url, &mut sides.source.session)?;
        carrier.read_with(more);
        let result = match way.parts {
            Some(rows) => transfer.run_by_table(carrier.as_mut(), rows, progress),
            None => transfer.run(carrier.as_mut()),
        };
        (result, transfer.report, transfer.spool)
    };
    line.end();
    context.interrupted |= interrupts.twice();
    let facts = &mut context.screen.facts;
    facts.insert("run".to_owned(), run.into());
    facts.insert(
        "status".to_owned(),
        match (&result, way.parts) {
            (Ok(()), _) => "applied",
            (Err(_), Some(_)) => "paused",
            (Err(_), None) => "failed",
        }
        .into(),
    );
    facts.insert("rows".to_owned(), report.written().into());
    told(context, &plan, &report, &spool, &args.manner)?;
    result?;
    let mark = context.screen.paint.on(Style::Good, "✓");
    let checked = format!(
        "counts, checksums, foreign keys, {}",
        words::count(usize::try_from(report.spots).unwrap_or_default(), "single row")
    );
    context.screen.line(&format!("  {mark} validated: {checked}"));
    for table in report.tables.iter().filter(|table| table.moved.before > 0) {
        if let Some(highest) = table.moved.highest_before {
            context.screen.row(&format!("    {}: the highest key before was {highest}", table.target));
        }
    }
    context.screen.line(&format!(
        "  run {run}: {} written in {} · undo: manage transfer rollback",
        count_rows(report.written()),
        words::duration(begun.elapsed())
    ));
    if let Some(note) = note {
        noting::tell(context, &sides.chosen, &note);
    }
    let rejected = report.rejected();
    if rejected > 0 {
        context.screen.warn(&format!("{} rejected: manage transfer status --rejected", count_rows(rejected)));
        return Ok(Exit::Check);
    }
    Ok(Exit::Ok)
}

/// `3 rows`
pub fn count_rows(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{} rows", show::number(rows)) }
}

/// The tables, and the rows that were left.
fn told(context: &mut Context, plan: &Plan, report: &Report, spool: &Spool, manner: &Manner) -> Result<(), Failure> {
    show::tables(context, report);
    let file = manner.left.as_ref().map(|file| context.folder.join(file));
    show::left(context, plan, spool, file.as_deref())
}

/// Whether the table is one of the mapping's.
fn known(plan: &Plan, only: Option<&str>) -> Result<(), Failure> {
    let Some(name) = only else { return Ok(()) };
    let mut names = plan.tables.iter().map(|table| table.to.as_str());
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let old = plan.tables.iter().find(|table| table.from.table == name);
    let hint = match old {
        Some(table) => format!("name it as the new database does: {}", table.to),
        None => crate::domain::nearest::meant(name, names.by_ref().collect::<Vec<_>>()),
    };
    Err(Failure::new(Class::Usage, format!("the mapping moves nothing to a table `{name}`"), hint))
}

fn start(
    context: &Context,
    ledger: Ledger,
    sides: &mut Sides,
    args: &Writing,
    only: Option<&str>,
    clock: &str,
) -> Result<i64, Failure> {
    let fingerprint = ledger.fingerprint(&mut sides.target.session)?;
    let run = NewRun {
        kind: history::KIND.to_owned(),
        name: sides.mapping.name(),
        account_key: None,
        account_name: None,
        site_key: None,
        fingerprint,
        script_hash: Some(sides.mapping.hash()),
        script_text: Some(without_passwords(&sides.mapping)),
        parameters: Some(
            json!({ "source": sides.source.url.to_string(), "table": only, "binding": binding(&sides.source.identity) })
                .to_string(),
        ),
        clock: Some(clock.to_owned()),
        digest: None,
        reason: args.reason.clone(),
        person: context.person(),
        actor: context.actor(),
        undo_of: None,
    };
    Ok(ledger.start_run(&mut sides.target.session, &run, history::RUNNING)?)
}

/// The mapping as it may be kept: URLs in it lose their passwords.
fn without_passwords(mapping: &Mapping) -> String {
    let mut text = mapping.text.clone();
    for word in [&mapping.source.url, &mapping.target.url].into_iter().flatten() {
        if let Ok(url) = DatabaseUrl::parse(word.get_ref()) {
            text = text.replace(word.get_ref().as_str(), &url.to_string());
        }
    }
    text
}

fn said(kind: &str, mapping: &str, report: &Report, run: i64, reason: Option<String>) -> Said {
    let lines = report.tables.iter().map(|table| match &table.skipped_whole {
        Some(why) => format!("- {}: {} stay behind: {why}", table.source, count_rows(table.moved.read)),
        None => format!(
            "- {} → {}: {} read, {} written, {} unchanged, {} rejected, {} skipped",
            table.source,
            table.target,
            table.moved.read,
            table.written(),
            table.moved.unchanged,
            table.moved.rejected,
            table.skipped()
        ),
    });
    Said {
        kind: kind.to_owned(),
        title: format!("{kind} by {mapping}: {} written", count_rows(report.written())),
        reason,
        body: Some(lines.collect::<Vec<_>>().join("\n")),
        facts: json!({ "run": run, "rows": report.written(), "rejected": report.rejected() }),
        ..Said::default()
    }
}
