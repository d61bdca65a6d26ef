//! Reports as people see them, and as facts.

use std::path::Path;

use serde_json::{Value as Fact, json};

use crate::cli::context::Context;
use crate::cli::output::paint::Style;
use crate::cli::output::value::{fact as value_fact, plain, short};
use crate::cli::output::words;
use crate::cli::verify::facts::error_fact;
use crate::cli::verify::show::error_lines;
use crate::domain::value::Value;
use crate::project::scripts::Script;
use crate::tenancy::{Account, Site};
use crate::verify::{Section, SectionKind, Step, Told};

/// A report as a fact.
pub fn fact(told: &Told, script: &Script, account: Option<&Account>, site: Option<&Site>, folder: &Path) -> Fact {
    let blocked = told.blocked_by();
    let status = match (&told.error, blocked) {
        (Some(_), _) => "error",
        (None, Some(_)) => "failed",
        (None, None) => "ok",
    };
    json!({
        "name": told.name,
        "kind": script.kind.prefix(),
        "account": account.map(|account| account.name.clone()),
        "site": site.map(|site| site.name.clone()),
        "status": status,
        "blocked_by": blocked.map(step),
        "sections": told.sections.iter().map(section).collect::<Vec<_>>(),
        "duration_ms": words::milliseconds(told.took),
        "error": told.error.as_ref().map(|error| error_fact(error, folder)),
    })
}

fn section(section: &Section) -> Fact {
    json!({
        "kind": section.kind.word(),
        "title": section.title,
        "columns": section.columns,
        "rows": section.rows.iter().map(|row| row.iter().map(value_fact).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "count": section.count,
        "steps": section.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &Step) -> Fact {
    json!({ "step": step.step, "ok": step.ok, "detail": step.detail })
}

/// A report on the screen.
pub fn text(context: &mut Context, told: &Told, account: Option<&Account>) {
    let whose = account.map(|account| format!(" · {account}")).unwrap_or_default();
    let description = format!("{}{whose}", told.name);
    context.screen.line(&context.screen.paint.on(Style::Strong, &description));
    let width = told.sections.iter().flat_map(|section| &section.steps).map(|step| step.step.chars().count()).max();
    for section in &told.sections {
        match section.kind {
            SectionKind::Step => section.steps.iter().for_each(|step| step_line(context, step, width.unwrap_or(0).min(60))),
            SectionKind::Warn if section.count == 0 => {}
            SectionKind::Warn | SectionKind::Table => table(context, section),
        }
    }
    if let Some(error) = &told.error {
        for line in error_lines(error, &context.folder) {
            context.screen.line(&format!("  ✗ {line}"));
        }
    }
    if let Some(step) = told.blocked_by() {
        let detail = step.detail.as_ref().map(|detail| format!(": {}", plain(detail, 200))).unwrap_or_default();
        context.screen.line(&format!("  blocked by {}{detail}", plain(&step.step, 100)));
    }
}

fn step_line(context: &mut Context, step: &Step, width: usize) {
    let (style, mark, word) = match step.ok {
        Some(true) => (Style::Good, "✓", "ok"),
        Some(false) => (Style::Bad, "✗", "failed"),
        None => (Style::Faint, "-", "unknown"),
    };
    let mark = context.screen.paint.on(style, mark);
    let detail = step.detail.as_ref().map(|detail| plain(detail, 200)).unwrap_or_default();
    let line = format!("  {mark} {:<width$}  {word:<7}  {detail}", plain(&step.step, 100));
    context.screen.row(line.trim_end());
}

fn table(context: &mut Context, section: &Section) {
    let count = words::count(usize::try_from(section.count).unwrap_or(usize::MAX), "row");
    let title = section.title.as_deref().unwrap_or_default();
    match section.kind {
        SectionKind::Warn => {
            let mark = context.screen.paint.on(Style::Warn, "!");
            context.screen.line(&format!("  {mark} {}: {count}", if title.is_empty() { "warning" } else { title }));
        }
        _ if title.is_empty() => context.screen.line(&format!("  {count}")),
        _ => context.screen.line(&format!("  {title} · {count}")),
    }
    if section.rows.is_empty() {
        return;
    }
    let cells: Vec<Vec<String>> = section.rows.iter().map(|row| row.iter().map(short).collect()).collect();
    let columns = 0..section.columns.len();
    let widths: Vec<usize> = columns
        .clone()
        .map(|at| {
            let named = section.columns[at].chars().count();
            cells.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0).max(named)
        })
        .collect();
    // Numbers stand under each other, unit under unit.
    let numeric: Vec<bool> = columns
        .map(|at| section.rows.iter().all(|row| matches!(row.get(at), Some(Value::Integer(_) | Value::Real(_) | Value::Null))))
        .collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().enumerate().map(|(at, cell)| {
            let gap = " ".repeat(widths.get(at).copied().unwrap_or(0).saturating_sub(cell.chars().count()));
            if numeric.get(at) == Some(&true) { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
        });
        format!("    {}", padded.collect::<Vec<_>>().join("  "))
    };
    context.screen.row(line(&section.columns).trim_end());
    for row in &cells {
        context.screen.row(line(row).trim_end());
    }
    let left = section.count - section.rows.len() as u64;
    if left > 0 {
        context.screen.line(&format!("    … and {left} more: --limit {}", section.count));
    }
}
