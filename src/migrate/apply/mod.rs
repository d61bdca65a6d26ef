//! Running a plan under the lock.
//!
//! [`Engine`] takes the lock, makes the plan and hands it to a [`Run`], which takes the steps one by one: in a
//! transaction that several may share (`group`), in one of their own (`alone`), or without any
//! ([`no_transaction`](super::no_transaction)). What goes wrong becomes a [`Trouble`].

mod alone;
mod body;
mod engine;
mod group;
mod options;
mod run;
mod trouble;

pub(super) use body::entry;
pub(super) use engine::MakePlan;
pub use engine::{Engine, Outcome, check_single};
pub use options::{Manner, Options};
pub(super) use run::Run;
pub(super) use trouble::Trouble;
