//! `manage transfer validate`

use serde_json::json;

use super::progress::Progress;
use super::sides::Sides;
use super::{Between, Readers, show};
use crate::backend::{Access, Basic, Session, Spool};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::domain::explain::Class;
use crate::ledger::{Ledger, Look};
use crate::transfer::{Past, Report, Transfer, TransferError, Wanted};

/// Compare the new database with the old one, as the last transfer left them
///
/// Counts, a checksum over all rows of each table, every foreign key, and single rows worked out from the raw old row.
/// Ages are told by that transfer's moment. What the new application has changed since differs, and is told. Exits 1
/// where something differs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer validate
  manage transfer validate --json --output validation_report.json")]
pub struct Args {
    #[command(flatten)]
    between: Between,

    #[command(flatten)]
    readers: Readers,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let mut sides = Sides::open(context, &args.between, Access::Read, "transfer validate")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let plan = sides.plan()?;
    let (ledger, past) = last(&mut sides.target.session)?;
    let run = &past.run;
    context.screen.line(&format!("run {} of {}, by {}", run.id, run.started_at, run.begun.name));
    if past.differs(&sides.mapping.hash()) {
        context.screen.warn(&format!(
            "the mapping was changed since run {}: what it says now is compared with what was written then",
            run.id
        ));
    }
    let now = moment(&past)?;
    let left = left(ledger, &mut sides.target.session, run.id)?;
    let more = sides.source.readers(context, &args.readers, "transfer validate")?;
    let mut progress = Progress::of(context);
    let mut no_note = |_: &mut Session, _: &Report| Ok(String::new());
    let stop = || false;
    let mut transfer = Transfer {
        plan: &plan,
        mapping: &sides.mapping,
        now: &now,
        wanted: Wanted::default(),
        run: None,
        observer: &mut progress,
        stop: &stop,
        note: &mut no_note,
        report: Report::default(),
        spool: Spool::new()?,
    };
    let result = {
        let mut carrier = sides.target.session.carrier(&sides.source.url, &mut sides.source.session)?;
        carrier.read_with(more);
        transfer.validate(carrier.as_mut(), &left)
    };
    let report = transfer.report;
    progress.end();
    let mut tables = Vec::new();
    for table in &report.tables {
        let Some(compared) = &table.compared else { continue };
        let equal = compared.is_equal();
        let mark = context.screen.paint.on(if equal { Style::Good } else { Style::Bad }, if equal { "✓" } else { "✗" });
        context.screen.row(&format!(
            "  {mark} {:<30} {:>10} expected  {:>10} found  checksum {:016x}   {}",
            table.target,
            show::number(compared.expected.rows),
            show::number(compared.actual.rows),
            compared.actual.sum,
            words::duration(table.compared_in)
        ));
        tables.push(json!({
            "table": table.target, "source": table.source, "read": table.moved.read, "expected": compared.expected.rows,
            "found": compared.actual.rows, "match": equal, "checksum": format!("{:016x}", compared.actual.sum),
            "expected_checksum": format!("{:016x}", compared.expected.sum), "validate_ms": words::milliseconds(table.compared_in),
        }));
    }
    let facts = &mut context.screen.facts;
    facts.insert("run".to_owned(), run.id.into());
    facts.insert("tables".to_owned(), tables.into());
    facts.insert("spot_checks".to_owned(), report.spots.into());
    facts.insert("valid".to_owned(), result.is_ok().into());
    match result {
        Ok(()) => {
            let mark = context.screen.paint.on(Style::Good, "✓");
            context
                .screen
                .line(&format!("{mark} the new database says what the old one says; {} single rows looked at", report.spots));
            Ok(Exit::Ok)
        }
        Err(TransferError::Differs { differences }) => {
            context
                .screen
                .facts
                .insert("differences".to_owned(), json!(differences.iter().take(show::CAPPED).collect::<Vec<_>>()));
            context.screen.facts.insert("differences_total".to_owned(), differences.len().into());
            for difference in differences.iter().take(20) {
                context.screen.row(&format!("    {difference}"));
            }
            context.screen.line(&format!("the two databases differ in {}", words::count(differences.len(), "place")));
            Ok(Exit::Check)
        }
        Err(error) => Err(error.into()),
    }
}

/// The last transfer that was applied, and the ledger.
pub(super) fn last(session: &mut Session) -> Result<(Ledger, Past), Failure> {
    let none = || Failure::new(Class::Usage, "no transfer was applied to this database", "do it: manage transfer all");
    let Look::Present(ledger) = Ledger::look(session)? else { return Err(none()) };
    let run = Past::newest_applied(ledger, session)?;
    run.map(|run| (ledger, run)).ok_or_else(none)
}

/// The moment of a run.
pub(super) fn moment(past: &Past) -> Result<crate::domain::transfer::Moment, Failure> {
    let run = &past.run;
    let clock = run.begun.clock.as_deref().unwrap_or_default();
    let read = crate::domain::transfer::parse_time(clock.as_bytes(), 0);
    read.map(|(instant, _)| crate::domain::transfer::Moment::new(instant)).map_err(|why| {
        Failure::new(
            Class::CouldNotRun,
            format!("the moment of run {} {why}: {clock}", run.id),
            "restore the ledger from a backup",
        )
    })
}

/// The rows that stayed behind in a run.
fn left(ledger: Ledger, session: &mut impl Basic, run: i64) -> Result<Vec<(usize, String)>, Failure> {
    let left = ledger.every_transfer_left(session, run)?.into_iter().filter(|left| left.fate != "warned");
    let mut rows: Vec<_> = left.map(|left| (left.place, left.row)).collect();
    rows.sort();
    rows.dedup();
    Ok(rows)
}
