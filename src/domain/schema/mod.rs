//! A database's schema as plain data: what introspection reads, and what printing, comparing and dumping use.
//!
//! | file | idea |
//! |---|---|
//! | `model` | the schema and its parts |
//! | `bookkeeping` | tables in which tools remember what they did, which are nobody's schema |
//! | `sqlite_text` | what SQLite tells only in the text of `CREATE TABLE` |
//! | `keys` | which columns are unique, and what rows are checked for |
//! | `quote` | names and texts as they stand in statements |
//! | `spelling` | texts that mean the same, in one spelling |

mod bookkeeping;
mod keys;
mod model;
mod quote;
pub mod spelling;
mod sqlite_text;

pub use bookkeeping::is_bookkeeping;
pub use model::{
    Column, Constraint, ConstraintKind, ForeignKey, Function, Generated, Index, Name, NamedType, Needs, Other, Schema, Sequence,
    Table, TableKind, Trigger, TypeDefinition, UnderlyingType, View,
};
pub use quote::{escaped_text, quoted, quoted_if_needed, quoted_text};
pub use sqlite_text::{Written, written};
