//! `COPY … FROM STDIN;`: the lines after it are data, as psql sends them, and must not be read as SQL.

use crate::domain::engine::Engine;

use super::ends::PsqlEnd;
use super::token::{Token, TokenKind, tokens};

/// Follows a text, token by token, and knows when data begins.
#[derive(Debug, Clone, Default)]
pub(super) struct CopyWatch {
    stage: Stage,
    end: PsqlEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Before the first word of a statement.
    #[default]
    Start,
    /// In a statement that is no `COPY`.
    Other,
    /// Behind the word `COPY`.
    Copy,
    /// Behind `COPY … FROM`.
    From,
    /// Behind `COPY … FROM STDIN`.
    Stdin,
    /// Behind the end of such a statement, on the same line.
    Line,
    /// At the first byte of the data.
    Data,
}

impl CopyWatch {
    /// Takes the token of `text` from `at` to `end`. Gives its end, which is nearer when data begins within it.
    pub(super) fn see(&mut self, kind: TokenKind, text: &str, at: usize, end: usize) -> usize {
        let token = &text[at..end];
        if self.stage == Stage::Line
            && kind == TokenKind::Space
            && let Some(newline) = token.find('\n')
        {
            self.stage = Stage::Data;
            return at + newline + 1;
        }
        if !kind.is_trivia() {
            self.stage = self.after(kind, token);
        }
        end
    }

    fn after(&mut self, kind: TokenKind, token: &str) -> Stage {
        let is = |keyword: &str| kind == TokenKind::Word && token.eq_ignore_ascii_case(keyword);
        let ends = self.end.see(kind, token);
        match self.stage {
            _ if kind == TokenKind::PsqlCommand && is_copy_command(token) => Stage::Line,
            Stage::Line | Stage::Stdin if ends => Stage::Line,
            _ if ends => Stage::Start,
            Stage::Start if is("copy") => Stage::Copy,
            Stage::Start | Stage::Other => Stage::Other,
            // Who writes `FROM STDOUT` is understood by the server too.
            Stage::From if is("stdin") || is("stdout") => Stage::Stdin,
            Stage::Copy | Stage::From if is("from") && !self.end.in_parentheses() => Stage::From,
            Stage::Copy | Stage::From => Stage::Copy,
            stage => stage,
        }
    }

    /// Whether data begins with the next line.
    pub(super) fn awaits_data(&self) -> bool {
        self.stage == Stage::Line
    }

    /// Behind the data of `text` that begins at `at`; none if `at` is no data.
    pub(super) fn data_end(&mut self, text: &str, at: usize) -> Option<usize> {
        if self.stage != Stage::Data {
            return None;
        }
        self.stage = Stage::Start;
        Some(at + text[at..].len() - after_last_line(&text[at..]).len())
    }
}

/// Whether `statement` is a `COPY … FROM STDIN`.
pub(super) fn reads_stdin(statement: &str) -> bool {
    let mut watch = CopyWatch::default();
    for Token { kind, start, end } in tokens(statement, Engine::Postgres) {
        watch.see(kind, statement, start, end);
        if watch.stage == Stage::Other {
            return false;
        }
    }
    matches!(watch.stage, Stage::Stdin | Stage::Line)
}

/// The length of `data` without the line `\.` that ends it.
pub(super) fn data_length(data: &str) -> usize {
    let body = data.strip_suffix('\n').unwrap_or(data);
    let last = body.rfind('\n').map_or(0, |newline| newline + 1);
    if is_last_line(&body[last..]) { last } else { data.len() }
}

/// What follows the line `\.`; without such a line everything is data, as psql has it.
fn after_last_line(data: &str) -> &str {
    let mut rest = data;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if is_last_line(line) {
            break;
        }
    }
    rest
}

fn is_last_line(line: &str) -> bool {
    line.strip_suffix('\r').unwrap_or(line) == r"\."
}

/// `\copy … from stdin` reads the same lines.
fn is_copy_command(command: &str) -> bool {
    let mut words = command.split_ascii_whitespace().map(|word| word.trim_end_matches(';'));
    words.next() == Some(r"\copy")
        && words.clone().next().is_some_and(|table| !table.starts_with('('))
        && words
            .clone()
            .zip(words.skip(1))
            .any(|(from, stdin)| from.eq_ignore_ascii_case("from") && stdin.eq_ignore_ascii_case("stdin"))
}
