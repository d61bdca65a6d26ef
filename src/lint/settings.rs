//! `[lint]` of manage.toml, understood.

use std::collections::HashSet;

use super::finding::Severity;
use super::rule::{RULES, Rule, Source, rule};
use crate::domain::explain::{Class, Explain, Place};
use crate::project::Config;

/// Which rules are off, and which are warnings whatever they were.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    off: HashSet<&'static str>,
    warn: HashSet<&'static str>,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// When a rule is not known.
    pub fn of(config: &Config) -> Result<Self, UnknownRule> {
        let known = |name: &toml::Spanned<String>| {
            let unknown = || UnknownRule { name: name.get_ref().clone(), place: config.place(name) };
            rule(name.get_ref()).map(|rule| rule.name).ok_or_else(unknown)
        };
        Ok(Self {
            off: config.lint.off.iter().map(known).collect::<Result<_, _>>()?,
            warn: config.lint.warn.iter().map(known).collect::<Result<_, _>>()?,
        })
    }

    /// How bad a finding of `rule` is; `None` where it is off.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        if self.off.contains(rule.name) {
            return None;
        }
        if self.warn.contains(rule.name) { Some(Severity::Warning) } else { rule.severity }
    }

    /// The names of squawk's rules that are on.
    pub fn squawk_rules(&self) -> Vec<&'static str> {
        let all = RULES.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.source == Source::Squawk);
        all.filter(|rule| self.severity(rule).is_some()).map(|rule| rule.name).collect()
    }
}

/// A rule in manage.toml that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{name}`")]
pub struct UnknownRule {
    /// What stands there.
    pub name: String,
    /// Where.
    pub place: Place,
}

impl Explain for UnknownRule {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn hint(&self) -> Option<String> {
        let near = RULES.iter().flat_map(|rules| rules.iter()).map(|rule| rule.name);
        let near: Vec<_> = near.filter(|known| known.contains(&self.name) || self.name.contains(known)).take(3).collect();
        Some(match near[..] {
            [] => "docs/guide/lint.md lists all of them".to_owned(),
            _ => format!("did you mean {}?", near.join(", ")),
        })
    }
}
