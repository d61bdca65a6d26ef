//! The words of other tools, for fingers that know them.

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::{database, migrate, new, redo, rollback, schema, status};
use crate::domain::explain::Class;
use crate::migrate::Picture;

/// Aliases. They are not shown in help; docs/reference/commands.md lists them.
#[derive(Debug, clap::Subcommand)]
pub enum Habit {
    /// As `new migration`
    #[command(hide = true)]
    Makemigrations(new::migration::Args),
    /// As `status`
    #[command(hide = true)]
    Showmigrations(status::Args),
    /// The SQL of one migration
    #[command(hide = true)]
    Sqlmigrate(Sqlmigrate),
    /// As diesel's and sqlx's `migration`
    #[command(hide = true)]
    Migration(Migration),
    /// As `database create`, then `migrate`
    #[command(hide = true)]
    Setup(migrate::Args),
    /// As `schema print`
    #[command(hide = true)]
    PrintSchema(schema::print::Args),
}

/// `sqlmigrate V`
#[derive(Debug, clap::Args)]
pub struct Sqlmigrate {
    /// The version
    #[arg(value_name = "V")]
    version: String,
}

/// `migration …`
#[derive(Debug, clap::Args)]
pub struct Migration {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Run(migrate::Args),
    Revert(rollback::Args),
    Redo(redo::Args),
    Pending(status::Args),
    List(status::Args),
    Generate(new::migration::Args),
}

/// Runs what the alias means.
///
/// # Errors
/// As the command that it stands for.
pub fn run(context: &mut Context, habit: &Habit) -> Result<Exit, Failure> {
    match habit {
        Habit::Makemigrations(args) => {
            context.screen.talk("manage does not compare models: it makes an empty file for you to write (manage new migration)");
            new::migration::run(context, args)
        }
        Habit::Showmigrations(args) => status::run(context, args),
        Habit::Sqlmigrate(args) => sqlmigrate(context, args),
        Habit::Setup(args) => {
            database::create::run(context)?;
            migrate::run(context, args)
        }
        Habit::PrintSchema(args) => schema::print::run(context, args),
        Habit::Migration(Migration { verb }) => match verb {
            Verb::Run(args) => migrate::run(context, args),
            Verb::Revert(args) => rollback::run(context, args),
            Verb::Redo(args) => redo::run(context, args),
            Verb::Pending(args) | Verb::List(args) => status::run(context, args),
            Verb::Generate(args) => new::migration::run(context, args),
        },
    }
}

fn sqlmigrate(context: &mut Context, args: &Sqlmigrate) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    let version = Picture::unborn(&files).asked(&args.version);
    let Some(migration) = files.iter().find(|file| file.version == version) else {
        return Err(Failure::new(
            Class::Usage,
            format!("there is no migration `{}`", args.version),
            "manage status lists all migrations",
        ));
    };
    context.screen.facts.insert("sql".to_owned(), migration.up.text.as_str().into());
    if !context.screen.json {
        context.screen.write(&migration.up.text);
    }
    Ok(Exit::Ok)
}
