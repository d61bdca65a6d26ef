//! Tests against real databases and of what people see: one binary, one link.

#[cfg(feature = "full")]
mod splitter;
