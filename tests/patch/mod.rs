//! Patches: planned, proved, confined to one account, taken back.

mod batches;
mod effects;
mod fixture;
mod hostile;
mod input;
mod kills;
mod needs;
mod parts;
mod rust_form;
mod scripts;
mod statement;
mod thin;
mod unnamed;
mod values;
