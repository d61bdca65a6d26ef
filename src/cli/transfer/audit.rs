//! `manage transfer audit`

use std::path::PathBuf;

use serde_json::{Value, json};

use super::sides::{Source, source_alone};
use super::{OfSource, show};
use crate::backend::Basic;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::explain::Class;
use crate::domain::schema::{Schema, Table};

/// Show what the old database holds: tables, columns, keys, indexes
///
/// It is only read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer audit --source old.db
  manage transfer audit --report schema_report.json")]
pub struct Args {
    #[command(flatten)]
    of: OfSource,

    /// Write the whole report to a file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let (_, url) = source_alone(context, &args.of)?;
    let mut source = Source::open(context, url, "transfer audit")?;
    let heading = source.title();
    context.screen.heading(&heading);
    let mut counts = Vec::new();
    for table in &source.schema.tables {
        let sql = format!("SELECT count(*) FROM {}", table.name.sql());
        counts.push(source.session.query(&sql, &[])?.first().and_then(|row| row.integer(0)));
    }
    let report = report(&source.schema, &counts);
    if let Some(file) = &args.report {
        let path = context.folder.join(file);
        let text = serde_json::to_string_pretty(&report).unwrap_or_default();
        std::fs::write(&path, text + "\n").map_err(|error| {
            Failure::new(
                Class::CouldNotRun,
                format!("cannot write {}: {error}", file.display()),
                "name a file in a folder that you may write",
            )
        })?;
    }
    let width = source.schema.tables.iter().map(|table| table.name.to_string().chars().count()).max().unwrap_or(0);
    for (table, count) in source.schema.tables.iter().zip(&counts) {
        let rows = count.and_then(|count| u64::try_from(count).ok()).map_or_else(|| "?".to_owned(), show::number);
        context.screen.row(&format!(
            "  {:<width$}  {rows:>10} rows  {:>3} columns  key ({})",
            table.name.to_string(),
            table.columns.len(),
            table.primary_key.join(", ")
        ));
        for column in &table.columns {
            let null = if column.nullable { "" } else { " NOT NULL" };
            context.screen.row(&format!("      {} {}{null}", column.name, column.type_text));
        }
        for key in &table.foreign_keys {
            context.screen.row(&format!("      {} → {} ({})", key.columns.join(", "), key.parent, key.parent_columns.join(", ")));
        }
    }
    if source.schema.tables.is_empty() {
        context.screen.line("no tables");
    }
    let relationships = source.schema.tables.iter().map(|table| table.foreign_keys.len()).sum::<usize>();
    context.screen.line(&format!("{} tables, {relationships} foreign keys", source.schema.tables.len()));
    if let Value::Object(map) = report {
        context.screen.facts.extend(map);
    }
    Ok(Exit::Ok)
}

fn report(schema: &Schema, counts: &[Option<i64>]) -> Value {
    let name = |table: &Table| table.name.to_string();
    let details: serde_json::Map<String, Value> = schema.tables.iter().map(|table| (name(table), columns(table))).collect();
    let relationships: Vec<Value> = schema
        .tables
        .iter()
        .flat_map(|table| {
            table.foreign_keys.iter().map(move |key| {
                json!({
                    "table": name(table), "columns": key.columns,
                    "referred_table": key.parent.to_string(), "referred_columns": key.parent_columns,
                })
            })
        })
        .collect();
    let indexes: serde_json::Map<String, Value> = schema
        .tables
        .iter()
        .map(|table| {
            let of = |index: &crate::domain::schema::Index| json!({ "name": index.name, "definition": index.definition });
            (name(table), table.indexes.iter().map(of).collect())
        })
        .collect();
    let keys: serde_json::Map<String, Value> =
        schema.tables.iter().map(|table| (name(table), json!(table.unique_keys(schema.engine)))).collect();
    let rows: serde_json::Map<String, Value> =
        schema.tables.iter().zip(counts).map(|(table, count)| (name(table), json!(count))).collect();
    json!({
        "tables": schema.tables.iter().map(name).collect::<Vec<_>>(),
        "table_details": details,
        "relationships": relationships,
        "indexes": indexes,
        "unique_keys": keys,
        "rows": rows,
    })
}

fn columns(table: &Table) -> Value {
    table
        .columns
        .iter()
        .map(|column| {
            let keys = table.foreign_keys.iter().filter(|key| key.columns.contains(&column.name));
            json!({
                "name": column.name,
                "type": column.type_text,
                "nullable": column.nullable,
                "default": column.default,
                "primary_key": table.primary_key.contains(&column.name),
                "foreign_keys": keys.map(|key| json!({
                    "referred_table": key.parent.to_string(), "referred_columns": key.parent_columns,
                })).collect::<Vec<_>>(),
            })
        })
        .collect()
}
