//! Floor 3: migrations, forward and back.
//!
//! [`Picture`] gathers what the files, the history table and the log say. [`plan_forward`] and [`plan_back`]
//! (pure) decide what would run, [`Prepared`] checks every file of it before the first statement, [`Engine`]
//! runs it under the lock and reports [`Event`]s.

mod adopt;
mod apply;
mod conditions;
mod converge;
mod durable;
mod error;
mod event;
mod history;
mod lock;
mod no_transaction;
mod orphans;
mod patience;
mod picture;
mod plan;
mod prepare;
mod rehearse;
mod repair;
mod replaced;
mod stream;

pub use apply::{Engine, Manner, Options, Outcome, check_single};
pub use error::{Failed, FailedAt, Fate, MigrateError};
pub use event::{Event, Finished, Ignore, Observer};
pub use history::{Applied, DieselHistory, History, NumberedHistory, RefineryHistory, Width, refinery_checksum};
pub use lock::{Waiting, locked};
pub use patience::Patience;
pub use picture::{Picture, Problem, ProblemKind, State};
pub use plan::{Backward, Direction, Forward, Named, PlanError, Step, find, plan_back, plan_forward};
pub use prepare::{PrepareError, PrepareErrorKind, Prepared, prepare};
pub use rehearse::{Rehearsal, TakenLock};
pub use repair::{RepairError, Repaired, Verdict};
pub use replaced::Replacement;
pub use stream::SqlStream;
