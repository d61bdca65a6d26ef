//! Patches: planned, proved, confined to one account, taken back.

mod fixture;
mod hostile;
mod kills;
mod parts;
mod scripts;
mod thin;
mod values;
