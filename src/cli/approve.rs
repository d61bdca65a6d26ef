//! `manage approve`

use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::noting::{self, Said};
use super::patching::show::shown;
use crate::backend::{Access, Basic};
use crate::domain::explain::Class;
use crate::patch::PatchError;

/// Agree with a plan that somebody else has made
///
/// Shows whose plan it is and how many rows it writes, and keeps who agrees and why, in the ledger and as a note.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage approve 7d1e52aa90cf3b61
  manage approve 7d1e52aa90cf3b61 --reason 'looked at the rows with the customer'")]
pub struct Args {
    /// The plan's digest: at least 16 digits
    #[arg(value_name = "DIGEST", value_parser = super::fix::digest)]
    digest: String,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When there is no such plan in the database.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Write, "approve")?;
    context.screen.heading(&reached.title());
    let ledger = noting::prepare(context, &mut reached)?;
    let plans = ledger.plans(&mut reached.session, &args.digest).map_err(PatchError::from)?;
    let [plan] = plans.as_slice() else {
        return Err(Failure::new(
            Class::Conflict,
            format!("there is no plan {} in this database", shown(&args.digest)),
            "make one with --dry-run, on the database that is meant",
        ));
    };
    let of = plan.account_name.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
    let said = Said {
        kind: "approve".to_owned(),
        title: format!("plan {} of {} {}{of} approved", shown(&plan.digest), plan.kind, plan.name),
        reason: args.reason.clone(),
        account: plan.account_name.clone(),
        facts: json!({ "digest": plan.digest, "rows": plan.rows }),
        ..Said::default()
    };
    let person = context.person();
    reached.session.begin().map_err(PatchError::from)?;
    let done = ledger
        .approve(&mut reached.session, &plan.digest, args.reason.as_deref(), person.as_deref(), &context.actor())
        .and_then(|()| noting::insert(context, ledger, &mut reached.session, &reached.identity, reached.marker.as_deref(), &said))
        .map_err(Failure::from)
        .and_then(|note| reached.session.commit().map(|()| note).map_err(|error| PatchError::from(error).into()));
    let note = match done {
        Ok(note) => note,
        Err(failure) => {
            let _ = reached.session.rollback();
            return Err(failure);
        }
    };
    context.screen.line(&format!(
        "  {} {}{of}: {} rows, made {}",
        plan.kind,
        plan.name,
        plan.rows,
        plan.made_at.get(..16).unwrap_or_default().replace('T', " ")
    ));
    context.screen.facts.insert("digest".to_owned(), json!(plan.digest));
    noting::tell(context, &chosen, &note);
    Ok(Exit::Ok)
}
