//! The screen: the only place that writes to standard output and standard error.

pub mod paint;
pub mod screen;
pub mod words;

pub use screen::Screen;
