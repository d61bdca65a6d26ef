//! `manage marker set`

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::backend::{Basic, rfc3339_now};
use crate::cli::consent;
use crate::cli::context::{Chosen, Context, Reached, protects};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::output::paint::Style;
use crate::domain::explain::Class;
use crate::domain::marker::Marker;
use crate::guards::{Deed, Standing};
use crate::ledger::{Ledger, LedgerError, Note, Wanted};

/// Say which environment a database belongs to
///
/// On a development database a yes is asked; elsewhere its name has to be typed on a terminal. A marker protects where
/// --protected is given, where manage.toml says so of the environment, or where it is called production, prod or live.
/// To take protection away needs a reason and the same command twice: the first time it is only asked for, and noted;
/// from ten minutes later on, and for a day, it may be done. Writes a note.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage marker set staging --env staging
  manage marker set eu-2 --protected --reason 'the second production database'")]
pub struct Args {
    /// The name of the environment: small letters, digits, - and _
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,

    /// Guard it against what cannot be taken back
    #[arg(long)]
    protected: bool,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// How long it takes until protection may be taken away, and for how long it may then be done.
const COOLING: Duration = Duration::minutes(10);
const OPEN_FOR: Duration = Duration::hours(24);

/// The kinds of the notes.
const SET: &str = "marker set";
const ASKED: &str = "marker set asked";

fn name(text: &str) -> Result<String, String> {
    let good = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-' || char == '_';
    match text {
        "" => Err("a marker has a name".to_owned()),
        text if text.len() <= 63 && text.chars().all(good) => Ok(text.to_owned()),
        _ => Err("small letters, digits, - and _, at most 63 of them".to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let name = &args.name;
    if let Some(environment) = chosen.environment.as_ref().filter(|environment| *environment != name) {
        return Err(Failure::new(
            Class::Refused,
            format!("--env chose the environment {environment}, and the marker would say {name}"),
            format!("manage marker set {environment} --env {environment}, or name the database by --database"),
        ));
    }
    if context.is_unborn(&chosen) {
        return Err(Failure::new(
            Class::Usage,
            "the database is not made yet, so there is nothing to mark",
            "make it: manage database create",
        ));
    }
    let mut reached = context.reach_to_mark(&chosen, SET)?;
    let heading = reached.title();
    context.screen.heading(&heading);
    let protected = args.protected || protects(&chosen.project, name);
    let before = reached.stamped.clone();
    if reached.marker.as_ref() == Some(name) && before.as_ref().is_some_and(|marker| marker.protected == protected) {
        context.screen.line(&format!("nothing to do: it is {} already", described(name, protected)));
        return Ok(Exit::Ok);
    }
    let lowers = lowers(&reached, protected)?;
    if lowers && args.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Failure::new(
            Class::Refused,
            "protection is not taken away without a reason",
            format!("manage marker set {name} --reason TEXT"),
        ));
    }
    let was = before.as_ref().map_or_else(|| "not marked".to_owned(), |marker| described(&marker.name, marker.protected));
    let held = if before.is_some() && reached.marker.is_none() { ", which does not hold" } else { "" };
    let effect = format!(
        "This marks {} as {}. It was {was}{held}. What may be done here without a question goes by it.",
        reached.identity.name,
        described(name, protected)
    );
    consent::obtain(context, &reached, Deed::MarkerSet, &effect)?;
    let ledger = noting::prepare(context, &mut reached)?;
    if lowers && !is_ripe(ledger, &mut reached.session, name)? {
        return Err(ask(context, &chosen, &mut reached, args)?);
    }
    let facts = json!({
        "name": name,
        "protected": protected,
        "was": before.as_ref().map(|marker| json!({ "name": marker.name, "protected": marker.protected })),
        "held": reached.marker.is_some(),
    });
    let said = Said {
        kind: SET.to_owned(),
        title: format!("marker set to {}", described(name, protected)),
        reason: args.reason.clone(),
        body: Some(format!("It was {was}{held}.")),
        facts,
        ..Said::default()
    };
    let note = stamp(context, ledger, &mut reached, name, protected, &said)?;
    told(context, &reached, name, protected);
    noting::tell(context, &chosen, &note);
    Ok(Exit::Ok)
}

/// `staging`, `production, protected`
fn described(name: &str, protected: bool) -> String {
    if protected { format!("{name}, protected") } else { name.to_owned() }
}

/// Whether something would be less guarded than it is.
fn lowers(reached: &Reached, protected: bool) -> Result<bool, Failure> {
    if protected || reached.standing != Standing::Protected {
        return Ok(false);
    }
    if let Some(environment) = &reached.protected_environment {
        return Err(Failure::new(
            Class::Refused,
            format!("{} is the database of the environment {environment}, which is protected", reached.identity.name),
            format!("take `protected = true` out of [environments.{environment}] first, if that is what it is"),
        ));
    }
    // One elsewhere that nobody has marked is protected until somebody says what it is.
    Ok(reached.stamped.as_ref().is_some_and(|marker: &Marker| marker.protected))
}

/// Whether somebody asked for it long enough ago, and nothing was set since.
fn is_ripe(ledger: Ledger, session: &mut impl Basic, name: &str) -> Result<bool, Failure> {
    let now = session.query(&format!("SELECT {}", rfc3339_now(session.engine())), &[])?;
    let Some(now) = now.first().and_then(|row| row.text(0)).and_then(moment) else { return Ok(false) };
    let notes = ledger.notes(session, &Wanted::default())?;
    let since_set = notes.iter().take_while(|note| note.kind != SET);
    let asked = |note: &&Note| note.kind == ASKED && !note.superseded && asked_for(note).as_deref() == Some(name);
    let ripe = |note: Note| moment(&note.written_at).is_some_and(|at| now - at >= COOLING && now - at <= OPEN_FOR);
    Ok(since_set.filter(asked).cloned().any(ripe))
}

/// The name that a note asks for.
fn asked_for(note: &Note) -> Option<String> {
    let facts: Value = serde_json::from_str(note.facts.as_deref()?).ok()?;
    facts["name"].as_str().map(str::to_owned)
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

/// Notes that it was asked for, and says when it may be done.
fn ask(context: &mut Context, chosen: &Chosen, reached: &mut Reached, args: &Args) -> Result<Failure, Failure> {
    let name = &args.name;
    let said = Said {
        kind: ASKED.to_owned(),
        title: format!("asked to set the marker to {name}, which is not protected"),
        reason: args.reason.clone(),
        facts: json!({ "name": name }),
        ..Said::default()
    };
    let note = noting::write(context, chosen, reached, &said)?;
    let after = moment(&note.written_at).map(|at| format!("{} UTC", (at + COOLING + Duration::seconds(59)).format("%H:%M")));
    Ok(Failure::new(
        Class::Refused,
        format!("protection is not taken away at once: it was asked for, and nothing else was changed (note {})", note.id),
        format!("run the same command again after {}, within a day", after.unwrap_or_else(|| "ten minutes".to_owned())),
    ))
}

/// Marker and note in one transaction.
fn stamp(
    context: &Context,
    ledger: Ledger,
    reached: &mut Reached,
    name: &str,
    protected: bool,
    said: &Said,
) -> Result<Note, Failure> {
    let (session, identity) = (&mut reached.session, &reached.identity);
    session.begin()?;
    let written = ledger
        .stamp(session, name, protected)
        .map_err(LedgerError::Sql)
        .and_then(|()| noting::insert(context, ledger, session, identity, Some(name), said));
    match written {
        Ok(note) => {
            session.commit()?;
            Ok(note)
        }
        Err(error) => {
            let _ = session.rollback();
            Err(error.into())
        }
    }
}

fn told(context: &mut Context, reached: &Reached, name: &str, protected: bool) {
    let facts = &mut context.screen.facts;
    facts.insert("marker".to_owned(), json!({ "name": name, "protected": protected }));
    if let Some(database) = facts.get_mut("database") {
        database["marker"] = name.into();
        database["protected"] = (protected || reached.protected_environment.is_some()).into();
    }
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {} is marked {}", reached.identity.name, described(name, protected)));
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_are_such_as_can_be_typed_anywhere() {
        for good in ["production", "eu-2", "qa_1"] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["", "Production", "a b", "a\nb", "a=b", "ü", &"x".repeat(64)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
