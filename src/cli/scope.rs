//! Whom a script is about: one account, one site of it, each account in turn, or the database as a whole.

use std::collections::BTreeMap;

use super::context::{Chosen, Context};
use super::failure::Failure;
use super::output::words;
use crate::backend::{Basic, Session};
use crate::domain::explain::Class;
use crate::tenancy::{Account, Map, Site, find};
use crate::verify::Scoping;

/// Which accounts are meant.
#[derive(Debug, Clone, clap::Args)]
pub struct ScopeArgs {
    /// The account: its key or what people call it; id:42 and slug:42 say which
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "all_tenants")]
    pub account: Option<String>,

    /// A site of the account: key, slug or domain
    #[arg(long, value_name = "SITE", requires = "account")]
    pub site: Option<String>,

    /// Each account in turn
    #[arg(long)]
    pub all_tenants: bool,
}

/// Whom the call is about.
pub enum Subject {
    /// The project has no accounts.
    Whole,
    /// One account.
    One(Box<Map>, Account, Option<Site>),
    /// All of them.
    All(Box<Map>),
}

impl Subject {
    /// Finds whom the call is about; `fact` is the list that a refusal leaves empty.
    ///
    /// # Errors
    /// When nobody is named, or there is no such account or site.
    pub fn find(
        scope: &ScopeArgs,
        chosen: &Chosen,
        session: &mut Session,
        context: &mut Context,
        fact: &str,
    ) -> Result<Self, Failure> {
        let Some(tenancy) = &chosen.project.config.tenancy else {
            if scope.account.is_some() || scope.all_tenants {
                let flag = if scope.all_tenants { "--all-tenants" } else { "--account" };
                return Err(Failure::new(
                    Class::Usage,
                    format!("{flag} is given, but the project has no accounts"),
                    "leave it out, or describe the accounts in manage.toml: [tenancy]",
                ));
            }
            return Ok(Self::Whole);
        };
        let relations = session.relations()?;
        let map = Box::new(Map::new(session.engine(), tenancy, relations)?);
        match &scope.account {
            None if scope.all_tenants => Ok(Self::All(map)),
            None => {
                context.screen.facts.insert(fact.to_owned(), serde_json::json!([]));
                Err(which_account(&map, session))
            }
            Some(text) => {
                let account = find::account(&map, session, text)?;
                let site = scope.site.as_ref().map(|text| find::site(&map, session, &account, text)).transpose()?;
                Ok(Self::One(map, account, site))
            }
        }
    }

    /// How far a script may look.
    pub fn scoping(&self) -> Scoping<'_> {
        match self {
            Self::Whole => Scoping::Whole,
            Self::One(map, _, site) => Scoping::Tenants { map, site: site.is_some() },
            Self::All(map) => Scoping::Tenants { map, site: false },
        }
    }

    /// The one account.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::One(_, account, _) => Some(account),
            Self::Whole | Self::All(_) => None,
        }
    }

    /// `acme (account 42), site blog in `, before the database's title.
    pub fn told(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::One(_, account, None) => format!("{account} in "),
            Self::One(_, account, Some(site)) => format!("{account}, site {} in ", site.name),
            Self::All(_) => "all accounts in ".to_owned(),
        }
    }
}

/// The refusal of a call that names no account.
fn which_account(map: &Map, session: &mut Session) -> Failure {
    let accounts = match find::accounts(map, session) {
        Ok(accounts) => accounts,
        Err(error) => return error.into(),
    };
    let each: Vec<_> = accounts.iter().filter(|account| account.left_out(map).is_none()).collect();
    let one = each.first().map_or("NAME", |account| account.name.as_str());
    let count = words::count(each.len(), "account");
    Failure::new(Class::Refused, "which account?", format!("--account {one} for one, --all-tenants for each in turn ({count})"))
}

/// What `--param name=value` gives.
///
/// # Errors
/// When one has no `=`.
pub fn parameters(texts: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let split = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(Class::Usage, format!("`{text}` gives no parameter a value"), "write --param name=value")
        })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    texts.iter().map(split).collect()
}
