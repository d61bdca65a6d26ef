//! The table of rules.

use std::fmt::Write as _;

use super::finding::Severity;
use super::own_rules::OWN;
use super::squawk_rules::SQUAWK;
use crate::domain::engine::Engine;

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, as `allow` and manage.toml say it.
    pub name: &'static str,
    /// How bad a finding is; `None` where the rule is off unless manage.toml asks for it.
    pub severity: Option<Severity>,
    /// The database that it is about; both where none is named.
    pub engine: Option<Engine>,
    /// Whether it is silent about what this file or an earlier pending one has made.
    pub spares_new: bool,
    /// Who finds it.
    pub source: Source,
    /// What is wrong.
    pub says: &'static str,
    /// The safe way; for a rule that is off, why it is.
    pub instead: &'static str,
}

/// Who finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// We do.
    Own,
    /// squawk does.
    Squawk,
    /// `--roundtrip` does.
    Roundtrip,
}

/// All rules: our own, then squawk's.
pub const RULES: [&[Rule]; 2] = [OWN, SQUAWK];

/// The rule called `name`.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().flat_map(|rules| rules.iter()).find(|rule| rule.name == name)
}

/// The tables of `docs/guide/lint.md`.
pub fn guide_table() -> String {
    let mut out = String::new();
    for (title, rules) in [("Our own", OWN), ("squawk's, for PostgreSQL", SQUAWK)] {
        let _ = writeln!(out, "### {title}\n\n| rule | severity | what is wrong | the safe way |\n|---|---|---|---|");
        for rule in rules.iter().filter(|rule| rule.severity.is_some()) {
            let engine = match rule.engine {
                Some(engine) if rule.source != Source::Squawk => format!(", {engine}"),
                _ => String::new(),
            };
            let severity = rule.severity.map_or("off", Severity::word);
            let _ = writeln!(out, "| `{}` | {severity}{engine} | {} | {} |", rule.name, rule.says, rule.instead);
        }
        out.push('\n');
    }
    out.push_str(
        "### squawk's that are off\n\n`warn = [\"NAME\"]` in manage.toml turns one on.\n\n| rule | why it is off |\n|---|---|\n",
    );
    for rule in SQUAWK.iter().filter(|rule| rule.severity.is_none()) {
        let _ = writeln!(out, "| `{}` | {} |", rule.name, rule.instead);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_safe_way() {
        let mut names = BTreeSet::new();
        for rule in RULES.iter().flat_map(|rules| rules.iter()) {
            assert!(names.insert(rule.name), "{} stands there twice", rule.name);
            assert!(!rule.instead.is_empty() && !rule.says.is_empty(), "{}", rule.name);
            assert!(!rule.says.contains('|') && !rule.instead.contains('|'), "{} breaks the table", rule.name);
        }
    }
}
