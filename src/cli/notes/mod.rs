//! `manage notes`: what people and commands wrote down.

pub mod add;
pub mod by_hand;
pub mod check;
pub mod export;
pub mod list;
pub mod search;
pub mod show;

use serde_json::{Value, json};

use super::context::{Context, unborn_title};
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use crate::backend::Access;
use crate::domain::explain::Class;
use crate::ledger::{Ledger, Look, Note, Wanted};
use crate::notes::OpenItem;

/// Write down, list and check what was done to a database, and why
///
/// Commands that change something by a person's decision write a note by themselves. The notes are kept in the
/// database; where the project has the folder docs/notes, each is a Markdown file there as well. A note is never
/// changed: a correction is another note.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes add --title 'restarted the importer' -m 'It had stopped at 3:12.'
  manage notes list --since 7d
  manage notes search importer")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Box<add::Args>),
    List(list::Args),
    Show(show::Args),
    Search(search::Args),
    Export(export::Args),
    Check(check::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Add(args) => add::run(context, args),
        Verb::List(args) => list::run(context, args),
        Verb::Show(args) => show::run(context, args),
        Verb::Search(args) => search::run(context, args),
        Verb::Export(args) => export::run(context, args),
        Verb::Check(args) => check::run(context, args),
    }
}

/// Which notes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Not older than this: 2026-11-21, 7d, 12h
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<String>,

    /// Of this kind: 'marker set', 'by hand'
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,

    /// About this account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,

    /// At most so many, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

impl Filter {
    fn wanted<'a>(&'a self, text: Option<&'a str>) -> Wanted<'a> {
        Wanted {
            since: self.since.as_deref(),
            kind: self.kind.as_deref(),
            account: self.account.as_deref(),
            text,
            limit: self.limit.map(|limit| limit as usize),
        }
    }
}

/// A date, the beginning of one, or how long ago.
fn since(text: &str) -> Result<String, String> {
    let text = text.trim();
    let shape: String = text.chars().map(|char| if char.is_ascii_digit() { '9' } else { char }).collect();
    let day = "9999-99-99";
    if ["9999", "9999-99", day].contains(&shape.as_str()) {
        return Ok(text.to_owned());
    }
    if shape.starts_with(day)
        && ["9999-99-99T99:99", "9999-99-99T99:99:99"].contains(&shape.trim_end_matches('Z').replace(' ', "T").as_str())
    {
        return Ok(text.trim_end_matches('Z').replace(' ', "T"));
    }
    let days = |unit: char, days: u64| {
        text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok()).map(|number| number.saturating_mul(days))
    };
    let ago = match days('d', 1).or_else(|| days('w', 7)) {
        Some(days) => std::time::Duration::from_secs(days.saturating_mul(86_400)),
        None if text.ends_with(|char: char| char.is_ascii_alphabetic()) => {
            words::parse_duration(text).map_err(|_| since_form())?
        }
        None => return Err(since_form()),
    };
    let ago = chrono::Duration::from_std(ago).map_err(|_| since_form())?;
    let moment = chrono::Utc::now().checked_sub_signed(ago).ok_or_else(since_form)?;
    Ok(moment.format("%Y-%m-%dT%H:%M:%S").to_string())
}

fn since_form() -> String {
    "write a date in UTC (2026-11-21, 2026-11-21T14:05) or how long ago (7d, 12h)".to_owned()
}

/// All notes of the chosen database, the newest first. Creates nothing.
fn read(context: &mut Context) -> Result<Vec<Note>, Failure> {
    let chosen = context.choose()?;
    let Some(mut reached) = context.reach_if_made(&chosen, Access::Read, "notes")? else {
        context.screen.heading(&unborn_title(&chosen.url));
        return Ok(Vec::new());
    };
    let title = reached.title();
    context.screen.heading(&title);
    Ok(match look(&mut reached.session)? {
        Some(ledger) => ledger.notes(&mut reached.session, &Wanted::default())?,
        None => Vec::new(),
    })
}

/// The ledger, where there is one. That it cannot be read is an error: nobody could tell whether there are notes.
fn look(session: &mut crate::backend::Session) -> Result<Option<Ledger>, Failure> {
    match Ledger::look(session)? {
        Look::Present(ledger) => Ok(Some(ledger)),
        Look::Absent => Ok(None),
        Look::Unreadable(error) => Err(Failure::new(
            Class::CouldNotRun,
            format!("this role may not read the notes: {error}"),
            "GRANT USAGE ON SCHEMA manage, SELECT ON ALL TABLES IN SCHEMA manage",
        )),
    }
}

/// Prints notes as a table, and as the fact `notes`.
fn print(context: &mut Context, notes: &[Note], open: &[OpenItem<'_>]) {
    let is_open = |note: &Note, number: usize| open.iter().any(|item| item.note.uid == note.uid && item.number == number);
    let facts: Value = notes.iter().map(|note| fact(note, |number| is_open(note, number))).collect();
    context.screen.facts.insert("notes".to_owned(), facts);
    let width = |text: &dyn Fn(&Note) -> String| notes.iter().map(|note| text(note).chars().count()).max().unwrap_or(0);
    let (kind, who) = (|note: &Note| plain(&note.kind), |note: &Note| plain(note.who()));
    let (kinds, people) = (width(&kind).clamp(4, 20), width(&who).clamp(3, 20));
    let ids = notes.iter().map(|note| note.id.to_string().len()).max().unwrap_or(0).max(2);
    if !notes.is_empty() {
        context.screen.heading(&format!("  {:>ids$}  {:<16}  {:<kinds$}  {:<people$}  what", "id", "when (UTC)", "kind", "who"));
    }
    for note in notes {
        let count = note.items().filter(|(item, _)| is_open(note, item.number)).count();
        let mut remarks = String::new();
        if count > 0 {
            remarks.push_str(&format!("  ({count} open)"));
        }
        if note.superseded {
            remarks.push_str("  (superseded)");
        }
        let account = note.account.as_ref().map(|account| format!(" [{}]", plain(account))).unwrap_or_default();
        let when = note.written_at.get(..16).unwrap_or(&note.written_at).replace('T', " ");
        let (kind, who, title) = (kind(note), who(note), plain(&note.title));
        context.screen.row(&format!("  {:>ids$}  {when}  {kind:<kinds$}  {who:<people$}  {title}{account}{remarks}", note.id));
    }
}

/// A note as a fact.
fn fact(note: &Note, is_open: impl Fn(usize) -> bool) -> Value {
    let facts = note.facts.as_ref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())));
    json!({
        "id": note.id,
        "uid": note.uid,
        "written_at": note.written_at,
        "kind": note.kind,
        "title": note.title,
        "reason": note.reason,
        "account": note.account,
        "body": note.body,
        "facts": facts,
        "open": note.items().map(|(item, text)| json!({
            "item": format!("{}.{}", note.id, item.number), "text": text, "done": !is_open(item.number),
        })).collect::<Vec<_>>(),
        "database": note.database,
        "environment": note.environment,
        "who": note.who(),
        "os_user": note.user,
        "host": note.host,
        "tool": note.tool,
        "superseded": note.superseded,
    })
}

/// Text of a person without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_its_beginning_or_a_time_ago_is_understood() {
        for good in ["2026", "2026-11", "2026-11-21", "2026-11-21T14:05", "2026-11-21 14:05:01Z", "7d", "2w", "12h", "30m"] {
            assert!(since(good).is_ok(), "{good}: {:?}", since(good));
        }
        for bad in ["", "yesterday", "5", "7 days ago", "2026-1-1", "-3d", "99999999999999999999d", "9999999999999d"] {
            assert!(since(bad).is_err(), "{bad}: {:?}", since(bad));
        }
        assert_eq!(since("2026-11-21 14:05Z"), Ok("2026-11-21T14:05".to_owned()));
    }
}
