//! A failed command, as people and programs see it.

use std::path::Path;

use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::exit::Exit;
use super::output::paint::{Paint, Style};
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::secret::redact;
use crate::project::Project;

/// Any error of any floor, on its way to the screen.
pub struct Failure(pub Box<dyn Explain>);

impl<E: Explain + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Failure {
    /// A failure that the command line itself found.
    pub fn new(class: Class, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self(Box::new(Plain { class, message: message.into(), hint: hint.into() }))
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.0.class().into()
    }

    /// The failure in words, for a person who stands in `folder`, before a screen of `width` columns.
    pub fn text(&self, folder: &Path, paint: Paint, width: usize) -> String {
        let error = &self.0;
        let mut out =
            format!("{}{} {}\n", paint.on(Style::Bad, "error"), paint.on(Style::Strong, ":"), told(&error.to_string(), folder));
        let cause = Explain::cause(error.as_ref()).map(|cause| redact(&cause));
        let mut caused = false;
        if let Some(place) = error.place() {
            out.push_str(&format!("  at {}\n", Place { file: Project::shown(&place.file, folder), ..place.clone() }));
            caused = excerpt(&mut out, &place, cause.as_deref(), paint, width);
        }
        if let Some(cause) = cause.filter(|_| !caused) {
            out.push_str(&format!("  {cause}\n"));
        }
        for line in self.lines() {
            out.push_str(&format!("  {line}\n"));
        }
        if let Some(hint) = error.hint() {
            out.push_str(&format!("{} {}\n", paint.on(Style::Hint, "hint:"), told(&hint, folder)));
        }
        out
    }

    /// The failure as a fact.
    pub fn json(&self, folder: &Path) -> Value {
        let error = &self.0;
        let place = error.place();
        json!({
            "message": told(&error.to_string(), folder),
            "cause": Explain::cause(error.as_ref()).map(|cause| redact(&cause)),
            "hint": error.hint().map(|hint| told(&hint, folder)),
            "file": place.as_ref().map(|place| Project::shown(&place.file, folder).display().to_string()),
            "line": place.as_ref().and_then(|place| place.line),
            "column": place.as_ref().and_then(|place| place.column),
            "sqlstate": error.sqlstate(),
            "details": error.details().iter().map(|line| redact(line)).collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let state = self.0.sqlstate().map(|state| match state.starts_with("SQLITE") {
            true => format!("({state})"),
            false => format!("(PostgreSQL {state})"),
        });
        state.into_iter().chain(self.0.details()).map(|line| redact(&line)).collect()
    }
}

/// Words without secrets, with paths as the person would type them who stands in `folder`.
fn told(words: &str, folder: &Path) -> String {
    let words = redact(words);
    match folder.to_str() {
        Some(folder) if folder.len() > 1 => words.replace(&format!("{folder}/"), ""),
        _ => words,
    }
}

/// The line of the file with a caret under the column, and the cause behind it where there is room. Returns whether
/// the cause stands there.
pub(super) fn excerpt(out: &mut String, place: &Place, cause: Option<&str>, paint: Paint, width: usize) -> bool {
    let (Some(line), Some(text)) = (place.line, &place.excerpt) else { return false };
    // A password is hidden in the whole line, since half of a URL does not look like one.
    let clean = redact(text);
    let same = text.chars().zip(clean.chars()).take_while(|(a, b)| a == b).count();
    let chars: Vec<char> = clean.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let at = place.column.unwrap_or(1).saturating_sub(1).min(if clean == *text { chars.len() } else { same });
    let word = chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count().max(1);
    let gutter = line.to_string();
    // Of a long line that which stands around the place.
    let width = width.clamp(40, 120);
    let room = width - 12 - gutter.len();
    let start = if chars.len() <= room { 0 } else { at.saturating_sub(room / 2).min(chars.len() - room) };
    let end = (start + room).min(chars.len());
    let shown: String = chars[start..end].iter().collect();
    let (left, right) = (if start > 0 { "…" } else { "" }, if end < chars.len() { "…" } else { "" });
    out.push_str(&format!("       {gutter} | {left}{shown}{right}\n"));
    let before: usize = left.chars().count() + chars[start..at].iter().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    let under = chars[at..(at + word).min(end)].iter().map(|c| c.width().unwrap_or(0)).sum::<usize>().max(1);
    let carets = paint.on(Style::Bad, &"^".repeat(under));
    let cause = cause.filter(|cause| 11 + gutter.len() + before + under + cause.width() <= width && !cause.contains('\n'));
    let line = format!("       {} | {}{carets} {}", " ".repeat(gutter.len()), " ".repeat(before), cause.unwrap_or_default());
    out.push_str(&format!("{}\n", line.trim_end()));
    cause.is_some()
}

/// An error without a type of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Plain {
    class: Class,
    message: String,
    hint: String,
}

impl Explain for Plain {
    fn class(&self) -> Class {
        self.class
    }

    fn hint(&self) -> Option<String> {
        (!self.hint.is_empty()).then(|| self.hint.clone())
    }
}
