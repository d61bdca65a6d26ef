//! `manage transfer check-pk`

use serde_json::json;

use super::Between;
use super::sides::Sides;
use crate::backend::Access;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::domain::explain::Class;
use crate::domain::nearest::meant;
use crate::domain::transfer::Input;

/// Compare the primary keys of old and new tables
///
/// A new key of more columns than the old one is fine; of fewer, several old rows may fall together: check-duplicates
/// counts them. Exits 1 where a key has fewer columns, and is not drawn anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer check-pk
  manage transfer check-pk creator")]
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
    let sides = Sides::open(context, &args.between, Access::Read, "transfer check-pk")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let plan = sides.plan()?;
    let wanted = |table: &&crate::domain::transfer::TablePlan| {
        args.table.as_ref().is_none_or(|name| table.to == *name || table.from.table == *name)
    };
    let tables: Vec<_> = plan.tables.iter().filter(wanted).collect();
    if let (Some(name), true) = (&args.table, tables.is_empty()) {
        let known: Vec<_> = plan.tables.iter().map(|table| table.to.as_str()).collect();
        return Err(Failure::new(Class::Usage, format!("the mapping moves no table `{name}`"), meant(name, known)));
    }
    let mut facts = Vec::new();
    let mut bad = 0;
    for table in tables {
        let old = sides.source.schema.tables.iter().find(|known| known.name.to_string() == table.from.table);
        let old: Vec<String> = old.map(|old| old.primary_key.clone()).unwrap_or_default();
        // Where each column of the new key comes from.
        let from: Vec<Option<String>> = table
            .target_key
            .iter()
            .map(|name| {
                let column = table.columns.iter().find(|column| column.to == *name)?;
                match &table.inputs[column.is_plain()?] {
                    Input::Column(name) => Some(name.clone()),
                    _ => None,
                }
            })
            .collect();
        let drawn = table.new_key.is_some() || table.from.unpivot.is_some();
        let same = from.iter().flatten().collect::<std::collections::BTreeSet<_>>() == old.iter().collect();
        let fewer = !drawn && old.iter().any(|name| !from.iter().flatten().any(|known| known == name));
        let verdict = if drawn {
            "drawn anew"
        } else if same {
            "match"
        } else if fewer {
            "fewer columns"
        } else {
            "more columns"
        };
        bad += usize::from(fewer);
        let style = if fewer { Style::Bad } else { Style::Good };
        let mark = context.screen.paint.on(style, if fewer { "✗" } else { "✓" });
        context.screen.row(&format!(
            "  {mark} {} ({})  →  {} ({}): {verdict}",
            table.from.table,
            old.join(", "),
            table.to,
            table.target_key.join(", ")
        ));
        facts.push(json!({
            "source": table.from.table, "table": table.to, "source_key": old, "target_key": table.target_key,
            "composite": table.target_key.len() > 1, "verdict": verdict,
        }));
    }
    context.screen.facts.insert("keys".to_owned(), facts.into());
    if bad > 0 {
        context.screen.line("rows may fall together: manage transfer check-duplicates");
        return Ok(Exit::Check);
    }
    Ok(Exit::Ok)
}
