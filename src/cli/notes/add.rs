//! `manage notes add`

use std::io::{IsTerminal, Read as _};

use super::by_hand::ByHand;
use crate::backend::{Access, Basic};
use crate::cli::consent;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::domain::explain::Class;
use crate::guards::Deed;
use crate::ledger::{Item, Ledger};

/// Write a note about what was done by hand
///
/// Who, when and on which database is added. What is still to be done is kept in view by `manage notes check` until
/// a later note says that it is done.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes add --title 'restarted the importer' --reason SUP-1432
  manage notes add --title 'index by hand' --open 'make a migration of it' -m 'It took 40 s.'
  manage notes add --title 'statuses set by hand' --sql hand.sql --account acme --rows clusters=3 --backup acme.dump
  git log -1 --format=%B | manage notes add -m -
  manage notes add --title 'the migration is there' --migration 20261121140000 --done 12.1")]
pub struct Args {
    /// One line that says it; else the first line of the text
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// The text, Markdown; - reads it from standard input
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,

    /// Why: a ticket, a sentence
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// What was done
    #[arg(long, value_name = "KIND", default_value = "by hand", value_parser = words)]
    kind: String,

    /// Whose rows it was about
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,

    /// What is still to be done; may be given several times
    #[arg(long, value_name = "TEXT", value_parser = words)]
    open: Vec<String>,

    /// What is done now: 12.1 is the first item of note 12, 12 all of them
    #[arg(long, value_name = "ITEM", value_parser = done)]
    done: Vec<Done>,

    #[command(flatten)]
    by_hand: ByHand,
}

/// Items of an earlier note.
#[derive(Debug, Clone, Copy)]
struct Done {
    note: i64,
    number: Option<usize>,
}

fn done(text: &str) -> Result<Done, String> {
    let (note, number) = match text.split_once('.') {
        Some((note, number)) => (note, Some(number.parse().map_err(|_| "write 12.1, or 12 for all items of note 12")?)),
        None => (text, None),
    };
    Ok(Done { note: note.parse().map_err(|_| "write 12.1, or 12 for all items of note 12")?, number })
}

fn words(text: &str) -> Result<String, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { Err("say something".to_owned()) } else { Ok(text) }
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    if context.is_unborn(&chosen) {
        return Err(Failure::new(
            Class::Usage,
            "the database is not made yet, so there is nothing to write about",
            "make it: manage database create",
        ));
    }
    let facts = args.by_hand.facts(context, &chosen)?;
    let (title, body) = text(context, args)?;
    let mut reached = context.reach(&chosen, Access::Write, "notes add")?;
    let heading = reached.title();
    context.screen.heading(&heading);
    consent::obtain(context, &reached, Deed::NotesAdd, "")?;
    let ledger = noting::prepare(context, &mut reached)?;
    let closes = closed(ledger, &mut reached.session, &args.done)?;
    let said = Said {
        kind: args.kind.clone(),
        title,
        reason: args.reason.clone(),
        account: args.account.clone(),
        body,
        facts,
        open: args.open.iter().cloned().chain(args.by_hand.open()).collect(),
        closes,
    };
    noting::write(context, &chosen, &mut reached, &said)?;
    Ok(Exit::Ok)
}

/// Title and text, as far as they were given.
fn text(context: &mut Context, args: &Args) -> Result<(String, Option<String>), Failure> {
    let stdin = std::io::stdin();
    let body = match (&args.message, &args.title) {
        (Some(text), _) if text != "-" => text.clone(),
        (None, Some(_)) => String::new(),
        _ => {
            if stdin.is_terminal() {
                context.screen.talk("Write the note; Ctrl-D on a line of its own ends it.");
            }
            let mut text = String::new();
            stdin
                .lock()
                .read_to_string(&mut text)
                .map_err(|error| Failure::new(Class::Usage, format!("the text cannot be read: {error}"), "it must be UTF-8"))?;
            text
        }
    };
    let body = body.trim();
    let (title, body) = match &args.title {
        Some(title) => (title.trim(), body),
        None => body.split_once('\n').map_or((body, ""), |(title, rest)| (title.trim().trim_start_matches("# "), rest.trim())),
    };
    if title.is_empty() {
        return Err(Failure::new(
            Class::Usage,
            "a note needs words",
            "manage notes add --title 'what was done', or text with -m or on standard input",
        ));
    }
    Ok((title.to_owned(), (!body.is_empty()).then(|| body.to_owned())))
}

/// The items of earlier notes that are done.
fn closed(ledger: Ledger, session: &mut impl Basic, done: &[Done]) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    for one in done {
        let note = noting::found(Some(ledger), session, one.note)?;
        let wanted: Vec<Item> =
            note.items().map(|(item, _)| item).filter(|item| one.number.is_none_or(|number| item.number == number)).collect();
        if wanted.is_empty() {
            let which = one.number.map_or_else(|| "nothing".to_owned(), |number| format!("no item {number}"));
            return Err(Failure::new(
                Class::Usage,
                format!("note {} left {which} open", one.note),
                format!("manage notes show {} shows it", one.note),
            ));
        }
        items.extend(wanted);
    }
    Ok(items)
}
