//! Floor 2: whose a row is.
//!
//! The project says in `[tenancy]` how every table reaches its account; here that is held against the catalogue
//! ([`Map`]), an account or site is found by what a person typed ([`find`]), a script's query is confined to one
//! account ([`confine`]), and rows that belong to nobody are counted ([`unowned`]).

mod confine;
mod error;
pub mod find;
mod map;
mod owned;
mod parameters;
mod unowned;

pub use confine::{Confined, Functions, Refusal, confine, confine_statement, free, free_statement};
pub use error::{ScriptRefused, TenancyError};
pub use find::{Account, Site};
pub use map::{Map, Path, Table};
pub use parameters::{casts, refuse_unknown};
pub use unowned::{Unowned, unowned};
