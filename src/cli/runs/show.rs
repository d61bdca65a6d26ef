//! `manage runs show`

use serde_json::{Map, Value as Fact, json};

use super::{found, list, moment, rows};
use crate::backend::patching::{Image, Slot, TargetColumn};
use crate::backend::{Access, Basic, Session};
use crate::cli::consent::{ask, can_ask};
use crate::cli::context::{Context, Reached};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::value::{fact, short};
use crate::cli::patching::masks::{MASK, is_masked};
use crate::domain::explain::Class;
use crate::domain::value::{Row, Value};
use crate::guards::Standing;
use crate::ledger::{Ledger, Look, StoredImage};
use crate::patch::{Checkpoint, PatchError};

/// Arguments of `runs show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run
    #[arg(value_name = "RUN")]
    run: i64,

    /// With the rows that it changed, before and after; on a protected database this is asked for
    #[arg(long)]
    rows: bool,

    /// How many rows of each table
    #[arg(long, value_name = "N", default_value = "50")]
    limit: u64,
}

/// Runs the command.
///
/// # Errors
/// When there is no such run, or its rows may not be shown.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Read, "runs show")?;
    context.screen.heading(&reached.title());
    let ledger = match Ledger::look(&mut reached.session)? {
        Look::Present(ledger) => Some(ledger),
        Look::Absent => None,
        Look::Unreadable(error) => return Err(error.into()),
    };
    let (ledger, run) = found(ledger, &mut reached.session, args.run)?;
    let images = ledger.images(&mut reached.session, run.id).map_err(PatchError::from)?;
    if args.rows {
        agreed(context, &reached)?;
    }
    let begun = &run.begun;
    let mut line = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            context.screen.line(&format!("  {name:<9} {text}"));
        }
    };
    line("run", Some(format!("{} · {} {} · {}", run.id, begun.kind, begun.name, run.state)));
    line(
        "account",
        begun.account_name.as_ref().map(|name| format!("{name} ({})", begun.account_key.clone().unwrap_or_default())),
    );
    line("who", Some(format!("{} on {}", begun.person.as_ref().unwrap_or(&begun.actor.user), begun.actor.host)));
    line(
        "when",
        Some(format!("{} to {}", moment(&run.started_at), run.finished_at.as_deref().map_or_else(|| "now".to_owned(), moment))),
    );
    line("why", begun.reason.clone());
    line("plan", begun.digest.clone());
    line("rows", Some(rows(&run).to_string()));
    for image in &images {
        let gone = image.pruned_at.as_ref().map(|when| format!("   its rows were dropped on {}", moment(when)));
        let effect = serde_json::from_str::<Image>(&image.definition).is_ok_and(|image| image.effect);
        let by = if effect { " by triggers or cascades" } else { "" };
        line("", Some(format!("{} {}: {}{by}{}", image.op, image.table, image.rows, gone.unwrap_or_default())));
    }
    if let Some(at) = Checkpoint::of(&run).filter(|_| run.is_unfinished()) {
        line(
            "stands at",
            Some(format!("{} of {} rows, {} batches; last sign {}", at.done, at.planned, at.batches, moment(&run.heartbeat_at))),
        );
        line("go on", Some(format!("manage runs resume {}; or give it up: manage runs cancel {}", run.id, run.id)));
    }
    line("undo of", begun.undo_of.map(|of| of.to_string()));
    match run.undone_by {
        Some(by) => line("undone", Some(format!("by run {by}"))),
        None if run.state.starts_with("applied") || (run.state == "cancelled" && rows(&run) > 0) => {
            line("undo", Some(format!("manage undo {}", run.id)))
        }
        None => {}
    }
    let mut facts = list::fact(&run);
    if args.rows {
        let mut tables = Vec::new();
        for image in images.iter().filter(|image| image.pruned_at.is_none()) {
            tables.push(table(context, image, args.limit, &chosen.project.config.patches.masked, &mut reached.session)?);
        }
        facts["tables"] = tables.into();
    }
    context.screen.facts.insert("run".to_owned(), facts);
    Ok(Exit::Ok)
}

/// Rows may hold personal data: on a protected database somebody has to say that they are needed.
fn agreed(context: &mut Context, reached: &Reached) -> Result<(), Failure> {
    if reached.standing != Standing::Protected || context.yes() {
        return Ok(());
    }
    if can_ask(context) {
        let answer = ask(context, "The rows may hold personal data. Show them? [y/N] ");
        if matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
    }
    Err(Failure::new(
        Class::Refused,
        "the rows of a protected database are shown only when somebody says so",
        "on a terminal, or with --yes",
    ))
}

fn table(
    context: &mut Context,
    stored: &StoredImage,
    limit: u64,
    masked: &[String],
    session: &mut Session,
) -> Result<Fact, Failure> {
    let mask = Value::Text(MASK.to_owned());
    let image: Image = serde_json::from_str(&stored.definition).map_err(|error| {
        Failure::new(Class::CouldNotRun, format!("the image of {} cannot be read: {error}", stored.table), "")
    })?;
    context.screen.line(&format!("  {} {}", stored.op, stored.table));
    let rows = session.query(&image.rows(Some(limit)), &[]).map_err(PatchError::from)?;
    let mut out = Vec::new();
    for row in &rows {
        let key: Vec<String> = image.keys.iter().map(|key| short(value(row, Slot::Key, key))).collect();
        let mut changes = Map::new();
        let mut words = Vec::new();
        let after = if image.after.is_empty() { Slot::Planned } else { Slot::After };
        let columns = if image.after.is_empty() && !image.planned.is_empty() {
            &image.planned
        } else if image.after.is_empty() {
            &image.before
        } else {
            &image.after
        };
        for column in columns {
            let (before, now) = (value(row, Slot::Before, column), value(row, after, column));
            let changed = before != now;
            let (before, now) = if is_masked(masked, &stored.table, &column.name) { (&mask, &mask) } else { (before, now) };
            let has_after = stored.op != "delete";
            if stored.op == "update" && !changed {
                continue;
            }
            changes.insert(
                column.name.clone(),
                json!({ "before": fact(before), "after": if has_after { fact(now) } else { Fact::Null } }),
            );
            words.push(match stored.op.as_str() {
                "delete" => format!("{}: {}", column.name, short(before)),
                "insert" => format!("{}: {}", column.name, short(now)),
                _ => format!("{}: {} → {}", column.name, short(before), short(now)),
            });
        }
        context.screen.row(&format!("    {}  {}", key.join(", "), words.join("  ")));
        out.push(json!({ "key": key, "columns": changes }));
    }
    let left = stored.rows - i64::try_from(rows.len()).unwrap_or_default();
    if left > 0 {
        context.screen.line(&format!("    … and {left} more: --limit {}", stored.rows));
    }
    Ok(json!({ "table": stored.table, "op": stored.op, "rows": stored.rows, "shown": out }))
}

fn value<'r>(row: &'r Row, slot: Slot, column: &TargetColumn) -> &'r Value {
    row.get(&slot.of(column)).unwrap_or(&Value::Null)
}
