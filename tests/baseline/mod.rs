//! A fresh start: the baseline, probes, the notice, exports, and the example that uses them.

mod converge;
mod example;
mod export;
mod kills;
mod notice;
mod odd;
mod probe;
mod squash;

use crate::support::*;

/// Three migrations, the second with a row of reference.
pub fn history(project: Project) -> Project {
    project
        .migration(
            "20250101000000_users",
            "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, email TEXT NOT NULL DEFAULT 'x');",
            "DROP TABLE users;",
        )
        .migration(
            "20250102000000_plans",
            "CREATE TABLE plans (name VARCHAR(20) PRIMARY KEY NOT NULL); INSERT INTO plans VALUES ('it''s free'), ('back\\slash');",
            "DROP TABLE plans;",
        )
        .migration(
            "20250103000000_posts",
            "CREATE TABLE posts (id INTEGER PRIMARY KEY NOT NULL, user_id INTEGER NOT NULL REFERENCES users (id), plan VARCHAR(20) REFERENCES plans (name), CONSTRAINT positive CHECK (id > 0));\n\
             CREATE INDEX posts_user ON posts (user_id);\nCREATE VIEW authors AS SELECT DISTINCT user_id FROM posts;",
            "DROP VIEW authors; DROP TABLE posts;",
        )
}

/// The same in refinery's layout.
pub fn refinerys_history(project: Project) -> Project {
    project.file("migrations/V1__users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, email TEXT);").file(
        "migrations/V2__posts.sql",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY NOT NULL, user_id INTEGER REFERENCES users (id));",
    )
}

/// A database beside the project's own: a URL of another file, or of another database on the same server.
pub fn fresh(project: &Project) -> String {
    match project.backend() {
        Backend::Sqlite => "sqlite:fresh.db".to_owned(),
        Backend::Postgres => {
            let name = format!("{}_fresh", project.value("SELECT current_database()"));
            project.execute(&format!("CREATE DATABASE {name}"));
            let url = project.database_url();
            let (before, after) = url.split_once('?').map_or((url, None), |(before, after)| (before, Some(after)));
            let server = before.rsplit_once('/').expect("a URL names a database").0;
            format!("{server}/{name}{}", after.map(|after| format!("?{after}")).unwrap_or_default())
        }
    }
}
