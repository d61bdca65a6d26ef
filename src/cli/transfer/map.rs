//! `manage transfer map`

use serde_json::{Value, json};

use super::Between;
use super::sides::Sides;
use crate::backend::Access;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::domain::transfer::{Column, From, Input, Literal, Part, Step, TablePlan};

/// Show which table and column becomes which, in the order of the transfer
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer map
  manage transfer map --json | jq '.map[].columns'")]
pub struct Args {
    #[command(flatten)]
    between: Between,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let sides = Sides::open(context, &args.between, Access::Read, "transfer map")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let plan = sides.plan()?;
    let mut facts: Vec<Value> = Vec::new();
    for table in &plan.tables {
        let derived = if table.from.unpivot.is_some() { " (derived)" } else { "" };
        let title = format!("{} → {}{derived}", table.from.table, table.to);
        let title = context.screen.paint.on(Style::Strong, &title);
        context.screen.row(&title);
        let mut columns = Vec::new();
        if let Some(new) = &table.new_key {
            context.screen.row(&format!("  {:<28} → {}   drawn anew", source(table, new.old), new.column));
            columns.push(json!({ "from": source(table, new.old), "to": new.column, "rules": ["drawn anew"] }));
        }
        for column in &table.columns {
            let rules = rules(column);
            let shown = if rules.is_empty() { String::new() } else { format!("   {}", rules.join(", ")) };
            context.screen.row(&format!("  {:<28} → {}{shown}", from(table, column), column.to));
            columns.push(json!({ "from": from(table, column), "to": column.to, "rules": rules }));
        }
        for after in &table.after {
            context.screen.row(&format!("  {:<28} → {}   counted anew", format!("rows of {}", after.count), after.column));
            columns.push(json!({ "from": format!("rows of {}", after.count), "to": after.column, "rules": ["counted anew"] }));
        }
        let matched: Vec<_> = table.matched.iter().map(|at| table.columns[*at].to.as_str()).collect();
        facts.push(json!({ "source": table.from.table, "table": table.to, "match": matched, "columns": columns }));
    }
    let skipped: Vec<Value> = plan.skipped.iter().map(|table| json!({ "table": table.table, "why": table.why })).collect();
    for table in &plan.skipped {
        context.screen.row(&format!("{} stays behind: {}", table.table, table.why));
    }
    context.screen.facts.insert("map".to_owned(), facts.into());
    context.screen.facts.insert("skipped_tables".to_owned(), skipped.into());
    Ok(Exit::Ok)
}

fn source(table: &TablePlan, input: usize) -> String {
    match &table.inputs[input] {
        Input::Column(name) => name.clone(),
        Input::Sql(_) => "SQL".to_owned(),
        Input::Mapped { by, .. } => source(table, *by),
        Input::Lookup { table, column, .. } => format!("{table}.{column}"),
        Input::Number => "n".to_owned(),
        Input::Value => "value".to_owned(),
    }
}

fn from(table: &TablePlan, column: &Column) -> String {
    match &column.from {
        From::Input(input) => source(table, *input),
        From::Literal(Literal::Now) => "the run's moment".to_owned(),
        From::Literal(literal) => literal.cell("").to_string(),
        From::Text(parts) => {
            let part = |part: &Part| match part {
                Part::Text(text) => text.clone(),
                Part::Input(input) => format!("{{{}}}", source(table, *input)),
            };
            format!("'{}'", parts.iter().map(part).collect::<String>())
        }
    }
}

fn rules(column: &Column) -> Vec<String> {
    let literal =
        |literal: &Literal| if *literal == Literal::Now { "the run's moment".to_owned() } else { literal.cell("").to_string() };
    let rule = |step: &Step| match step {
        Step::IsNotNull => "whether it is there".to_owned(),
        Step::Enum(map) => format!("enum {}", map.name),
        Step::ToJson => "as JSON".to_owned(),
        Step::Found { within, .. } => format!("new key of {within}"),
        Step::Older { age, becomes, .. } => format!("older than {} days: {}", age / 86_400_000_000, literal(becomes)),
        Step::Coalesce(value) => format!("NULL: {}", literal(value)),
    };
    column.steps.iter().map(rule).collect()
}
