//! Writing a note: into the ledger, which is the truth, then as a file where the project has a folder for them.

use std::time::Duration;

use serde_json::{Value, json};

use super::context::{Chosen, Context, Reached, shown};
use super::failure::Failure;
use super::output::words;
use super::watch::Watch;
use crate::backend::{Basic, Identity};
use crate::domain::explain::Class;
use crate::domain::secret::redact;
use crate::ledger::{Actor, Item, Ledger, LedgerError, Look, NewNote, Note};
use crate::migrate::{MigrateError, Outcome, locked};
use crate::notes::{file_name, markdown};
use crate::project::notes::write_note;

/// What a command has to say. Counts and names: no rows of the database, no passwords.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// What was done, as it is typed: `marker set`.
    pub kind: String,
    /// One line that says it: `marker set to staging`.
    pub title: String,
    /// Why.
    pub reason: Option<String>,
    /// Whose rows, where it was about one account.
    pub account: Option<String>,
    /// Free text, Markdown.
    pub body: Option<String>,
    /// What programs may want to know; `null` where there is nothing.
    pub facts: Value,
    /// What is still to be done.
    pub open: Vec<String>,
    /// What earlier notes left open and is done now.
    pub closes: Vec<Item>,
}

/// Writes a note about what was done on the database that was reached, and says where it is. Commands whose work is one
/// transaction write it with [`insert`] in there, and tell it with [`tell`].
///
/// # Errors
/// When the ledger cannot be written. A file that cannot be written is a warning.
pub fn write(context: &mut Context, chosen: &Chosen, reached: &mut Reached, said: &Said) -> Result<Note, Failure> {
    let ledger = prepare(context, reached)?;
    let note = insert(context, ledger, &mut reached.session, &reached.identity, reached.marker.as_deref(), said)?;
    tell(context, chosen, &note);
    Ok(note)
}

/// The note of a command that has recorded migrations without running them; none where it recorded none.
///
/// # Errors
/// As [`write_after`].
pub fn recorded(
    context: &mut Context,
    chosen: &Chosen,
    reached: &mut Reached,
    kind: &str,
    what: &str,
    outcome: &Outcome,
) -> Result<(), Failure> {
    const SHOWN: usize = 50;
    let done = &outcome.finished;
    if done.is_empty() {
        return Ok(());
    }
    let mut list: Vec<String> = done.iter().take(SHOWN).map(|one| format!("- {} {}", one.version, one.name)).collect();
    if done.len() > SHOWN {
        list.push(format!("- and {} more", done.len() - SHOWN));
    }
    let versions: Vec<&str> = done.iter().map(|one| one.version.as_str()).collect();
    let said = Said {
        kind: kind.to_owned(),
        title: format!("{kind}: {}", words::count(done.len(), "migration")),
        body: Some(format!("{} {what}.\n\n{}", words::count(done.len(), "migration"), list.join("\n"))),
        facts: json!({ "versions": versions }),
        ..Said::default()
    };
    write_after(context, chosen, reached, &said)
}

/// As [`write()`], for a command whose work is done already: what fails says so.
///
/// # Errors
/// When the ledger cannot be written.
pub fn write_after(context: &mut Context, chosen: &Chosen, reached: &mut Reached, said: &Said) -> Result<(), Failure> {
    match write(context, chosen, reached, said) {
        Ok(_) => Ok(()),
        Err(failure) => {
            context.screen.warn(&format!(
                "it is done, but its note is missing; write it by hand: manage notes add --title '{}'",
                said.title
            ));
            Err(failure)
        }
    }
}

/// The ledger, made or brought up to date under the lock where that is needed.
///
/// # Errors
/// When somebody else holds the lock, or the database refuses.
pub fn prepare(context: &mut Context, reached: &mut Reached) -> Result<Ledger, Failure> {
    if let Look::Present(ledger) = Ledger::look(&mut reached.session)?
        && ledger.is_current()
    {
        return Ok(ledger);
    }
    let what = context.what("notes");
    let mut watch = Watch::on(&mut context.screen, 0, false);
    locked(&mut reached.session, &what, Duration::from_secs(30), &mut watch, |session| {
        Ledger::prepare(session).map_err(MigrateError::from)
    })
    .map_err(Failure::from)
}

/// Writes a note into the ledger, in the transaction that is open or by itself.
///
/// # Errors
/// When the ledger cannot be written.
pub fn insert(
    context: &Context,
    ledger: Ledger,
    session: &mut impl Basic,
    identity: &Identity,
    environment: Option<&str>,
    said: &Said,
) -> Result<Note, LedgerError> {
    let (actor, person) = (context.actor(), context.person());
    insert_as(&actor, person.as_deref(), ledger, session, identity, environment, said)
}

/// As [`insert`], where the context is busy.
///
/// # Errors
/// When the ledger cannot be written.
pub fn insert_as(
    actor: &Actor,
    person: Option<&str>,
    ledger: Ledger,
    session: &mut impl Basic,
    identity: &Identity,
    environment: Option<&str>,
    said: &Said,
) -> Result<Note, LedgerError> {
    let clean = |text: &Option<String>| text.as_deref().map(|text| redact(text.trim())).filter(|text| !text.is_empty());
    let (reason, account, body) = (clean(&said.reason), clean(&said.account), clean(&said.body));
    let facts = (!said.facts.is_null()).then(|| redact(&serde_json::to_string_pretty(&said.facts).unwrap_or_default()));
    let open: Vec<String> = said.open.iter().map(|item| redact(item)).collect();
    let title = redact(&said.title.split_whitespace().collect::<Vec<_>>().join(" "));
    ledger.add_note(
        session,
        &NewNote {
            kind: &said.kind,
            title: &title,
            reason: reason.as_deref(),
            account: account.as_deref(),
            body: body.as_deref(),
            facts: facts.as_deref(),
            open: &open,
            closes: &said.closes,
            database: &identity.name,
            environment,
            person,
            actor,
        },
    )
}

/// Writes the file of a note, where the project has a folder for them, and says where the note is.
pub fn tell(context: &mut Context, chosen: &Chosen, note: &Note) {
    let file = chosen.project.notes_folder().and_then(|folder| match write_file(&folder, note) {
        Ok((file, _)) => Some(shown(&file, &context.folder)),
        Err(error) => {
            let place = shown(&folder, &context.folder);
            context.screen.warn(&format!(
                "note {} is in the ledger, but its file cannot be written: {error}; later: manage notes export {place}",
                note.id
            ));
            None
        }
    });
    context.screen.facts.insert("note".to_owned(), json!({ "id": note.id, "uid": note.uid, "file": file }));
    let place = file.unwrap_or_else(|| format!("see it: manage notes show {}", note.id));
    context.screen.line(&format!("  note {} · {place}", note.id));
}

/// Writes the file of a note into a folder. Returns it, and whether it was missing.
///
/// # Errors
/// When it cannot be written, or other notes have taken its name.
pub fn write_file(folder: &std::path::Path, note: &Note) -> std::io::Result<(std::path::PathBuf, bool)> {
    let name = file_name(note);
    let tail = note.uid.get(..8).unwrap_or(&note.uid);
    let other = format!("{}-{tail}.md", name.trim_end_matches(".md"));
    write_note(folder, &name, &other, &markdown(note))
}

/// The note of a number that somebody typed.
///
/// # Errors
/// When there is none.
pub fn found(ledger: Option<Ledger>, session: &mut impl Basic, id: i64) -> Result<Note, Failure> {
    let note = match ledger {
        Some(ledger) => ledger.note(session, id)?,
        None => None,
    };
    note.ok_or_else(|| {
        Failure::new(Class::Usage, format!("there is no note {id} in this database"), "manage notes list shows them")
    })
}
