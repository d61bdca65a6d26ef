//! Patches: planned, proved, confined to one account, taken back.

mod batches;
mod effects;
mod fixture;
mod hostile;
mod kills;
mod needs;
mod parts;
mod thin;
mod values;
