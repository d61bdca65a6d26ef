//! Restoring: the new content is built and checked beside the old one, and put in its place at once or not at all.

use std::path::Path;
use std::time::{Duration, Instant};

use super::description::Description;
use super::error::BackupError;
use crate::backend::{Full, Identity, Job, Location, Purpose, Scratch, Session, SqlError};
use crate::domain::fault;
use crate::domain::marker::{Hold, Marker};
use crate::ledger::{Actor, Carried, Ledger, LedgerError, Restore};

/// What is to be restored.
#[derive(Debug, Clone, Copy)]
pub struct Restoring<'a> {
    /// The backup.
    pub path: &'a Path,
    /// What stands beside it.
    pub description: &'a Description,
    /// The restore's own name: `20261121t141005123z`.
    pub run: &'a str,
    /// Where new content may be built, for a file.
    pub folder: &'a Path,
    /// What the lock says of us.
    pub what: &'a str,
    /// Who restores.
    pub actor: &'a Actor,
    /// The backup of the present content.
    pub before: Option<&'a Path>,
    /// Why there is none.
    pub reason: Option<&'a str>,
    /// The marker for a database that is made by this restore.
    pub stamp: Option<&'a str>,
    /// Whether other sessions may be ended.
    pub terminate: bool,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The database that holds the content of before, where the server keeps it.
    pub kept: Option<String>,
    /// What of the old ledger goes on with the new content.
    pub carried: Carried,
}

/// Puts the content of a backup in the place of the content of `live`, which is closed by that.
///
/// # Errors
/// When somebody else holds the lock, the backup cannot be restored or is not what it was, or the database refuses.
/// The old content is in place then, whole, and nothing is left behind.
pub fn restore(mut live: Session, wanted: &Restoring<'_>, job: &mut Job<'_>) -> Result<Restored, BackupError> {
    let identity = live.identity().map_err(BackupError::sql("the database does not say which one it is"))?;
    lock(&mut live, wanted.what, job)?;
    fault::point("restore.begun");
    let name = live.name_of_new(&identity, wanted.run);
    let failed = || BackupError::sql("the backup cannot be restored; nothing was changed");
    let (mut new, sha256) = Scratch::restored(wanted.path, &name, wanted.folder, Purpose::Place, job).map_err(failed())?;
    if sha256 != wanted.description.sha256 {
        let (path, size) = (wanted.path.to_owned(), wanted.description.size);
        return Err(BackupError::Altered { path, size, described: size });
    }
    if !new.is_the_file() {
        let (content, _) = new.checked(job).map_err(failed())?;
        let differences = wanted.description.content().differences(&content);
        if !differences.is_empty() {
            return Err(BackupError::NotProved { differences });
        }
    }
    fault::point("restore.scratch");
    let carried = prepare(&mut live, &mut new, &identity, wanted)?;
    fault::point("restore.prepared");
    let installed = new
        .install(live, wanted.run, wanted.terminate, wanted.description.journal(), job)
        .map_err(BackupError::sql("the new content cannot be put in place; the old one is there, whole"))?;
    Ok(Restored { kept: installed.kept, carried })
}

/// Takes the lock, where nobody else holds it for longer than the job is patient.
pub(super) fn lock(live: &mut Session, what: &str, job: &Job<'_>) -> Result<(), BackupError> {
    let failed = || BackupError::sql("the lock cannot be taken");
    let begun = Instant::now();
    while !live.try_lock(what).map_err(failed())? {
        if begun.elapsed() >= job.patience || (job.stop)() {
            return Err(BackupError::Locked { holder: live.lock_holder().map_err(failed())? });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Makes the new content this database's: its ledger goes on with what the old one knows, and its marker holds here.
fn prepare(live: &mut Session, new: &mut Scratch, identity: &Identity, wanted: &Restoring<'_>) -> Result<Carried, BackupError> {
    let sql = |error: SqlError| BackupError::Ledger(LedgerError::Sql(error));
    let (ledger, carried) = inherit(live, new, identity, wanted.stamp)?;
    let restore = Restore {
        run: wanted.run.to_owned(),
        restored_at: String::new(),
        backup: wanted.path.display().to_string(),
        sha256: wanted.description.sha256.clone(),
        taken_at: wanted.description.taken_at.clone(),
        before: wanted.before.map(|path| path.display().to_string()),
        reason: wanted.reason.map(str::to_owned),
    };
    ledger.add_restore(new.session(), &restore, wanted.actor).map_err(sql)?;
    Ok(carried)
}

/// Lets the ledger in `new` go on with what the one of `live` knows, under the name of that database, with a marker that
/// holds in its place. `stamp` is the marker of a database that is made by this.
pub(super) fn inherit(
    live: &mut Session,
    new: &mut Scratch,
    identity: &Identity,
    stamp: Option<&str>,
) -> Result<(Ledger, Carried), BackupError> {
    let sql = |error: SqlError| BackupError::Ledger(LedgerError::Sql(error));
    let fresh = live.created();
    let ledger = Ledger::prepare(new.session())?;
    let (marker, carried) = if fresh {
        let marker = stamp.map(|name| Marker { name: name.to_owned(), protected: false, binding: Vec::new() });
        (marker, Carried::default())
    } else {
        let old = Ledger::prepare(live)?;
        let (marker, here) = (old.marker(live).map_err(sql)?, old.binding(live).map_err(sql)?);
        // A marker that was made for another database does not hold here afterwards.
        let marker = marker.filter(|marker| !matches!(marker.hold(&here), Hold::Elsewhere { .. }));
        (marker, old.carry_over(live, new.session())?)
    };
    ledger.keep_name(live, new.session(), fresh).map_err(sql)?;
    match marker {
        Some(marker) => {
            let mut binding = new.binding_in_place(identity).map_err(sql)?;
            if matches!(identity.location, Location::File(_)) {
                binding.push(("uuid", ledger.uuid(new.session()).map_err(sql)?));
            }
            ledger.stamp_bound(new.session(), &marker.name, marker.protected, &bound(&marker, &binding)).map_err(sql)?;
        }
        None => ledger.remove_marker(new.session()).map_err(sql)?,
    }
    Ok((ledger, carried))
}

/// What the marker is bound to in the new content. A part that this role may not read stays what it was.
fn bound(marker: &Marker, binding: &[(&'static str, String)]) -> String {
    let known = |name: &str| binding.iter().any(|(other, value)| *other == name && !value.is_empty());
    let kept = marker.binding.iter().filter(|(name, _)| !known(name)).map(|(name, value)| format!("{name}={value}\n"));
    let now: Vec<_> = binding.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    kept.chain(std::iter::once(Marker::binding_text(&now))).collect()
}
