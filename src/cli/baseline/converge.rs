//! A database that has run what a baseline replaces gets the baseline recorded.

use serde_json::json;

use crate::cli::context::{Chosen, Context, Reached};
use crate::cli::failure::Failure;
use crate::cli::schema::replay::Replay;
use crate::cli::{adopt, noting, running};
use crate::domain::schema::Schema;
use crate::migrate::{Direction, Options, Picture, Replacement};
use crate::project::Migration;
use crate::schema::compare;

/// Compares the live schema with what the baseline makes on a scratch database, and records the baseline. Where nothing
/// is to be recorded, nothing is done.
///
/// # Errors
/// When the schemas differ, only a part of the old migrations has run, or the scratch database cannot be made.
pub fn run(
    context: &mut Context,
    chosen: &Chosen,
    reached: &mut Reached,
    files: &[Migration],
    options: &Options,
) -> Result<(), Failure> {
    let baseline = match Picture::gather(&mut reached.session, files)?.replacement() {
        None => return Ok(()),
        // The engine words the refusal, under the lock.
        Some(Replacement::Partly { baseline, .. } | Replacement::Due(baseline)) => baseline.clone(),
    };
    context.screen.talk(&format!("  this database has run what {baseline} replaces: comparing, on a scratch database"));
    let mut replay = Replay::begin(context, chosen)?;
    let made = replay.run(context, std::slice::from_ref(&baseline));
    let ended = replay.end();
    let made = made?;
    ended?;
    let differences = |live: &Schema| -> Vec<String> {
        let drift = compare(&made, live);
        let drift = drift.iter().filter(|drift| adopt::matters(drift, files));
        drift.map(|drift| format!("{} {}", drift.kind.mark(), drift.message("the baseline", "the database"))).collect()
    };
    let outcome = running::run(context, reached, files, options, &[Direction::Up], |engine| engine.converge(&differences))?;
    let recorded = outcome.finished.iter().map(|done| json!({ "version": done.version.as_str(), "name": done.name }));
    context.screen.facts.insert("recorded".to_owned(), recorded.collect());
    let text = match outcome.finished.first() {
        Some(done) => format!("  the live schema is what {} {} makes: recorded, not run", done.version, done.name),
        None => "  the database is empty: what its history says of archived migrations is taken out".to_owned(),
    };
    context.screen.talk(&text);
    let reason = "recorded in place of what it replaces: the live schema is what it makes";
    noting::recorded(context, chosen, reached, "baseline", reason, &outcome)
}
