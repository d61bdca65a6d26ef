//! Two catalogues of one database, compared.

use std::collections::BTreeSet;

/// How two catalogues differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What was there and is not.
    pub lost: Vec<String>,
    /// What is there and was not.
    pub added: Vec<String>,
    /// Tables whose columns are the same in another order, with the order then and now.
    pub reordered: Vec<String>,
}

impl Difference {
    /// Whether anything is lost or added. Another order of columns is no such thing.
    pub fn is_real(&self) -> bool {
        !self.lost.is_empty() || !self.added.is_empty()
    }

    /// `lost: index i (x); added: table t`
    pub fn words(&self) -> String {
        let list = |word: &str, all: &[String]| match all {
            [] => None,
            [first, second, rest @ ..] if rest.len() > 1 => Some(format!("{word} {first}; {second}; and {} more", rest.len())),
            _ => Some(format!("{word} {}", all.join("; "))),
        };
        [list("lost:", &self.lost), list("added:", &self.added)].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

/// Compares two catalogues: lines of text, of which those that begin with `order ` tell the order of columns.
pub fn difference(before: &[String], after: &[String]) -> Difference {
    let (before, after): (BTreeSet<&String>, BTreeSet<&String>) = (before.iter().collect(), after.iter().collect());
    let only = |these: &BTreeSet<&String>, those: &BTreeSet<&String>, order: bool| -> Vec<String> {
        these.difference(those).filter(|line| line.starts_with(ORDER) == order).map(|line| (*line).clone()).collect()
    };
    // A table with other columns has another order too; that is said already.
    let columns = |line: &str| -> Option<(String, BTreeSet<String>)> {
        let (table, columns) = line.strip_prefix(ORDER)?.split_once(": ")?;
        Some((table.to_owned(), columns.split(", ").map(str::to_owned).collect()))
    };
    let orders = only(&before, &after, true);
    let reordered = only(&after, &before, true).into_iter().filter_map(|now| {
        let then = orders.iter().find(|then| columns(then) == columns(&now))?;
        let (table, new) = now.strip_prefix(ORDER)?.split_once(": ")?;
        Some(format!("{table}: {} became {new}", then.split_once(": ")?.1))
    });
    Difference { reordered: reordered.collect(), lost: only(&before, &after, false), added: only(&after, &before, false) }
}

/// Begins a line of a catalogue that tells the order of a table's columns: `order t: a, b`.
const ORDER: &str = "order ";

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn what_is_lost_and_added_is_told_from_another_order() {
        let before = lines(&["column t.a INT", "column t.b INT", "index i (a)", "order t: a, b"]);
        let after = lines(&["column t.a INT", "column t.b INT", "order t: b, a"]);

        let found = difference(&before, &after);

        assert_eq!(found.words(), "lost: index i (a)");
        assert_eq!(found.reordered, ["t: a, b became b, a"]);
        assert!(difference(&before, &before) == Difference::default());
    }

    #[test]
    fn a_lost_column_is_not_another_order() {
        let found = difference(&lines(&["column t.a", "column t.b", "order t: a, b"]), &lines(&["column t.a", "order t: a"]));

        assert_eq!((found.lost.len(), found.reordered.len(), found.is_real()), (1, 0, true));
    }
}
