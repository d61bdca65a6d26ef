//! What is said and noted of a reset.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::{mark, path_text};
use crate::backup::reset::{Gathered, goes};
use crate::cli::backup::way_back;
use crate::cli::context::{Chosen, Context};
use crate::cli::noting::{self, Said};
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::ledger::Note;

/// The note.
pub fn said(context: &Context, gathered: &Gathered, before: Option<&Path>, reason: Option<&str>, run: &str) -> Said {
    let mut body = String::from("What went:\n\n");
    for line in goes(gathered) {
        body.push_str(&format!("- {}: {}\n", line.what, line.names.join(", ")));
    }
    let names: Vec<&str> = gathered.migrations.iter().map(|(name, _)| name.as_str()).collect();
    body.push_str(&format!("\nThe schema was made anew by {}.\n\n", names.join(", ")));
    let open = match before {
        Some(path) => {
            body.push_str(&format!("Everything comes back by: `{}`", way_back(context, path)));
            vec!["tell the users: manage notice render".to_owned()]
        }
        None => {
            body.push_str("No backup was made: there is no way back.");
            vec!["tell the users: manage notice render".to_owned()]
        }
    };
    Said {
        kind: "reset".to_owned(),
        title: format!("reset, {} gone", words::count(usize::try_from(rows(gathered)).unwrap_or(usize::MAX), "row")),
        reason: reason.map(str::to_owned),
        body: Some(body),
        facts: json!({
            "run": run,
            "migrations": names,
            "rows": rows(gathered),
            "before": before.map(|path| path_text(context, path)),
        }),
        open,
        ..Said::default()
    }
}

fn rows(gathered: &Gathered) -> u64 {
    goes(gathered).iter().find_map(|line| line.rows).unwrap_or_default()
}

/// What is reported.
pub struct Report<'a> {
    /// Owners and grants that were given back.
    pub rights: usize,
    /// Probes that came out as they should.
    pub probes: usize,
    /// Checks that passed.
    pub checks: usize,
    /// The backup.
    pub before: Option<&'a Path>,
    /// How long it took, with the backup.
    pub took: Duration,
    /// The note.
    pub note: &'a Note,
}

/// Says what was done.
pub fn report(context: &mut Context, chosen: &Chosen, gathered: &Gathered, report: &Report<'_>) {
    let mark = mark(context, true);
    let back = report.before.map(|path| way_back(context, path));
    context.screen.facts.insert("reset".to_owned(), json!({ "rows": rows(gathered), "rights": report.rights, "way_back": back }));
    let count = words::count(gathered.migrations.len(), "migration");
    let gone = words::count(usize::try_from(rows(gathered)).unwrap_or(usize::MAX), "row");
    context
        .screen
        .line(&format!("  {mark} reset: {gone} gone, the schema made anew by {count}   {}", words::duration(report.took)));
    let probes =
        if report.probes == 0 { String::new() } else { format!(", {} as they should be", words::count(report.probes, "probe")) };
    let checks = if report.checks == 0 { String::new() } else { format!(", {} passed", words::count(report.checks, "check")) };
    context.screen.line(&format!("    checked before it counted: the schema is what the migrations make{probes}{checks}"));
    if report.rights > 0 {
        context.screen.line(&format!("    {} given back", words::count(report.rights, "owner or grant")));
    }
    match back {
        Some(back) => {
            let back = context.screen.paint.on(Style::Faint, &back).to_string();
            context.screen.line(&format!("  everything comes back by: {back}"));
        }
        None => context.screen.line("  no backup was made: there is no way back"),
    }
    noting::tell(context, chosen, report.note);
}
