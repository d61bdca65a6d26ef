//! Taking a backup: copied in one snapshot, restored into a scratch database, compared, and only then called one.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

use super::description::{Description, FORMAT, MarkerThen, Origin};
use super::error::BackupError;
use crate::backend::{Basic, Full, Job, Purpose, Scratch, Session};
use crate::domain::engine::Engine;
use crate::domain::fault;
use crate::ledger::{Actor, Ledger, Look};
use crate::project::backup_file::{self, Draft};

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// The file to be.
    pub path: &'a Path,
    /// What no other run has: at most 24 letters, digits and `_`.
    pub unique: &'a str,
    /// Who takes it.
    pub actor: &'a Actor,
    /// The moment.
    pub now: DateTime<Utc>,
}

/// A backup that was taken and proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// What stands beside it.
    pub description: Description,
    /// Rows that point to missing ones, in the database as in its copy.
    pub violations: usize,
}

/// Tables in which migration tools remember what they ran.
const HISTORIES: [&str; 2] = ["__diesel_schema_migrations", "refinery_schema_history"];

/// Takes a backup of the database of `session` and proves it. What goes wrong leaves nothing behind.
///
/// # Errors
/// When something has that name or there is no room; when the database, a program or the disk refuses; when the
/// copy is not the same as the database; when somebody asked to stop.
pub fn take(session: &mut Session, wanted: &Taking<'_>, job: &mut Job<'_>) -> Result<Backup, BackupError> {
    let identity = session.identity().map_err(BackupError::sql("the database does not say which one it is"))?;
    let size = session.size().map_err(BackupError::sql("the size of the database cannot be read"))?;
    let needed = match identity.engine {
        // The copy, and the scratch database beside it.
        Engine::Sqlite => size.saturating_mul(2),
        // It is compressed, and its scratch database is on the server.
        Engine::Postgres => size / 4,
    };
    let draft = Draft::begin(wanted.path, wanted.unique, needed)?;
    fault::point("backup.begun");
    let copied = session.copy_out(draft.path(), job).map_err(BackupError::sql("the database cannot be copied"))?;
    fault::point("backup.copied");

    let name = session.name_of_proof(&identity, wanted.unique);
    let failed = || BackupError::sql("the copy cannot be restored, so it is no backup");
    let (mut scratch, sha256) = Scratch::restored(draft.path(), &name, draft.folder(), Purpose::Proof, job).map_err(failed())?;
    fault::point("backup.scratch");
    let (content, damages) = scratch.checked(job).map_err(failed())?;
    if !damages.is_empty() {
        return Err(BackupError::Damaged { damages });
    }
    let differences = copied.content.differences(&content);
    if !differences.is_empty() {
        return Err(BackupError::NotProved { differences });
    }
    let violations = scratch.session().foreign_key_violations().map_err(failed())?.len();
    let migrations = versions(scratch.session()).map_err(failed())?;
    let marker = match Ledger::look(scratch.session())? {
        Look::Present(ledger) => ledger.marker(scratch.session()).map_err(failed())?,
        Look::Absent | Look::Unreadable(_) => None,
    };
    scratch.remove().map_err(BackupError::sql("the scratch database of the proof is left behind"))?;
    fault::point("backup.proved");

    let description = Description {
        format: FORMAT,
        engine: identity.engine.word().to_owned(),
        engine_version: identity.version,
        sha256,
        size: draft.size()?,
        taken_at: wanted.now.to_rfc3339_opts(SecondsFormat::Secs, true),
        tool: wanted.actor.tool.clone(),
        made_with: copied.made_with,
        user: wanted.actor.user.clone(),
        host: wanted.actor.host.clone(),
        database: Origin {
            name: identity.name,
            fingerprint: identity.binding.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        },
        marker: marker.map(|marker| MarkerThen { name: marker.name, protected: marker.protected }),
        migrations,
        settings: copied.settings,
        proved: true,
        tables: copied.content.tables,
    };
    let text = serde_json::to_string_pretty(&description).unwrap_or_default();
    draft.publish()?;
    fault::point("backup.renamed");
    backup_file::write_description(wanted.path, wanted.unique, &format!("{text}\n"))?;
    fault::point("backup.described");
    Ok(Backup { path: wanted.path.to_owned(), description, violations })
}

/// The versions in the history, shorter numbers first.
fn versions(session: &mut Session) -> Result<Vec<String>, crate::backend::SqlError> {
    let mut versions = Vec::new();
    for history in HISTORIES {
        let Some(table) = session.find_table(history)? else { continue };
        let rows = session.query(&format!("SELECT CAST(version AS TEXT) FROM {table}"), &[])?;
        versions.extend(rows.iter().filter_map(|row| row.text(0).map(str::to_owned)));
    }
    versions.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    Ok(versions)
}
