//! `manage runs prune`

use std::time::Duration;

use chrono::Utc;
use serde_json::json;

use crate::backend::{Access, Basic};
use crate::cli::consent;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::output::words;
use crate::domain::duration::parse_duration;
use crate::guards::Deed;
use crate::patch::PatchError;
use crate::transfer::history;

/// Arguments of `runs prune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs that ended longer ago than this [default: retention_days of manage.toml, which is 30d]
    #[arg(long, value_name = "TIME", value_parser = parse_days)]
    older_than: Option<Duration>,
}

/// `30d`, or what durations are else.
fn parse_days(text: &str) -> Result<Duration, String> {
    match text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) {
        Some(days) => Ok(Duration::from_secs(days.saturating_mul(86_400))),
        None => parse_duration(text),
    }
}

/// Runs the command.
///
/// # Errors
/// When it is refused, or the database refuses.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Write, "runs prune")?;
    context.screen.heading(&reached.title());
    let ledger = noting::prepare(context, &mut reached)?;
    let days = u64::from(chosen.project.config.patches.retention_days);
    let older_than = args.older_than.unwrap_or(Duration::from_secs(days * 86_400));
    let before = (Utc::now() - older_than).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let runs = ledger.runs(&mut reached.session).map_err(PatchError::from)?;
    let (mut old, mut transfers) = (Vec::new(), Vec::new());
    for run in runs.iter().filter(|run| run.finished_at.as_ref().is_some_and(|at| *at < before)) {
        let images = ledger.images(&mut reached.session, run.id).map_err(PatchError::from)?;
        old.extend(images.into_iter().filter(|image| image.pruned_at.is_none()));
        if run.begun.kind == history::KIND {
            let tables = ledger.transfer_tables(&mut reached.session, run.id).map_err(PatchError::from)?;
            let kept = tables.iter().any(|table| table.pruned_at.is_none());
            transfers.extend(kept.then_some((run.id, super::rows(run))));
        }
    }
    let mut numbers: Vec<i64> = old.iter().map(|image| image.run).chain(transfers.iter().map(|(run, _)| *run)).collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers.dedup();
    context.screen.facts.insert("pruned".to_owned(), json!(numbers));
    let rows: i64 = old.iter().map(|image| image.rows).chain(transfers.iter().map(|(_, rows)| *rows)).sum();
    if numbers.is_empty() {
        context.screen.line("nothing to drop");
        return Ok(Exit::Ok);
    }
    let effect = format!(
        "The rows of {} are dropped ({rows} rows); those cannot be taken back any more.",
        words::count(numbers.len(), "run")
    );
    consent::obtain(context, &reached, Deed::RunsPrune, &effect)?;
    let said = Said {
        kind: "runs prune".to_owned(),
        title: format!("the rows of {} were dropped", words::count(numbers.len(), "run")),
        facts: json!({ "runs": numbers, "rows": rows }),
        ..Said::default()
    };
    reached.session.begin().map_err(PatchError::from)?;
    let work = || -> Result<_, Failure> {
        for image in &old {
            ledger.prune_image(&mut reached.session, image).map_err(PatchError::from)?;
        }
        for (run, _) in &transfers {
            ledger.prune_transfer(&mut reached.session, *run).map_err(PatchError::from)?;
        }
        let note = noting::insert(context, ledger, &mut reached.session, &reached.identity, reached.marker.as_deref(), &said)?;
        reached.session.commit().map_err(PatchError::from)?;
        Ok(note)
    };
    let mut work = work;
    match work() {
        Ok(note) => {
            context.screen.line(&format!("  dropped the rows of {} ({rows} rows)", words::count(numbers.len(), "run")));
            noting::tell(context, &chosen, &note);
            Ok(Exit::Ok)
        }
        Err(failure) => {
            let _ = reached.session.rollback();
            Err(failure)
        }
    }
}
