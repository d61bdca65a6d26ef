//! `manage schema`.

mod print;
