//! Old databases of both kinds before a new one on PostgreSQL.

use std::ops::Deref;

use super::*;

/// What kind the old database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    Sqlite,
    Postgres,
}

/// A project on PostgreSQL with an old database. It can be used as the project.
pub struct Pair {
    new: Project,
    /// The old database; `None` where it is the file `old.db` of the project.
    old: Option<Project>,
}

impl Deref for Pair {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.new
    }
}

impl Pair {
    /// The old tables, the new tables, and the mapping after the line that names the source.
    #[track_caller]
    pub fn new(kind: Old, old: &str, new: &str, mapping: &str) -> Self {
        let pair = Self::between(kind, Project::on(Backend::Postgres));
        pair.in_old(old);
        pair.execute(new);
        pair.map(mapping);
        pair
    }

    /// An empty old database before this project.
    pub fn between(kind: Old, new: Project) -> Self {
        Self { new, old: (kind == Old::Postgres).then(|| Project::on(Backend::Postgres)) }
    }

    /// Writes the mapping, after the line that names the source.
    pub fn map(&self, mapping: &str) {
        self.write("transfer.toml", &format!("version = 1\n[source]\nurl = \"{}\"\n{mapping}", self.old_url()));
    }

    /// What the mapping calls the old database.
    pub fn old_url(&self) -> &str {
        self.old.as_ref().map_or("old.db", |old| old.database_url())
    }

    /// Runs statements in the old database.
    #[track_caller]
    pub fn in_old(&self, sql: &str) {
        match &self.old {
            Some(old) => old.execute(sql),
            None => on(&self.new, "old.db", sql),
        }
    }

    /// The old database as a project of its own, where it is on PostgreSQL.
    pub fn old(&self) -> &Project {
        self.old.as_ref().expect("the old database is on PostgreSQL")
    }

    /// A transfer that has to go through, and what it says.
    #[track_caller]
    pub fn transferred(&self) -> serde_json::Value {
        let facts = self.run("transfer all --yes --json").ok().json();
        adds_up(&facts);
        facts
    }

    /// A second one, which must find nothing to do, and a validation.
    #[track_caller]
    pub fn is_settled(&self) {
        let again = self.transferred();
        assert_eq!(again["rows"], 0, "{again}");
        let facts = self.run("transfer validate --json").ok().json();
        assert_eq!(facts["valid"], true, "{facts}");
    }
}

/// Makes of each function two tests: from an old SQLite file, and from an old PostgreSQL database.
macro_rules! each_old {
    ($($(#[$attribute:meta])* fn $name:ident($old:ident) $body:block)+) => {$(
        fn $name($old: Old) $body

        mod $name {
            #[test]
            $(#[$attribute])*
            fn from_sqlite() {
                super::$name(super::Old::Sqlite);
            }

            #[test]
            $(#[$attribute])*
            fn from_postgres() {
                super::$name(super::Old::Postgres);
            }
        }
    )+};
}
pub(super) use each_old;
