//! What the tests stand on: projects, both databases, runs of the binary, terminals.
//!
//! ```ignore
//! use crate::support::*;
//!
//! each_backend! {
//!     fn a_second_run_changes_nothing(project: Project) {
//!         let project = project.migration("20260101000000_users", "CREATE TABLE users (id INTEGER)", "DROP TABLE users");
//!         project.run("migrate").ok();
//!         let before = project.everything();
//!
//!         project.run("migrate").ok().says("nothing to do");
//!
//!         assert_eq!(before, project.everything());
//!     }
//! }
//! ```
// Tests come one feature after the other; each uses a part of the kit.
#![allow(dead_code, unused_imports)]

mod example;
mod postgres;
mod project;
mod run;
mod sql;
mod terminal;
mod tests;

pub use example::{built, copy};
pub use postgres::{Cluster, Database, Server, server};
pub use project::{Backend, Project};
pub use run::{Invocation, Outcome, Running};
pub use terminal::Terminal;

/// Makes of each function two tests, `name::sqlite` and `name::postgres`, each with a fresh project on that database.
macro_rules! each_backend {
    ($($(#[$attribute:meta])* fn $name:ident($($project:tt)+) $body:block)+) => {$(
        fn $name($($project)+) $body

        mod $name {
            #[test]
            $(#[$attribute])*
            fn sqlite() {
                super::$name($crate::support::Project::on($crate::support::Backend::Sqlite));
            }

            #[test]
            $(#[$attribute])*
            fn postgres() {
                super::$name($crate::support::Project::on($crate::support::Backend::Postgres));
            }
        }
    )+};
}
pub(crate) use each_backend;
