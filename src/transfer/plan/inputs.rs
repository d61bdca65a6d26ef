//! What is read for every row.

use std::collections::BTreeSet;

use crate::domain::schema::Table;
use crate::domain::transfer::Input;

/// The inputs of a table, each once.
pub struct Inputs<'a> {
    pub list: Vec<Input>,
    pub table: &'a Table,
    /// The columns of the source that something uses.
    pub used: BTreeSet<String>,
}

impl<'a> Inputs<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Self { list: Vec::new(), table, used: BTreeSet::new() }
    }

    /// Whether the source has such a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.columns.iter().any(|column| column.name == name)
    }

    /// The input of a column, whose value goes over.
    pub(super) fn column(&mut self, name: &str) -> usize {
        self.used.insert(name.to_owned());
        self.key(name)
    }

    /// The input of a column that is only looked at.
    pub(super) fn key(&mut self, name: &str) -> usize {
        self.other(Input::Column(name.to_owned()))
    }

    /// Any input.
    pub(super) fn other(&mut self, input: Input) -> usize {
        match self.list.iter().position(|known| *known == input) {
            Some(at) => at,
            None => {
                self.list.push(input);
                self.list.len() - 1
            }
        }
    }
}
