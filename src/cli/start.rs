//! From the arguments to the exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::global::Global;
use super::output::Screen;
use super::output::paint::Paint;
use super::output::screen::ColorChoice;
use super::{completions, database, doctor, habits, logging, migrate, new, redo, rollback, schema, status};
use crate::domain::explain::Class;
use crate::domain::secret::redact;

/// Migrations on SQLite and PostgreSQL: planned, locked, recorded, reversible
#[derive(Debug, Parser)]
#[command(name = "manage", version, max_term_width = 110)]
#[command(after_help = "Examples:
  manage migrate                  run the pending migrations of the project in this folder
  manage status                   show what is applied and what is pending
  manage help migrate             explain one command

The exit code says what happened: 0 ok, 1 check failed, 2 usage, 3 could not run, 4 refused, 5 conflict,
6 locked, 7 stopped, 130 interrupted twice.")]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    #[allow(missing_docs)]
    Migrate(migrate::Args),
    #[allow(missing_docs)]
    Rollback(rollback::Args),
    #[allow(missing_docs)]
    Redo(redo::Args),
    #[allow(missing_docs)]
    Status(status::Args),
    #[allow(missing_docs)]
    New(new::Args),
    #[allow(missing_docs)]
    Schema(schema::Args),
    #[allow(missing_docs)]
    Database(database::Args),
    #[allow(missing_docs)]
    Doctor(doctor::Args),
    #[allow(missing_docs)]
    Completions(completions::Args),
    #[command(flatten)]
    #[allow(missing_docs)]
    Habit(habits::Habit),
}

/// Runs the command that `args` ask for, and says how it ended.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(not_understood(&error, &args).code()),
    };
    let global = cli.global.clone();
    let screen = Screen::new(global.color, global.output.as_deref(), global.json, global.quiet, global.verbose);
    let mut screen = match screen {
        Ok(screen) => screen,
        Err(failure) => {
            eprint!("{}", failure.text(Path::new(""), Paint(false)));
            return ExitCode::from(failure.exit().code());
        }
    };
    if let Some(file) = &global.log
        && let Err(failure) = logging::begin(file, std::env::var("MANAGE_LOG").ok().as_deref())
    {
        screen.error_text(&failure.text(Path::new(""), screen.paint_talk));
        return ExitCode::from(failure.exit().code());
    }
    let exit = match Context::new(global, screen) {
        Ok(mut context) => finish(&mut context, &cli.command),
        Err(failure) => {
            eprint!("{}", failure.text(Path::new(""), Paint(false)));
            failure.exit()
        }
    };
    ExitCode::from(exit.code())
}

/// Runs the command and prints its end: the failure, or the facts.
fn finish(context: &mut Context, command: &Command) -> Exit {
    let result = execute(context, command);
    let (mut exit, failure) = match result {
        Ok(exit) => (exit, None),
        Err(failure) => (failure.exit(), Some(failure)),
    };
    if context.interrupted {
        exit = Exit::Interrupted;
    }
    tracing::info!(exit_code = exit.code(), error = failure.as_ref().map(|failure| redact(&failure.0.to_string())), "ended");
    if let Some(failure) = &failure
        && !context.screen.json
    {
        let text = failure.text(&context.folder, context.screen.paint_talk);
        context.screen.error_text(&text);
    }
    if context.screen.json {
        print_facts(&mut context.screen, exit, failure.as_ref(), &context.folder);
    }
    match context.screen.trouble() {
        Some(trouble) if exit == Exit::Ok => {
            let text = trouble.text(&context.folder, context.screen.paint_talk);
            context.screen.error_text(&text);
            trouble.exit()
        }
        _ => exit,
    }
}

fn print_facts(screen: &mut Screen, exit: Exit, failure: Option<&Failure>, folder: &Path) {
    let facts = std::mem::take(&mut screen.facts);
    screen.facts.insert("schema".to_owned(), json!(1));
    screen.facts.insert("exit_code".to_owned(), json!(exit.code()));
    screen.facts.insert("database".to_owned(), serde_json::Value::Null);
    screen.facts.extend(facts);
    if let Some(failure) = failure {
        screen.facts.insert("error".to_owned(), failure.json(folder));
    }
    screen.print_facts();
}

fn execute(context: &mut Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Migrate(args) => migrate::run(context, args),
        Command::Rollback(args) => rollback::run(context, args),
        Command::Redo(args) => redo::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::New(args) => new::run(context, args),
        Command::Schema(args) => schema::run(context, args),
        Command::Database(args) => database::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Habit(habit) => habits::run(context, habit),
    }
}

/// Help, the version, or words that are not understood.
fn not_understood(error: &clap::Error, args: &[OsString]) -> Exit {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A closed pipe has read enough.
        let _ = error.print();
        return Exit::Ok;
    }
    let text = error.render().to_string();
    let words = text.trim_start_matches("error: ");
    let message = words.lines().next().unwrap_or("the arguments are not understood").to_owned();
    let rest: Vec<_> = words.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let failure = Failure::new(Class::Usage, message, "manage help shows all commands, `manage help COMMAND` one of them");
    if args.iter().any(|arg| arg == "--json")
        && let Ok(mut screen) = Screen::new(ColorChoice::Never, None, true, false, false)
    {
        print_facts(&mut screen, Exit::Usage, Some(&failure), Path::new(""));
        return Exit::Usage;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        eprint!("{}", redact(&text));
        return Exit::Usage;
    }
    let mut out = failure.text(Path::new(""), Paint(false));
    if !rest.is_empty() {
        // What clap adds (similar words, usage) stands between the error and the hint.
        let (first, hint) = out.split_once('\n').unwrap_or((&out, ""));
        out = format!("{first}\n{}\n{hint}", rest.join("\n"));
    }
    eprint!("{}", redact(&out));
    Exit::Usage
}
