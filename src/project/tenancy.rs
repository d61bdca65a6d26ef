//! `[tenancy]` of `manage.toml`: how every row reaches its account.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// `[tenancy]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenancy {
    /// The table of the accounts.
    pub account: AccountTable,
    /// The table of the sites, where accounts have parts.
    pub site: Option<SiteTable>,
    /// Accounts, by key or label, that `--all-tenants` leaves out.
    #[serde(default)]
    pub system: Vec<String>,
    /// PostgreSQL: functions of the project's own that a tenant script may call.
    #[serde(default)]
    pub functions: Vec<String>,
    /// `[tenancy.tables]`
    #[serde(default)]
    pub tables: BTreeMap<String, Spanned<TableRule>>,
}

/// `account = { table = "accounts", key = "id", label = "slug" }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountTable {
    /// The table.
    pub table: String,
    /// Its key.
    #[serde(default = "id")]
    pub key: String,
    /// What people call an account by.
    #[serde(default)]
    pub label: OneOrMany,
    /// A column whose value decides whether `--all-tenants` goes there.
    pub status: Option<String>,
    /// Values of that column with which an account is left out.
    #[serde(default)]
    pub skip: Vec<String>,
}

/// `site = { table = "sites", key = "id", label = ["slug", "domain"], account = "account_id" }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTable {
    /// The table.
    pub table: String,
    /// Its key.
    #[serde(default = "id")]
    pub key: String,
    /// What people call a site by.
    #[serde(default)]
    pub label: OneOrMany,
    /// The column that names its account.
    #[serde(default = "account_id")]
    pub account: String,
}

/// How the rows of a table reach their account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRule {
    /// The column that names the account.
    pub account: Option<String>,
    /// The column that names the site.
    pub site: Option<String>,
    /// Paths through foreign keys: `content_id -> content.id`.
    #[serde(default)]
    pub via: OneOrMany,
    /// Who may read and write it.
    pub access: Option<Access>,
}

/// What scripts may do with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It belongs to no account: every script reads it, no patch writes it.
    Global,
    /// No patch writes it.
    Never,
}

/// One text, or a list of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// None.
    #[default]
    None,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts.
    pub fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A path: a column of the table, and the table and column that it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The column.
    pub column: String,
    /// The table that it points to.
    pub table: String,
    /// The column that it points to.
    pub key: String,
}

impl Via {
    /// Reads `content_id -> content.id`; the column may be left out where it is `id`.
    pub fn parse(text: &str) -> Option<Self> {
        let (column, target) = text.split_once("->")?;
        let (table, key) = target.trim().rsplit_once('.').unwrap_or((target.trim(), "id"));
        let parts = [column.trim(), table.trim(), key.trim()];
        if parts.iter().any(|part| part.is_empty() || part.contains(char::is_whitespace)) {
            return None;
        }
        let [column, table, key] = parts.map(str::to_owned);
        Some(Self { column, table, key })
    }
}

impl Tenancy {
    /// What is wrong within the map itself: the table's name, and what.
    pub(super) fn contradictions(&self) -> Option<(&Spanned<TableRule>, String)> {
        self.tables.iter().find_map(|(name, spanned)| {
            let rule = spanned.get_ref();
            let owned = rule.account.is_some() || rule.site.is_some() || !rule.via.all().is_empty();
            let wrong = match (owned, rule.access) {
                (true, Some(Access::Global)) => Some(format!("`{name}` is global and belongs to an account at once")),
                (false, None) => Some(format!("`{name}` says neither a path to the account nor an access")),
                _ if rule.site.is_some() && self.site.is_none() => {
                    Some(format!("`{name}` has a site, but [tenancy] names no table of sites"))
                }
                _ => rule
                    .via
                    .all()
                    .iter()
                    .find(|via| Via::parse(via).is_none())
                    .map(|via| format!("`{via}` is not a path: write column -> table.column")),
            };
            wrong.map(|wrong| (spanned, wrong))
        })
    }
}

fn id() -> String {
    "id".to_owned()
}

fn account_id() -> String {
    "account_id".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_is_written() {
        let path =
            |column: &str, table: &str, key: &str| Some(Via { column: column.into(), table: table.into(), key: key.into() });

        assert_eq!(Via::parse("content_id -> content.id"), path("content_id", "content", "id"));
        assert_eq!(Via::parse("page->pages"), path("page", "pages", "id"));
        assert_eq!(Via::parse("page -> other.pages.id"), path("page", "other.pages", "id"));
        assert_eq!(Via::parse("page"), None);
        assert_eq!(Via::parse("a b -> pages.id"), None);
    }
}
