//! `manage scripts archive`

use serde_json::json;

use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::project::scripts;

/// Put a script that has done its work into scripts/archive, where it does not run
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage scripts archive cluster-status
  manage scripts archive fix-cluster-status     where a verify and a fix script have one name")]
pub struct Args {
    /// Its name, with or without the word for its kind
    #[arg(value_name = "NAME")]
    name: String,
}

/// Runs the command.
///
/// # Errors
/// When there is no such script, the archive has one of that name, or the folder cannot be written.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let folder = chosen.project.scripts_folder();
    let scripts = scripts::load(&folder, chosen.url.engine())?;
    let (kind, name) = scripts.kind_of(&args.name)?;
    let moves = scripts::archive::archive(&folder, kind, &name)?;
    let moves: Vec<(String, String)> =
        moves.iter().map(|(from, to)| (shown(from, &context.folder), shown(to, &context.folder))).collect();
    context.screen.facts.insert("name".to_owned(), name.clone().into());
    context.screen.facts.insert("kind".to_owned(), kind.prefix().into());
    let facts = moves.iter().map(|(from, to)| json!({ "from": from, "to": to }));
    context.screen.facts.insert("files".to_owned(), facts.collect());
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {} {name} is archived", kind.prefix()));
    for (from, to) in &moves {
        context.screen.line(&format!("    {from} → {to}"));
    }
    // Others may name it still.
    for (_, other, script) in scripts.all() {
        let Ok(script) = script else { continue };
        let named = if kind == scripts::Kind::Verify { &script.head.verify } else { &script.head.fix };
        if named.contains(&name) {
            context.screen.warn(&format!("{} {other} names it", script.kind.prefix()));
        }
    }
    Ok(Exit::Ok)
}
