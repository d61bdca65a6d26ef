//! Whom a run is about.

use crate::backend::{Basic, Session};
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::verify::{ScopeArgs, which_account};
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
    scope: &ScopeArgs,
) -> Result<Subject, Failure> {
    let Some(tenancy) = &chosen.project.config.tenancy else {
        if scope.account.is_some() || scope.all_tenants {
            let flag = if scope.all_tenants { "--all-tenants" } else { "--account" };
            return Err(Failure::new(
                Class::Usage,
                format!("{flag} is given, but the project has no accounts"),
                "leave it out, or describe the accounts in manage.toml: [tenancy]",
            ));
        }
        return Ok(Subject::Whole);
    };
    let map = Box::new(Map::new(session.engine(), tenancy, session.relations()?)?);
    if script.head.scope == Scope::Global {
        return match scope.all_tenants {
            true => Ok(Subject::Global(map)),
            false => Err(Failure::new(
                Class::Refused,
                format!("`{}` is not about one account: it may write rows of all of them", script.name),
                format!("manage {} {} --all-tenants", script.kind.verb(), script.name),
            )),
        };
    }
    match &scope.account {
        None if scope.all_tenants => {
            let accounts = find::accounts(&map, session)?.into_iter().filter(|account| account.left_out(&map).is_none());
            let accounts = accounts.map(|account| (account, None)).collect();
            Ok(Subject::Each(map, accounts))
        }
        None => Err(which_account(&map, session, context)),
        Some(text) => {
            let account = find::account(&map, session, text)?;
            let site = scope.site.as_ref().map(|text| find::site(&map, session, &account, text)).transpose()?;
            Ok(Subject::Each(map, vec![(account, site)]))
        }
    }
}

/// A key as the ledger keeps it.
pub fn key_text(key: &Value) -> String {
    find::shown(key)
}
