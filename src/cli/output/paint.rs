//! Colours. They never carry meaning alone.

use anstyle::{AnsiColor, Style as Ansi};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Done.
    Good,
    /// Failed.
    Bad,
    /// Worth a look.
    Warn,
    /// What to do next.
    Hint,
    /// Names and headings.
    Strong,
    /// Less important.
    Faint,
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// `text` in `style`.
    pub fn on(self, style: Style, text: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let ansi = match style {
            Style::Good => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
            Style::Bad => Ansi::new().fg_color(Some(AnsiColor::Red.into())).bold(),
            Style::Warn => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
            Style::Hint => Ansi::new().fg_color(Some(AnsiColor::Cyan.into())),
            Style::Strong => Ansi::new().bold(),
            Style::Faint => Ansi::new().dimmed(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}
