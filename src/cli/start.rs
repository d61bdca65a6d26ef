//! From the arguments to the exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};
use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::global::Global;
use super::output::Screen;
use super::output::paint::Paint;
use super::output::screen::ColorChoice;
use super::{
    adopt, approve, backup, baseline, completions, database, doctor, export, fix, habits, init, lint, logging, man, marker,
    migrate, new, notes, notice, redo, repair, report, reset, restore, rollback, runs, schema, scripts, status, test_data,
    transfer, undo, verify,
};
use crate::domain::explain::Class;
use crate::domain::secret::redact;

/// Migrations on SQLite and PostgreSQL: planned, locked, recorded, reversible
#[derive(Debug, Parser)]
#[command(name = "manage", version, max_term_width = 110)]
#[command(after_help = "Examples:
  manage migrate          run the pending migrations of this project
  manage status           show what is applied and what is pending
  manage help migrate     explain one command

The exit code says what happened: 0 ok, 1 check failed, 2 usage,
3 could not run, 4 refused, 5 conflict, 6 locked, 7 stopped,
130 interrupted twice.")]
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
    Init(init::Args),
    #[allow(missing_docs)]
    Migrate(migrate::Args),
    #[allow(missing_docs)]
    Rollback(rollback::Args),
    #[allow(missing_docs)]
    Redo(redo::Args),
    #[allow(missing_docs)]
    Status(status::Args),
    #[allow(missing_docs)]
    Repair(repair::Args),
    #[allow(missing_docs)]
    New(new::Args),
    #[allow(missing_docs)]
    #[command(alias = "check")]
    Lint(lint::Args),
    #[allow(missing_docs)]
    Schema(schema::Args),
    #[allow(missing_docs)]
    Verify(verify::Args),
    #[allow(missing_docs)]
    Report(report::Args),
    #[allow(missing_docs)]
    Fix(fix::FixArgs),
    #[allow(missing_docs)]
    Sync(fix::SyncArgs),
    #[allow(missing_docs)]
    Undo(undo::Args),
    #[allow(missing_docs)]
    Runs(runs::Args),
    #[allow(missing_docs)]
    Approve(approve::Args),
    #[allow(missing_docs)]
    Scripts(scripts::Args),
    #[allow(missing_docs)]
    Adopt(adopt::Args),
    #[allow(missing_docs)]
    Baseline(baseline::Args),
    #[allow(missing_docs)]
    Export(export::Args),
    #[allow(missing_docs)]
    Notice(notice::Args),
    #[allow(missing_docs)]
    Database(database::Args),
    #[allow(missing_docs)]
    Backup(backup::Args),
    #[allow(missing_docs)]
    Restore(restore::Args),
    #[allow(missing_docs)]
    Reset(reset::Args),
    #[allow(missing_docs)]
    Marker(marker::Args),
    #[allow(missing_docs)]
    Transfer(transfer::Args),
    #[allow(missing_docs)]
    Notes(notes::Args),
    #[allow(missing_docs)]
    TestData(test_data::Args),
    #[allow(missing_docs)]
    Doctor(doctor::Args),
    #[allow(missing_docs)]
    Completions(completions::Args),
    #[allow(missing_docs)]
    Man(man::Args),
    #[command(flatten)]
    #[allow(missing_docs)]
    Habit(habits::Habit),
}

/// Runs the command that `args` ask for, and says how it ended.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let parsed = command().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(not_understood(&error, &args).code()),
    };
    let exit = match begin(cli.global.clone(), &typed(&args)) {
        Ok(mut context) => finish(&mut context, &cli.command),
        Err(failure) => fail_early(&failure, cli.global.json, cli.global.color),
    };
    ExitCode::from(exit.code())
}

/// The commands with their help as it is shown: what it is for and the examples stand before the long list of options.
fn command() -> clap::Command {
    shaped(Cli::command())
}

fn shaped(command: clap::Command) -> clap::Command {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let about: Vec<String> = about.lines().map(folded).collect();
    command
        .help_template(format!("{}\n\n{{usage-heading}} {{usage}}{{after-help}}\n\n{{all-args}}", about.join("\n")))
        .long_about(None)
        .mut_subcommands(shaped)
}

/// A paragraph in lines of up to 80 characters.
fn folded(paragraph: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 80 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}

fn begin(global: Global, command: &str) -> Result<Context, Failure> {
    let screen = Screen::new(global.color, global.output.as_deref(), global.json, global.quiet, global.verbose)?;
    if let Some(file) = &global.log {
        logging::begin(file, std::env::var("MANAGE_LOG").ok().as_deref())?;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), command, "begins");
    Context::new(global, screen)
}

/// The command as it was typed, without secrets.
fn typed(args: &[OsString]) -> String {
    let words: Vec<_> = args.iter().skip(1).map(|arg| redact(&arg.to_string_lossy())).collect();
    redact(&words.join(" "))
}

/// Tells a failure for which there is no context yet.
fn fail_early(failure: &Failure, json: bool, color: ColorChoice) -> Exit {
    if let Ok(mut screen) = Screen::new(color, None, json, false, false) {
        if json {
            print_facts(&mut screen, failure.exit(), Some(failure), Path::new(""));
        } else {
            let text = failure.text(Path::new(""), screen.paint_talk, screen.talk_width);
            screen.error_text(&text);
        }
    }
    failure.exit()
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
        let text = failure.text(&context.folder, context.screen.paint_talk, context.screen.talk_width);
        context.screen.error_text(&text);
    }
    if context.screen.json {
        print_facts(&mut context.screen, exit, failure.as_ref(), &context.folder);
    }
    let Some(trouble) = context.screen.trouble() else { return exit };
    let text = trouble.text(&context.folder, context.screen.paint_talk, context.screen.talk_width);
    context.screen.error_text(&text);
    match failure {
        None if exit == Exit::Ok => trouble.exit(),
        // With --json the failure was to stand where nothing can be written.
        Some(failure) if context.screen.json => {
            let text = failure.text(&context.folder, context.screen.paint_talk, context.screen.talk_width);
            context.screen.error_text(&text);
            exit
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
        Command::Init(args) => init::run(context, args),
        Command::Migrate(args) => migrate::run(context, args),
        Command::Rollback(args) => rollback::run(context, args),
        Command::Redo(args) => redo::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Repair(args) => repair::run(context, args),
        Command::New(args) => new::run(context, args),
        Command::Lint(args) => lint::run(context, args),
        Command::Schema(args) => schema::run(context, args),
        Command::Verify(args) => verify::run(context, args),
        Command::Report(args) => report::run(context, args),
        Command::Fix(args) => fix::fix(context, args),
        Command::Sync(args) => fix::sync(context, args),
        Command::Undo(args) => undo::run(context, args),
        Command::Runs(args) => runs::run(context, args),
        Command::Approve(args) => approve::run(context, args),
        Command::Scripts(args) => scripts::run(context, args),
        Command::Adopt(args) => adopt::run(context, args),
        Command::Baseline(args) => baseline::run(context, args),
        Command::Export(args) => export::run(context, args),
        Command::Notice(args) => notice::run(context, args),
        Command::Database(args) => database::run(context, args),
        Command::Backup(args) => backup::run(context, args),
        Command::Restore(args) => restore::run(context, args),
        Command::Reset(args) => reset::run(context, args),
        Command::Marker(args) => marker::run(context, args),
        Command::Transfer(args) => transfer::run(context, args),
        Command::Notes(args) => notes::run(context, args),
        Command::TestData(args) => test_data::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => man::run(context, args),
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
    let json = args.iter().any(|arg| arg == "--json");
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !json {
        eprint!("{}", redact(&text));
        return Exit::Usage;
    }
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => "a command is missing",
        _ => text.trim_start_matches("error: ").lines().next().unwrap_or("the arguments are not understood"),
    };
    let failure = Failure::new(Class::Usage, message, "manage help shows all commands, `manage help COMMAND` one of them");
    if json {
        return fail_early(&failure, true, ColorChoice::Never);
    }
    // What clap adds (missing arguments, similar words, usage) stands between the error and the hint.
    let rest = text.lines().skip(1).filter(|line| !line.trim().is_empty() && !line.starts_with("For more information"));
    let out = failure.text(Path::new(""), Paint(false), usize::MAX);
    let (first, hint) = out.split_once('\n').unwrap_or((&out, ""));
    let lines: Vec<&str> = std::iter::once(first).chain(rest).chain(hint.lines()).collect();
    eprint!("{}", redact(&format!("{}\n", lines.join("\n"))));
    Exit::Usage
}
