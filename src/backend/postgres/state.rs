//! What a session remembers about its connection: the transaction, the last failure, the notices.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{AnsiTransactionManager, DynInstrumentation};
use diesel::result::QueryResult;
use postgres::error::DbError;

use super::errors;
use crate::backend::error::SqlError;
use crate::backend::full::Notice;

/// What the last answer says about the transaction that it came in. The client library hides the server's
/// own word for it, so it is inferred: an error inside a transaction aborts it, a success proves that it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    Aborted,
    Lost,
}

/// The part of a session that can be borrowed beside its client.
pub(super) struct State {
    pub(super) transactions: AnsiTransactionManager,
    pub(super) verdict: Option<Verdict>,
    pub(super) last: Option<SqlError>,
    pub(super) instrumentation: DynInstrumentation,
    pub(super) notices: Notices,
}

impl State {
    pub(super) fn new(notices: Notices) -> Self {
        Self {
            transactions: AnsiTransactionManager::default(),
            verdict: None,
            last: None,
            instrumentation: DynInstrumentation::default_instrumentation(),
            notices,
        }
    }

    /// Every answer of the server passes here. `sql` is what was sent.
    pub(super) fn note<T>(&mut self, sql: &str, answer: Result<T, postgres::Error>) -> QueryResult<T> {
        self.verdict = Some(match &answer {
            Ok(_) => Verdict::Fine,
            Err(error) if errors::is_lost(error) => Verdict::Lost,
            Err(_) => Verdict::Aborted,
        });
        answer.map_err(|error| {
            let explained = errors::explain(&error, sql);
            let diesel = errors::to_diesel(&error, &explained);
            self.last = Some(explained);
            diesel
        })
    }
}

/// The notices that came since somebody asked. The client's callback writes into it while a statement runs.
#[derive(Clone, Default)]
pub(super) struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    pub(super) fn add(&self, notice: &DbError) {
        self.with(|notices| {
            notices.push(Notice {
                severity: notice.severity().to_owned(),
                sqlstate: notice.code().code().to_owned(),
                message: notice.message().to_owned(),
            });
        });
    }

    /// A warning of our own, with the SQLSTATE of warnings.
    pub(super) fn warn(&self, message: &str) {
        self.with(|notices| {
            notices.push(Notice { severity: "WARNING".to_owned(), sqlstate: "01000".to_owned(), message: message.to_owned() });
        });
    }

    pub(super) fn take(&self) -> Vec<Notice> {
        self.with(std::mem::take)
    }

    pub(super) fn count(&self) -> usize {
        self.with(|notices| notices.len())
    }

    /// Forgets the notices with this SQLSTATE that came after the first `count`.
    pub(super) fn forget_after(&self, count: usize, sqlstate: &str) {
        self.with(|notices| {
            let mut at = 0;
            notices.retain(|notice| {
                at += 1;
                at <= count || notice.sqlstate != sqlstate
            });
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Notice>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
