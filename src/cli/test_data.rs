//! `manage test-data`

use std::time::Instant;

use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use crate::backend::Access;
use crate::guards::Deed;
use crate::platform::test_data::{self, Injected, LARGEST, Removed, SMALLEST, State, Wish};

/// Fill one test account with rows, or remove them again
///
/// For the platform of this repository. The account's slug begins with `test-`; its rows are marked, and nothing else
/// is touched. Never on a protected database.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage test-data inject --account demo                     a thousand rows for test-demo
  manage test-data inject --account demo --broken --json     and every broken state, with a manifest
  manage test-data remove --account demo                     exactly these rows")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a test account with its rows
    ///
    /// The same seed gives the same rows. All in one transaction.
    Inject(InjectArgs),
    /// Remove a test account with its rows
    ///
    /// Exactly the rows that were made, all of them or none: where other rows belong to the account or point to it,
    /// nothing is removed and they are named.
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage test-data inject --account demo --scale 1000000
  manage test-data inject --account demo --broken --json --output manifest.json")]
struct InjectArgs {
    /// The test account; `demo` is `test-demo`
    #[arg(long, value_name = "A")]
    account: String,

    /// So many rows
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(SMALLEST..=LARGEST))]
    scale: u64,

    /// The number that all chance comes from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// Add a row in every state that a check must find, and list them: `broken` of --json
    #[arg(long)]
    broken: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage test-data remove --account demo")]
struct RemoveArgs {
    /// The test account; `demo` is `test-demo`
    #[arg(long, value_name = "A")]
    account: String,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    // What is never right needs no database to say so.
    let (Action::Inject(InjectArgs { account, .. }) | Action::Remove(RemoveArgs { account })) = &args.action;
    let slug = test_data::slug_of(account)?;
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Write, "test-data")?;
    context.screen.heading(&reached.title());
    let effect = match &args.action {
        Action::Inject(args) => format!("This makes the account {slug} with {} rows.", args.scale),
        Action::Remove(_) => format!("This removes the account {slug} with the rows that were made for it."),
    };
    super::consent::obtain(context, &reached, Deed::TestData, &effect)?;
    let begun = Instant::now();
    match &args.action {
        Action::Inject(args) => {
            let wish = Wish { account: args.account.clone(), scale: args.scale, seed: args.seed, broken: args.broken };
            let injected = test_data::inject(&mut reached.session, &wish)?;
            tell_injected(context, &injected, args.seed, begun);
        }
        Action::Remove(args) => {
            let removed = test_data::remove(&mut reached.session, &args.account)?;
            tell_removed(context, &removed, begun);
        }
    }
    Ok(Exit::Ok)
}

fn tables(tables: &[(&'static str, u64)]) -> serde_json::Value {
    tables.iter().filter(|(_, rows)| *rows > 0).map(|(table, rows)| json!({ "table": table, "rows": rows })).collect()
}

fn tell_injected(context: &mut Context, injected: &Injected, seed: u64, begun: Instant) {
    let Injected { slug, account, neighbour, tables: made, broken } = injected;
    let rows: u64 = made.iter().map(|(_, rows)| rows).sum();
    let facts = [
        ("account", json!({ "id": account, "slug": slug })),
        ("neighbour", json!(neighbour)),
        ("seed", json!(seed)),
        ("rows", json!(rows)),
        ("tables", tables(made)),
        ("broken", broken.iter().map(entry).collect()),
    ];
    context.screen.facts.extend(facts.map(|(name, fact)| (name.to_owned(), fact)));
    for (table, rows) in made.iter().filter(|(_, rows)| *rows > 0) {
        context.screen.line(&format!("  {table:<20} {rows:>10}"));
    }
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {slug} · {rows} rows in {}", words::duration(begun.elapsed())));
    if broken.is_empty() {
        context.screen.line(&format!("remove them: manage test-data remove --account {slug}"));
        return;
    }
    context.screen.line("");
    context.screen.line(&format!("broken, by the check that must find it ({} in all; --json lists them):", broken.len()));
    let mut checks: Vec<&str> = broken.iter().map(|state| state.check).collect();
    checks.sort_unstable();
    let all = checks.clone();
    checks.dedup();
    for check in checks {
        let count = all.iter().filter(|other| **other == check).count();
        context.screen.line(&format!("  {check:<22} {count:>3}"));
    }
}

fn entry(state: &State) -> serde_json::Value {
    json!({ "rules": state.rules, "check": state.check, "table": state.table, "key": state.key, "what": state.what })
}

fn tell_removed(context: &mut Context, removed: &Removed, begun: Instant) {
    let rows: u64 = removed.tables.iter().map(|(_, rows)| rows).sum();
    let facts = [("account", json!({ "slug": removed.slug })), ("rows", json!(rows)), ("tables", tables(&removed.tables))];
    context.screen.facts.extend(facts.map(|(name, fact)| (name.to_owned(), fact)));
    if rows == 0 {
        context.screen.line(&format!("there is no {}; nothing to remove", removed.slug));
        return;
    }
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {} removed · {rows} rows in {}", removed.slug, words::duration(begun.elapsed())));
}
