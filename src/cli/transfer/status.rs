//! `manage transfer status`

use std::path::PathBuf;

use serde_json::{Value, json};

use super::files::LeftFile;
use super::{Between, show};
use crate::backend::{Access, Basic, Fate, Full, Left};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::domain::explain::Class;
use crate::ledger::{Ledger, Look, TransferTable};
use crate::transfer::{Past, history};

/// Show the last transfers and what became of each table
///
/// Never writes. The old database is not needed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer status
  manage transfer status --rejected
  manage transfer status --run 3 --left left.csv    every row that stayed behind then")]
pub struct Args {
    /// This run [default: the last one]
    #[arg(long, value_name = "RUN")]
    run: Option<i64>,

    /// List the rows that were rejected, skipped or warned about, by key and reason
    #[arg(long)]
    rejected: bool,

    /// Write them to a file: .csv or .json
    #[arg(long, value_name = "FILE")]
    left: Option<PathBuf>,

    #[command(flatten)]
    between: Between,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let mut reached = super::sides::target_alone(context, &args.between, Access::Read, "transfer status")?.1;
    let heading = reached.title();
    context.screen.heading(&heading);
    let session = &mut reached.session;
    let ledger = match Ledger::look(session)? {
        Look::Present(ledger) => Some(ledger),
        Look::Absent => None,
        Look::Unreadable(error) => return Err(error.into()),
    };
    let mut runs = match ledger {
        Some(ledger) => Past::all(ledger, session)?,
        None => Vec::new(),
    };
    // A run that is alive holds the lock.
    if runs.iter().any(|past| past.run.state == history::RUNNING) && session.lock_holder()?.is_none() {
        for past in runs.iter_mut().filter(|past| past.run.state == history::RUNNING) {
            let parts = past.broke_off();
            if let Some(ledger) = ledger {
                *past = past.clone().counted(ledger, session)?;
            }
            past.run.state = if parts { history::PAUSED } else { "killed" }.to_owned();
        }
    }
    context.screen.facts.insert("runs".to_owned(), runs.iter().map(run_fact).collect());
    let chosen = match args.run {
        Some(id) => {
            let found = runs.iter().find(|past| past.run.id == id).cloned();
            Some(found.ok_or_else(|| {
                Failure::new(
                    Class::Usage,
                    format!("there is no transfer with the number {id}"),
                    "manage transfer status lists them",
                )
            })?)
        }
        None => runs.first().cloned(),
    };
    let (Some(ledger), Some(past)) = (ledger, chosen) else {
        context.screen.line("no transfer yet · see what it would do: manage transfer dry-run");
        return Ok(Exit::Ok);
    };
    for past in runs.iter().take(20) {
        let run = &past.run;
        context.screen.row(&format!(
            "  run {:<4} {}  {:<10} {:>10} written  by {}{}",
            run.id,
            run.started_at,
            run.state,
            show::number(past.rows),
            run.begun.name,
            taken_back(past)
        ));
    }
    let tables = ledger.transfer_tables(session, past.run.id)?;
    let mut counts = Vec::new();
    for table in &tables {
        counts.push(match session.find_shown(&table.target)? {
            Some(name) if !table.target.is_empty() => {
                session.query(&format!("SELECT count(*) FROM {name}"), &[])?.first().and_then(|row| row.integer(0))
            }
            _ => None,
        });
    }
    context.screen.line(&format!("run {}: {}", past.run.id, past.run.state));
    if let Some(error) = &past.error {
        context.screen.row(&format!("  {error}"));
    }
    if past.run.state == history::PAUSED {
        let id = past.run.id;
        context.screen.row(&format!("  go on with it: manage transfer resume · take it back: manage transfer rollback {id}"));
    }
    for (table, count) in tables.iter().zip(&counts) {
        let now = count.map(|count| format!("  {count} rows now")).unwrap_or_default();
        let name = if table.target.is_empty() { &table.source } else { &table.target };
        context.screen.row(&format!(
            "  {name:<30} {} read, {} written, {} unchanged, {} rejected, {} skipped{now}",
            table.read,
            table.inserted + table.updated,
            table.unchanged,
            table.rejected,
            table.skipped
        ));
    }
    let facts = &mut context.screen.facts;
    facts.insert("run".to_owned(), run_fact(&past));
    facts.insert("tables".to_owned(), tables.iter().zip(&counts).map(|(table, count)| table_fact(table, *count)).collect());
    if args.rejected || args.left.is_some() {
        listed(context, args, ledger, session, &past, &tables)?;
    }
    Ok(Exit::Ok)
}

fn taken_back(past: &Past) -> String {
    past.run.undone_by.map(|by| format!(", taken back by run {by}")).unwrap_or_default()
}

fn listed(
    context: &mut Context,
    args: &Args,
    ledger: Ledger,
    session: &mut impl Basic,
    past: &Past,
    tables: &[TransferTable],
) -> Result<(), Failure> {
    let mut out = args.left.as_ref().map(|file| LeftFile::create(&context.folder.join(file))).transpose()?;
    let (mut after, mut totals) = (0, [0_u64; 3]);
    let mut lists: [Vec<Value>; 3] = Default::default();
    loop {
        let page = ledger.transfer_left(session, past.run.id, after, 500)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for row in page {
            let table = tables.iter().find(|table| table.place == row.place).map_or("", |table| table.target.as_str());
            let fate = Fate::named(&row.fate).unwrap_or(Fate::Rejected);
            let left = Left { fate, row: row.row, key: row.key, column: row.column, rule: row.rule, message: row.message };
            let at = match fate {
                Fate::Rejected => 0,
                Fate::Skipped => 1,
                Fate::Warned => 2,
            };
            totals[at] += 1;
            if lists[at].len() < show::CAPPED {
                lists[at].push(show::left_fact(table, &left));
            }
            if args.rejected {
                let style = if fate == Fate::Rejected { Style::Bad } else { Style::Warn };
                let word = context.screen.paint.on(style, fate.word());
                let column = if left.column.is_empty() { String::new() } else { format!("{} ", left.column) };
                context.screen.row(&format!("    {word} {table} {}: {column}{} ({})", left.key, left.message, left.rule));
            }
            if let Some(out) = &mut out {
                out.add(table, &left)?;
            }
        }
    }
    if let Some(out) = out {
        out.end()?;
    }
    if totals == [0; 3] {
        context.screen.line("no row was rejected, skipped or warned about");
    }
    for ((name, list), total) in ["rejected", "skipped", "warned"].into_iter().zip(lists).zip(totals) {
        context.screen.facts.insert(name.to_owned(), list.into());
        context.screen.facts.insert(format!("{name}_total"), total.into());
    }
    Ok(())
}

fn run_fact(past: &Past) -> Value {
    let run = &past.run;
    json!({
        "run": run.id, "name": run.begun.name, "status": run.state, "rows": past.rows, "started_at": run.started_at,
        "finished_at": run.finished_at, "clock": run.begun.clock, "source": past.source, "error": past.error,
        "undone_by": run.undone_by,
    })
}

fn table_fact(table: &TransferTable, count: Option<i64>) -> Value {
    json!({
        "table": if table.target.is_empty() { &table.source } else { &table.target },
        "source": table.source, "read": table.read, "written": table.inserted + table.updated, "unchanged": table.unchanged,
        "rejected": table.rejected, "skipped": table.skipped, "recomputed": table.recomputed, "rows_before": table.before,
        "highest_key_before": table.highest_before, "rows_now": count, "checksum": table.actual_sum,
    })
}
