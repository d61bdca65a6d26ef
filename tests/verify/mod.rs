//! Checks: scripts that say what is wrong, confined to one account, unable to write.

mod fixture;
mod hostile;
mod recorded;
mod report;
mod results;
mod scope;
mod script_files;
mod scripts_command;
