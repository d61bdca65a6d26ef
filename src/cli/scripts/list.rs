//! `manage scripts list`

use serde_json::json;

use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::value::plain;
use crate::project::scripts;

/// List the scripts
///
/// Reads the files only; no database is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage scripts
  manage scripts list --json | jq '.scripts[] | select(.kind == \"verify\").name'")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the folder cannot be read, or a file's name says no kind.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let scripts = scripts::load(&chosen.project.scripts_folder(), chosen.url.engine())?;
    let mut facts = Vec::new();
    // Command, state, what it is for.
    let mut rows: Vec<[String; 3]> = Vec::new();
    for (kind, name, script) in scripts.all() {
        let command = format!("{} {name}", kind.verb());
        match script {
            Ok(script) => {
                let state = if script.head.runs_on(chosen.url.engine()) { "active" } else { "other database" };
                facts.push(json!({
                    "name": name, "kind": kind.prefix(), "state": state, "file": shown(&script.file, &context.folder),
                    "description": script.head.description, "scope": script.head.scope.word(), "problem": null,
                }));
                rows.push([command, state.to_owned(), plain(&script.head.description, 100)]);
            }
            Err(error) => {
                let problem = super::check::in_words(error, context);
                facts.push(json!({
                    "name": name, "kind": kind.prefix(), "state": "invalid", "file": null,
                    "description": null, "scope": null, "problem": problem,
                }));
                rows.push([command, "invalid !".to_owned(), problem]);
            }
        }
    }
    for file in scripts.archived() {
        facts.push(json!({
            "name": file.name, "kind": file.kind.prefix(), "state": "archived", "file": shown(&file.path, &context.folder),
            "description": null, "scope": null, "problem": null,
        }));
        rows.push([format!("{} {}", file.kind.verb(), file.name), "archived".to_owned(), shown(&file.path, &context.folder)]);
    }
    context.screen.facts.insert("scripts".to_owned(), facts.into());
    if rows.is_empty() {
        context.screen.line("no scripts yet: manage new verify NAME makes one");
        return Ok(Exit::Ok);
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let (command, state) = (width(0).max(7), width(1).max(5));
    context.screen.heading(&format!("  {:<command$}  {:<state$}  what it is for", "command", "state"));
    for [name, how, what] in &rows {
        context.screen.row(format!("  {name:<command$}  {how:<state$}  {what}").trim_end());
    }
    Ok(Exit::Ok)
}
