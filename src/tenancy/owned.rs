//! Ownership in SQL: the condition under which a row belongs to an account, and the account that a row belongs to.
//!
//! All paths that resolve must agree. A row for which none resolves, or two disagree, belongs to nobody.

use super::map::{Map, Path, Table, column};
use crate::domain::engine::Engine;

impl Map {
    /// The condition under which the row called `alias` belongs to the account that `account` stands for, and to the
    /// site, where one is given.
    pub fn owned(&self, table: &Table, alias: &str, account: &str, site: Option<&str>) -> String {
        let mut conditions = self.of_account(table, alias, account);
        if let Some(site) = site {
            conditions.extend(self.of_site(table, alias, site));
        }
        conditions.join(" AND ")
    }

    fn of_account(&self, table: &Table, alias: &str, account: &str) -> Vec<String> {
        // A column that is never NULL decides alone whether a path resolves, and an index on it serves.
        let sure = table.paths.iter().position(|path| matches!(path, Path::Column { nullable: false, .. }));
        let leading = sure.or((table.paths.len() == 1).then_some(0));
        let mut conditions = Vec::new();
        match leading.map(|at| &table.paths[at]) {
            Some(Path::Column { name, .. }) => {
                conditions.push(format!("{}{} = {account}", column(alias, name), self.by_bytes(table, name)));
            }
            Some(Path::Via { column: own, table: parent, key }) => {
                let parent = &self.tables[*parent];
                let inner = format!("{alias}p");
                let owned = self.of_account(parent, &inner, account).join(" AND ");
                conditions.push(format!(
                    "{} IN (SELECT {} FROM {} AS {inner} WHERE {owned})",
                    column(alias, own),
                    column(&inner, key),
                    parent.sql
                ));
            }
            None => conditions.push(format!("{} = {account}", self.account_of(table, alias))),
        }
        let others = table.paths.iter().enumerate().filter(|(at, _)| Some(*at) != leading).map(|(_, path)| path);
        conditions.extend(others.map(|path| self.does_not_disagree(table, path, alias, account)));
        conditions
    }

    /// What follows a column that is compared with a key: under a collation like NOCASE two accounts would be one.
    fn by_bytes(&self, table: &Table, name: &str) -> &'static str {
        let number = |text: &str| text.to_ascii_uppercase().contains("INT");
        let relation = self.relations.visible.iter().find(|relation| relation.sql == table.sql);
        let found = relation.and_then(|relation| relation.columns.iter().find(|column| column.name == name));
        match self.engine {
            Engine::Sqlite if !found.is_some_and(|column| number(&column.type_text)) => " COLLATE BINARY",
            _ => "",
        }
    }

    fn does_not_disagree(&self, table: &Table, path: &Path, alias: &str, account: &str) -> String {
        match path {
            Path::Column { name, .. } => {
                format!("({0} IS NULL OR {0}{1} = {account})", column(alias, name), self.by_bytes(table, name))
            }
            Path::Via { column: own, table: parent, key } => {
                let parent = &self.tables[*parent];
                let inner = format!("{alias}p");
                format!(
                    "NOT EXISTS (SELECT 1 FROM {} AS {inner} WHERE {} = {} AND {} <> {account})",
                    parent.sql,
                    column(&inner, key),
                    column(alias, own),
                    self.account_of(parent, &inner)
                )
            }
        }
    }

    fn of_site(&self, table: &Table, alias: &str, site: &str) -> Option<String> {
        if let Some(own) = &table.site {
            return Some(format!("{} = {site}", column(alias, own)));
        }
        table.paths.iter().find_map(|path| {
            let Path::Via { column: own, table: parent, key } = path else { return None };
            let parent = &self.tables[*parent];
            let inner = format!("{alias}p");
            let condition = self.of_site(parent, &inner, site)?;
            Some(format!(
                "{} IN (SELECT {} FROM {} AS {inner} WHERE {condition})",
                column(alias, own),
                column(&inner, key),
                parent.sql
            ))
        })
    }

    /// The account that the row called `alias` belongs to by the first path that resolves; NULL where none does.
    pub fn account_of(&self, table: &Table, alias: &str) -> String {
        // A column that is never NULL always resolves: what comes behind it is not asked.
        if let Some(Path::Column { name, nullable: false }) = table.paths.first() {
            return column(alias, name);
        }
        let mut ways = self.accounts_of(table, alias);
        match ways.len() {
            1 => ways.remove(0),
            _ => format!("COALESCE({})", ways.join(", ")),
        }
    }

    /// The account by each path, NULL where it does not resolve.
    pub(super) fn accounts_of(&self, table: &Table, alias: &str) -> Vec<String> {
        let ways = table.paths.iter().map(|path| match path {
            Path::Column { name, .. } => column(alias, name),
            Path::Via { column: own, table: parent, key } => {
                let parent = &self.tables[*parent];
                let inner = format!("{alias}p");
                format!(
                    "(SELECT {} FROM {} AS {inner} WHERE {} = {})",
                    self.account_of(parent, &inner),
                    parent.sql,
                    column(&inner, key),
                    column(alias, own)
                )
            }
        });
        ways.collect()
    }
}
