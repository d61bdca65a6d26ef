//! `manage transfer`: from an old database to a new one, through a mapping.

pub mod all;
pub mod audit;
pub mod check_duplicates;
pub mod check_pk;
pub mod dry_run;
mod files;
mod lock;
pub mod map;
pub mod preflight;
mod progress;
pub mod resume;
pub mod rollback;
mod running;
mod show;
pub(super) mod sides;
pub mod status;
pub mod table;
pub mod validate;
pub mod validate_schema;

use std::path::PathBuf;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Move data from an old database to a new one with another schema
///
/// A mapping file says which table becomes which, and by which rules (docs/guide/transfer.md). The old database is only
/// read. Every row is accounted for: written, unchanged, rejected or skipped, each with its reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer validate-schema          does the mapping fit both databases?
  manage transfer dry-run                  everything, on a copy: which rows would not fit?
  manage transfer all                      do it, in one transaction, and prove it
  manage transfer rollback                 take the last one back
  manage transfer all --map transfer.toml --source old.db --target new.db")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// Which databases and which mapping.
#[derive(Debug, Clone, clap::Args)]
pub struct Between {
    /// The mapping [default: transfer.toml of the project, else the only file in its folder transfers]
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,

    /// The old database, which is only read [default: the mapping's, then OLD_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,

    /// The new database [default: --database or --env, then the mapping's, then as every command]
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
}

/// How many read the old database.
#[derive(Debug, Clone, clap::Args)]
pub struct Readers {
    /// How many sessions read a large table of an old PostgreSQL database side by side, all in one snapshot
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub jobs: u8,
}

/// The old database alone.
#[derive(Debug, Clone, clap::Args)]
pub struct OfSource {
    /// The old database, which is only read [default: the mapping's, then OLD_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,

    /// The mapping that names it [default: transfer.toml of the project]
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Audit(audit::Args),
    ValidateSchema(validate_schema::Args),
    CheckPk(check_pk::Args),
    CheckDuplicates(check_duplicates::Args),
    Map(map::Args),
    Preflight(preflight::Args),
    DryRun(dry_run::Args),
    Table(table::Args),
    All(all::Args),
    Resume(resume::Args),
    Validate(validate::Args),
    Status(status::Args),
    Rollback(rollback::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Audit(args) => audit::run(context, args),
        Verb::ValidateSchema(args) => validate_schema::run(context, args),
        Verb::CheckPk(args) => check_pk::run(context, args),
        Verb::CheckDuplicates(args) => check_duplicates::run(context, args),
        Verb::Map(args) => map::run(context, args),
        Verb::Preflight(args) => preflight::run(context, args),
        Verb::DryRun(args) => dry_run::run(context, args),
        Verb::Table(args) => table::run(context, args),
        Verb::All(args) => all::run(context, args),
        Verb::Resume(args) => resume::run(context, args),
        Verb::Validate(args) => validate::run(context, args),
        Verb::Status(args) => status::run(context, args),
        Verb::Rollback(args) => rollback::run(context, args),
    }
}
