//! Each account in turn, or several side by side.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::groups::Group;
use super::show::Show;
use crate::backend::{Session, SqlError};
use crate::cli::context::Opener;
use crate::cli::failure::Failure;
use crate::tenancy::{Account, Map, find};
use crate::verify::{Check, Given, run};

/// The checks of every account.
pub struct Tenants<'a> {
    /// Whose a row is.
    pub map: &'a Map,
    /// The checks.
    pub checks: &'a [Check<'a>],
    /// How many side by side.
    pub jobs: u8,
    /// Opens the connections for that.
    pub opener: &'a Opener,
    /// Whether somebody asked to stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Tenants<'_> {
    /// Runs them, and shows the results in the order of the accounts.
    ///
    /// # Errors
    /// When the accounts cannot be read, or a connection cannot be had.
    pub fn run(
        &self,
        session: &mut Session,
        given: &(dyn Fn(&Account) -> Given + Sync),
        show: &mut Show<'_>,
    ) -> Result<(), Failure> {
        let mut accounts = Vec::new();
        for account in find::accounts(self.map, session)? {
            match account.left_out(self.map) {
                Some(reason) => show.left_out(&account, reason),
                None => accounts.push(account),
            }
        }
        if self.checks.is_empty() {
            return Ok(());
        }
        if self.jobs == 1 {
            for account in accounts {
                if (self.stop)() {
                    break;
                }
                let outcomes = run(self.checks, &given(&account), session, self.stop);
                show.group(Group { account: Some(account), site: None, outcomes });
            }
            return Ok(());
        }
        let shared = session.export_snapshot()?;
        Ok(self.side_by_side(&accounts, shared.as_deref(), given, show)?)
    }

    fn side_by_side(
        &self,
        accounts: &[Account],
        shared: Option<&str>,
        given: &(dyn Fn(&Account) -> Given + Sync),
        show: &mut Show<'_>,
    ) -> Result<(), SqlError> {
        let next = AtomicUsize::new(0);
        let (sender, results) = mpsc::channel::<Result<(usize, Group), SqlError>>();
        std::thread::scope(|scope| {
            for _ in 0..usize::from(self.jobs).min(accounts.len()) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    if let Err(error) = self.work(accounts, next, shared, given, &sender) {
                        // The others need not begin with what is left.
                        next.store(accounts.len(), Ordering::SeqCst);
                        let _ = sender.send(Err(error));
                    }
                });
            }
            drop(sender);
            let mut waiting = BTreeMap::new();
            let mut shown = 0;
            let mut failed = None;
            for result in results {
                match result {
                    Ok((at, group)) => drop(waiting.insert(at, group)),
                    Err(error) => failed = Some(error),
                }
                while let Some(group) = waiting.remove(&shown) {
                    show.group(group);
                    shown += 1;
                }
            }
            waiting.into_values().for_each(|group| show.group(group));
            failed.map_or(Ok(()), Err)
        })
    }

    fn work(
        &self,
        accounts: &[Account],
        next: &AtomicUsize,
        shared: Option<&str>,
        given: &(dyn Fn(&Account) -> Given + Sync),
        sender: &mpsc::Sender<Result<(usize, Group), SqlError>>,
    ) -> Result<(), SqlError> {
        let mut session = self.opener.open()?;
        session.begin_snapshot(shared)?;
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some(account) = accounts.get(at).filter(|_| !(self.stop)()) else { break };
            let outcomes = run(self.checks, &given(account), &mut session, self.stop);
            let _ = sender.send(Ok((at, Group { account: Some(account.clone()), site: None, outcomes })));
        }
        session.end_snapshot()
    }
}
