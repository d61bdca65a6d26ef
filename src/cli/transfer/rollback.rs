//! `manage transfer rollback`

use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use serde_json::json;

use super::running::{Stage, clock, count_rows};
use super::{Between, lock};
use crate::backend::{Access, Basic, Full, Session};
use crate::cli::consent;
use crate::cli::context::{Chosen, Context, Reached};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::domain::explain::Class;
use crate::domain::fault;
use crate::guards::Deed;
use crate::ledger::{Ledger, LedgerError, Look, NewRun};
use crate::project::mapping::find_mapping;
use crate::transfer::history;
use crate::transfer::{Past, TransferError, Undo, Undone};

/// Take a transfer back: what it inserted goes, what it updated is restored
///
/// Only where nobody changed it since. Rows that were changed, or that rows of the new application point to, are listed,
/// and nothing is taken back (exit 5), unless --skip-conflicts leaves them as they are. The old database is not needed.
/// Numbers that a key's sequence has drawn stay drawn.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer rollback --dry-run
  manage transfer rollback --reason 'names were mixed up'
  manage transfer rollback 3 --skip-conflicts")]
pub struct Args {
    /// The run [default: the latest transfer that wrote rows and is not undone]
    #[arg(value_name = "RUN")]
    run: Option<i64>,

    /// Show what would be taken back, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Leave rows that were changed since as they are, and take back the others
    #[arg(long)]
    skip_conflicts: bool,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// How long to wait for another run: 30s, 5m; 0 does not wait
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::parse_duration)]
    lock_timeout: Duration,

    #[command(flatten)]
    between: Between,
}

const KIND: &str = "transfer rollback";

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let (chosen, mut reached) = super::sides::target_alone(context, &args.between, access, KIND)?;
    let heading = reached.title();
    context.screen.heading(&heading);
    let back = Back {
        run: args.run,
        map: args.between.map.as_deref(),
        dry_run: args.dry_run,
        skip_conflicts: args.skip_conflicts,
        max_rows: None,
        reason: args.reason.clone(),
        lock_timeout: args.lock_timeout,
    };
    back.run(context, &chosen, &mut reached)
}

/// What is to be taken back, and how: `transfer rollback`, and `undo` of a transfer.
pub(in crate::cli) struct Back<'a> {
    /// The run; the latest one that can be taken back where it is not said.
    pub run: Option<i64>,
    /// The mapping, where another one than the project's is meant.
    pub map: Option<&'a Path>,
    /// Only to see what would be taken back.
    pub dry_run: bool,
    /// Whether rows that were changed since are left as they are.
    pub skip_conflicts: bool,
    /// Refused where the run wrote more rows.
    pub max_rows: Option<u64>,
    /// Why, for the note.
    pub reason: Option<String>,
    /// How long to wait for the lock.
    pub lock_timeout: Duration,
}

impl Back<'_> {
    /// Takes it back.
    ///
    /// # Errors
    /// As the documentation of the command says.
    pub fn run(&self, context: &mut Context, chosen: &Chosen, reached: &mut Reached) -> Result<Exit, Failure> {
        let (ledger, past) = wanted(&mut reached.session, self.run)?;
        let run = &past.run;
        context.screen.line(&format!(
            "run {} of {}, by {}: {} written",
            run.id,
            run.started_at,
            run.begun.name,
            count_rows(past.rows)
        ));
        if let Some(most) = self.max_rows.filter(|most| past.rows > *most) {
            return Err(Failure::new(
                Class::Refused,
                format!("run {} wrote {}, more than {most}; nothing was changed", run.id, count_rows(past.rows)),
                "look at it with --dry-run, then raise --max-rows",
            ));
        }
        changed_mapping(context, self.map, chosen, &past);
        if self.dry_run {
            return self.rehearse(context, reached, Undo { ledger, run, skip_conflicts: self.skip_conflicts });
        }
        let effect =
            format!("This takes back run {}, which wrote {} of {}.", run.id, count_rows(past.rows), reached.identity.name);
        consent::obtain(context, reached, Deed::TransferRollback, &effect)?;
        let ledger = noting::prepare(context, reached)?;
        let what = context.what(KIND);
        lock::take(&mut reached.session, &what, self.lock_timeout)?;
        history::settle(ledger, &mut reached.session)?;
        // Somebody else may have taken it back while this one waited.
        let (_, past) = wanted(&mut reached.session, Some(run.id))?;
        let run = &past.run;
        let undo = Undo { ledger, run, skip_conflicts: self.skip_conflicts };
        let (id, note, undone) = apply(context, self.reason.as_deref(), reached, &undo)?;
        fault::point("transfer.undo.after_commit");
        told(context, &undone, "were");
        let facts = &mut context.screen.facts;
        facts.insert("run".to_owned(), id.into());
        facts.insert("undone".to_owned(), run.id.into());
        facts.insert("status".to_owned(), "applied".into());
        let mark = context.screen.paint.on(Style::Good, "✓");
        context.screen.line(&format!("  {mark} run {} is taken back by run {id}: {}", run.id, count_rows(undone.rows())));
        noting::tell(context, chosen, &note);
        Ok(Exit::Ok)
    }

    fn rehearse(&self, context: &mut Context, reached: &mut Reached, undo: Undo<'_>) -> Result<Exit, Failure> {
        let mut stage = Stage::of(&mut reached.session, "manage transfer rollback")?;
        let session = stage.session();
        session.suspend_foreign_keys()?;
        session.begin_writing()?;
        let undone = undo.take_back(session);
        session.rollback()?;
        let undone = undone?;
        context.screen.facts.insert("status".to_owned(), "planned".into());
        told(context, &undone, "would be");
        context.screen.line(&format!("nothing was changed · do it: manage undo {}", undo.run.id));
        Ok(Exit::Ok)
    }
}

/// The run that is to be taken back.
fn wanted(session: &mut Session, id: Option<i64>) -> Result<(Ledger, Past), Failure> {
    let none = |words: String| Failure::from(TransferError::NothingToUndo(words));
    let Look::Present(ledger) = Ledger::look(session)? else {
        return Err(none("no transfer was applied to this database".to_owned()));
    };
    let past = match id {
        Some(id) => Past::find(ledger, session, id)?,
        None => match Past::paused(ledger, session)? {
            Some(paused) => Some(paused),
            None => Past::newest_applied(ledger, session)?.filter(|past| past.rows > 0),
        },
    };
    match past {
        None => Err(none(match id {
            Some(id) => format!("there is no transfer with the number {id}"),
            None => "no transfer is left that could be taken back".to_owned(),
        })),
        Some(past) if past.run.state == history::UNDONE => {
            Err(TransferError::BackAlready { run: past.run.id, by: past.run.undone_by }.into())
        }
        Some(past) if !([history::APPLIED, history::PAUSED].contains(&past.run.state.as_str()) || past.broke_off()) => {
            Err(TransferError::NotThere { run: past.run.id, state: past.run.state }.into())
        }
        Some(past) => {
            let tables = ledger.transfer_tables(session, past.run.id)?;
            match tables.into_iter().find_map(|table| table.pruned_at) {
                Some(at) => Err(TransferError::Pruned { run: past.run.id, at }.into()),
                None => Ok((ledger, past)),
            }
        }
    }
}

/// Says that the mapping is another one by now. What is taken back is what was written, whatever it says.
fn changed_mapping(context: &mut Context, map: Option<&Path>, chosen: &Chosen, past: &Past) {
    let file = map.map(|file| context.folder.join(file));
    let Ok(mapping) = find_mapping(file.as_deref(), &chosen.project.folder) else { return };
    let changed = mapping.name() == past.run.begun.name && past.differs(&mapping.hash());
    context.screen.facts.insert("mapping_changed".to_owned(), changed.into());
    if changed {
        context.screen.warn(&format!(
            "the mapping was changed since run {}: what is taken back is what that run wrote, by what the ledger keeps of it",
            past.run.id
        ));
    }
}

fn apply(
    context: &mut Context,
    reason: Option<&str>,
    reached: &mut Reached,
    undo: &Undo<'_>,
) -> Result<(i64, crate::ledger::Note, Undone), Failure> {
    let ledger = undo.ledger;
    let (_, clock) = clock(Some(Utc::now()))?;
    let fingerprint = ledger.fingerprint(&mut reached.session)?;
    let new = NewRun {
        kind: "undo".to_owned(),
        name: undo.run.begun.name.clone(),
        account_key: None,
        account_name: None,
        site_key: None,
        fingerprint,
        script_hash: undo.run.begun.script_hash.clone(),
        script_text: None,
        parameters: None,
        clock: Some(clock),
        digest: None,
        reason: reason.map(str::to_owned),
        person: context.person(),
        actor: context.actor(),
        undo_of: Some(undo.run.id),
    };
    let id = ledger.start_run(&mut reached.session, &new, history::RUNNING)?;
    // Rows go children first; what points to them was looked at row by row.
    reached.session.suspend_foreign_keys()?;
    reached.session.begin()?;
    let done = undo.take_back(&mut reached.session).map_err(Failure::from).and_then(|undone| {
        let said = said(undo, &undone, id, reason.map(str::to_owned));
        let marker = reached.marker.clone();
        let note = noting::insert(context, ledger, &mut reached.session, &reached.identity, marker.as_deref(), &said)?;
        let counts = history::counts(undone.rows(), None, Some(&note.uid));
        let session = &mut reached.session;
        ledger
            .finish_run(session, id, history::APPLIED, None, &counts)
            .and_then(|()| ledger.undone_run(session, undo.run.id, id))
            .map_err(LedgerError::Sql)?;
        Ok((note, undone))
    });
    match done {
        Ok((note, undone)) => {
            reached.session.commit()?;
            reached.session.restore_settings()?;
            Ok((id, note, undone))
        }
        Err(failure) => {
            let _ = reached.session.rollback();
            let words = failure.0.to_string();
            let counts = history::counts(0, Some(&words), None);
            let _ = ledger.finish_run(&mut reached.session, id, history::FAILED, None, &counts);
            if let Some(conflicts) = conflicts(&failure) {
                context.screen.facts.insert("conflicts".to_owned(), conflicts.into());
            }
            Err(failure)
        }
    }
}

fn conflicts(failure: &Failure) -> Option<Vec<String>> {
    let details = failure.0.details();
    (failure.0.class() == Class::Conflict).then_some(details)
}

fn said(undo: &Undo<'_>, undone: &Undone, id: i64, reason: Option<String>) -> Said {
    let lines: Vec<_> = undone
        .tables
        .iter()
        .map(|(table, removed, restored, recounted)| {
            format!("- {table}: {removed} removed, {restored} restored, {recounted} counted anew")
        })
        .chain((undone.conflicts > 0).then(|| format!("- {} left as they are", count_rows(undone.conflicts))))
        .collect();
    Said {
        kind: KIND.to_owned(),
        title: format!("{KIND} of run {}: {}", undo.run.id, count_rows(undone.rows())),
        reason,
        body: Some(lines.join("\n")),
        facts: json!({ "run": id, "undo_of": undo.run.id, "rows": undone.rows(), "conflicts": undone.conflicts }),
        ..Said::default()
    }
}

fn told(context: &mut Context, undone: &Undone, verb: &str) {
    let mut facts = Vec::new();
    for (table, removed, restored, recounted) in &undone.tables {
        context.screen.row(&format!("  {table:<30} {removed} {verb} removed, {restored} restored, {recounted} counted anew"));
        facts.push(json!({ "table": table, "inserted": 0, "updated": restored + recounted, "deleted": removed }));
    }
    if undone.gone > 0 {
        context.screen.row(&format!("  {} gone already", count_rows(undone.gone)));
    }
    for words in undone.told.iter().take(20) {
        let mark = context.screen.paint.on(Style::Warn, "!");
        context.screen.row(&format!("  {mark} {words}"));
    }
    let screen = &mut context.screen.facts;
    screen.insert("tables".to_owned(), facts.into());
    screen.insert("rows".to_owned(), undone.rows().into());
    screen.insert("conflicts".to_owned(), json!(undone.told.iter().take(100).collect::<Vec<_>>()));
    screen.insert("conflicts_total".to_owned(), undone.conflicts.into());
}
