//! `manage schema probe`

use serde_json::{Value, json};

use crate::backend::{Access, Full};
use crate::baseline::probe::{self, Expected, Probed, Verdict};
use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::domain::explain::{Class, Place};
use crate::project::{Project, texts};

/// Try whether the schema takes what it should, and refuses what it should
///
/// Runs the statements in probes/*.sql, each in a transaction that is rolled back. A line before a statement says what
/// is to come of it: `-- probe: WHAT IT IS ABOUT passes`, or `-- probe: WHAT IT IS ABOUT fails on CONSTRAINT`. Exits
/// with 1 when one comes out otherwise; a statement that fails on another constraint is told apart.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage schema probe
  manage schema probe --json | jq '.probes[] | select(.verdict != \"met\")'")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let engine = chosen.url.engine();
    let files = texts::sql_files(&chosen.project.folder.join(texts::PROBES), engine)?;
    if files.is_empty() {
        return Err(Failure::new(
            Class::Usage,
            "the project has no probes",
            "write them to probes/NAME.sql, each below a line `-- probe: … passes` or `-- probe: … fails on CONSTRAINT`",
        ));
    }
    let all = files.iter().map(|(file, text)| probe::read(file, text, engine)).collect::<Result<Vec<_>, _>>()?;
    let mut reached = context.reach(&chosen, Access::Write, "schema probe")?;
    context.screen.heading(&reached.title());
    let schema = reached.session.introspect()?;
    let mut results = Vec::new();
    for probes in &all {
        results.extend(probe::run(&mut reached.session, &schema, probes)?);
    }
    tell(context, &results);
    let failed = results.iter().filter(|probed| !probed.verdict.is_met()).count();
    let count = words::count(results.len(), "probe");
    context.screen.line(&match failed {
        0 => format!("{count}, all as they should be; everything was rolled back"),
        _ => format!("{failed} of {count} not as they should be; everything was rolled back"),
    });
    Ok(if failed == 0 { Exit::Ok } else { Exit::Check })
}

/// Shows what came of probes, and keeps the facts.
pub fn tell(context: &mut Context, results: &[Probed]) {
    for probed in results {
        let (style, mark) = if probed.verdict.is_met() { (Style::Good, "✓") } else { (Style::Bad, "✗") };
        let mark = context.screen.paint.on(style, mark);
        let title = if probed.title.is_empty() { String::new() } else { format!("{}: ", probed.title) };
        context.screen.line(&format!("  {mark} {title}{}", message(probed)));
        if !probed.verdict.is_met() {
            let place = Place { file: Project::shown(&probed.place.file, &context.folder), ..probed.place.clone() };
            context.screen.line(&format!("      at {}:{}", place.file.display(), place.line.unwrap_or(1)));
        }
    }
    let facts: Value = results
        .iter()
        .map(|probed| {
            json!({
                "title": probed.title,
                "file": shown(&probed.place.file, &context.folder),
                "line": probed.place.line,
                "expected": match &probed.expected { Expected::Passes => "passes", Expected::FailsOn(_) => "fails" },
                "constraint": match &probed.expected { Expected::Passes => None, Expected::FailsOn(name) => Some(name) },
                "verdict": probed.verdict.word(),
                "message": message(probed),
            })
        })
        .collect();
    context.screen.facts.insert("probes".to_owned(), facts);
}

fn message(probed: &Probed) -> String {
    let wanted = match &probed.expected {
        Expected::Passes => String::new(),
        Expected::FailsOn(name) => name.clone(),
    };
    match &probed.verdict {
        Verdict::Met if wanted.is_empty() => "passes".to_owned(),
        Verdict::Met => format!("fails on {wanted}"),
        Verdict::MetByKind => format!("fails on a foreign key; SQLite does not say whether it is {wanted}"),
        Verdict::Passed => format!("passed, and should fail on {wanted}"),
        Verdict::Failed(error) => format!("failed, and should pass: {}", error.message),
        Verdict::FailedElsewhere { on: Some(on), .. } => format!("failed on {on}, and should fail on {wanted}"),
        Verdict::FailedElsewhere { on: None, error } => {
            format!("failed, but on no constraint, and should fail on {wanted}: {}", error.message)
        }
        Verdict::Broken(error) => format!("a statement before the one that counts failed: {}", error.message),
    }
}
