//! How many rows of what, and their keys.
//!
//! Rows come in families: a cluster with its keywords, ideas, tasks, content and links. Every row is a function of
//! seed and place, so that a million of them need no room.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};

use super::chance::Chance;
use super::tables::Table;

/// Sites of the account.
pub(super) const SITES: u64 = 2;
/// Sectors of each site.
pub(super) const SECTORS: u64 = 2;
/// Keywords of each family that are in its cluster; one more is in none.
pub(super) const CLUSTERED: u64 = 8;
/// Ideas of each family: one done, one under way, one new.
pub(super) const IDEAS: u64 = 3;
/// Tasks of each family: one done, one under way.
pub(super) const TASKS: u64 = 2;
/// Rows of a family: cluster, keywords, ideas, tasks, content, two links, an answer of the API.
const FAMILY: u64 = 1 + CLUSTERED + 1 + IDEAS + TASKS + 1 + 2 + 1;
/// How many times there are.
const TIMES: u64 = 1000;

/// The shape of an account.
pub(super) struct Shape {
    /// The numbers of chance.
    pub chance: Chance,
    /// The account's slug.
    pub slug: String,
    /// How many families.
    pub families: u64,
    /// Keywords that belong to no family, so that there are as many rows as were asked for.
    pub loose: u64,
    /// Categories of each site, and as many tags.
    pub terms: u64,
    /// The last key before ours, by table.
    pub before: BTreeMap<Table, i64>,
    times: Vec<String>,
}

impl Shape {
    /// The shape of `scale` rows, which are at least [`SMALLEST`](super::SMALLEST).
    pub fn new(slug: &str, seed: u64, scale: u64) -> Self {
        let fixed: u64 = Table::ALL.iter().map(|table| fixed(*table)).sum();
        let rows = |families: u64| fixed + FAMILY * families + 2 * SITES * terms(families);
        let mut families = 1;
        while rows(families * 2) <= scale {
            families *= 2;
        }
        let mut step = families;
        while step > 0 {
            if rows(families + step) <= scale {
                families += step;
            }
            step /= 2;
        }
        Self {
            chance: Chance(seed),
            slug: slug.to_owned(),
            families,
            loose: scale.saturating_sub(rows(families)),
            terms: terms(families),
            before: BTreeMap::new(),
            times: times(),
        }
    }

    /// How many rows of a table.
    pub fn count(&self, table: Table) -> u64 {
        let families = self.families;
        match table {
            Table::Clusters | Table::Content | Table::Logs => families,
            Table::Keywords => families * (CLUSTERED + 1) + self.loose,
            Table::Ideas => families * IDEAS,
            Table::Tasks => families * TASKS,
            Table::Links => families * 2,
            Table::Terms => 2 * SITES * self.terms,
            other => fixed(other),
        }
    }

    /// The key of the row at `at`.
    pub fn id(&self, table: Table, at: u64) -> i64 {
        self.before.get(&table).copied().unwrap_or(0) + 1 + at as i64
    }

    /// A time for the row at `at`: always the same, and long past.
    pub fn time(&self, at: u64) -> &str {
        self.times.get((at % TIMES) as usize).map_or("2025-01-06 08:00:00", String::as_str)
    }

    /// The address of a site.
    pub fn address(&self, site: &str) -> String {
        format!("https://{site}.{}.example", self.slug)
    }
}

fn fixed(table: Table) -> u64 {
    match table {
        Table::Accounts | Table::Keys | Table::Balances => 1,
        Table::Sites | Table::Integrations => SITES,
        Table::Sectors => SITES * SECTORS,
        // What content is written with, and the mark.
        Table::Prompts => 2,
        _ => 0,
    }
}

fn terms(families: u64) -> u64 {
    families / 40 + 2
}

fn times() -> Vec<String> {
    let first = NaiveDate::from_ymd_opt(2025, 1, 6).and_then(|day| day.and_hms_opt(8, 0, 0)).unwrap_or_default();
    let at = |number: u64| first + Days::new(number % 60) + TimeDelta::seconds((number * 31 % 36_000) as i64);
    (0..TIMES).map(|number| at(number).format("%Y-%m-%d %H:%M:%S").to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_rows_as_were_asked_for() {
        for scale in [100, 101, 999, 1000, 12_345, 1_000_000] {
            let shape = Shape::new("test-x", 1, scale);
            assert_eq!(Table::ALL.iter().map(|table| shape.count(*table)).sum::<u64>(), scale);
            assert!(shape.families >= 3, "{scale} rows have sites, sync and types of each kind");
        }
    }
}
