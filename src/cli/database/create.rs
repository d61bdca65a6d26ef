//! `manage database create`

use crate::backend::{Access, Full, Session};
use crate::cli::context::{Context, unreachable};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::ledger::Ledger;

/// Makes the database. One that is made here, in an environment that is not protected, is stamped, so that the
/// guards know it.
///
/// # Errors
/// When the server or the folder refuses.
pub fn run(context: &mut Context) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let created = context
        .with_opening(Access::Create, "database create", |opening| Session::create_database(&chosen.url, opening))
        .map_err(|error| unreachable(error, &chosen.url))?;
    let mut reached = context.reach(&chosen, Access::Write, "database create")?;
    if created && let Some(name) = context.stamp(&chosen, &reached.identity.location) {
        let ledger = Ledger::prepare(&mut reached.session)?;
        ledger.stamp(&mut reached.session, &name, false)?;
        drop(reached);
        reached = context.reach(&chosen, Access::Write, "database create")?;
    }
    context.screen.facts.insert("created".to_owned(), created.into());
    let mark = context.screen.paint.on(Style::Good, "✓");
    let line =
        if created { format!("{mark} {} is made", reached.title()) } else { format!("{} is there already", reached.title()) };
    context.screen.line(&line);
    let _ = reached.session.take_notices();
    Ok(Exit::Ok)
}
