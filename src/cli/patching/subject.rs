//! Whom a run is about.

use crate::backend::{Basic, Session};
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::scope::{self, ScopeArgs};
use crate::domain::explain::Class;
use crate::domain::value::Value;
use crate::project::scripts::{Scope, Script};
use crate::tenancy::{Account, Map, Site, find};

/// Whom a run is about.
pub enum Subject {
    /// The project has no accounts.
    Whole,
    /// The script is not about one account.
    Global(Box<Map>),
    /// These accounts, one after the other.
    Each(Box<Map>, Vec<(Account, Option<Site>)>),
}

/// The one that the arguments name.
///
/// # Errors
/// When none is named where one is needed, or it does not exist.
pub fn subject(
    context: &mut Context,
    chosen: &Chosen,
    session: &mut Session,
    script: &Script,
    scope_args: &ScopeArgs,
) -> Result<Subject, Failure> {
    if let (Scope::Global, Some(tenancy), false) = (script.head.scope, &chosen.project.config.tenancy, scope_args.all_tenants) {
        // The map is looked at first: what is wrong in it is told in any case.
        Map::new(session.engine(), tenancy, session.relations()?)?;
        return Err(Failure::new(
            Class::Refused,
            format!("`{}` is not about one account: it may write rows of all of them", script.name),
            format!("manage {} {} --all-tenants", script.kind.verb(), script.name),
        ));
    }
    Ok(match scope::Subject::find(scope_args, chosen, session, context, "tables")? {
        scope::Subject::Whole => Subject::Whole,
        scope::Subject::One(map, account, site) => Subject::Each(map, vec![(account, site)]),
        scope::Subject::All(map) if script.head.scope == Scope::Global => Subject::Global(map),
        scope::Subject::All(map) => {
            let accounts = find::accounts(&map, session)?.into_iter().filter(|account| account.left_out(&map).is_none());
            let accounts = accounts.map(|account| (account, None)).collect();
            Subject::Each(map, accounts)
        }
    })
}

/// A key as the ledger keeps it.
pub fn key_text(key: &Value) -> String {
    find::shown(key)
}
