//! The order of the tables: parents before their children.

use super::{Level, Problems};
use crate::domain::transfer::{Input, Step, TablePlan};

/// The tables so that each comes after those that it needs; else in the mapping's order.
pub(super) fn ordered(mut left: Vec<TablePlan>, problems: &mut Problems<'_>) -> Vec<TablePlan> {
    let mut done: Vec<TablePlan> = Vec::new();
    while !left.is_empty() {
        let ready = left.iter().position(|table| !left.iter().any(|other| other.to != table.to && needs(table, other)));
        let next = ready.unwrap_or_else(|| {
            let names: Vec<_> = left.iter().map(|table| table.to.as_str()).collect();
            problems.without_place(
                Level::Error,
                "circle",
                names[0],
                format!("these tables need one another, so that none can come first: {}", names.join(", ")),
                "leave one of their columns out of the mapping, and fill it by a patch afterwards",
            );
            0
        });
        done.push(left.remove(next));
    }
    done
}

fn needs(table: &TablePlan, other: &TablePlan) -> bool {
    let parent = table.parents.iter().any(|parent| parent.table == other.to);
    let input = table.inputs.iter().any(|input| match input {
        Input::Mapped { table, .. } => *table == other.from.table && other.new_key.is_some(),
        Input::Lookup { table, .. } => *table == other.to,
        _ => false,
    });
    let found = table
        .columns
        .iter()
        .flat_map(|column| &column.steps)
        .any(|step| matches!(step, Step::Found { within, .. } if *within == other.from.table && other.new_key.is_some()));
    parent || input || found
}
