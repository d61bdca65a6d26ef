//! The findings on the screen and as facts.

use std::path::Path;

use serde_json::{Value, json};

use super::round_trip::Trips;
use crate::cli::context::{Context, shown};
use crate::cli::failure::excerpt;
use crate::cli::output::paint::{Paint, Style};
use crate::cli::output::words;
use crate::lint::{Finding, Severity};

/// Shows the findings, grouped by file, and how many there are. Hints are shown with `-v`.
pub fn findings(context: &mut Context, findings: &[Finding], looked_at: usize) {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, hints) = (count(Severity::Error), count(Severity::Warning), count(Severity::Hint));
    let all: Value = findings.iter().map(|finding| fact(finding, &context.folder)).collect();
    let counts = json!({ "error": errors, "warning": warnings, "hint": hints });
    let facts = &mut context.screen.facts;
    facts.extend([("findings".to_owned(), all), ("counts".to_owned(), counts), ("looked_at".to_owned(), looked_at.into())]);
    let (paint, verbose, width) = (context.screen.paint, context.screen.verbose, context.screen.talk_width);
    let shown_here: Vec<&Finding> = findings.iter().filter(|finding| verbose || finding.severity != Severity::Hint).collect();
    for of_file in shown_here.chunk_by(|a, b| a.place.file == b.place.file) {
        context.screen.line(&paint.on(Style::Strong, &shown(&of_file[0].place.file, &context.folder)));
        for (number, finding) in of_file.iter().enumerate() {
            if of_file[..number].iter().any(|earlier| is_same(earlier, finding)) {
                continue;
            }
            let also: Vec<_> = of_file[number + 1..].iter().filter(|later| is_same(later, finding)).copied().collect();
            context.screen.line(text(finding, &also, paint, width).trim_end());
        }
    }
    let mut found = Vec::new();
    found.extend((errors > 0).then(|| words::count(errors, "error")));
    found.extend((warnings > 0).then(|| words::count(warnings, "warning")));
    let unseen = if verbose { "" } else { " (-v shows them)" };
    found.extend((hints > 0).then(|| format!("{}{unseen}", words::count(hints, "hint"))));
    let found = if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
    let line = match looked_at {
        0 if findings.is_empty() => "nothing is pending · all files: manage lint --all".to_owned(),
        _ => format!("{} looked at: {found}", words::count(looked_at, "migration")),
    };
    context.screen.line(&line);
}

/// Says which round trips were made.
pub fn trips(context: &mut Context, trips: &Trips) {
    let all = trips.all.iter().map(|trip| {
        json!({ "version": trip.version.as_str(), "name": trip.name, "status": trip.status.word(), "message": trip.status.message() })
    });
    let all: Value = all.collect();
    context.screen.facts.insert("roundtrip".to_owned(), all);
    let paint = context.screen.paint;
    for trip in &trips.all {
        let mark = match trip.status.is_fine() {
            Some(true) => paint.on(Style::Good, "✓"),
            Some(false) => paint.on(Style::Bad, "✗"),
            None => paint.on(Style::Faint, "-"),
        };
        context.screen.line(&format!("  {mark} {} {:<40} {}", trip.version, trip.name, trip.status.message()));
    }
}

/// Whether two findings differ in their place only.
fn is_same(a: &Finding, b: &Finding) -> bool {
    a.rule == b.rule && a.message == b.message
}

fn text(finding: &Finding, also: &[&Finding], paint: Paint, width: usize) -> String {
    let style = match finding.severity {
        Severity::Error => Style::Bad,
        Severity::Warning => Style::Warn,
        Severity::Hint => Style::Hint,
    };
    let at = |finding: &Finding| match (finding.place.line, finding.place.column) {
        (Some(line), Some(column)) => format!("{line}:{column} "),
        _ => String::new(),
    };
    let place = at(finding);
    let severity = paint.on(style, finding.severity.word());
    let mut out = format!("  {place}{severity}: {} ({})\n", finding.message, finding.rule);
    let mut lines = String::new();
    excerpt(&mut lines, &finding.place, None, paint, width);
    lines.lines().for_each(|line| out.push_str(&format!("{}\n", line.trim_end())));
    if !also.is_empty() {
        let also: Vec<_> = also.iter().map(|finding| at(finding).trim_end().to_owned()).collect();
        out.push_str(&format!("       {} {}\n", paint.on(Style::Faint, "also at:"), also.join(", ")));
    }
    out.push_str(&format!("       {} {}\n", paint.on(Style::Faint, "instead:"), finding.help));
    out
}

fn fact(finding: &Finding, folder: &Path) -> Value {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.word(),
        "version": finding.version.as_str(),
        "file": shown(&finding.place.file, folder),
        "line": finding.place.line,
        "column": finding.place.column,
        "message": finding.message,
        "help": finding.help,
    })
}
