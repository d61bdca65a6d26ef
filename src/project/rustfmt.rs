//! What a project's `rustfmt.toml` says about widths: diesel hands its schema.rs to rustfmt, so it counts there.

use std::path::Path;

use serde::Deserialize;

use super::config::ConfigError;
use crate::domain::explain::Place;

/// The widths by which rustfmt breaks lines, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Of a line.
    pub line: usize,
    /// Of the arguments of a call.
    pub call: usize,
    /// Of the arguments of an attribute.
    pub attribute: usize,
}

impl Default for Widths {
    fn default() -> Self {
        Self { line: 100, call: 60, attribute: 70 }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RustfmtToml {
    max_width: Option<usize>,
    use_small_heuristics: Option<String>,
    fn_call_width: Option<usize>,
    attr_fn_like_width: Option<usize>,
}

impl Widths {
    /// Those of the nearest `rustfmt.toml` or `.rustfmt.toml` at or above `folder`; else rustfmt's own.
    ///
    /// # Errors
    /// When the file cannot be read or is not TOML.
    pub fn read(folder: &Path) -> Result<Self, ConfigError> {
        let named = |folder: &Path| ["rustfmt.toml", ".rustfmt.toml"].map(|name| folder.join(name));
        let Some(file) = folder.ancestors().flat_map(named).find(|file| file.is_file()) else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => return Err(ConfigError::Unreadable { file, error }),
        };
        let said: RustfmtToml = toml::from_str(&text).map_err(|error| ConfigError::Invalid {
            place: error.span().map_or_else(|| Place::file(&file), |span| Place::in_text(&file, &text, span.start)),
            message: error.message().to_owned(),
        })?;
        Ok(Self::from_said(&said))
    }

    /// As rustfmt does: the small widths grow with the line in tenths, and never exceed it.
    fn from_said(said: &RustfmtToml) -> Self {
        let line = said.max_width.unwrap_or(100);
        let tenths = if line > 100 { (line + 5) / 10 } else { 10 };
        let (call, attribute) = match said.use_small_heuristics.as_deref() {
            Some("Max") => (line, line),
            Some("Off") => (usize::MAX, usize::MAX),
            _ => (60 * tenths / 10, 70 * tenths / 10),
        };
        Self {
            line,
            call: said.fn_call_width.unwrap_or(call).min(line),
            attribute: said.attr_fn_like_width.unwrap_or(attribute).min(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(text: &str) -> Widths {
        Widths::from_said(&toml::from_str(text).expect("valid"))
    }

    #[test]
    fn small_widths_follow_the_line() {
        assert_eq!(widths(""), Widths::default());
        assert_eq!(widths("max_width = 120"), Widths { line: 120, call: 72, attribute: 84 });
        assert_eq!(widths("max_width = 130\nuse_small_heuristics = \"Max\""), Widths { line: 130, call: 130, attribute: 130 });
        assert_eq!(widths("fn_call_width = 30\ntab_spaces = 2"), Widths { line: 100, call: 30, attribute: 70 });
    }
}
