//! Results in groups: the checks of one account, or of the database as a whole.

use crate::project::scripts::Scope;
use crate::tenancy::{Account, Site};
use crate::verify::{Check, Outcome};

/// A check that can be run, or what came of it already.
pub enum Item<'a> {
    /// It can be run.
    Ready(Box<Check<'a>>),
    /// It cannot, or need not.
    Done(Box<Outcome>),
}

impl Item<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Ready(check) => &check.script.name,
            Self::Done(outcome) => &outcome.name,
        }
    }
}

/// The results about one account, or about the database as a whole.
pub struct Group {
    /// The account.
    pub account: Option<Account>,
    /// The site.
    pub site: Option<Site>,
    /// The results.
    pub outcomes: Vec<Outcome>,
}

/// Runs what can be run; the results stand in the order of the items.
pub fn in_order<'a>(items: Vec<Item<'a>>, mut run: impl FnMut(Check<'a>) -> Vec<Outcome>) -> Vec<Outcome> {
    let each = items.into_iter().flat_map(|item| match item {
        Item::Ready(check) => run(*check),
        Item::Done(outcome) => vec![*outcome],
    });
    each.collect()
}

/// Parts what is looked at once from what is looked at for each account.
pub fn together_and_each(items: Vec<Item<'_>>) -> (Vec<Item<'_>>, Vec<Check<'_>>) {
    let (mut together, mut each) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Ready(check) if check.script.head.scope == Scope::Tenant => each.push(*check),
            other => together.push(other),
        }
    }
    (together, each)
}
