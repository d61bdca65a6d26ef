//! `manage status`

use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};
use serde_json::{Value, json};

use super::context::Context;
use super::difference;
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use super::running;
use crate::domain::checksum::Edit;
use crate::ledger::Action;
use crate::migrate::{Picture, Problem, ProblemKind, State};

/// Show what is applied and what is pending
///
/// Never writes, and needs no more than the right to read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage status
  manage status --check               in CI: exit 1 when work is pending
  manage status --diff V              what was edited after it ran
  manage status --json | jq '.pending'")]
pub struct Args {
    /// Exit with 1 when work is pending, with 5 when something is edited, missing, out of order or half-way
    #[arg(long)]
    check: bool,

    /// Show how the file of this migration differs from what ran
    #[arg(long, value_name = "V", conflicts_with = "check")]
    diff: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    let looked = running::look(context, &chosen, &files, "status")?;
    let picture = &looked.picture;
    if let Some(asked) = &args.diff {
        context.screen.heading(&looked.title);
        return difference::show(context, picture, asked);
    }
    facts(context, picture);
    context.screen.heading(&looked.title);
    let something = !picture.states().is_empty() || !picture.archived.is_empty();
    if something && !context.screen.json {
        let table = table(picture).to_string();
        for line in table.lines() {
            let line = format!("  {}", line.trim_end());
            context.screen.row(&line);
        }
    }
    let mut problems = picture.problems();
    problems.extend(picture.archive_problems());
    let pending = picture.pending().len();
    let summary = match (pending, problems.len()) {
        (0, 0) if picture.running.is_some() => "a run is under way".to_owned(),
        (0, 0) => "up to date".to_owned(),
        (pending, 0) => format!("{pending} pending · run them: manage migrate"),
        (pending, problems) => format!("{pending} pending, {}", words::count(problems, "problem")),
    };
    if picture.is_numbered() {
        let current = picture.latest().map_or("0", |version| version.as_str());
        let latest = picture.files.last().map_or("0", |file| file.version.as_str());
        let last_run = picture.last_run.as_ref().map(|moment| format!(" · last run {moment}")).unwrap_or_default();
        context.screen.heading(&format!("version {current} of {latest}{last_run}"));
    }
    context.screen.line(&summary);
    let being_run = picture.being_run();
    for (_, text) in &being_run {
        let mark = context.screen.paint.on(Style::Warn, "~");
        context.screen.line(&format!("  {mark} {text}"));
    }
    for problem in &problems {
        let mark = context.screen.paint.on(Style::Warn, "!");
        let line = format!("  {mark} {}", difference::message(picture, problem));
        context.screen.line(&line);
        context.screen.heading(&format!("    {}", way_out(problem, picture)));
    }
    for file in
        picture.files.iter().filter(|file| picture.is_applied(&file.version) && picture.edit(&file.version) == Edit::Cosmetic)
    {
        context.screen.talk(&format!("  {file}: only line ends, white space or comments differ from what ran"));
    }
    Ok(match (args.check, &problems[..], pending) {
        (false, ..) => Exit::Ok,
        // Whether a file was edited could not be told, and "could not tell" is not "fine".
        _ if picture.log_unreadable.is_some() => Exit::CouldNotRun,
        // What is archived is no conflict: the next migrate compares, and records the baseline.
        (true, [_, ..], _) if problems.iter().any(|problem| problem.kind != ProblemKind::Archived) => Exit::Conflict,
        (true, [_, ..], _) => Exit::Check,
        (true, [], 0) if being_run.is_empty() => Exit::Ok,
        (true, [], _) => Exit::Check,
    })
}

fn table(picture: &Picture<'_>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["version", "name", "state", "applied", "took"]);
    for row in &picture.archived {
        let name = picture.name(&row.version);
        table.add_row([row.version.as_str(), &name, "archived", &minute(&row.run_on), ""]);
    }
    for (version, state) in picture.states() {
        let run_on =
            picture.applied.iter().find(|row| row.version == *version).map(|row| minute(&row.run_on)).unwrap_or_default();
        let took = picture.recorded.get(version).and_then(|recorded| recorded.micros);
        let took = took.map(|micros| words::duration(std::time::Duration::from_micros(micros))).unwrap_or_default();
        let state = words_of(state, picture.recorded.get(version).map(|recorded| recorded.action));
        table.add_row([version.as_str().to_owned(), picture.name(version), state.to_owned(), run_on, took]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(took) = table.column_mut(4) {
        // Wide enough for all but the longest, so that the screen does not move from one look to the next.
        took.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(10)));
        took.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The state in words. What never ran here is not called applied.
fn words_of(state: State, came: Option<Action>) -> &'static str {
    match state {
        State::Applied => match came {
            Some(action @ (Action::Faked | Action::Adopted)) => action.word(),
            _ => "applied",
        },
        State::Running => "running",
        State::Edited => "edited !",
        State::Missing => "no file !",
        State::Pending => "pending",
        State::OutOfOrder => "out of order !",
        State::Unfinished => "half-way !",
    }
}

/// What to do about a problem.
fn way_out(problem: &Problem, picture: &Picture<'_>) -> &'static str {
    match problem.kind {
        ProblemKind::OutOfOrder if problem.instead.is_some() => {
            "give the new file the next free number, and the others the numbers that they ran under"
        }
        ProblemKind::Unfinished if picture.is_numbered() && picture.is_applied(&problem.version) => {
            "correct its way back, then manage rollback: it goes on after the last finished statement"
        }
        ProblemKind::Unfinished if picture.is_numbered() => {
            "correct its way forward, then manage migrate: it goes on after the last finished statement"
        }
        ProblemKind::Missing => "bring its files back, or check that this is the right database",
        ProblemKind::Edited => {
            "put the file back as it was, and write the change as a new migration; or accept it: manage repair V --reason TEXT"
        }
        ProblemKind::OutOfOrder => {
            "give it a version after the last applied one, or run it late: manage migrate --allow-out-of-order"
        }
        ProblemKind::Unfinished if picture.is_applied(&problem.version) => {
            "correct its down.sql, then manage rollback: it goes on after the last finished statement"
        }
        ProblemKind::Archived => "manage migrate compares the live schema with the baseline, and records it",
        ProblemKind::NotRunBeforeBaseline => "check out the commit before the baseline, and run manage migrate there first",
        ProblemKind::Unfinished => "correct its up.sql, then manage migrate: it goes on after the last finished statement",
    }
}

/// `2026-02-01 10:12:33.123` or `2026-02-01T10:12:33Z` to the minute.
fn minute(run_on: &str) -> String {
    run_on.get(..16).unwrap_or(run_on).replace('T', " ")
}

fn facts(context: &mut Context, picture: &Picture<'_>) {
    let applied = picture.applied.iter().map(|row| {
        json!({
            "version": row.version.as_str(),
            "name": picture.name(&row.version),
            "applied_at": row.run_on,
            "recorded_as": picture.recorded.get(&row.version).map(|recorded| recorded.action).filter(|action| *action != Action::Repaired).map(Action::word),
            "duration_ms": picture.recorded.get(&row.version).and_then(|recorded| recorded.micros).map(|micros| micros as f64 / 1000.0),
        })
    });
    let applied: Value = applied.collect();
    let archived = picture
        .archived
        .iter()
        .map(|row| json!({ "version": row.version.as_str(), "name": picture.name(&row.version), "applied_at": row.run_on }));
    let archived: Value = archived.collect();
    context.screen.facts.insert("archived".to_owned(), archived);
    let mut problems = picture.problems();
    problems.extend(picture.archive_problems());
    let problems = problems.iter().map(|problem| {
        json!({ "kind": problem.kind.word(), "version": problem.version.as_str(), "name": problem.name, "message": difference::message(picture, problem), "hint": way_out(problem, picture) })
    });
    let mut problems: Vec<Value> = problems.collect();
    if let Some(error) = &picture.log_unreadable {
        problems.push(json!({ "kind": "log-unreadable", "version": null, "name": null, "message": error.message, "hint": null }));
    }
    let current = picture.latest().map(|version| version.as_str().to_owned());
    let latest = picture.files.last().map(|file| file.version.as_str().to_owned());
    // A version that is a number is 0 where there is none.
    let none = picture.is_numbered().then(|| "0".to_owned());
    context.screen.facts.insert("current_version".to_owned(), json!(current.or_else(|| none.clone())));
    context.screen.facts.insert("latest_version".to_owned(), json!(latest.or(none)));
    context.screen.facts.insert("pending_count".to_owned(), json!(picture.pending().len()));
    context.screen.facts.insert("total_migrations".to_owned(), json!(picture.files.len()));
    context.screen.facts.insert("last_run".to_owned(), json!(picture.last_run));
    context.screen.facts.insert("applied".to_owned(), applied);
    context.screen.facts.insert("pending".to_owned(), running::pending_facts(picture));
    context.screen.facts.insert("problems".to_owned(), problems.into());
    let running = picture.being_run();
    let running = running
        .iter()
        .map(|(version, text)| json!({ "version": version.as_str(), "name": picture.name(version), "message": text }));
    context.screen.facts.insert("running".to_owned(), running.collect());
}
