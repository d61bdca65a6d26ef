//! The plan on the screen, and as facts.

use std::path::Path;

use serde_json::{Value, json};

use super::mark;
use crate::backup::reset::{Gathered, Line, checks, goes, stays};
use crate::cli::context::Context;
use crate::cli::output::words;
use crate::ledger::TOKEN_SECONDS;

/// So many names are shown of each kind.
const SHOWN: usize = 12;

/// Shows the plan.
pub fn plan(context: &mut Context, gathered: &Gathered, in_the_way: &[String]) {
    let (goes, stays, checks) = (goes(gathered), stays(gathered), checks(gathered));
    let fact = |lines: &[Line]| -> Value {
        lines.iter().map(|line| json!({ "what": line.what, "names": line.names, "rows": line.rows })).collect()
    };
    context.screen.facts.insert("goes".to_owned(), fact(&goes));
    context.screen.facts.insert("stays".to_owned(), fact(&stays));
    context.screen.facts.insert("in_the_way".to_owned(), json!(in_the_way));
    let fact = checks.iter().map(|check| json!({ "name": check.name, "done": check.done, "message": check.text }));
    context.screen.facts.insert("checks".to_owned(), fact.collect());
    let migrations = gathered.migrations.iter().map(|(name, _)| json!(name));
    context.screen.facts.insert("migrations".to_owned(), migrations.collect());
    list(context, "goes", &goes);
    list(context, "stays", &stays);
    for check in &checks {
        let mark = mark(context, check.done);
        context.screen.line(&format!("  {mark} {:<9} {}", check.name, check.text));
    }
    for what in in_the_way {
        context.screen.warn(&format!("in the way now: {what}"));
    }
}

fn list(context: &mut Context, title: &str, lines: &[Line]) {
    if lines.is_empty() {
        context.screen.line(&format!("  {title:<6} nothing"));
    }
    for (at, line) in lines.iter().enumerate() {
        let title = if at == 0 { title } else { "" };
        let more = line.names.len().saturating_sub(SHOWN);
        let mut names = line.names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            names.push_str(&format!(" and {more} more"));
        }
        let rows = match line.rows {
            Some(rows) => format!("; {} in all", words::count(usize::try_from(rows).unwrap_or(usize::MAX), "row")),
            None => String::new(),
        };
        context.screen.line(&format!("  {title:<6} {}: {names}{rows}", line.what));
    }
}

/// What was given to the plan, and belongs into the command that carries it out.
pub struct Given<'a> {
    /// Where the backup goes.
    pub backup: Option<&'a Path>,
    /// Whether there is none.
    pub no_backup: bool,
    /// The reason.
    pub reason: Option<&'a str>,
}

/// Shows the token, and the command that takes it.
pub fn token(context: &mut Context, token: &str, given: &Given<'_>) {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut command = format!("manage reset --confirm {token}");
    if let Some(path) = given.backup {
        command.push_str(&format!(" --backup {}", quoted(&path.to_string_lossy())));
    }
    if given.no_backup {
        command.push_str(" --no-backup");
    }
    if let Some(reason) = given.reason {
        command.push_str(&format!(" --reason {}", quoted(reason)));
    }
    context.screen.facts.insert("token".to_owned(), json!(token));
    context.screen.facts.insert("valid_seconds".to_owned(), json!(TOKEN_SECONDS));
    context.screen.line(&format!("nothing was changed · do it within {} minutes, once: {command}", TOKEN_SECONDS / 60));
}
