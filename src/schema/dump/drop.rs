//! The statements that take a dumped schema back: each object after what needs it. Pure.

use super::postgres::needs_a_table;
use crate::domain::engine::Engine;
use crate::domain::schema::{Column, ConstraintKind, Needs, Schema, Table, TableKind, TypeDefinition, quoted};

/// The statements. Extensions stay: others may use them, and the way forward does not mind.
pub(super) fn statements(schema: &Schema) -> Vec<String> {
    match schema.engine {
        Engine::Sqlite => sqlite(schema),
        Engine::Postgres => postgres(schema),
    }
}

/// The tables, each before those that its foreign keys lead to; as they come where keys go in a circle.
pub fn children_first(schema: &Schema) -> Vec<&Table> {
    let mut waiting: Vec<&Table> = schema.tables.iter().collect();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let wanted_by_another = |table: &Table| {
            let leads_to = |other: &&Table| other.name != table.name && leads(other, table);
            waiting.iter().any(leads_to)
        };
        let (free, later): (Vec<&Table>, Vec<&Table>) = waiting.iter().partition(|table| !wanted_by_another(table));
        if free.is_empty() {
            order.extend(later);
            break;
        }
        order.extend(free);
        waiting = later;
    }
    order
}

fn leads(from: &Table, to: &Table) -> bool {
    from.foreign_keys.iter().any(|key| key.parent == to.name || (key.parent.schema.is_none() && is_same(&key.parent.name, to)))
}

/// SQLite does not tell names apart by case.
fn is_same(name: &str, table: &Table) -> bool {
    table.name.schema.is_none() && name.eq_ignore_ascii_case(&table.name.name)
}

fn sqlite(schema: &Schema) -> Vec<String> {
    let views = schema.views.iter().rev().map(|view| format!("DROP VIEW {}", view.name.sql()));
    let order = children_first(schema);
    let of = |virtuals: bool| {
        let wanted = move |table: &&&Table| match table.kind {
            TableKind::Virtual(_) => virtuals,
            TableKind::Shadow => false,
            _ => !virtuals,
        };
        order.iter().filter(wanted).map(|table| format!("DROP TABLE {}", table.name.sql())).collect::<Vec<_>>()
    };
    // A virtual table may read another one; indexes and triggers go with their tables.
    views.chain(of(true)).chain(of(false)).collect()
}

/// Whether rows can keep each table of a circle of foreign keys in place; a table that leads to itself is one.
pub(super) fn goes_in_circles(schema: &Schema) -> bool {
    let order = children_first(schema);
    order.iter().enumerate().any(|(at, table)| order[..=at].iter().any(|earlier| leads(table, earlier)))
}

fn postgres(schema: &Schema) -> Vec<String> {
    // They may read other tables than their own.
    let on_tables = schema.others.iter().filter_map(|other| match other.kind.as_str() {
        "policy" => Some(format!("DROP POLICY {}", other.name)),
        "rule" => Some(format!("DROP RULE {}", other.name)),
        _ => None,
    });
    let mut out: Vec<String> = on_tables.collect();
    let drop_functions = |needs: Needs| {
        let mut functions: Vec<_> = schema.functions.iter().filter(|function| function.needs == needs).collect();
        functions.sort_by_key(|function| std::cmp::Reverse(function.number));
        functions.into_iter().map(|function| format!("DROP ROUTINE {}({})", function.name.sql(), function.arguments))
    };
    for view in &schema.views {
        out.extend(view.triggers.iter().map(|trigger| format!("DROP TRIGGER {} ON {}", quoted(&trigger.name), view.name.sql())));
    }
    out.extend(drop_functions(Needs::Views));
    for view in schema.views.iter().rev() {
        let kind = if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
        out.push(format!("DROP {kind} {}", view.name.sql()));
    }
    let order = children_first(schema);
    let own = |table: &&&Table| table.extension.is_none() && table.kind != TableKind::Foreign;
    out.extend(foreign_keys_that_hold(&order));
    out.extend(order.iter().filter(own).flat_map(|table| defaults_that_hold(schema, table)));
    if schema.functions.iter().any(|function| function.needs == Needs::Tables) {
        out.extend(order.iter().filter(own).flat_map(|table| users_of_functions(table)));
        out.extend(drop_functions(Needs::Tables));
    }
    // A partition goes with what it is a part of.
    let whole = |table: &&&Table| !matches!(table.kind, TableKind::Partition { .. });
    out.extend(order.iter().filter(own).filter(whole).map(|table| format!("DROP TABLE {}", table.name.sql())));
    let types = schema.types.iter().map(|own| {
        let word = if matches!(own.definition, TypeDefinition::Domain(_)) { "DOMAIN" } else { "TYPE" };
        (own.number, format!("DROP {word} {}", own.name.sql()))
    });
    let functions = schema.functions.iter().filter(|function| function.needs == Needs::Types);
    let functions =
        functions.map(|function| (function.number, format!("DROP ROUTINE {}({})", function.name.sql(), function.arguments)));
    let mut all: Vec<(i64, String)> = types.chain(functions).collect();
    all.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    out.extend(all.into_iter().map(|(_, statement)| statement));
    let lone = schema.sequences.iter().filter(|sequence| sequence.owned_by.is_none());
    out.extend(lone.map(|sequence| format!("DROP SEQUENCE {}", sequence.name.sql())));
    out.extend(schema.namespaces.iter().rev().map(|name| format!("DROP SCHEMA {}", quoted(name))));
    out
}

/// What holds a table that goes before the table with the key: keys in a circle.
fn foreign_keys_that_hold(order: &[&Table]) -> Vec<String> {
    let mut out = Vec::new();
    for (at, table) in order.iter().enumerate() {
        let held = order[..at].iter().any(|earlier| leads(table, earlier));
        let keys = table.constraints.iter().filter(|constraint| held && constraint.kind == ConstraintKind::ForeignKey);
        let names = keys.filter_map(|constraint| constraint.name.as_ref());
        out.extend(names.map(|name| format!("ALTER TABLE {} DROP CONSTRAINT {}", table.name.sql(), quoted(name))));
    }
    out
}

/// Defaults that hold another table by its sequence, or a function that needs tables.
fn defaults_that_hold(schema: &Schema, table: &Table) -> Vec<String> {
    let of_another = |default: &str| {
        let others =
            schema.sequences.iter().filter(|sequence| matches!(&sequence.owned_by, Some((owner, _)) if *owner != table.name));
        others.into_iter().any(|sequence| default.contains(&sequence.name.name))
    };
    let holds = |column: &&Column| {
        column
            .default
            .as_ref()
            .is_some_and(|default| default.contains("nextval(") && of_another(default) || needs_a_table(schema, default))
    };
    let drop = |column: &Column| format!("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", table.name.sql(), quoted(&column.name));
    table.columns.iter().filter(holds).map(drop).collect()
}

/// What may call a function that needs tables itself.
fn users_of_functions(table: &Table) -> Vec<String> {
    let name = table.name.sql();
    let triggers = table.triggers.iter().map(|trigger| format!("DROP TRIGGER {} ON {name}", quoted(&trigger.name)));
    let checks = table.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::Check);
    let checks = checks.filter_map(|check| check.name.as_ref());
    let checks = checks.map(|check| format!("ALTER TABLE {name} DROP CONSTRAINT {}", quoted(check)));
    let schema = table.name.schema.as_ref().map_or_else(String::new, |schema| format!("{}.", quoted(schema)));
    let indexes = table.indexes.iter().map(|index| format!("DROP INDEX {schema}{}", quoted(&index.name)));
    triggers.chain(checks).chain(indexes).collect()
}
