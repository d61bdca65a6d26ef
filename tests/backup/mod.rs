//! Backups and restores.

use std::path::PathBuf;

use crate::support::*;

mod beside;
mod doctor;
mod kills;
mod refusals;
mod restore;
mod server;
mod take;

/// A project with rows in two tables that hang together.
fn shop(project: Project) -> Project {
    let project = project.migration(
        "20260101000000_shop",
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), total DOUBLE PRECISION, note TEXT);
         CREATE INDEX orders_by_customer ON orders (customer_id);
         CREATE VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
         INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob');
         INSERT INTO orders VALUES (1, 1, 9.5, NULL), (2, 1, 0.1, 'größer'), (3, 2, 1e300, '');",
        "DROP VIEW totals; DROP TABLE orders; DROP TABLE customers;",
    );
    project.run("migrate").ok();
    // `manage` makes SQLite files itself, and marks them.
    if project.backend() == Backend::Postgres {
        project.execute(MARK);
    }
    project
}

/// Marks a database that `manage` did not make, so that a yes is enough.
pub const MARK: &str = "INSERT INTO manage.manage_marker (only_row, name, protected, binding) VALUES (1, 'development', false, \
     (SELECT 'system identifier=' || system_identifier || chr(10) FROM pg_control_system()) || \
     (SELECT 'database oid=' || oid || chr(10) || 'database name=' || datname || chr(10) FROM pg_database \
      WHERE datname = current_database()))";

/// The same for a database on a cluster of one's own.
fn mark(url: &str) {
    postgres::Client::connect(url, postgres::NoTls)
        .and_then(|mut client| client.batch_execute(MARK))
        .expect("the ledger is there");
}

/// The one backup in `backups/`, as it is typed.
fn the_backup(project: &Project) -> String {
    let all = project.list("backups").into_iter().filter(|name| !name.ends_with(".json") && !name.contains("before-restore"));
    let all: Vec<_> = all.collect();
    assert_eq!(all.len(), 1, "{all:?}");
    format!("backups/{}", all[0])
}

/// A backup of the shop, and a row that came after it.
fn backed_up(project: Project) -> (Project, String) {
    let project = shop(project);
    project.run("backup").ok();
    let backup = the_backup(&project);
    project.execute("INSERT INTO customers VALUES (3, 'Eve')");
    (project, backup)
}

fn customers(project: &Project) -> String {
    project.value("SELECT count(*) FROM customers")
}

/// Databases on the server, other than the project's own, that were made of it.
fn databases_beside(project: &Project) -> Vec<String> {
    let Some(name) = database(project) else { return Vec::new() };
    let sql = format!("SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_%' ORDER BY 1");
    project.query(&sql).concat()
}

/// The name of the project's database on the server.
fn database(project: &Project) -> Option<String> {
    (project.backend() == Backend::Postgres).then(|| project.value("SELECT current_database()"))
}

/// Drops what restores have kept: nobody else would.
fn tidy(project: &Project) {
    for name in databases_beside(project) {
        project.execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
    }
}

/// Everything in the project's folder that a run may have left and that is no backup.
fn litter(project: &Project) -> Vec<String> {
    let odd = |name: &String| name.contains("partial") || name.contains("scratch") || name.contains("-manage-restore-");
    let mut found: Vec<_> = project.list(".").into_iter().filter(odd).collect();
    if project.has("backups") {
        found.extend(project.list("backups").into_iter().filter(odd));
    }
    found
}

fn description(project: &Project, backup: &str) -> serde_json::Value {
    serde_json::from_str(&project.read(&format!("{backup}.json"))).expect("a description is JSON")
}

/// Writes the description anew with what `change` makes of it.
fn describe(project: &Project, backup: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = description(project, backup);
    change(&mut value);
    project.write(&format!("{backup}.json"), &value.to_string());
}

fn path(project: &Project, backup: &str) -> PathBuf {
    project.path(backup)
}
