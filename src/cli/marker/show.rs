//! `manage marker show`

use serde_json::json;

use crate::backend::Access;
use crate::cli::context::{Context, unborn_title};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::ledger::{Ledger, Look};

/// Show the marker, whether it holds, and what the guards make of it
///
/// Writes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage marker show
  manage marker show --env staging --json | jq .standing")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the database cannot be reached.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let Some(mut reached) = context.reach_if_made(&chosen, Access::Read, "marker show")? else {
        context.screen.heading(&unborn_title(&chosen.url));
        context.screen.line("no marker: the database is not made yet");
        context.screen.facts.insert("marker".to_owned(), json!(null));
        return Ok(Exit::Ok);
    };
    let title = reached.title();
    context.screen.heading(&title);
    let stamped_at = match (&reached.stamped, Ledger::look(&mut reached.session)?) {
        (Some(_), Look::Present(ledger)) => ledger.stamped_at(&mut reached.session)?,
        _ => None,
    };
    let held = reached.marker.is_some();
    let facts = reached.stamped.as_ref().map(|marker| {
        json!({
            "name": marker.name,
            "protected": marker.protected,
            "holds": held,
            "stamped_at": stamped_at,
            "binding": marker.binding.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        })
    });
    context.screen.facts.insert("marker".to_owned(), facts.into());
    context.screen.facts.insert("standing".to_owned(), reached.standing.word().into());
    context.screen.facts.insert("why".to_owned(), reached.why.as_str().into());
    match &reached.stamped {
        None => context.screen.line("  marker    none"),
        Some(marker) => {
            let protected = if marker.protected { ", protected" } else { "" };
            context.screen.line(&format!("  marker    {}{protected}", marker.name));
            if let Some(stamped_at) = stamped_at {
                context.screen.line(&format!("  since     {stamped_at}"));
            }
            for (name, value) in &marker.binding {
                context.screen.line(&format!("  bound to  {name} {value}"));
            }
        }
    }
    context.screen.line(&format!("  guards    {}: {}", reached.standing.word(), reached.why));
    if !held {
        context.screen.talk("say what it is: manage marker set NAME");
    }
    Ok(Exit::Ok)
}
