//! The mapping file of a transfer: which table of the old database becomes which of the new one, and by which rules.
//!
//! | file | idea |
//! |---|---|
//! | `spec` | the file as it is written |
//! | `value` | values that a mapping gives: `now`, `text:…`, `json:…`, `col:…` |
//! | `error` | a file that is not valid, with the line and the word that may have been meant |
//! | `find` | where the file is |
//! | `template` | a first mapping, made from both catalogues |

mod error;
mod find;
mod spec;
mod template;
mod value;

pub use error::MappingError;
pub use find::{find_mapping, write_mapping};
pub use spec::{AfterSpec, ColumnSpec, EnumSpec, LookupSpec, Mapping, Options, Side, SqlSpec, TableSpec, UnpivotSpec, Verify};
pub use template::template;
pub use value::{Given, given};
