//! What is asked of the database, in Diesel's words. Callers come with values that were checked.

mod creators;
mod reading;
mod rows;
mod statistics;
mod usage;
mod writing;

use chrono::{NaiveDateTime, SubsecRound, TimeDelta, Utc};

pub use creators::{NewCreator, create_creator};
pub use reading::{Listing, autocomplete, by_id, by_name, list};
pub use statistics::statistics;
pub use usage::execute;
pub use writing::{Change, NewCommand, create, delete, update};

diesel::define_sql_function! {
    /// The number, or another where there is none.
    #[sql_name = "coalesce"]
    fn number_or(number: diesel::sql_types::Nullable<diesel::sql_types::BigInt>, other: diesel::sql_types::BigInt) -> diesel::sql_types::BigInt;
}

diesel::define_sql_function! {
    /// The moment, or another where there is none.
    #[sql_name = "coalesce"]
    fn moment_or(moment: diesel::sql_types::Nullable<diesel::sql_types::Timestamp>, other: diesel::sql_types::Timestamp) -> diesel::sql_types::Timestamp;
}

/// Now, in UTC, as exactly as both databases keep it.
pub fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(3)
}

/// A command that was used last (or, never used, made) at this moment or before is about to be deleted. The bot deletes;
/// `scripts/verify_grace_period.*.sql` has the same rule.
pub fn end_of_grace(now: NaiveDateTime) -> NaiveDateTime {
    now - TimeDelta::days(60)
}
