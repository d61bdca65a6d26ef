//! A finding: a row that says what is wrong.

use crate::domain::value::{Row, Value};

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The table.
    pub table: Option<String>,
    /// The columns that name the row, with their values.
    pub key: Vec<(String, Value)>,
    /// The account, where the check tells it.
    pub account: Option<Value>,
    /// The site, where the check tells it.
    pub site: Option<Value>,
    /// What is wrong.
    pub what: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What else the row says.
    pub facts: Vec<(String, Value)>,
}

/// The column that every finding has.
pub(super) const WHAT: &str = "what";

impl Finding {
    /// Reads a row. `table` and `key` are those of the head.
    pub fn read(row: &Row, table: Option<&str>, key: &[String]) -> Self {
        let mut finding = Self {
            table: table.map(str::to_owned),
            key: Vec::new(),
            account: None,
            site: None,
            what: String::new(),
            expected: None,
            facts: Vec::new(),
        };
        for (name, value) in row.names.iter().zip(&row.values) {
            let text = || (*value != Value::Null).then(|| words(value));
            match name.as_str() {
                WHAT => finding.what = text().unwrap_or_default(),
                "expected" => finding.expected = text(),
                "table" | "table_name" => finding.table = text().or(finding.table.take()),
                "account_id" => finding.account = Some(value.clone()),
                "site_id" => finding.site = Some(value.clone()),
                _ if key.contains(name) => finding.key.push((name.clone(), value.clone())),
                _ => finding.facts.push((name.clone(), value.clone())),
            }
        }
        finding
    }
}

/// A value in words.
pub(super) fn words(value: &Value) -> String {
    crate::tenancy::find::shown(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_their_meanings_and_the_rest_are_facts() {
        let row = |columns: &[(&str, Value)]| Row {
            names: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            values: columns.iter().map(|(_, value)| value.clone()).collect(),
        };
        let found = row(&[
            ("id", 17.into()),
            ("what", "status is 'new'".into()),
            ("site_id", 3.into()),
            ("ideas", 2.into()),
            ("expected", Value::Null),
        ]);

        let finding = Finding::read(&found, Some("clusters"), &["id".to_owned()]);

        assert_eq!(
            (finding.table.as_deref(), finding.what.as_str(), finding.expected),
            (Some("clusters"), "status is 'new'", None)
        );
        assert_eq!(
            (finding.key, finding.site, finding.facts),
            (vec![("id".into(), 17.into())], Some(3.into()), vec![("ideas".into(), 2.into())])
        );
        let elsewhere = Finding::read(&row(&[("table_name", "tasks".into())]), Some("clusters"), &[]);
        assert_eq!(elsewhere.table.as_deref(), Some("tasks"));
    }
}
