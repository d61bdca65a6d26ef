//! `manage schema`.

mod check;
mod print;
