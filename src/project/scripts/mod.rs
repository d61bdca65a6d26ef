//! The scripts of a project: SQL files with a head.
//!
//! | file | idea |
//! |---|---|
//! | `script` | a script, its kind and its name |
//! | `head` | the TOML in its first comment |
//! | `parameter` | declared parameters, their types and values |
//! | `threshold` | how many findings are too many |
//! | `parts` | a patch that writes several tables |
//! | `sections` | a report in several tables, warnings and steps |
//! | `load` | the scripts of a folder, for a database |
//! | `archive` | those that have done their work |
//! | `generate` | a new one, to begin with |
//! | `error` | what is wrong with a file, and where |

pub mod archive;
pub mod error;
pub mod generate;
pub mod head;
pub mod load;
pub mod parameter;
pub mod parts;
pub mod script;
pub mod sections;
pub mod threshold;

pub use error::ScriptError;
pub use head::{Form, Head, Op, Ops, Scope, Severity};
pub use load::{File, Scripts, load};
pub use parameter::{Parameter, ParameterType};
pub use parts::Part;
pub use script::{Kind, Script};
pub use threshold::Threshold;
