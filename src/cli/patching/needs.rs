//! What an environment wants before rows of its database are changed: `fix_needs` of manage.toml.

use std::time::Duration;

use chrono::{DateTime, Utc};
use toml::Spanned;

use crate::backend::Access;
use crate::cli::context::{Chosen, Context, Reached};
use crate::cli::failure::Failure;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::duration::parse_duration;
use crate::domain::explain::{Class, Explain, Place};
use crate::ledger::{Ledger, Look, Run, Wanted};
use crate::patch::PatchError;
use crate::project::Environment;

/// What is about to be applied.
pub struct Applied<'a> {
    /// `fix` or `sync`.
    pub kind: &'a str,
    /// The script.
    pub name: &'a str,
    /// Its SHA-256.
    pub hash: &'a str,
    /// Its plan, where one was shown.
    pub digest: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// One thing that is wanted.
enum Need<'a> {
    Reason,
    Digest,
    Approval,
    Backup(Duration),
    RunIn(&'a str),
}

/// Looks whether everything is there that the environment of the database wants.
///
/// # Errors
/// When something is missing, or nobody can tell.
pub fn met(
    context: &mut Context,
    chosen: &Chosen,
    reached: &mut Reached,
    ledger: Ledger,
    applied: &Applied<'_>,
) -> Result<(), Failure> {
    let names = [reached.protected_environment.as_ref(), chosen.environment.as_ref(), reached.marker.as_ref()];
    let environments = &chosen.project.config.environments;
    let Some((name, environment)) = names.into_iter().flatten().find_map(|name| environments.get_key_value(name)) else {
        return Ok(());
    };
    for text in &environment.fix_needs {
        let missing = match parse(text, chosen)? {
            Need::Reason if applied.reason.is_none_or(|reason| reason.trim().is_empty()) => {
                Some(("a reason", "--reason 'why'".to_owned()))
            }
            Need::Digest if applied.digest.is_none() => {
                Some(("the digest of a plan that was shown", "look at it with --dry-run, then --digest".to_owned()))
            }
            Need::Approval => unapproved(reached, ledger, applied)?,
            Need::Backup(age) => no_backup(reached, ledger, age)?,
            Need::RunIn(other) => not_run_in(context, chosen, other, applied)?,
            Need::Reason | Need::Digest => None,
        };
        if let Some((what, hint)) = missing {
            return Err(Failure::new(
                Class::Refused,
                format!("`{} {}` in {name} needs {what} (fix_needs: {})", applied.kind, applied.name, text.get_ref()),
                hint,
            ));
        }
    }
    Ok(())
}

fn parse<'a>(text: &'a Spanned<String>, chosen: &Chosen) -> Result<Need<'a>, Failure> {
    let word = text.get_ref().as_str();
    let need = match word.split_once(':') {
        None if word == "reason" => Some(Need::Reason),
        None if word == "digest" => Some(Need::Digest),
        None if word == "approval" => Some(Need::Approval),
        Some(("backup", age)) => parse_duration(age).ok().map(Need::Backup),
        Some(("run-in", name)) if chosen.project.config.environments.contains_key(name) => Some(Need::RunIn(name)),
        _ => None,
    };
    need.ok_or_else(|| Failure(Box::new(Unknown { place: chosen.project.config.place(text), word: word.to_owned() })))
}

type Missing = Option<(&'static str, String)>;

fn unapproved(reached: &mut Reached, ledger: Ledger, applied: &Applied<'_>) -> Result<Missing, Failure> {
    let Some(digest) = applied.digest else {
        return Ok(Some(("a plan that somebody has approved", "show it with --dry-run, then manage approve DIGEST".to_owned())));
    };
    let approved = ledger.approvals(&mut reached.session, digest).map_err(PatchError::from)?;
    let short = super::show::shown(digest);
    Ok(approved.is_empty().then(|| ("a plan that somebody has approved", format!("manage approve {short}"))))
}

fn no_backup(reached: &mut Reached, ledger: Ledger, age: Duration) -> Result<Missing, Failure> {
    let wanted = Wanted { kind: Some("backup"), limit: Some(1), ..Wanted::default() };
    let notes = ledger.notes(&mut reached.session, &wanted).map_err(PatchError::from)?;
    let old = |written: &str| {
        let at = DateTime::parse_from_rfc3339(written).map(|at| at.with_timezone(&Utc));
        at.is_ok_and(|at| (Utc::now() - at).to_std().is_ok_and(|since| since > age))
    };
    let recent = notes.iter().any(|note| note.database == reached.identity.name && !old(&note.written_at));
    Ok((!recent).then(|| ("a recent backup", "manage backup".to_owned())))
}

fn not_run_in(context: &mut Context, chosen: &Chosen, name: &str, applied: &Applied<'_>) -> Result<Missing, Failure> {
    let Some(Environment { url, .. }) = chosen.project.config.environments.get(name) else { return Ok(None) };
    let could_not = |error: &dyn Explain| {
        Failure::new(
            Class::Refused,
            format!("whether `{} {}` was run in {name} cannot be told: {error}", applied.kind, applied.name),
            format!("see that {name} can be reached: manage runs --env {name}"),
        )
    };
    let variables = context.variables();
    let url = chosen.project.config.expand(url, &|name: &str| variables(name))?;
    let url = DatabaseUrl::parse(&url)?.relative_to(&chosen.project.folder);
    let mut session = context.open(&url, Access::Read, "fix").map_err(|error| could_not(&error))?;
    let runs = match Ledger::look(&mut session).map_err(|error| could_not(&error))? {
        Look::Present(ledger) => ledger.runs(&mut session).map_err(|error| could_not(&error))?,
        Look::Absent => Vec::new(),
        Look::Unreadable(error) => return Err(could_not(&error)),
    };
    let same = |run: &Run| {
        let begun = &run.begun;
        begun.kind == applied.kind
            && begun.name == applied.name
            && begun.script_hash.as_deref() == Some(applied.hash)
            && matches!(run.state.as_str(), "applied" | "undone")
    };
    let hint = format!("run it there first: manage {} {} --env {name}", applied.kind, applied.name);
    Ok((!runs.iter().any(same)).then_some(("the same script to have been run elsewhere first", hint)))
}

/// A word of `fix_needs` that nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("`{word}` is nothing that a fix can need")]
struct Unknown {
    place: Place,
    word: String,
}

impl Explain for Unknown {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn hint(&self) -> Option<String> {
        Some("it knows reason, digest, approval, backup:24h and run-in:ENVIRONMENT".to_owned())
    }
}
