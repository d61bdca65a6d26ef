//! A plan and its result, as people and programs see them.

use serde_json::{Map, Value as Fact, json};

use super::around::rows_of;
use crate::cli::context::Context;
use crate::cli::output::paint::Style;
use crate::cli::output::value::{fact, short};
use crate::domain::value::Value;
use crate::patch::{Done, PartDone};

/// How many hexadecimal digits of a digest are shown.
pub const DIGITS: usize = 16;

/// The digest as it is shown.
pub fn shown(digest: &str) -> &str {
    &digest[..DIGITS.min(digest.len())]
}

/// Shows a plan.
pub fn plan(context: &mut Context, done: &Done) {
    let line = format!("  plan {}: {}, 0 elsewhere", shown(&done.digest), rows_of(done));
    context.screen.line(&line);
    for part in &done.parts {
        changes(context, part, done.parts.len() > 1);
    }
    left(context, done);
}

/// How many rows that are left as they are get a line.
const LEFT_SHOWN: usize = 5;

/// Shows which rows are left for a person to decide, and why.
pub fn left(context: &mut Context, done: &Done) {
    for part in done.parts.iter().filter(|part| !part.left.is_empty()) {
        let warn = context.screen.paint.on(Style::Warn, "!");
        let (rows, are) =
            if part.left.len() == 1 { ("1 row".to_owned(), "is") } else { (format!("{} rows", part.left.len()), "are") };
        context.screen.line(&format!("  {warn} {rows} of {} {are} left as before: a person has to decide", part.table));
        for why in part.left.iter().take(LEFT_SHOWN) {
            context.screen.row(&format!("      {why}"));
        }
        if part.left.len() > LEFT_SHOWN {
            context.screen.row(&format!("      … and {} more: --json lists them", part.left.len() - LEFT_SHOWN));
        }
    }
}

/// A value on one line, also where there is nothing to see.
fn told(value: &Value) -> String {
    let text = short(value);
    if text.trim().is_empty() { format!("'{text}'") } else { text }
}

fn changes(context: &mut Context, part: &PartDone, named: bool) {
    if part.rows == 0 {
        return;
    }
    let indent = if named { "      " } else { "    " };
    if named {
        let by = if part.effect { " (by triggers or cascades)" } else { "" };
        context.screen.line(&format!("    {} {}{by}", part.op, part.table));
    }
    if part.changes.is_empty() {
        let more = if part.rows > part.keys.len() as u64 { ", …" } else { "" };
        context.screen.row(&format!("{indent}{}{more}", part.keys.join(", ")));
        return;
    }
    let words: Vec<(String, String)> = part
        .changes
        .iter()
        .map(|change| {
            let what = match part.op {
                "insert" => format!("{}: {}", change.column, told(&change.after)),
                _ => format!("{}: {} → {}", change.column, told(&change.before), told(&change.after)),
            };
            (what, format!("×{}", change.rows))
        })
        .collect();
    let width = words.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0).min(60);
    let counts = words.iter().map(|(_, count)| count.chars().count()).max().unwrap_or(0);
    for ((what, count), change) in words.iter().zip(&part.changes) {
        let example = if part.op == "insert" { String::new() } else { format!("   e.g. {}", short(&change.example)) };
        context.screen.row(format!("{indent}{what:<width$}  {count:<counts$}{example}").trim_end());
    }
}

/// What a rehearsal has done and rolled back.
pub fn rehearsed(context: &mut Context, done: &Done, verify: &[String]) {
    if !done.waiting.is_empty() {
        context.screen.line(&format!(
            "  while it runs, others wait who write {}: what triggers and cascades do there is captured",
            done.waiting.join(", ")
        ));
    }
    if let (Some(batched), true) = (done.batched, done.is_partly_rehearsed()) {
        context.screen.line(&format!(
            "  rehearsed the first {} of {} rows in a transaction that was rolled back; all of them: --dry-run=full",
            batched.rehearsed,
            done.rows()
        ));
        context.screen.line(&format!(
            "  it goes in {} batches, each a transaction of its own; the checks follow the last one",
            batched.batches
        ));
        return;
    }
    let findings = done.findings(verify);
    let verify = findings.map(|(before, after)| format!("; verify {}: {before} → {after} findings", verify.join(", ")));
    context.screen.line(&format!("  rehearsed in a transaction that was rolled back{}", verify.unwrap_or_default()));
}

/// Shows what was done.
pub fn result(context: &mut Context, done: &Done, account: Option<&str>, verify: &[String], undo: bool) {
    let good = context.screen.paint.on(Style::Good, "✓");
    let rows = done.rows();
    let inside = account.map(|account| format!(" · {rows} in account {account}")).unwrap_or_default();
    let written = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    context.screen.line(&format!("  {good} {written} written · {rows} captured{inside} · 0 elsewhere"));
    if let Some(batched) = done.batched {
        let batches = if batched.batches == 1 { "1 batch".to_owned() } else { format!("{} batches", batched.batches) };
        context.screen.line(&format!("  {good} in {batches}, each proved and committed with its capture"));
        if batched.skipped > 0 {
            context
                .screen
                .line(&format!("  left alone: {} rows that somebody has changed since the plan was made", batched.skipped));
        }
    }
    if !done.after.is_empty() && done.unverified.is_empty() {
        let named: Vec<String> = done
            .after
            .iter()
            .filter(|check| verify.contains(&check.name))
            .map(|after| {
                let before = done.before.iter().find(|check| check.name == after.name).map_or(0, |check| check.findings);
                format!("verify {}: {before} → {}, ", after.name, after.findings)
            })
            .collect();
        let others = if named.is_empty() { "no check got worse" } else { "no other check got worse" };
        context.screen.line(&format!("  {good} {}{others}", named.join("")));
        let left: Vec<&str> = done
            .after
            .iter()
            .filter(|check| verify.contains(&check.name) && check.findings > 0)
            .map(|check| check.name.as_str())
            .collect();
        if !left.is_empty() {
            let warn = context.screen.paint.on(Style::Warn, "!");
            let of = account.map(|account| format!(" --account {account}")).unwrap_or_default();
            context.screen.line(&format!("  {warn} what it does not mend is left: manage verify {}{of}", left.join(" ")));
        }
    }
    if let Some(run) = done.run {
        let back = if undo {
            format!("  run {run} · redo: manage undo {run}")
        } else {
            format!("  run {run} · undo: manage undo {run}")
        };
        context.screen.line(&back);
    }
}

/// The facts of one run or plan.
pub fn facts(done: &Done, status: &str, verify: &[String]) -> Map<String, Fact> {
    let tables: Vec<Fact> = tables(done);
    let findings = done.findings(verify);
    let plan: Vec<Fact> = done
        .parts
        .iter()
        .flat_map(|part| {
            part.changes.iter().map(|change| {
                json!({
                    "table": part.table,
                    "column": change.column,
                    "before": fact(&change.before),
                    "after": fact(&change.after),
                    "rows": change.rows,
                })
            })
        })
        .collect();
    let mut facts = Map::new();
    let mut put = |name: &str, value: Fact| facts.insert(name.to_owned(), value);
    put("run", json!(done.run));
    put("status", json!(status));
    put("digest", json!((!done.digest.is_empty()).then_some(&done.digest)));
    put("tables", tables.into());
    put("rows", json!(done.rows()));
    put("outside_tenant", json!(0));
    put("findings_before", json!(findings.map(|(before, _)| before)));
    put("findings_after", json!(findings.filter(|_| !done.is_partly_rehearsed()).map(|(_, after)| after)));
    put("conflicts", json!([]));
    let left = done.parts.iter().flat_map(|part| part.left.iter().map(|why| json!({ "table": part.table, "why": why })));
    put("left", left.collect::<Vec<_>>().into());
    let beside = done.parts.iter().filter(|part| part.effect);
    let beside = beside.map(|part| json!({ "table": part.table, "op": part.op, "rows": part.rows }));
    put("side_effects", beside.collect());
    put("changes", plan.into());
    put("undo", json!(done.run.map(|run| format!("manage undo {run}"))));
    facts
}

/// One entry a table, in the order of the parts.
fn tables(done: &Done) -> Vec<Fact> {
    let mut names: Vec<&str> = Vec::new();
    for part in &done.parts {
        if !names.contains(&part.table.as_str()) {
            names.push(&part.table);
        }
    }
    let count = |table: &str, op: &str| -> u64 {
        done.parts.iter().filter(|part| part.table == table && part.op == op).map(|part| part.rows).sum()
    };
    let one = |table: &&str| {
        json!({
            "table": table,
            "inserted": count(table, "insert"),
            "updated": count(table, "update"),
            "deleted": count(table, "delete"),
        })
    };
    names.iter().map(one).collect()
}
