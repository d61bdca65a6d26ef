//! Results on standard output, talk on standard error.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use serde_json::Map;
use unicode_width::UnicodeWidthChar;

use super::paint::{Paint, Style};
use crate::cli::failure::Failure;
use crate::domain::explain::Class;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The facts of a command, for `--json`.
pub type Facts = Map<String, serde_json::Value>;

/// Where a command writes.
pub struct Screen {
    out: Box<dyn Write>,
    /// What went wrong with standard output. A closed pipe is no trouble: somebody has read enough.
    trouble: Option<io::Error>,
    closed: bool,
    quiet: bool,
    headless: bool,
    /// Whether details are asked for.
    pub verbose: bool,
    /// Whether facts are asked for instead of text.
    pub json: bool,
    /// What `--json` prints at the end.
    pub facts: Facts,
    /// Colours on standard output.
    pub paint: Paint,
    /// Colours on standard error.
    pub paint_talk: Paint,
    /// The columns of the terminal that shows the talk; as many as can be where it is none.
    pub talk_width: usize,
    open_line: bool,
    /// The columns of the terminal that shows the results.
    width: Option<usize>,
}

impl Screen {
    /// A screen. `output` takes the results instead of standard output.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn new(color: ColorChoice, output: Option<&Path>, json: bool, quiet: bool, verbose: bool) -> Result<Self, Failure> {
        let out: Box<dyn Write> = match output {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(File::create(path).map_err(|error| {
                Failure::new(
                    Class::CouldNotRun,
                    format!("cannot write {}: {error}", path.display()),
                    "give --output a file in a folder that you may write",
                )
            })?),
        };
        let allowed = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && colour_is_welcome(),
        };
        Ok(Self {
            out,
            trouble: None,
            closed: false,
            quiet,
            headless: false,
            verbose,
            json,
            facts: Facts::new(),
            paint: Paint(allowed(output.is_none() && io::stdout().is_terminal())),
            paint_talk: Paint(allowed(io::stderr().is_terminal())),
            talk_width: terminal_size_of(io::stderr()).unwrap_or(usize::MAX),
            open_line: false,
            width: if output.is_none() { terminal_size_of(io::stdout()) } else { None },
        })
    }

    /// A line of the result.
    pub fn line(&mut self, text: &str) {
        if !self.json {
            self.write(&format!("{text}\n"));
        }
    }

    /// A line of a table: cut at the end of the terminal, so that the rows keep their columns.
    pub fn row(&mut self, text: &str) {
        match self.width {
            Some(width) => self.line(&cut(text, width)),
            None => self.line(text),
        }
    }

    /// A line that says what a result is about; left out with `-q`.
    pub fn heading(&mut self, text: &str) {
        if !self.quiet && !self.headless {
            self.row(text);
        }
    }

    /// From now on no headings: the results are a text of their own.
    pub fn hide_headings(&mut self) {
        self.headless = true;
    }

    /// A line of talk, on standard error; left out with `-q`.
    pub fn talk(&mut self, text: &str) {
        if !self.quiet {
            self.error_text(&format!("{text}\n"));
        }
    }

    /// A line of talk that the next one replaces on a terminal; elsewhere it is written when `again` is false.
    pub fn live(&mut self, text: &str, again: bool) {
        if self.quiet {
            return;
        }
        if io::stderr().is_terminal() {
            // A line that wraps could not be replaced.
            let width = self.talk_width.saturating_sub(1);
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r{}\u{1b}[K", cut(text, width));
            let _ = stderr.flush();
            self.open_line = true;
        } else if !again {
            self.error_text(&format!("{text}\n"));
        }
    }

    /// Clears the line that [`Screen::live`] has left open.
    pub fn clear_live(&mut self) {
        if std::mem::take(&mut self.open_line) {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\u{1b}[K");
            let _ = stderr.flush();
        }
    }

    /// A warning.
    pub fn warn(&mut self, text: &str) {
        let mark = self.paint_talk.on(Style::Warn, "warning:");
        self.error_text(&format!("{mark} {text}\n"));
    }

    /// Text on standard error, also with `-q`.
    pub fn error_text(&mut self, text: &str) {
        let mut stderr = io::stderr().lock();
        if std::mem::take(&mut self.open_line) {
            let _ = writeln!(stderr);
        }
        let _ = stderr.write_all(text.as_bytes());
    }

    /// The facts, at the end of a command with `--json`.
    pub fn print_facts(&mut self) {
        let text = serde_json::to_string_pretty(&self.facts).unwrap_or_default();
        self.write(&format!("{text}\n"));
    }

    /// Raw text of the result.
    pub fn write(&mut self, text: &str) {
        if self.closed || self.trouble.is_some() {
            return;
        }
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => self.trouble = Some(error),
        }
    }

    /// What went wrong with writing the results.
    pub fn trouble(&mut self) -> Option<Failure> {
        self.trouble.take().map(|error| {
            Failure::new(
                Class::CouldNotRun,
                format!("the results cannot be written: {error}"),
                "the command itself is through; see `manage status`",
            )
        })
    }
}

/// The columns of the terminal behind `stream`.
fn terminal_size_of(stream: impl AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
}

/// `text` with at most `width` columns, the last of them `…` where something is left out. Colours take no room.
fn cut(text: &str, width: usize) -> String {
    let mut out = String::new();
    let (mut used, mut full_at, mut colour) = (0, 0, false);
    for char in text.chars() {
        colour |= char == '\u{1b}';
        if !colour {
            used += char.width().unwrap_or(0);
            if used > width {
                out.truncate(full_at);
                out.push('…');
                // Whatever colour is open ends here.
                out.push_str(if text.contains('\u{1b}') { "\u{1b}[0m" } else { "" });
                return out;
            }
        }
        out.push(char);
        // The place where `…` still fits.
        if used < width {
            full_at = out.len();
        }
        colour &= char != 'm';
    }
    out
}

/// Whether the environment lets a terminal be coloured (no-color.org).
fn colour_is_welcome() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_end() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("größer als", 6), "größe…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
    }

    #[test]
    fn colours_take_no_room_and_end_at_the_cut() {
        assert_eq!(cut("\u{1b}[32m✓\u{1b}[0m ok", 4), "\u{1b}[32m✓\u{1b}[0m ok");
        assert_eq!(cut("\u{1b}[32mabcdef\u{1b}[0m", 4), "\u{1b}[32mabc…\u{1b}[0m");
    }
}
