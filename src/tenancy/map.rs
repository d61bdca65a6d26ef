//! The tenancy map, held against the catalogue.

use crate::backend::{Relation, Relations};
use crate::domain::engine::Engine;
use crate::domain::schema::quoted;
use crate::project::tenancy::{Access, SiteTable, Tenancy, Via};

use super::error::TenancyError;

/// How the rows of every classified table reach their account, on one database.
#[derive(Debug, Clone)]
pub struct Map {
    /// The kind of database.
    pub engine: Engine,
    /// What `[tenancy]` says.
    pub config: Tenancy,
    /// What the catalogue says.
    pub relations: Relations,
    /// The classified tables that the database has.
    pub tables: Vec<Table>,
    /// Tables that the map names and the database does not have.
    pub missing: Vec<String>,
    /// The place of the account table among the tables.
    pub(super) account: usize,
    /// The place of the site table among the tables.
    pub(super) site: Option<usize>,
}

/// A classified table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its name as it must stand in a statement.
    pub sql: String,
    /// Whether it is a view.
    pub view: bool,
    /// Who may read and write it.
    pub access: Option<Access>,
    /// The ways to its account; none where it is global.
    pub paths: Vec<Path>,
    /// The column that names its site.
    pub site: Option<String>,
}

/// A way from a row to its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// A column with the account's key.
    Column {
        /// The column.
        name: String,
        /// Whether it takes NULL.
        nullable: bool,
    },
    /// A column that points to a row of another table.
    Via {
        /// The column.
        column: String,
        /// The place of the table among the tables.
        table: usize,
        /// The column that it points to.
        key: String,
    },
}

impl Map {
    /// Holds `config` against the catalogue.
    ///
    /// # Errors
    /// When the tables of accounts or sites are missing, a column is missing, or the paths go in a circle.
    pub fn new(engine: Engine, config: &Tenancy, relations: Relations) -> Result<Self, TenancyError> {
        let mut map =
            Self { engine, config: config.clone(), relations, tables: Vec::new(), missing: Vec::new(), account: 0, site: None };
        map.roots()?;
        // All tables before all paths, since paths point to tables.
        let mut rules = Vec::new();
        for (name, spanned) in &config.tables {
            let Some(relation) = map.relation(name).cloned() else {
                map.missing.push(name.clone());
                continue;
            };
            if map.find(&relation.name).is_some() {
                return Err(TenancyError::Map(format!(
                    "`{name}` is classified twice; the tables of accounts and sites need no line"
                )));
            }
            let rule = spanned.get_ref().clone();
            map.tables.push(table(&relation, rule.access));
            rules.push((map.tables.len() - 1, relation, rule));
        }
        for (at, relation, rule) in rules {
            let mut paths = Vec::new();
            if let Some(column) = &rule.account {
                let own = column_of(&relation, column)?;
                map.same_kind(&relation, own)?;
                paths.push(Path::Column { name: column.clone(), nullable: own.nullable });
            }
            for text in rule.via.all() {
                paths.push(map.via(&relation, text)?);
            }
            if let Some(column) = &rule.site {
                column_of(&relation, column)?;
                let (site, key) = map.site_root().ok_or_else(|| {
                    TenancyError::Map(format!("`{}` has a site, but there is no table of sites", relation.name))
                })?;
                paths.push(Path::Via { column: column.clone(), table: site, key });
            }
            map.tables[at].paths = paths;
            map.tables[at].site = rule.site;
        }
        map.refuse_circles()?;
        Ok(map)
    }

    /// On SQLite a number's column takes '01' for 1: two accounts with text keys would be one there.
    fn same_kind(&self, relation: &Relation, own: &crate::backend::RelationColumn) -> Result<(), TenancyError> {
        let (text, number) = (|kind: &str| kind.contains("CHAR") || kind.contains("TEXT"), |kind: &str| kind.contains("INT"));
        let key = self.key_type(false).unwrap_or_default().to_ascii_uppercase();
        if self.engine == Engine::Sqlite && text(&key) && number(&own.type_text.to_ascii_uppercase()) {
            return Err(TenancyError::Map(format!(
                "`{}.{}` is {}, the key of the accounts is {key}: make them the same type",
                relation.name, own.name, own.type_text
            )));
        }
        Ok(())
    }

    fn roots(&mut self) -> Result<(), TenancyError> {
        let account = self.config.account.clone();
        let none = |name: &str| TenancyError::Map(format!("there is no table `{name}`"));
        let relation = self.relation(&account.table).ok_or_else(|| none(&account.table))?.clone();
        for column in account.label.all().iter().chain(std::iter::once(&account.key)).chain(&account.status) {
            column_of(&relation, column)?;
        }
        let mut root = table(&relation, None);
        root.paths.push(Path::Column { name: account.key, nullable: false });
        self.tables.push(root);
        if let Some(SiteTable { table: name, key, label, account }) = self.config.site.clone() {
            let relation = self.relation(&name).ok_or_else(|| none(&name))?.clone();
            for column in label.all().iter().chain([&key, &account]) {
                column_of(&relation, column)?;
            }
            let nullable = column_of(&relation, &account)?.nullable;
            let mut root = table(&relation, None);
            root.paths.push(Path::Column { name: account, nullable });
            root.site = Some(key);
            self.tables.push(root);
            self.site = Some(1);
        }
        Ok(())
    }

    fn site_root(&self) -> Option<(usize, String)> {
        Some((self.site?, self.config.site.as_ref()?.key.clone()))
    }

    fn via(&self, relation: &Relation, text: &str) -> Result<Path, TenancyError> {
        let Some(Via { column, table, key }) = Via::parse(text) else {
            return Err(TenancyError::Map(format!("`{text}` is not a path")));
        };
        column_of(relation, &column)?;
        let target = self
            .relation(&table)
            .ok_or_else(|| TenancyError::Map(format!("`{}` goes via `{table}`, which does not exist", relation.name)))?;
        column_of(target, &key)?;
        let at = self
            .tables
            .iter()
            .position(|known| known.sql == target.sql)
            .filter(|at| self.tables[*at].access != Some(Access::Global));
        match at {
            Some(table) => Ok(Path::Via { column, table, key }),
            None => Err(TenancyError::Map(format!("`{}` goes via `{table}`, which leads to no account", relation.name))),
        }
    }

    fn refuse_circles(&self) -> Result<(), TenancyError> {
        for start in 0..self.tables.len() {
            let mut open = vec![(start, 0_usize)];
            while let Some((at, depth)) = open.pop() {
                if depth > self.tables.len() {
                    return Err(TenancyError::Map(format!("the paths of `{}` go in a circle", self.tables[start].name)));
                }
                for path in &self.tables[at].paths {
                    if let Path::Via { table, .. } = path {
                        open.push((*table, depth + 1));
                    }
                }
                if open.len() > 10_000 {
                    return Err(TenancyError::Map(format!("the paths of `{}` go in a circle", self.tables[start].name)));
                }
            }
        }
        Ok(())
    }

    /// The table or view that `name` means: `table` or `schema.table`, as the catalogue has it.
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.visible.iter().find(|known| self.same(&known.name, name)).or_else(|| {
            let (schema, name) = name.split_once('.')?;
            self.relations.visible.iter().find(|known| known.schema == schema && self.same(&known.name, name))
        })
    }

    /// The classified table of this name.
    pub fn find(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| self.same(&table.name, name))
    }

    /// Whether two names of the catalogue are one.
    pub fn same(&self, a: &str, b: &str) -> bool {
        match self.engine {
            Engine::Sqlite => a.eq_ignore_ascii_case(b),
            Engine::Postgres => a == b,
        }
    }

    /// Tables and views that nobody has classified.
    pub fn unclassified(&self) -> impl Iterator<Item = &Relation> {
        self.relations.visible.iter().filter(|relation| !relation.foreign && self.find(&relation.name).is_none())
    }

    /// The columns of a table's primary key.
    pub fn key_columns(&self, table: &Table) -> Vec<&str> {
        let relation = self.relations.visible.iter().find(|relation| relation.sql == table.sql);
        let columns = relation.into_iter().flat_map(|relation| &relation.columns);
        columns.filter(|column| column.key).map(|column| column.name.as_str()).collect()
    }

    /// The account table.
    pub fn account_table(&self) -> &Table {
        &self.tables[self.account]
    }

    /// The site table.
    pub fn site_table(&self) -> Option<&Table> {
        self.site.map(|at| &self.tables[at])
    }

    /// The type of the key of accounts or of sites, as a cast needs it.
    pub fn key_type(&self, of_sites: bool) -> Option<&str> {
        let (table, key) = match (of_sites, &self.config.site) {
            (false, _) => (self.account_table(), &self.config.account.key),
            (true, Some(site)) => (self.site_table()?, &site.key),
            (true, None) => return None,
        };
        let relation = self.relation(&table.name)?;
        column_of(relation, key).ok().map(|column| column.type_text.as_str())
    }
}

fn table(relation: &Relation, access: Option<Access>) -> Table {
    Table { name: relation.name.clone(), sql: relation.sql.clone(), view: relation.view, access, paths: Vec::new(), site: None }
}

fn column_of<'a>(relation: &'a Relation, name: &str) -> Result<&'a crate::backend::RelationColumn, TenancyError> {
    relation
        .columns
        .iter()
        .find(|column| column.name == name)
        .ok_or_else(|| TenancyError::Map(format!("`{}` has no column `{name}`", relation.name)))
}

/// A column as it must stand in a statement, of the table that is called `alias` there.
pub(super) fn column(alias: &str, name: &str) -> String {
    format!("{alias}.{}", quoted(name))
}
