//! Rows on their way from one schema to another: what both databases and the plan of a transfer share. Pure.
//!
//! | file | idea |
//! |---|---|
//! | `cell` | a value as it lies in a row, borrowed from the database |
//! | `kind` | the closed set of kinds of columns, decided once a table |
//! | `decimal` | decimal numbers as digits |
//! | `fit` | whether a cell is of its column's kind, and its form there |
//! | `time`, `json` | strict readers of what databases keep as text |
//! | `rules` | conditions on a column, enums, ages, fallbacks |
//! | `column` | where a column's value comes from, and what is done with it |
//! | `table` | how one table is moved: its inputs, its rows, its policies |
//! | `pack` | values in one text that leads back to them |
//! | `canonical`, `hash` | one text for a value, one checksum for a text, equal on every database |

mod canonical;
mod cell;
mod column;
mod decimal;
mod fit;
mod hash;
mod json;
mod kind;
mod pack;
mod rules;
mod table;
mod time;

pub use canonical::{Sum, canonical_field, canonical_row};
pub use cell::Cell;
pub use column::{Column, From};
pub use decimal::{is_decimal, matching_text, normal_digits};
pub use fit::{Fault, Fit, Overlong, fit};
pub use hash::hash64;
pub use json::{canonical_json, check_json, write_text as write_json_text};
pub use kind::Kind;
pub use pack::{pack, pack_into, unpack};
pub use rules::{Condition, EnumMap, Literal, Part, Step, Unit, Unknown};
pub use table::{
    After, Conflict, Duplicates, Guarded, Input, NewKey, Orphans, Parent, Rows, TablePlan, Unpivot, Verdict, orphaned,
};
pub use time::{Instant, Moment, parse_time, zone};
