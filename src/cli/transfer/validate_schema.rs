//! `manage transfer validate-schema`

use serde_json::json;

use super::sides::Sides;
use super::{Between, show};
use crate::backend::Access;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::transfer::{Level, plan};

/// Check that the mapping fits both databases
///
/// Every table and column that it names has to be there, every column of the old database has to go somewhere or be
/// skipped, every column of the new one that takes no NULL has to get a value. Everything that is wrong is told at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer validate-schema
  manage transfer validate-schema --json --output schema_validation_report.json")]
pub struct Args {
    #[command(flatten)]
    between: Between,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let sides = Sides::open(context, &args.between, Access::Read, "transfer validate-schema")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let (tables, problems) = match plan(&sides.mapping, &sides.source.schema, &sides.schema) {
        Ok(plan) => (plan.tables.len(), plan.warnings),
        Err(problems) => (0, problems),
    };
    let errors = problems.iter().filter(|problem| problem.level == Level::Error).count();
    let warnings = problems.len() - errors;
    show::problems(context, &problems);
    let facts = &mut context.screen.facts;
    facts.insert("valid".to_owned(), (errors == 0).into());
    for (name, level) in [("issues", Level::Error), ("warnings", Level::Warning)] {
        let list = problems.iter().filter(|problem| problem.level == level).map(show::problem_fact).collect();
        facts.insert(name.to_owned(), list);
    }
    let summary =
        json!({ "total_tables": sides.source.schema.tables.len(), "errors": errors, "warnings": warnings, "valid": errors == 0 });
    facts.insert("summary".to_owned(), summary);
    if errors > 0 {
        context.screen.line(&format!("{errors} errors, {warnings} warnings: the mapping does not fit"));
        return Ok(Exit::Check);
    }
    let mark = context.screen.paint.on(Style::Good, "✓");
    context
        .screen
        .line(&format!("{mark} the mapping fits: {tables} tables go over, {warnings} warnings · next: manage transfer dry-run"));
    Ok(Exit::Ok)
}
