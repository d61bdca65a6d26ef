//! `manage schema`.

mod check;
mod dump;
mod print;
mod rewrite;
