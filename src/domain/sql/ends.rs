//! Where a statement ends: which `;` is the last of its statement.

use crate::domain::engine::Engine;

use super::token::TokenKind;

/// Follows one statement, token by token, as `engine`'s plain client does.
#[derive(Debug, Clone)]
pub(super) enum StatementEnd {
    Psql(PsqlEnd),
    Sqlite(SqliteEnd),
}

impl StatementEnd {
    pub(super) fn new(engine: Engine) -> Self {
        match engine {
            Engine::Postgres => Self::Psql(PsqlEnd::default()),
            Engine::Sqlite => Self::Sqlite(SqliteEnd::default()),
        }
    }

    /// Takes the next token that is not trivia and tells whether the statement ends with it.
    pub(super) fn see(&mut self, kind: TokenKind, text: &str) -> bool {
        match self {
            Self::Psql(end) => end.see(kind, text),
            Self::Sqlite(end) => end.see(kind, text),
        }
    }
}

/// psql's rule (`psqlscan.l`): a `;` outside parentheses, and outside the `BEGIN … END` of a
/// `CREATE [OR REPLACE] {FUNCTION|PROCEDURE}`. Unlike psql, which may go on with the statement, any command of
/// psql ends it: such files are refused by name, not run.
#[derive(Debug, Clone, Default)]
pub(super) struct PsqlEnd {
    parentheses: usize,
    blocks: usize,
    /// How many words have been seen, and the first letters of those of the first four that matter.
    words: usize,
    first: [u8; 4],
}

impl PsqlEnd {
    pub(super) fn see(&mut self, kind: TokenKind, text: &str) -> bool {
        match kind {
            TokenKind::Open if text == "(" => self.parentheses += 1,
            TokenKind::Close if text == ")" => self.parentheses = self.parentheses.saturating_sub(1),
            TokenKind::Word => self.see_word(text),
            TokenKind::Semicolon if self.parentheses == 0 && self.blocks == 0 => {
                *self = Self::default();
                return true;
            }
            TokenKind::PsqlCommand => {
                *self = Self::default();
                return true;
            }
            _ => {}
        }
        false
    }

    /// Whether parentheses are open.
    pub(super) fn in_parentheses(&self) -> bool {
        self.parentheses > 0
    }

    fn see_word(&mut self, word: &str) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if let Some(slot) = self.first.get_mut(self.words)
            && ["create", "or", "replace", "function", "procedure"].into_iter().any(is)
        {
            *slot = word.as_bytes()[0].to_ascii_lowercase();
        }
        self.words += 1;
        let routine = matches!(self.first, [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']);
        if !routine || self.parentheses > 0 {
            return;
        }
        if is("begin") || (is("case") && self.blocks > 0) {
            self.blocks += 1;
        } else if is("end") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }
}

/// SQLite's rule (`sqlite3_complete()`): a `;`, but a `CREATE [TEMP] TRIGGER` ends with `; END ;`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum SqliteEnd {
    #[default]
    Start,
    Explain,
    Create,
    Normal,
    Trigger,
    TriggerSemicolon,
    TriggerEnd,
}

impl SqliteEnd {
    fn see(&mut self, kind: TokenKind, text: &str) -> bool {
        let is = |keyword: &str| kind == TokenKind::Word && text.eq_ignore_ascii_case(keyword);
        let semicolon = kind == TokenKind::Semicolon;
        *self = match *self {
            Self::Trigger | Self::TriggerSemicolon if semicolon => Self::TriggerSemicolon,
            Self::TriggerSemicolon if is("end") => Self::TriggerEnd,
            _ if semicolon => Self::Start,
            Self::Trigger | Self::TriggerSemicolon | Self::TriggerEnd => Self::Trigger,
            Self::Normal => Self::Normal,
            Self::Start if is("explain") => Self::Explain,
            Self::Start | Self::Explain if is("create") => Self::Create,
            Self::Create if is("temp") || is("temporary") => Self::Create,
            Self::Create if is("trigger") => Self::Trigger,
            Self::Explain if !["explain", "temp", "temporary", "trigger", "end"].into_iter().any(is) => Self::Explain,
            _ => Self::Normal,
        };
        semicolon && matches!(self, Self::Start)
    }
}
