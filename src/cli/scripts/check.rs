//! `manage scripts check`

use serde_json::json;

use crate::backend::Access;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::domain::explain::{Explain, Place};
use crate::domain::secret::redact;
use crate::project::{Project, scripts};
use crate::tenancy::Map;
use crate::verify::inspect_all;

/// Look at every script without running it
///
/// The head, the parameters, whether the SQL uses :account, whether all its tables are classified, and what the
/// database says of it. Writes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage scripts check
  manage scripts check --env staging --json | jq '.scripts[] | select(.problem)'")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the scripts or the tables of the database cannot be read.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let scripts = scripts::load(&chosen.project.scripts_folder(), chosen.url.engine())?;
    let mut reached = context.reach(&chosen, Access::Read, "scripts check")?;
    let title = reached.title();
    context.screen.heading(&title);
    reached.session.begin_snapshot(None)?;
    let relations = reached.session.relations()?;
    let tenancy = chosen.project.config.tenancy.as_ref();
    let map = tenancy.map(|tenancy| Map::new(chosen.url.engine(), tenancy, relations.clone())).transpose()?;
    let wrong = inspect_all(&scripts, map.as_ref(), &relations, &mut reached.session);
    // Nothing was written, so nothing is lost with a snapshot that cannot be ended.
    let _ = reached.session.end_snapshot();
    let mut facts = Vec::new();
    let mut worst = Exit::Ok;
    let mut count = 0;
    let width = scripts.all().map(|(kind, name, _)| kind.verb().len() + 1 + name.chars().count()).max().unwrap_or(0);
    for (kind, name, _) in scripts.all() {
        count += 1;
        let problem = wrong.get(&(kind, name));
        let (style, mark) = if problem.is_some() { (Style::Bad, "✗") } else { (Style::Good, "✓") };
        let mark = context.screen.paint.on(style, mark);
        let told = problem.map(|problem| in_words(problem, context));
        let command = format!("{} {name}", kind.verb());
        context.screen.line(&format!("  {mark} {command:<width$}  {}", told.as_deref().unwrap_or("ok")));
        facts.push(json!({ "name": name, "kind": kind.prefix(), "problem": told }));
        if let Some(problem) = problem {
            worst = worst.worse(problem.class().into());
        }
    }
    context.screen.facts.insert("scripts".to_owned(), facts.into());
    context.screen.line(&match wrong.len() {
        0 => format!("{}, nothing wrong with them", words::count(count, "script")),
        wrong => format!("{wrong} of {} cannot be used", words::count(count, "script")),
    });
    Ok(worst)
}

/// What is wrong, on one line: place, message, cause, hint.
pub fn in_words(error: &dyn Explain, context: &Context) -> String {
    let shown = |place: Place| Place { file: Project::shown(&place.file, &context.folder), ..place };
    let place = error.place().map(|place| format!("{}: ", shown(place))).unwrap_or_default();
    let cause = Explain::cause(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    redact(&format!("{place}{error}{cause}{hint}"))
}
