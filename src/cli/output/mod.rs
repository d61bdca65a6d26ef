//! The screen: the only place that writes to standard output and standard error.

pub mod junit;
pub mod paint;
pub mod screen;
pub mod value;
pub mod words;

pub use screen::Screen;
