//! What a declared type holds.

use crate::domain::engine::Engine;
use crate::domain::schema::{Column, Schema, TypeDefinition};
use crate::domain::transfer::Kind;

/// The kind of a column.
pub(super) fn kind_of(schema: &Schema, column: &Column) -> Kind {
    if !labels(schema, column).is_empty() {
        return Kind::Text(None);
    }
    Kind::of(schema.engine, type_behind(column))
}

/// The type of a column; that behind its domain, where it has one.
pub(super) fn type_behind(column: &Column) -> &str {
    match &column.underlying {
        Some(underlying) if underlying.domain.is_some() => &underlying.name,
        _ => &column.type_text,
    }
}

/// The labels of the enum that is a column's type; none where it is another type.
pub(super) fn labels(schema: &Schema, column: &Column) -> Vec<String> {
    let (Engine::Postgres, Some(underlying)) = (schema.engine, &column.underlying) else { return Vec::new() };
    let is_it = |name: &crate::domain::schema::Name| {
        name.name == underlying.name && name.schema.as_deref().is_none_or(|schema| schema == underlying.schema)
    };
    let found = schema.types.iter().find(|known| is_it(&known.name));
    match found.map(|found| &found.definition) {
        Some(TypeDefinition::Enum(text)) => listed(text),
        _ => Vec::new(),
    }
}

/// `ENUM ('sad', 'it''s')`
fn listed(text: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some((_, inner)) = rest.split_once('\'') {
        let mut label = String::new();
        let mut left = inner;
        while let Some((part, after)) = left.split_once('\'') {
            label.push_str(part);
            left = after;
            match left.strip_prefix('\'') {
                Some(doubled) => {
                    label.push('\'');
                    left = doubled;
                }
                None => break,
            }
        }
        labels.push(label);
        rest = left;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_their_quotes() {
        assert_eq!(listed("ENUM ('sad', 'it''s', '')"), ["sad", "it's", ""]);
    }
}
