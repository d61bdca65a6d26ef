//! Words of the mapping that choose between policies.

use toml::Spanned;

use super::Problems;
use crate::domain::nearest::meant;
use crate::domain::transfer::{Conflict, Duplicates, Orphans, Overlong, zone};
use crate::project::mapping::{Mapping, TableSpec};

/// What becomes of a transfer with rejected rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Nothing is written.
    #[default]
    Stop,
    /// The rest goes in.
    Reject,
}

/// What holds for all tables.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub on_error: OnError,
    pub report_unmapped: bool,
    pub fire_triggers: bool,
    pub zone: i32,
    pub policies: Policies,
}

/// What a table may say otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Policies {
    pub conflict: Conflict,
    pub duplicates: Duplicates,
    pub orphans: Orphans,
    pub overlong: Overlong,
    pub null_overwrites: bool,
}

impl Options {
    pub(super) fn read(mapping: &Mapping, problems: &mut Problems<'_>) -> Self {
        let options = &mapping.options;
        let usual = Policies {
            conflict: Conflict::Update,
            duplicates: Duplicates::Reject,
            orphans: Orphans::Reject,
            overlong: Overlong::Reject,
            null_overwrites: options.null_overwrites,
        };
        let words = Words {
            conflict: options.conflict.as_ref(),
            duplicates: options.duplicates.as_ref(),
            orphans: options.orphans.as_ref(),
            overlong: options.overlong.as_ref(),
        };
        Self {
            on_error: choose(&options.on_error, &[("stop", OnError::Stop), ("reject", OnError::Reject)], OnError::Stop, problems),
            report_unmapped: choose(&options.unmapped_tables, &[("error", false), ("report", true)], false, problems),
            fire_triggers: choose(&options.triggers, &[("refuse", false), ("fire", true)], false, problems),
            zone: read_zone(options.naive_time.as_ref(), problems).unwrap_or(0),
            policies: words.read(usual, problems),
        }
    }
}

impl Policies {
    pub(super) fn of(self, spec: &TableSpec, problems: &mut Problems<'_>) -> Self {
        let usual = Self { null_overwrites: spec.null_overwrites.unwrap_or(self.null_overwrites), ..self };
        Words {
            conflict: spec.conflict.as_ref(),
            duplicates: spec.duplicates.as_ref(),
            orphans: spec.orphans.as_ref(),
            overlong: spec.overlong.as_ref(),
        }
        .read(usual, problems)
    }
}

struct Words<'a> {
    conflict: Option<&'a Spanned<String>>,
    duplicates: Option<&'a Spanned<String>>,
    orphans: Option<&'a Spanned<String>>,
    overlong: Option<&'a Spanned<String>>,
}

impl Words<'_> {
    fn read(&self, usual: Policies, problems: &mut Problems<'_>) -> Policies {
        const CONFLICT: &[(&str, Conflict)] =
            &[("update", Conflict::Update), ("skip", Conflict::Skip), ("error", Conflict::Error), ("replace", Conflict::Replace)];
        const DUPLICATES: &[(&str, Duplicates)] =
            &[("reject", Duplicates::Reject), ("first", Duplicates::First), ("last", Duplicates::Last)];
        Policies {
            conflict: choose_of(self.conflict, CONFLICT, usual.conflict, problems),
            duplicates: choose_of(self.duplicates, DUPLICATES, usual.duplicates, problems),
            orphans: choose_of(self.orphans, &[("reject", Orphans::Reject), ("skip", Orphans::Skip)], usual.orphans, problems),
            overlong: choose_of(
                self.overlong,
                &[("reject", Overlong::Reject), ("warn", Overlong::Warn)],
                usual.overlong,
                problems,
            ),
            null_overwrites: usual.null_overwrites,
        }
    }
}

fn choose<T: Copy>(word: &Option<Spanned<String>>, known: &[(&str, T)], usual: T, problems: &mut Problems<'_>) -> T {
    choose_of(word.as_ref(), known, usual, problems)
}

fn choose_of<T: Copy>(word: Option<&Spanned<String>>, known: &[(&str, T)], usual: T, problems: &mut Problems<'_>) -> T {
    let Some(word) = word else { return usual };
    match known.iter().find(|(name, _)| *name == word.get_ref()) {
        Some((_, value)) => *value,
        None => {
            let hint = meant(word.get_ref(), known.iter().map(|(name, _)| *name));
            problems.error("word", "", word, format!("`{}` is not known here", word.get_ref()), hint);
            usual
        }
    }
}

/// The zone that a word names.
pub(super) fn read_zone(word: Option<&Spanned<String>>, problems: &mut Problems<'_>) -> Option<i32> {
    let word = word?;
    let found = zone(word.get_ref());
    if found.is_none() {
        let message = format!(
            "`{}` is no zone: only UTC and offsets can be used, since names change their offset in the year",
            word.get_ref()
        );
        problems.error("word", "", word, message, "write UTC, or an offset like +02:00");
    }
    found
}
