//! Attacks on the engine of migrations, through the binary: killed, interrupted, misled and crowded. Whatever
//! happens, a migration is applied and recorded, or neither; what is said is what was kept.

mod crowd;
mod diesel;
mod full_disk;
mod kills;
mod locks;
pub(crate) mod memory;
mod no_transaction;
mod readers;
mod rebuilds;
mod records;
mod settings;
mod smuggled;
mod stream;
mod thousand;
mod together;
mod traps;
