//! `manage new migration`

use chrono::Utc;
use serde_json::json;

use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::project::migrations::{NewMigration, generate};

/// Make a new migration
///
/// Its version comes after all others. The template in it is refused until it is edited.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new migration \"add user preferences table\"
  manage new migration --data \"fold old status words\"
  manage new migration --no-transaction \"index keywords\"")]
pub struct Args {
    /// What it does, in a few words
    #[arg(value_name = "NAME", required = true)]
    name: Vec<String>,

    /// It changes rows, not the schema
    #[arg(long)]
    data: bool,

    /// It runs without a transaction: CREATE INDEX CONCURRENTLY, VACUUM
    #[arg(long)]
    no_transaction: bool,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let project = context.project()?;
    let description = args.name.join(" ");
    let new = NewMigration {
        description: &description,
        now: Utc::now().naive_utc(),
        data: args.data,
        no_transaction: args.no_transaction,
        layout: project.config.migrations.layout,
    };
    let made = generate(&project.migrations_folder(), &new)?;
    let files: Vec<_> = made.files.iter().map(|file| shown(file, &context.folder)).collect();
    context.screen.facts.insert("version".to_owned(), made.version.as_str().into());
    context.screen.facts.insert("name".to_owned(), made.name.clone().into());
    context.screen.facts.insert("files".to_owned(), json!(files));
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} migration {} {}", made.version, made.name));
    for file in &files {
        context.screen.line(&format!("    {file}"));
    }
    let what = if files.len() == 1 { "write the file" } else { "write both files" };
    context.screen.heading(&format!(
        "Next: {what} (the template is refused), look with `manage migrate --plan`, then run `manage migrate`."
    ));
    Ok(Exit::Ok)
}
