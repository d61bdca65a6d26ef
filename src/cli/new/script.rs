//! `manage new verify`, `fix`, `sync` and `report`

use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::project::scripts::Kind;
use crate::project::scripts::generate::{NewScript, generate};

/// What every script has.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What it is about, in a few words
    #[arg(value_name = "NAME", required = true)]
    name: Vec<String>,

    /// It is not about one account
    #[arg(long)]
    global: bool,
}

/// Make a new check
///
/// A verify_*.sql; every row that its query returns is a finding.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new verify \"status fixes\"
  manage new verify --global \"links that lead nowhere\"")]
pub struct Verify {
    #[command(flatten)]
    args: Args,
}

/// Make a new script that mends rows
///
/// A fix_*.sql; its query names rows and their new values.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new fix \"cluster status\"")]
pub struct Fix {
    #[command(flatten)]
    args: Args,
}

/// Make a new script that brings rows in line with others
///
/// A sync_*.sql; its query names rows and their new values.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new sync \"idea status\"")]
pub struct Sync {
    #[command(flatten)]
    args: Args,
}

/// Make a new report
///
/// A check_*.sql, whose rows are a table; with --diagnose a diagnose_*.sql, whose rows are steps.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new report \"recent keywords\"
  manage new report --diagnose \"generate content\"")]
pub struct Report {
    #[command(flatten)]
    args: Args,

    /// Its rows are steps that are right or wrong
    #[arg(long)]
    diagnose: bool,
}

/// Runs `manage new verify`.
///
/// # Errors
/// When nothing is left of the words, a script of that name is there, or the folder cannot be written.
pub fn verify(context: &mut Context, verify: &Verify) -> Result<Exit, Failure> {
    make(context, Kind::Verify, &verify.args)
}

/// Runs `manage new fix`.
///
/// # Errors
/// When nothing is left of the words, a script of that name is there, or the folder cannot be written.
pub fn fix(context: &mut Context, fix: &Fix) -> Result<Exit, Failure> {
    make(context, Kind::Fix, &fix.args)
}

/// Runs `manage new sync`.
///
/// # Errors
/// When nothing is left of the words, a script of that name is there, or the folder cannot be written.
pub fn sync(context: &mut Context, sync: &Sync) -> Result<Exit, Failure> {
    make(context, Kind::Sync, &sync.args)
}

/// Runs `manage new report`.
///
/// # Errors
/// When nothing is left of the words, a script of that name is there, or the folder cannot be written.
pub fn report(context: &mut Context, report: &Report) -> Result<Exit, Failure> {
    make(context, if report.diagnose { Kind::Diagnose } else { Kind::Check }, &report.args)
}

/// Makes the file.
///
/// # Errors
/// When nothing is left of the words, a script of that name is there, or the folder cannot be written.
fn make(context: &mut Context, kind: Kind, args: &Args) -> Result<Exit, Failure> {
    let project = context.project()?;
    let tenancy = project.config.tenancy.is_some();
    let words = args.name.join(" ");
    let new = NewScript { kind, words: &words, tenant: tenancy && !args.global, global: tenancy && args.global };
    let (name, file) = generate(&project.scripts_folder(), &new)?;
    let file = shown(&file, &context.folder);
    context.screen.facts.insert("name".to_owned(), name.clone().into());
    context.screen.facts.insert("kind".to_owned(), kind.prefix().into());
    context.screen.facts.insert("files".to_owned(), serde_json::json!([file]));
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {} {name}", kind.prefix()));
    context.screen.line(&format!("    {file}"));
    context.screen.heading(&format!(
        "Next: write the file (the template is refused), look with `manage scripts check`, then run `manage {} {name}`.",
        kind.verb()
    ));
    Ok(Exit::Ok)
}
