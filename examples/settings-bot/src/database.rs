//! Opening the database, and bringing it up to date.

use std::error::Error;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use manage::Project;
use manage::embed::{self, Migrations};
use manage::migrate::{Direction, Event};

/// The migrations that are compiled into the bot.
static COMPILED: Migrations = manage::embed!("migrations");

/// The migrations: of the program, or of a project's folder, where one may be tried that the program does not have yet.
pub fn migrations(folder: Option<&Path>) -> Result<Migrations, embed::Error> {
    let migrations = match folder {
        None => COMPILED.clone(),
        Some(folder) => Project::open(folder)?.migrations(),
    };
    Ok(migrations.application("settings-bot").on_event(tell))
}

/// A connection on which several bots may write: whoever finds the file locked waits.
pub fn connect(database: &str) -> Result<SqliteConnection, Box<dyn Error>> {
    let mut connection = SqliteConnection::establish(database)?;
    connection.batch_execute("PRAGMA busy_timeout = 30000")?;
    Ok(connection)
}

/// A connection to a database that is up to date.
pub fn open(database: &str, migrations: &Migrations) -> Result<SqliteConnection, Box<dyn Error>> {
    let mut connection = connect(database)?;
    let done = migrations.migrate(&mut connection)?;
    match done.finished.len() {
        0 => println!("{database}: nothing to migrate"),
        1 => println!("{database}: 1 migration"),
        count => println!("{database}: {count} migrations"),
    }
    Ok(connection)
}

/// Which version the database has, in lines. Writes nothing: by its URL a file that is not there is not made.
pub fn current(database: &str, migrations: &Migrations) -> Result<String, embed::Error> {
    let status = migrations.status(&format!("sqlite:{database}"))?;
    let version = status.current_version().map_or("0".to_owned(), ToString::to_string);
    let latest = status.latest_version().map_or("0".to_owned(), ToString::to_string);
    let mut lines = format!("{database}: version {version} of {latest}\n");
    for one in &status.pending {
        lines += &format!("  pending: {one}\n");
    }
    for problem in &status.problems {
        lines += &format!("  ! {}\n", problem.message());
    }
    Ok(lines)
}

fn tell(event: &Event<'_>) {
    match event {
        Event::Waiting(waiting) => {
            let holder = waiting.holder.as_ref().map_or_else(|| "somebody".to_owned(), |holder| holder.described());
            eprintln!("waiting for {holder}");
        }
        Event::Notice(notice) => println!("  {}", notice.message),
        Event::Finished(done) => {
            let arrow = if done.direction == Direction::Up { '+' } else { '-' };
            println!("  {arrow} {:0>3} {}", done.version, done.name);
        }
        _ => {}
    }
}
