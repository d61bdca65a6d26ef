//! The platform: the root project's own code.
//!
//! The root project of this repository is a content platform with many tenants: accounts own sites, and below
//! each site a chain leads from keywords over clusters, ideas and tasks to content. `migrations/` is the source
//! of truth for its schema. [`schema`] is what `diesel print-schema` reads out of it, and serves both databases.
//! `patches` computes what its patches write and SQL cannot say, `test_data` fills one account with rows, right or broken in every way that a check must find.

// Generated text: its tables and columns are explained in the migrations.
#[allow(missing_docs)]
pub mod schema;

#[cfg(feature = "full")]
pub mod patches;
#[cfg(feature = "full")]
pub mod test_data;
