//! Which columns of a table are unique, and what its rows are checked for.

use super::model::{ConstraintKind, Table};
use crate::domain::engine::Engine;
use crate::domain::sql::significant_tokens;

impl Table {
    /// The sets of columns that are unique over all rows: primary key, UNIQUE constraints, plain unique indexes. Indexes
    /// on expressions or on some of the rows are left out.
    pub fn unique_keys(&self, engine: Engine) -> Vec<Vec<String>> {
        let mut keys: Vec<Vec<String>> = Vec::new();
        if !self.primary_key.is_empty() {
            keys.push(self.primary_key.clone());
        }
        let constraints = self.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::Unique);
        let indexes = self.indexes.iter().filter(|index| !index.invalid);
        let texts =
            constraints.map(|constraint| constraint.definition.as_str()).chain(indexes.map(|index| index.definition.as_str()));
        for key in texts.filter_map(|text| columns(text, engine)) {
            let known = key.iter().all(|name| self.columns.iter().any(|column| column.name == *name));
            if known && !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The expressions of its CHECK constraints.
    pub fn checks(&self) -> Vec<String> {
        let checks = self.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::Check);
        checks.filter_map(|check| Some(check.definition.trim().strip_prefix("CHECK")?.trim().to_owned())).collect()
    }
}

/// The columns in `UNIQUE (a, b)` and in `CREATE UNIQUE INDEX … ON t (a, b)`.
fn columns(text: &str, engine: Engine) -> Option<Vec<String>> {
    let tokens: Vec<&str> = significant_tokens(text, engine).collect();
    if !tokens.iter().any(|token| token.eq_ignore_ascii_case("unique")) {
        return None;
    }
    let on = tokens.iter().position(|token| token.eq_ignore_ascii_case("on")).unwrap_or(0);
    let open = on + tokens[on..].iter().position(|token| *token == "(")?;
    let close = open + tokens[open..].iter().position(|token| *token == ")")?;
    // What follows is a condition, or something of which no more is known.
    if tokens[close + 1..].iter().any(|token| token.eq_ignore_ascii_case("where")) {
        return None;
    }
    tokens[open + 1..close]
        .split(|token| *token == ",")
        .map(|part| match part {
            [name] => Some(plain(name)),
            [name, way] if way.eq_ignore_ascii_case("asc") || way.eq_ignore_ascii_case("desc") => Some(plain(name)),
            _ => None,
        })
        .collect()
}

fn plain(name: &str) -> String {
    for (open, close) in [("\"", "\""), ("`", "`"), ("[", "]")] {
        if let Some(inner) = name.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
            return inner.replace(&close.repeat(2), close);
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_and_conditions_are_not_passed_over() {
        let of = |text| columns(text, Engine::Sqlite);
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());

        assert_eq!(of("UNIQUE (guild_id, \"case number\")"), names(&["guild_id", "case number"]));
        assert_eq!(of("CREATE UNIQUE INDEX i ON t (a, b DESC)"), names(&["a", "b"]));
        assert_eq!(of("CREATE UNIQUE INDEX i ON public.t USING btree (a)"), names(&["a"]));
        assert_eq!(of("CREATE UNIQUE INDEX i ON t (a) WHERE b = 1"), None);
        assert_eq!(of("CREATE UNIQUE INDEX i ON t (lower(a))"), None);
        assert_eq!(of("CREATE INDEX i ON t (a)"), None);
    }
}
