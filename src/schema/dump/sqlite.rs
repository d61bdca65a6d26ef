//! SQLite keeps the statements itself; what matters is their order.

use crate::domain::engine::Engine;
use crate::domain::schema::{Schema, Table, TableKind};
use crate::domain::sql::{TokenKind, tokens};

/// Tables, then virtual tables (which may read others), indexes, views, and triggers last.
pub(super) fn statements(schema: &Schema) -> Vec<String> {
    let of_kind = |wanted: fn(&TableKind) -> bool| schema.tables.iter().filter(move |table| wanted(&table.kind));
    let text = |table: &Table| table.text.clone();
    let plain = of_kind(|kind| matches!(kind, TableKind::Ordinary)).filter_map(text);
    let made_by_modules = of_kind(|kind| matches!(kind, TableKind::Virtual(_))).filter_map(text);
    let own = || schema.tables.iter().filter(|table| table.kind != TableKind::Shadow);
    let indexes = own().flat_map(|table| &table.indexes).map(|index| index.definition.clone());
    let views = schema.views.iter().map(|view| view.definition.clone());
    let triggers = own().flat_map(|table| &table.triggers).chain(schema.views.iter().flat_map(|view| &view.triggers));
    let triggers = triggers.map(|trigger| trigger.definition.clone());
    let all = plain.chain(made_by_modules).chain(indexes).chain(views).chain(triggers);
    all.map(|statement| closable(&statement)).collect()
}

/// A `;` behind a comment would be part of it.
fn closable(statement: &str) -> String {
    let last = tokens(statement, Engine::Sqlite).filter(|token| token.kind != TokenKind::Space).last();
    let comment = last.is_some_and(|token| token.kind == TokenKind::LineComment);
    if comment { format!("{}\n", statement.trim_end()) } else { statement.trim_end().to_owned() }
}
