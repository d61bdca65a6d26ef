//! Diesel's schema.rs, byte for byte as diesel_cli 2.3 writes it and rustfmt lays it out.
//!
//! | file | idea |
//! |---|---|
//! | `names` | Rust names for SQL names |
//! | `types` | Diesel's types for SQL types |
//! | `tables` | the tables that are printed, with their columns |
//! | `joins` | which foreign keys become `joinable!`, and which tables stand in one group |
//! | `write` | the text |
//! | `layout` | where rustfmt breaks lines |
//! | `flavour` | whose types a schema.rs holds |
//! | `error` | what cannot be printed |
//!
//! Bookkeeping tables are left out, also those that `diesel print-schema` would print (refinery's, the ledger's).

mod error;
mod flavour;
mod joins;
mod layout;
mod names;
mod tables;
mod types;
mod write;

pub use error::PrintError;
pub use flavour::written_for;

use crate::domain::schema::Schema;
use crate::project::PrintSchema;
use crate::project::rustfmt::Widths;

/// The text of schema.rs. `patch` is the content of the patch file, where the settings name one.
///
/// # Errors
/// When Diesel has no word for something that is to be printed, or the patch does not fit.
pub fn print(schema: &Schema, settings: &PrintSchema, widths: Widths, patch: Option<&str>) -> Result<String, PrintError> {
    let tables = tables::gather(schema, settings)?;
    let keys = joins::foreign_keys(schema, settings, &tables);
    let text = write::schema_rs(schema.engine, settings, widths, &tables, &keys);
    match patch {
        None => Ok(text),
        Some(patch) => {
            let parsed = diffy::Patch::from_str(patch).map_err(|error| PrintError::Patch(error.to_string()))?;
            diffy::apply(&text, &parsed).map_err(|error| PrintError::Patch(error.to_string()))
        }
    }
}
