//! `manage schema dump`

use serde_json::json;

use crate::backend::{Access, Full};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::words;
use crate::schema;

/// Print the database's schema as SQL
///
/// The statements make the same schema on an empty database of the same kind. Rows, owners, privileges and the tables
/// in which tools keep their own records are not part of it. What cannot be told in SQL yet is named in comments, and
/// the command exits with 1. Never writes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage schema dump
  manage schema dump --output schema.sql
  manage schema dump --env production > production.sql")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Read, "schema dump")?;
    let dump = schema::dump(&reached.session.introspect()?);
    context.screen.talk(&format!("-- {}", reached.title()));
    context.screen.facts.insert("sql".to_owned(), dump.sql.as_str().into());
    context.screen.facts.insert("left_out".to_owned(), json!(dump.left_out));
    if !context.screen.json {
        context.screen.write(&dump.sql);
    }
    if dump.left_out.is_empty() {
        return Ok(Exit::Ok);
    }
    context.screen.warn(&format!("{} left out:", words::count(dump.left_out.len(), "object")));
    for object in &dump.left_out {
        context.screen.error_text(&format!("  {object}\n"));
    }
    Ok(Exit::Check)
}
