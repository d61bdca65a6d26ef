//! Floor 3: migrations, forward and back.
//!
//! [`Picture`] gathers what the files, the history table and the log say. [`plan_forward`] and [`plan_back`]
//! (pure) decide what would run, [`Prepared`] checks every file of it before the first statement, [`Engine`]
//! runs it under the lock and reports [`Event`]s.

mod adopt;
mod apply;
mod error;
mod event;
mod history;
mod lock;
mod no_transaction;
mod orphans;
mod picture;
mod plan;
mod prepare;
mod stream;

pub use apply::{Engine, Options, Outcome};
pub use error::MigrateError;
pub use event::{Event, Finished, Ignore, Observer};
pub use history::{Applied, DieselHistory, History, RefineryHistory, Width, refinery_checksum};
pub use lock::{Waiting, locked};
pub use picture::{Picture, Problem, ProblemKind, State};
pub use plan::{Backward, Direction, Forward, PlanError, Step, plan_back, plan_forward};
pub use prepare::{PrepareError, Prepared, prepare};
pub use stream::sql_stream;
