//! PostgreSQL's statements, each after what it needs.

use crate::domain::engine::Engine;
use crate::domain::schema::{
    Column, Constraint, ConstraintKind, Index, Needs, Other, Schema, Sequence, Table, TableKind, Trigger, TypeDefinition, View,
    escaped_text, quoted,
};
use crate::domain::sql::tokens;

/// The statements, and what they leave out.
pub(super) fn statements(schema: &Schema) -> (Vec<String>, Vec<String>) {
    // As pg_dump does: names stand with their schemas, and bodies are looked at when they are called.
    let mut out = vec!["SET search_path = ''".to_owned(), "SET check_function_bodies = off".to_owned()];
    out.extend(schema.namespaces.iter().map(|name| format!("CREATE SCHEMA {}", quoted(name))));
    for extension in &schema.extensions {
        let place = extension.schema.as_ref().map_or_else(String::new, |schema| format!(" SCHEMA {}", quoted(schema)));
        out.push(format!("CREATE EXTENSION IF NOT EXISTS {}{place}", quoted(&extension.name)));
    }
    out.extend(
        schema.sequences.iter().map(|sequence| format!("CREATE SEQUENCE {} {}", sequence.name.sql(), sequence.definition)),
    );
    out.extend(types_and_functions(schema));

    let tables = in_order(schema);
    let constraints = |wanted: &'static [ConstraintKind]| {
        let of = move |table: &&Table| -> Vec<String> {
            let own = table.constraints.iter().filter(|constraint| wanted.contains(&constraint.kind));
            own.map(|constraint| add_constraint(table, constraint)).collect()
        };
        tables.iter().flat_map(of).collect::<Vec<_>>()
    };
    out.extend(tables.iter().map(|table| create_table(schema, table)));
    out.extend(tables.iter().flat_map(|table| defaults_of_a_partition(schema, table)));
    out.extend(constraints(&[ConstraintKind::PrimaryKey, ConstraintKind::Unique, ConstraintKind::Exclude]));
    out.extend(functions(schema, Needs::Tables));
    out.extend(tables.iter().flat_map(|table| late_defaults(schema, table)));
    out.extend(constraints(&[ConstraintKind::Check]));
    out.extend(tables.iter().flat_map(|table| create_indexes(&table.indexes)));
    out.extend(constraints(&[ConstraintKind::ForeignKey]));
    for view in &schema.views {
        out.push(create_view(view));
        out.extend(create_indexes(&view.indexes));
    }
    out.extend(functions(schema, Needs::Views));
    for table in &tables {
        out.extend(create_triggers(&table.name.sql(), &table.triggers));
    }
    for view in &schema.views {
        out.extend(create_triggers(&view.name.sql(), &view.triggers));
    }
    out.extend(schema.sequences.iter().filter_map(owner));
    out.extend(schema.others.iter().filter_map(own_statement));
    out.extend(comments(schema, &tables));
    let left_out = schema.others.iter().filter(|other| own_statement(other).is_none() && comment_on(other).is_none());
    (out, left_out.map(|other| format!("{} {}", other.kind, other.name)).collect())
}

/// Types and the functions that need no more than types, in the order in which they were made.
fn types_and_functions(schema: &Schema) -> Vec<String> {
    let types = schema.types.iter().map(|own| {
        let word = if matches!(own.definition, TypeDefinition::Domain(_)) { "DOMAIN" } else { "TYPE" };
        (own.number, format!("CREATE {word} {} AS {}", own.name.sql(), own.definition.text()))
    });
    let functions = schema.functions.iter().filter(|function| function.needs == Needs::Types);
    let functions = functions.map(|function| (function.number, function.definition.trim_end().to_owned()));
    let mut all: Vec<(i64, String)> = types.chain(functions).collect();
    all.sort();
    all.into_iter().map(|(_, statement)| statement).collect()
}

fn functions(schema: &Schema, needs: Needs) -> Vec<String> {
    let mut functions: Vec<_> = schema.functions.iter().filter(|function| function.needs == needs).collect();
    functions.sort_by_key(|function| function.number);
    functions.iter().map(|function| function.definition.trim_end().to_owned()).collect()
}

/// The tables of the project, a partition after what it is a part of.
fn in_order(schema: &Schema) -> Vec<&Table> {
    let own = |table: &&Table| table.extension.is_none() && table.kind != TableKind::Foreign;
    let (mut waiting, mut order): (Vec<&Table>, Vec<&Table>) =
        schema.tables.iter().filter(own).partition(|table| matches!(table.kind, TableKind::Partition { .. }));
    while !waiting.is_empty() {
        let (ready, later): (Vec<&Table>, Vec<&Table>) = waiting.into_iter().partition(|table| match &table.kind {
            TableKind::Partition { of, .. } => order.iter().any(|known| known.name == *of),
            _ => true,
        });
        if ready.is_empty() {
            order.extend(later);
            break;
        }
        order.extend(ready);
        waiting = later;
    }
    order
}

fn create_table(schema: &Schema, table: &Table) -> String {
    let unlogged = if table.options.iter().any(|option| option == "UNLOGGED") { "UNLOGGED " } else { "" };
    let options: Vec<&str> = table.options.iter().map(String::as_str).filter(|option| option.contains('=')).collect();
    let options = if options.is_empty() { String::new() } else { format!(" WITH ({})", options.join(", ")) };
    let name = table.name.sql();
    let partitioned = |by: &Option<String>| by.as_ref().map_or_else(String::new, |by| format!(" PARTITION BY {by}"));
    if let TableKind::Partition { of, bound, by } = &table.kind {
        return format!("CREATE {unlogged}TABLE {name} PARTITION OF {} {bound}{}{options}", of.sql(), partitioned(by));
    }
    let columns: Vec<_> = table.columns.iter().map(|column| format!("    {}", column_definition(schema, column))).collect();
    let columns = if columns.is_empty() { "()".to_owned() } else { format!("(\n{}\n)", columns.join(",\n")) };
    let by = match &table.kind {
        TableKind::Partitioned(by) => Some(by.clone()),
        _ => None,
    };
    format!("CREATE {unlogged}TABLE {name} {columns}{}{options}", partitioned(&by))
}

fn column_definition(schema: &Schema, column: &Column) -> String {
    let mut text = format!("{} {}", quoted(&column.name), column.type_text);
    if let Some(collation) = &column.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = column.default.as_ref().filter(|default| !needs_a_table(schema, default)) {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(generated) = &column.generated {
        let kept = if generated.stored { "STORED" } else { "VIRTUAL" };
        text.push_str(&format!(" GENERATED ALWAYS AS ({}) {kept}", generated.expression));
    }
    if let Some(identity) = &column.identity {
        text.push_str(&format!(" GENERATED {identity}"));
    }
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    text
}

/// Whether a default calls a function that is made after the tables.
pub(super) fn needs_a_table(schema: &Schema, default: &str) -> bool {
    let calls = |name: &str| default.contains(&format!("{name}(")) || default.contains(&format!("{}(", quoted(name)));
    schema.functions.iter().any(|function| function.needs == Needs::Tables && calls(&function.name.name))
}

/// The defaults that the tables were made without.
fn late_defaults(schema: &Schema, table: &Table) -> Vec<String> {
    if matches!(table.kind, TableKind::Partition { .. }) {
        return Vec::new();
    }
    let late = |column: &Column| {
        let default = column.default.as_ref().filter(|default| needs_a_table(schema, default))?;
        Some(format!("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {default}", table.name.sql(), quoted(&column.name)))
    };
    table.columns.iter().filter_map(late).collect()
}

/// A partition begins with its parent's columns and may differ from them in what a row is filled with.
fn defaults_of_a_partition(schema: &Schema, table: &Table) -> Vec<String> {
    let TableKind::Partition { of, .. } = &table.kind else { return Vec::new() };
    let Some(parent) = schema.tables.iter().find(|parent| parent.name == *of) else { return Vec::new() };
    let mut statements = Vec::new();
    for column in &table.columns {
        let Some(above) = parent.columns.iter().find(|above| above.name == column.name) else { continue };
        let alter = format!("ALTER TABLE ONLY {} ALTER COLUMN {}", table.name.sql(), quoted(&column.name));
        if above.default != column.default {
            statements.push(match &column.default {
                Some(default) => format!("{alter} SET DEFAULT {default}"),
                None => format!("{alter} DROP DEFAULT"),
            });
        }
        if above.nullable && !column.nullable {
            statements.push(format!("{alter} SET NOT NULL"));
        }
    }
    statements
}

fn add_constraint(table: &Table, constraint: &Constraint) -> String {
    let name = constraint.name.as_ref().map_or_else(String::new, |name| format!(" CONSTRAINT {}", quoted(name)));
    format!("ALTER TABLE {} ADD{name} {}", table.name.sql(), constraint.definition)
}

fn create_indexes(indexes: &[Index]) -> Vec<String> {
    indexes.iter().map(|index| index.definition.clone()).collect()
}

fn create_view(view: &View) -> String {
    let kind = if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
    let options = if view.options.is_empty() { String::new() } else { format!(" WITH ({})", view.options.join(", ")) };
    format!("CREATE {kind} {}{options} AS\n{}", view.name.sql(), view.definition.trim_end().trim_end_matches(';'))
}

fn create_triggers(table: &str, triggers: &[Trigger]) -> Vec<String> {
    let of = |trigger: &Trigger| {
        let state = trigger.state.map(|state| format!("ALTER TABLE {table} {state} TRIGGER {}", quoted(&trigger.name)));
        [Some(trigger.definition.clone()), state].into_iter().flatten()
    };
    triggers.iter().flat_map(of).collect()
}

fn owner(sequence: &Sequence) -> Option<String> {
    let (table, column) = sequence.owned_by.as_ref()?;
    Some(format!("ALTER SEQUENCE {} OWNED BY {}.{}", sequence.name.sql(), table.sql(), quoted(column)))
}

fn comments(schema: &Schema, tables: &[&Table]) -> Vec<String> {
    let mut statements = Vec::new();
    let mut on = |what: String, comment: &Option<String>| {
        statements.extend(comment.as_ref().map(|comment| format!("COMMENT ON {what} IS {}", escaped_text(comment))));
    };
    for table in tables {
        on(format!("TABLE {}", table.name.sql()), &table.comment);
        for column in &table.columns {
            on(format!("COLUMN {}.{}", table.name.sql(), quoted(&column.name)), &column.comment);
        }
    }
    for view in &schema.views {
        let kind = if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
        on(format!("{kind} {}", view.name.sql()), &view.comment);
    }
    statements.extend(schema.others.iter().filter_map(comment_on));
    statements
}

/// The statement of what stands beside tables, where its name and definition are enough.
fn own_statement(other: &Other) -> Option<String> {
    let Other { kind, name, definition } = other;
    let alter = |what: &str| Some(format!("ALTER TABLE {name} {what}"));
    match kind.as_str() {
        "rule" | "statistics" => Some(definition.trim_end().trim_end_matches(';').to_owned()),
        "policy" => Some(format!("CREATE POLICY {name} {definition}")),
        "row security" if definition == "forced" => alter("ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"),
        "row security" => alter("ENABLE ROW LEVEL SECURITY"),
        "replica identity" => alter(&format!("REPLICA IDENTITY {definition}")),
        "clustered" => alter(definition),
        // The column stands in the definition, too.
        "storage of a column" => {
            let table = name.strip_suffix(&format!(".{}", column_of(definition)?))?;
            Some(format!("ALTER TABLE ONLY {table} {definition}"))
        }
        _ => None,
    }
}

/// The column of `ALTER COLUMN c SET …`.
fn column_of(definition: &str) -> Option<&str> {
    let name = definition.strip_prefix("ALTER COLUMN ")?;
    let token = tokens(name, Engine::Postgres).next()?;
    Some(token.text(name))
}

/// The statement of a comment on an object that is dumped.
fn comment_on(other: &Other) -> Option<String> {
    if other.kind != "comment" {
        return None;
    }
    // `adult on public.age`
    if let Some((constraint, domain)) = other.name.strip_prefix("domain constraint ").and_then(|name| name.rsplit_once(" on ")) {
        return Some(format!("COMMENT ON CONSTRAINT {constraint} ON DOMAIN {domain} IS {}", escaped_text(&other.definition)));
    }
    let words = [
        ("schema ", "SCHEMA "),
        ("policy ", "POLICY "),
        ("rule ", "RULE "),
        ("function ", "FUNCTION "),
        ("procedure ", "PROCEDURE "),
        ("type ", "TYPE "),
        ("sequence ", "SEQUENCE "),
        ("index ", "INDEX "),
        ("table constraint ", "CONSTRAINT "),
        ("trigger ", "TRIGGER "),
        ("view column ", "COLUMN "),
        ("materialized view column ", "COLUMN "),
        ("composite type column ", "COLUMN "),
    ];
    let (word, name) = words.iter().find_map(|(kind, word)| Some((word, other.name.strip_prefix(kind)?)))?;
    Some(format!("COMMENT ON {word}{name} IS {}", escaped_text(&other.definition)))
}
