//! The mark: which rows are test data.
//!
//! It is a row of `ai_prompts` that no program uses, so it travels with the data through backups and copies, and needs
//! no table of its own. Each table has one range of keys.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::tables::Table;

/// The purpose of the prompt in which the mark stands.
pub(super) const PURPOSE: &str = "test-data";

const HEAD: &str = "Rows made by `manage test-data inject`; `manage test-data remove` needs this text.";

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The seed.
    pub seed: u64,
    /// How many rows.
    pub rows: u64,
    /// Their keys.
    pub ranges: BTreeMap<Table, RangeInclusive<i64>>,
}

impl Mark {
    /// As it is kept.
    pub fn text(&self) -> String {
        let mut out = format!("{HEAD}\nseed {}\nrows {}", self.seed, self.rows);
        for (table, range) in &self.ranges {
            out.push_str(&format!("\n{} {} {}", table.name(), range.start(), range.end()));
        }
        out
    }

    /// Reads [`Mark::text`].
    ///
    /// # Errors
    /// The first line that is not understood, counted from 1.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let lines: Vec<&str> = text.lines().collect();
        let number = |at: usize, word: &str| {
            let line = lines.get(at).and_then(|line| line.strip_prefix(word)).ok_or(at + 1)?;
            line.trim().parse::<u64>().map_err(|_| at + 1)
        };
        if lines.first() != Some(&HEAD) {
            return Err(1);
        }
        let (seed, rows) = (number(1, "seed ")?, number(2, "rows ")?);
        let mut ranges = BTreeMap::new();
        for (at, line) in lines.iter().enumerate().skip(3) {
            let mut words = line.split(' ');
            let table = words.next().and_then(Table::named).ok_or(at + 1)?;
            let mut key = || words.next().and_then(|word| word.parse::<i64>().ok()).ok_or(at + 1);
            ranges.insert(table, key()?..=key()?);
        }
        if ranges.contains_key(&Table::Accounts) { Ok(Self { seed, rows, ranges }) } else { Err(lines.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let ranges = [(Table::Accounts, 7..=8), (Table::Ideas, 1..=30)].into();
        let mark = Mark { seed: 42, rows: 100, ranges };

        assert_eq!(Mark::parse(&mark.text()), Ok(mark.clone()));
        assert_eq!(Mark::parse(""), Err(1));
        assert_eq!(Mark::parse(&mark.text().replace("content_ideas", "ideas")), Err(5));
        assert_eq!(Mark::parse(&mark.text().replace("accounts 7 8\n", "")), Err(4));
    }
}
