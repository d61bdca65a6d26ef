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
use crate::domain::transfer::unpack;
use crate::domain::value::{Row, Value};
use crate::guards::Standing;
use crate::ledger::{Ledger, Look, StoredImage, TransferTable};
use crate::patch::{Checkpoint, PatchError};
use crate::transfer::history;

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
    let tables = if begun.kind == history::KIND {
        ledger.transfer_tables(&mut reached.session, run.id).map_err(PatchError::from)?
    } else {
        Vec::new()
    };
    let is_kept = tables.iter().all(|table| table.pruned_at.is_none());
    let of_transfer = match begun.undo_of {
        Some(of) => {
            let of = ledger.run(&mut reached.session, of).map_err(PatchError::from)?;
            of.is_some_and(|of| of.begun.kind == history::KIND)
        }
        None => false,
    };
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
    for table in &tables {
        line("", Some(transferred(table)));
    }
    if let Some(at) = tables.iter().find_map(|table| table.pruned_at.as_deref()) {
        line("", Some(format!("what its way back needs was dropped on {}", moment(at))));
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
        None if is_kept && !of_transfer && (run.state.starts_with("applied") || (run.state == "cancelled" && rows(&run) > 0)) => {
            line("undo", Some(format!("manage undo {}", run.id)));
        }
        None => {}
    }
    let mut facts = list::fact(&run);
    if !tables.is_empty() {
        facts["tables"] = tables.iter().map(transferred_fact).collect();
    }
    if args.rows && !tables.is_empty() {
        facts["updated_rows"] =
            updated(context, &mut reached.session, ledger, args, &chosen.project.config.patches.masked, &tables)?;
    } else if args.rows {
        let mut tables = Vec::new();
        for image in images.iter().filter(|image| image.pruned_at.is_none()) {
            tables.push(table(context, image, args.limit, &chosen.project.config.patches.masked, &mut reached.session)?);
        }
        facts["tables"] = tables.into();
    }
    context.screen.facts.insert("run".to_owned(), facts);
    Ok(Exit::Ok)
}

/// What became of one table of a transfer.
fn transferred(table: &TransferTable) -> String {
    let counts = format!("{} read, {} rejected, {} skipped", table.read, table.rejected, table.skipped);
    match table.target.as_str() {
        "" => format!("{} stays behind: {}", table.source, counts),
        target => format!("{} → {target}: {} inserted, {} updated ({counts})", table.source, table.inserted, table.updated),
    }
}

fn transferred_fact(table: &TransferTable) -> Fact {
    json!({
        "table": if table.target.is_empty() { &table.source } else { &table.target },
        "inserted": table.inserted, "updated": table.updated, "deleted": 0,
        "read": table.read, "unchanged": table.unchanged, "rejected": table.rejected, "skipped": table.skipped,
    })
}

/// The rows that a transfer updated, before and after. Of those that it inserted only key and checksum are kept.
fn updated(
    context: &mut Context,
    session: &mut Session,
    ledger: Ledger,
    args: &Args,
    masked: &[String],
    tables: &[TransferTable],
) -> Result<Fact, Failure> {
    let texts = |packed: &str| -> Vec<String> {
        unpack(packed).unwrap_or_default().iter().map(|cell| cell.as_str().map_or_else(|| cell.shown(), str::to_owned)).collect()
    };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let images = ledger.transfer_images(session, args.run, i64::MAX, limit).map_err(PatchError::from)?;
    let mut facts = Vec::new();
    for image in &images {
        let table = tables.iter().find(|table| table.place == image.place).map_or("", |table| table.target.as_str());
        let (key, before, after) = (texts(&image.key), texts(&image.before), texts(&image.after));
        let columns = texts(&image.columns);
        let changed = columns.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after);
        let (mut words, mut columns) = (Vec::new(), Map::new());
        for (column, (before, after)) in changed {
            let mask = MASK.to_owned();
            let (before, after) = if is_masked(masked, table, column) { (&mask, &mask) } else { (before, after) };
            words.push(format!("{column}: {before} → {after}"));
            columns.insert(column.clone(), json!({ "before": before, "after": after }));
        }
        context.screen.row(&format!("    {table} {}  {}", key.join(", "), words.join("  ")));
        facts.push(json!({ "table": table, "key": key, "columns": columns }));
    }
    Ok(facts.into())
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
