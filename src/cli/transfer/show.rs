//! What a transfer says on the screen and as facts.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::files::LeftFile;
use crate::backend::{Fate, Left, Spool};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::transfer::{Plan, Problem, Report, TableReport};

/// So many rows are told in facts and lists.
pub const CAPPED: usize = 100;

/// A number with its thousands apart.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Rows a second: `412 k/s`.
pub fn rate(rows: u64, took: Duration) -> String {
    let rate = rows as f64 / took.as_secs_f64().max(0.000_001);
    if rate < 10_000.0 { format!("{rate:.0} rows/s") } else { format!("{:.0} k/s", rate / 1000.0) }
}

/// A line a table, then why rows were left.
pub fn tables(context: &mut Context, report: &Report) {
    context.screen.facts.insert("tables".to_owned(), report.tables.iter().map(table_fact).collect());
    let name = |table: &TableReport| if table.target.is_empty() { table.source.clone() } else { table.target.clone() };
    let width = report.tables.iter().map(|table| name(table).chars().count()).max().unwrap_or(0).clamp(10, 40);
    for table in &report.tables {
        let title = name(table);
        if let Some(why) = &table.skipped_whole {
            context.screen.row(&format!("  {title:<width$}  {:>10} stay behind: {why}", number(table.moved.read)));
            continue;
        }
        let mut parts = vec![format!("{:>10} {}", number(table.moved.read), if table.derived { "derived" } else { "read" })];
        parts.push(format!("{:>10} written", number(table.written())));
        let further = [
            (table.moved.unchanged, "unchanged"),
            (table.moved.rejected, "rejected"),
            (table.moved.skipped, "skipped"),
            (table.rolled_back, "rolled back"),
            (table.warned, "with a warning"),
            (table.recomputed, "counted anew"),
        ];
        parts.extend(further.into_iter().filter(|(rows, _)| *rows > 0).map(|(rows, word)| format!("{} {word}", number(rows))));
        let took = table.moved.probed + table.moved.copied;
        // Of a few rows it would be the speed of the clock.
        let speed = if table.moved.read >= 10_000 { format!("{}  ", rate(table.moved.read, took)) } else { String::new() };
        context.screen.row(&format!("  {title:<width$}  {}   {speed}{}", parts.join("  "), words::duration(took)));
        if let Some(slower) = table.moved.slower.filter(|_| table.moved.read >= 10_000) {
            context.screen.row(&format!("    · the slower way: {}", slower.words()));
        }
        for reason in &table.reasons {
            let (mark, style) = match reason.fate {
                Fate::Rejected => ("✗", Style::Bad),
                Fate::Skipped => ("-", Style::Faint),
                Fate::Warned => ("!", Style::Warn),
            };
            let column = if reason.column.is_empty() { String::new() } else { format!("{} ", reason.column) };
            let mark = context.screen.paint.on(style, mark);
            let (key, message) = &reason.example;
            let rows = if reason.rows == 1 { String::new() } else { format!("   and {} more", number(reason.rows - 1)) };
            context.screen.row(&format!("    {mark} {} {}: {key}: {column}{message}{rows}", reason.fate.word(), reason.rule));
        }
    }
}

fn table_fact(table: &TableReport) -> Value {
    let milliseconds = words::milliseconds;
    json!({
        "table": if table.target.is_empty() { &table.source } else { &table.target },
        "source": table.source,
        "read": table.moved.read,
        "slower": table.moved.slower.map(crate::backend::Slower::words),
        "written": table.written(),
        "inserted": table.moved.inserted,
        "updated": table.moved.updated,
        "unchanged": table.moved.unchanged,
        "rejected": table.moved.rejected,
        "skipped": table.skipped(),
        "rolled_back": table.rolled_back,
        "warned": table.warned,
        "recomputed": table.recomputed,
        "skipped_whole": table.skipped_whole,
        "rows_before": table.moved.before,
        "highest_key_before": table.moved.highest_before,
        "checksum": table.compared.as_ref().map(|compared| format!("{:016x}", compared.actual.sum)),
        "expected_checksum": table.compared.as_ref().map(|compared| format!("{:016x}", compared.expected.sum)),
        "probe_ms": milliseconds(table.moved.probed),
        "copy_ms": milliseconds(table.moved.copied),
        "validate_ms": milliseconds(table.compared_in),
        "reasons": table.reasons.iter().map(|reason| json!({
            "fate": reason.fate.word(), "column": reason.column, "rule": reason.rule, "rows": reason.rows,
        })).collect::<Vec<_>>(),
    })
}

/// Rows that were left, as facts (capped, with the true total) and into a file where one is wanted.
///
/// # Errors
/// When they cannot be read, or the file cannot be written.
pub fn left(context: &mut Context, plan: &Plan, spool: &Spool, file: Option<&Path>) -> Result<(), Failure> {
    let table = |place: usize| plan.tables.get(place).map_or("", |table| table.to.as_str());
    let mut out = file.map(LeftFile::create).transpose()?;
    let (mut rejected, mut skipped, mut warned) = (Vec::new(), Vec::new(), Vec::new());
    let mut totals = [0_u64; 3];
    let mut after = 0;
    loop {
        let page = spool.page(after, 500)?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        for (_, place, left) in &page {
            let (list, at) = match left.fate {
                Fate::Rejected => (&mut rejected, 0),
                Fate::Skipped => (&mut skipped, 1),
                Fate::Warned => (&mut warned, 2),
            };
            totals[at] += 1;
            tracing::warn!(
                table = table(*place),
                key = left.key,
                column = left.column,
                rule = left.rule,
                "{}: {}",
                left.fate.word(),
                left.message
            );
            if list.len() < CAPPED {
                list.push(left_fact(table(*place), left));
            }
            if let Some(out) = &mut out {
                out.add(table(*place), left)?;
            }
        }
    }
    if let Some(out) = out {
        out.end()?;
    }
    let facts = &mut context.screen.facts;
    for (name, list, total) in [("rejected", rejected, totals[0]), ("skipped", skipped, totals[1]), ("warned", warned, totals[2])]
    {
        facts.insert(name.to_owned(), list.into());
        facts.insert(format!("{name}_total"), total.into());
    }
    Ok(())
}

/// A row that was left, as a fact.
pub fn left_fact(table: &str, left: &Left) -> Value {
    json!({ "table": table, "key": left.key, "column": left.column, "rule": left.rule, "message": left.message })
}

/// Problems of a plan, a line each.
pub fn problems(context: &mut Context, problems: &[Problem]) {
    for problem in problems {
        let (mark, style) = match problem.level {
            crate::transfer::Level::Error => ("✗", Style::Bad),
            crate::transfer::Level::Warning => ("!", Style::Warn),
        };
        let mark = context.screen.paint.on(style, mark);
        context.screen.row(&format!("  {mark} {}", problem.line()));
    }
}

/// A problem as a fact.
pub fn problem_fact(problem: &Problem) -> Value {
    json!({
        "level": if problem.level == crate::transfer::Level::Error { "error" } else { "warning" },
        "kind": problem.kind,
        "table": problem.table,
        "message": problem.message,
        "hint": problem.hint,
        "line": problem.place.as_ref().and_then(|place| place.line),
    })
}
