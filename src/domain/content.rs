//! What a database holds, so that two can be compared: its schema and a checksum a table.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::schema::spelling::of_postgres;

/// What a database holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The schema, a line an object, in a fixed order. It is compared only within one run: how an object is told may
    /// change with the version of `manage`.
    #[serde(skip)]
    pub schema: Vec<String>,
    /// The tables, in the order of their names.
    pub tables: Vec<TableSum>,
}

/// A table's rows, summed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// Its name, with its schema on PostgreSQL.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// A checksum over all its rows, whatever their order.
    pub checksum: String,
}

impl Content {
    /// The rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// How `found` differs from this, in words; nothing where both hold the same. The schema is compared where both
    /// know theirs.
    pub fn differences(&self, found: &Self) -> Vec<String> {
        let mut out = Vec::new();
        if !self.schema.is_empty() && !found.schema.is_empty() {
            let short = |line: &str| line.chars().take(300).collect::<String>();
            // A restored dump spells some definitions otherwise.
            let spelled = |content: &Self| content.schema.iter().map(|line| of_postgres(line)).collect::<HashSet<_>>();
            let (ours, theirs) = (spelled(self), spelled(found));
            let missing = self.schema.iter().filter(|line| !theirs.contains(&of_postgres(line)));
            out.extend(missing.map(|line| format!("only in the database: {}", short(line))));
            let extra = found.schema.iter().filter(|line| !ours.contains(&of_postgres(line)));
            out.extend(extra.map(|line| format!("only in the copy: {}", short(line))));
        }
        let of = |content: &Self, name: &str| content.tables.iter().find(|table| table.table == name).cloned();
        for was in &self.tables {
            match of(found, &was.table) {
                None => out.push(format!("the table {} is missing", was.table)),
                Some(is) if is.rows != was.rows => out.push(format!("{}: {} rows, not {}", was.table, is.rows, was.rows)),
                Some(is) if is.checksum != was.checksum => {
                    out.push(format!("{}: {} rows, but not the same ones", was.table, was.rows));
                }
                Some(_) => {}
            }
        }
        let extra = found.tables.iter().filter(|table| of(self, &table.table).is_none());
        out.extend(extra.map(|table| format!("the table {} should not be there", table.table)));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(tables: &[(&str, u64, &str)]) -> Content {
        let table = |&(table, rows, checksum): &(&str, u64, &str)| TableSum {
            table: table.to_owned(),
            rows,
            checksum: checksum.to_owned(),
        };
        Content { schema: vec!["s".to_owned()], tables: tables.iter().map(table).collect() }
    }

    #[test]
    fn a_definition_that_a_restore_spells_otherwise_is_no_difference() {
        let of = |text: &str| Content { schema: vec![format!("check: {text}")], tables: Vec::new() };
        let was = of("CHECK (((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))");
        let is = of("CHECK (((a)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text])))");

        assert_eq!(was.differences(&is), Vec::<String>::new());
        assert_eq!(was.differences(&of("CHECK (false)")).len(), 2);
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let was = content(&[("a", 1, "x"), ("b", 2, "y"), ("c", 3, "z")]);
        let is = Content { schema: vec!["t".to_owned()], ..content(&[("a", 1, "w"), ("b", 1, "y"), ("d", 1, "z")]) };

        assert_eq!(was.differences(&was), Vec::<String>::new());
        assert_eq!(
            was.differences(&is),
            [
                "only in the database: s",
                "only in the copy: t",
                "a: 1 rows, but not the same ones",
                "b: 1 rows, not 2",
                "the table c is missing",
                "the table d should not be there"
            ]
        );
    }
}
