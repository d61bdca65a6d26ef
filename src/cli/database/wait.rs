//! `manage database wait`

use std::time::{Duration, Instant};

use crate::backend::Access;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;

/// Wait until the database can be reached
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage database wait
  manage database wait --timeout 5m")]
pub struct Args {
    /// For how long at most
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = words::parse_duration)]
    timeout: Duration,
}

/// Runs the command.
///
/// # Errors
/// When it cannot be reached in time, or for a reason that waiting does not mend.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let begun = Instant::now();
    let reached = context.reach_within(&chosen, Access::Read, "database wait", args.timeout)?;
    context.screen.facts.insert("waited_ms".to_owned(), u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).into());
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {} answers", reached.title()));
    Ok(Exit::Ok)
}
