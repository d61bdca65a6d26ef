//! Doing it. Where the schema can be changed in a transaction (PostgreSQL), wipe, migrations, checks and records are one;
//! elsewhere (SQLite) the new content is built and checked beside, and copied into the file in one transaction. So what
//! fails after the wipe takes the wipe back.

use std::path::Path;

use crate::backend::{Basic, Full, Identity, Job, Scratch, Session};
use crate::backup::error::BackupError;
use crate::backup::restore::{inherit, lock};
use crate::domain::fault;
use crate::ledger::{Actor, Ledger, LedgerError, Reset};

/// What is to be reset.
#[derive(Debug, Clone, Copy)]
pub struct Resetting<'a> {
    /// The reset's own name: `20261121t141005123z`.
    pub run: &'a str,
    /// Where new content may be built, for a file.
    pub folder: &'a Path,
    /// What the lock says of us.
    pub what: &'a str,
    /// Who resets.
    pub actor: &'a Actor,
    /// The schemas that are emptied, where there are schemas.
    pub own: &'a [String],
    /// Those of them that the migrations make.
    pub made: &'a [String],
    /// The migrations, for the record.
    pub migrations: &'a [String],
    /// The backup of the present content.
    pub before: Option<&'a Path>,
    /// Why there is none.
    pub reason: Option<&'a str>,
}

/// What a reset does between the wipe and the commit.
pub trait Work<E> {
    /// Runs the migrations on the empty database, and checks what they made.
    ///
    /// # Errors
    /// Then nothing is changed.
    fn fill(&mut self, session: &mut Session) -> Result<(), E>;

    /// Writes the note.
    ///
    /// # Errors
    /// Then nothing is changed.
    fn note(&mut self, session: &mut Session, ledger: Ledger, identity: &Identity) -> Result<(), E>;
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Owners and grants that were given back.
    pub rights: usize,
}

/// Empties the database of `live`, lets `work` fill it, and commits that. `live` is closed by it.
///
/// # Errors
/// When somebody else holds the lock, the work fails or the database refuses. The old content is in place then, whole.
pub fn reset<E: From<BackupError>>(
    mut live: Session,
    wanted: &Resetting<'_>,
    work: &mut dyn Work<E>,
    job: &mut Job<'_>,
) -> Result<Done, E> {
    let identity = live.identity().map_err(BackupError::sql("the database does not say which one it is"))?;
    lock(&mut live, wanted.what, job)?;
    fault::point("reset.begun");
    if live.wipes_in_place() {
        let done = within_a_transaction(&mut live, &identity, wanted, work);
        if done.is_err() {
            // What failed says more than this; a lost connection has rolled back already.
            while live.in_transaction() && live.rollback().is_ok() {}
        }
        return done;
    }
    let failed = BackupError::sql;
    let name = live.name_of_new(&identity, wanted.run);
    let mut new = Scratch::like(&mut live, &name, wanted.folder, job.opening).map_err(failed("nothing can be built beside"))?;
    new.session().try_lock(wanted.what).map_err(failed("the lock cannot be taken"))?;
    work.fill(new.session())?;
    fault::point("reset.filled");
    let (ledger, _) = inherit(&mut live, &mut new, &identity, None)?;
    record(new.session(), ledger, wanted)?;
    work.note(new.session(), ledger, &identity)?;
    fault::point("reset.recorded");
    new.install(live, wanted.run, false, None, job)
        .map_err(failed("the new content cannot be put in place; the old one is there, whole"))?;
    fault::point("reset.done");
    Ok(Done { rights: 0 })
}

fn within_a_transaction<E: From<BackupError>>(
    live: &mut Session,
    identity: &Identity,
    wanted: &Resetting<'_>,
    work: &mut dyn Work<E>,
) -> Result<Done, E> {
    let failed = BackupError::sql;
    let ledger = Ledger::prepare(live).map_err(BackupError::from)?;
    live.begin().map_err(failed("no transaction can be opened"))?;
    let rights = live.wipe(wanted.own, wanted.made).map_err(failed("the database cannot be emptied; nothing was changed"))?;
    ledger.supersede_log(live).map_err(LedgerError::Sql).map_err(BackupError::from)?;
    fault::point("reset.wiped");
    work.fill(live)?;
    fault::point("reset.filled");
    let rights = live.give_back(&rights).map_err(failed("owners and grants cannot be given back; nothing was changed"))?;
    record(live, ledger, wanted)?;
    work.note(live, ledger, identity)?;
    fault::point("reset.recorded");
    live.commit().map_err(failed("the new content cannot be committed"))?;
    fault::point("reset.done");
    Ok(Done { rights })
}

fn record(session: &mut Session, ledger: Ledger, wanted: &Resetting<'_>) -> Result<(), BackupError> {
    let reset = Reset {
        run: wanted.run.to_owned(),
        reset_at: String::new(),
        migrations: wanted.migrations.to_vec(),
        before: wanted.before.map(|path| path.display().to_string()),
        reason: wanted.reason.map(str::to_owned),
    };
    ledger.add_reset(session, &reset, wanted.actor).map_err(LedgerError::Sql)?;
    // The plans were made for what is gone.
    ledger.forget_tokens(session).map_err(LedgerError::Sql)?;
    Ok(())
}
