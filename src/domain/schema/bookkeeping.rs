//! Tables in which tools remember what they did.

use super::model::Name;
use crate::domain::engine::Engine;

/// Whether a table is one of the ledger's or a migration tool's own. The ledger lives in the schema `manage` on
/// PostgreSQL, and in tables called `manage_*` on SQLite.
pub fn is_bookkeeping(engine: Engine, name: &Name) -> bool {
    let own = match engine {
        Engine::Sqlite => name.name.starts_with("manage_"),
        Engine::Postgres => name.schema.as_deref() == Some("manage"),
    };
    own || matches!(name.name.as_str(), "__diesel_schema_migrations" | "refinery_schema_history")
}
