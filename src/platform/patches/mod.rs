//! What the platform's patches compute, where SQL cannot say it.
//!
//! | file | idea |
//! |---|---|
//! | `integration_site_url` | the address of an integration, from what is told of it |
//! | `address` | a web address, taken apart |
//! | `member` | one member of a JSON text, with all others byte for byte as they were |

mod address;
mod integration_site_url;
mod member;

use crate::domain::value::{Row, Value};

/// A function of the platform, registered under the name of its script.
pub struct Registered {
    /// The script, as it is typed behind `manage fix`.
    pub name: &'static str,
    /// The columns to which it gives values.
    pub columns: &'static [&'static str],
    /// The function: the new values, nothing, or why a person has to decide.
    pub compute: fn(&Row) -> Result<Option<Vec<Value>>, String>,
}

/// All of them.
pub const ALL: &[Registered] = &[Registered {
    name: "integration-site-url",
    columns: &["site_url", "config", "updated_at"],
    compute: integration_site_url::compute,
}];
