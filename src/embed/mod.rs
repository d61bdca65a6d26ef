//! Floor 4: migrations inside an application.
//!
//! ```no_run
//! # fn main() -> Result<(), manage::embed::Error> {
//! let migrations = manage::Project::open("/srv/app")?.migrations();
//! migrations.migrate("sqlite:/var/lib/app/app.db")?;
//! # Ok(())
//! # }
//! ```
//!
//! or, with the files compiled into the program, `manage::embed!("migrations")` in place of the folder.
//!
//! Two ways to a [`Database`]: its URL, over which everything works, or a Diesel connection of the application's own,
//! on which every migration is one transaction and files that run without one are refused. Several processes may start
//! at once: one migrates, the others wait for the lock, find nothing left to do and go on.
//!
//! Nothing here prints, ends the process, or reads the environment: an application that wants the environment looked at
//! says so ([`Migrations::environment`]).

#[cfg(feature = "full")]
mod checks;
mod database;
mod error;
mod migrations;
#[cfg(feature = "full")]
mod patches;
mod status;
mod work;

#[cfg(feature = "full")]
pub use checks::Checks;
pub use database::Database;
pub use error::{Error, NotUpToDate, Refused, Stale};
pub use manage_macros::compiled;
pub use migrations::Migrations;
#[cfg(feature = "full")]
pub use patches::Patches;
pub use status::Status;

/// Compiles the migrations of a folder into the program: [`embed::Migrations`](crate::embed::Migrations).
///
/// The folder is named from the folder of the application's `Cargo.toml`. All layouts, and files for one database
/// (`up.sqlite.sql`), work as they do on the disk. The result is a constant, so it may be a `static`.
///
/// ```no_run
/// static MIGRATIONS: manage::embed::Migrations = manage::embed!("migrations");
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use diesel::{Connection, SqliteConnection};
///
/// let mut connection = SqliteConnection::establish("shop.db")?;
/// MIGRATIONS.migrate(&mut connection)?;
/// MIGRATIONS.assert_up_to_date(&mut connection)?;
/// # Ok(())
/// # }
/// ```
///
/// When a file changes, cargo builds the program anew. A file that is *added* cargo does not see; a debug build finds out
/// when it runs and says so ([`embed::Error::Stale`](crate::embed::Error::Stale)). A `build.rs` of one line makes cargo
/// see it:
///
/// ```
/// println!("cargo::rerun-if-changed=migrations");
/// ```
#[macro_export]
macro_rules! embed {
    ($folder:literal) => {
        $crate::embed::compiled!($crate, $folder)
    };
}

/// The code of the guide compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/embed.md")]
struct Guide;
