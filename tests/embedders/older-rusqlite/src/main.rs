//! Migrates a file over its URL, over a Diesel connection and over a pool, and reads it with rusqlite.

use std::path::Path;

use diesel::r2d2::{ConnectionManager, Pool};
use diesel::{Connection, SqliteConnection};

static MIGRATIONS: manage::embed::Migrations = manage::embed!("migrations");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder for the databases")?;
    let file = |name: &str| Path::new(&folder).join(name).display().to_string();

    assert_eq!(MIGRATIONS.migrate(&file("url.db"))?.finished.len(), 1);

    let mut connection = SqliteConnection::establish(&file("connection.db"))?;
    assert_eq!(MIGRATIONS.migrate(&mut connection)?.finished.len(), 1);

    let pool = Pool::builder().max_size(2).build(ConnectionManager::<SqliteConnection>::new(file("pool.db")))?;
    assert_eq!(MIGRATIONS.migrate(&mut *pool.get()?)?.finished.len(), 1);

    for name in ["url.db", "connection.db", "pool.db"] {
        let count: i64 = rusqlite::Connection::open(file(name))?.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))?;
        assert_eq!(count, 0);
        MIGRATIONS.assert_up_to_date(&file(name))?;
    }
    Ok(())
}
