//! Floor 3: backups that are proved, and restores that are whole or not at all.
//!
//! | file | what it does |
//! |---|---|
//! | `description` | what stands in the small file beside a backup |
//! | `plan` | whether a backup belongs to a database. Pure. |
//! | `take` | copy, prove, publish |
//! | `restore` | build beside, check, put in place |
//! | `reset` | what a reset would do (pure), and doing it |
//! | `error` | what went wrong |
//!
//! What differs between the databases is in [`backend`](crate::backend): SQLite's backup API, `pg_dump`, and how
//! content is put in place.

mod description;
mod error;
mod plan;
pub mod reset;
mod restore;
mod take;

pub use description::{Description, FORMAT, MarkerThen, Origin};
pub use error::BackupError;
pub use plan::{Belongs, belongs, read, unchanged};
pub use restore::{Restored, Restoring, restore};
pub use take::{Backup, Taking, take};
