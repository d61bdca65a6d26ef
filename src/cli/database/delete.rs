//! `manage database drop`

use crate::backend::{Access, Session};
use crate::cli::consent;
use crate::cli::context::{Context, unreachable};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::guards::Deed;

/// Drops the database, after the guards have let it.
///
/// # Errors
/// When the guards refuse, somebody uses it, or the server or the folder refuses.
pub fn run(context: &mut Context) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let reached = match context.reach(&chosen, Access::Write, "database drop") {
        Ok(reached) => reached,
        Err(failure) if context.is_missing(&chosen) => {
            context.screen.facts.insert("dropped".to_owned(), false.into());
            context.screen.line(&format!("nothing to drop: {}", failure.0));
            return Ok(Exit::Ok);
        }
        Err(failure) => return Err(failure),
    };
    let title = reached.title();
    context.screen.heading(&title);
    let name = reached.identity.name.clone();
    let effect = format!("This drops {name} with everything in it. There is no way back but a backup.");
    consent::obtain(context, &reached, Deed::DatabaseDrop, &effect)?;
    // Our own session would be in the way.
    drop(reached);
    let dropped = context
        .with_opening(Access::Write, "database drop", |opening| Session::drop_database(&chosen.url, opening))
        .map_err(|error| unreachable(error, &chosen.url))?;
    context.screen.facts.insert("dropped".to_owned(), dropped.into());
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {name} is dropped"));
    Ok(Exit::Ok)
}
