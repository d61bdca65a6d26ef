//! `manage` inside an application: over a URL and over a connection of the application's own.

mod basic;
mod checks;
mod compiled;
mod dependencies;
mod guards;
mod lock;
mod numbered;
mod patches;
mod seen;
mod together;
mod typed;

use diesel::Connection;
use diesel::sqlite::SqliteConnection;
use manage::backend::postgres::PostgresSession;
use manage::backend::{Access, Opening};
use manage::domain::secret::Secret;
use manage::embed::{Error, Migrations, Status};
use manage::guards::Deed;
use manage::migrate::Outcome;

use crate::support::*;

/// A way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By its URL.
    Url,
    /// A Diesel connection of the application's own.
    Connection,
}

pub const WAYS: [Way; 2] = [Way::Url, Way::Connection];

/// An application's own connection.
pub enum Own {
    Sqlite(Box<SqliteConnection>),
    /// Seen only as a Diesel connection, as libpq's would be.
    Postgres(Box<PostgresSession>),
}

impl Own {
    pub fn of(url: &str) -> Self {
        if url.starts_with("postgres") {
            let opening = Opening { access: Access::Write, application: "app", environment: &|_| None, connect_timeout: None };
            let session = PostgresSession::open(&Secret::new(url), &opening).expect("a session");
            return Self::Postgres(Box::new(session));
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        Self::Sqlite(Box::new(SqliteConnection::establish(path).expect("a connection")))
    }

    pub fn migrate(&mut self, migrations: &Migrations) -> Result<Outcome, Error> {
        match self {
            Self::Sqlite(own) => migrations.migrate(&mut **own),
            Self::Postgres(own) => migrations.migrate(&mut **own),
        }
    }

    pub fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(own) => diesel::connection::SimpleConnection::batch_execute(&mut **own, sql),
            Self::Postgres(own) => diesel::connection::SimpleConnection::batch_execute(&mut **own, sql),
        }
        .expect(sql);
    }

    /// The first value of the answer, which must be text.
    pub fn text(&mut self, sql: &str) -> String {
        use manage::backend::{Basic, OnDiesel};
        let rows = match self {
            Self::Sqlite(own) => OnDiesel(&mut **own).query(sql, &[]),
            Self::Postgres(own) => OnDiesel(&mut **own).query(sql, &[]),
        };
        rows.expect(sql)[0].text(0).expect("a text").to_owned()
    }
}

/// The project as an application has it. On PostgreSQL it consents to rollbacks: a lent connection does not say where its
/// server is.
pub fn application(project: &Project) -> Migrations {
    let migrations = manage::Project::open(project.folder()).expect("a project").migrations();
    match project.backend() {
        Backend::Sqlite => migrations,
        Backend::Postgres => migrations.consent(Deed::Rollback),
    }
}

/// The URL of its database; a bare path would be relative to where the test runs.
pub fn url(project: &Project) -> String {
    match project.backend() {
        Backend::Sqlite => format!("sqlite:{}", project.path("manage.db").display()),
        Backend::Postgres => project.database_url().to_owned(),
    }
}

pub fn migrate(project: &Project, migrations: &Migrations, way: Way) -> Result<Outcome, Error> {
    match way {
        Way::Url => migrations.migrate(&url(project)),
        Way::Connection => Own::of(&url(project)).migrate(migrations),
    }
}

pub fn status(project: &Project, migrations: &Migrations, way: Way) -> Status {
    match (way, &mut Own::of(&url(project))) {
        (Way::Url, _) => migrations.status(&url(project)),
        (Way::Connection, Own::Sqlite(own)) => migrations.status(&mut **own),
        (Way::Connection, Own::Postgres(own)) => migrations.status(&mut **own),
    }
    .expect("a status")
}

pub fn rollback(project: &Project, migrations: &Migrations, way: Way, steps: usize) -> Result<Outcome, Error> {
    match (way, &mut Own::of(&url(project))) {
        (Way::Url, _) => migrations.rollback(&url(project), steps),
        (Way::Connection, Own::Sqlite(own)) => migrations.rollback(&mut **own, steps),
        (Way::Connection, Own::Postgres(own)) => migrations.rollback(&mut **own, steps),
    }
}

pub fn assert_up_to_date(project: &Project, migrations: &Migrations, way: Way) -> Result<(), Error> {
    match (way, &mut Own::of(&url(project))) {
        (Way::Url, _) => migrations.assert_up_to_date(&url(project)),
        (Way::Connection, Own::Sqlite(own)) => migrations.assert_up_to_date(&mut **own),
        (Way::Connection, Own::Postgres(own)) => migrations.assert_up_to_date(&mut **own),
    }
}

/// The versions of what ran.
pub fn versions(outcome: &Outcome) -> Vec<String> {
    outcome.finished.iter().map(|done| done.version.to_string()).collect()
}

/// Two migrations with their ways back.
pub fn two(project: Project) -> Project {
    project.migration("1_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;").migration(
        "2_b",
        "CREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);",
        "DELETE FROM a;\nDROP TABLE b;",
    )
}
