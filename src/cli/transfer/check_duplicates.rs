//! `manage transfer check-duplicates`

use chrono::Utc;
use serde_json::json;

use super::sides::Sides;
use super::{Between, show};
use crate::backend::{Access, Basic};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::domain::explain::Class;
use crate::domain::nearest::meant;
use crate::domain::transfer::Duplicates;

/// Count old rows that share a unique key of the new database
///
/// Every unique key of every new table is looked at, with the values that the rows are to have there. Exits 1 where rows
/// share one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer check-duplicates
  manage transfer check-duplicates custom_commands")]
pub struct Args {
    /// Only this table, by its old or new name
    #[arg(value_name = "TABLE")]
    table: Option<String>,

    #[command(flatten)]
    between: Between,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let mut sides = Sides::open(context, &args.between, Access::Read, "transfer check-duplicates")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let plan = sides.plan()?;
    let wanted: Vec<usize> = (0..plan.tables.len())
        .filter(|at| args.table.as_ref().is_none_or(|name| plan.tables[*at].to == *name || plan.tables[*at].from.table == *name))
        .collect();
    if let (Some(name), true) = (&args.table, wanted.is_empty()) {
        let known: Vec<_> = plan.tables.iter().map(|table| table.to.as_str()).collect();
        return Err(Failure::new(Class::Usage, format!("the mapping moves no table `{name}`"), meant(name, known)));
    }
    let (now, _) = super::running::clock(Some(Utc::now()))?;
    let mut found = Vec::new();
    {
        let mut carrier = sides.target.session.carrier(&sides.source.url, &mut sides.source.session)?;
        carrier.begin(&plan.tables, &now)?;
        for at in 0..plan.tables.len() {
            carrier.remap(at)?;
        }
        for at in wanted {
            found.push((at, carrier.duplicates(at)?));
        }
        carrier.target().rollback()?;
    }
    let mut facts = Vec::new();
    let mut groups = 0;
    for (at, keys) in &found {
        let table = &plan.tables[*at];
        for key in keys {
            // Where the mapping says which of them goes in there is nothing to do.
            let names: Vec<_> = table.matched.iter().map(|at| table.columns[*at].to.clone()).collect();
            let settled = match table.duplicates {
                Duplicates::First if names == key.columns => Some("the first one goes in"),
                Duplicates::Last if names == key.columns => Some("the last one goes in"),
                _ => None,
            };
            groups += if settled.is_some() { 0 } else { key.groups };
            let (sign, style) = match (key.groups, settled) {
                (0, _) => ("✓", Style::Good),
                (_, Some(_)) => ("-", Style::Faint),
                (_, None) => ("✗", Style::Bad),
            };
            let mark = context.screen.paint.on(style, sign);
            let fate = settled.filter(|_| key.groups > 0).map(|fate| format!(": {fate}")).unwrap_or_default();
            context.screen.row(&format!(
                "  {mark} {} ({}): {} rows, {} different keys, {} keys of more than one row{fate}",
                table.to,
                key.columns.join(", "),
                show::number(key.rows),
                show::number(key.distinct),
                show::number(key.groups)
            ));
            for group in &key.shown {
                context.screen.row(&format!("      {} × {}", group.rows, group.key));
            }
            if key.groups > key.shown.len() as u64 {
                context.screen.row(&format!("      and {} more", show::number(key.groups - key.shown.len() as u64)));
            }
            facts.push(json!({
                "table": table.to, "source": table.from.table, "columns": key.columns, "rows": key.rows, "distinct": key.distinct,
                "groups": key.groups, "rows_in_groups": key.in_groups,
                "sample": key.shown.iter().map(|group| json!({ "key": group.key, "rows": group.rows })).collect::<Vec<_>>(),
            }));
        }
    }
    context.screen.facts.insert("keys".to_owned(), facts.into());
    context.screen.facts.insert("duplicates".to_owned(), groups.into());
    if groups > 0 {
        context.screen.line("correct them in the source, or say duplicates = \"first\" or \"last\" for the table in the mapping");
        return Ok(Exit::Check);
    }
    Ok(Exit::Ok)
}
