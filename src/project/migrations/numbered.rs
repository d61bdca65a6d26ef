//! The numbered layout: `<NNN>_<name>.sql` with the parts `-- up` and `-- down`, numbered from 001 without a gap.
//!
//! `<NNN>_<name>.sqlite.sql` and `<NNN>_<name>.postgres.sql` win on their database. What ends in `.sql` and does not fit is
//! an error: a migration that nobody runs must not stay unnoticed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::MigrationsError;
use super::migration::{Keeper, Kind, Migration, Script, Warning};
use super::refinery::NO_TRANSACTION;
use super::together;
use super::tree::{Entry, Tree};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::sql::{self, TokenKind, tokens};
use crate::domain::version::Version;

/// The fewest digits of a number.
pub(super) const DIGITS: usize = 3;

/// What a file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) number: i64,
    /// As it is written, with its zeros.
    pub(super) digits: String,
    pub(super) name: String,
    /// The database that it is for; `None` where it is for both.
    engine: Option<Engine>,
}

/// Whether somebody who wrote this name thought of a number and of SQL.
pub(super) fn looks_like_one(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit()) && is_sql(name)
}

/// Whether it is a name of this layout.
pub(super) fn is_one(name: &str) -> bool {
    read_name(name).is_ok()
}

fn is_sql(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("sql"))
}

/// Reads the migrations among `entries`, ordered by number; `table` keeps their version.
pub(super) fn read_all(
    tree: Tree<'_>,
    entries: &[Entry],
    engine: Engine,
    table: &str,
) -> Result<Vec<Migration>, MigrationsError> {
    let mut found = BTreeMap::<i64, Vec<(Name, PathBuf)>>::new();
    for entry in entries {
        let file = entry.path();
        let Some(text) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(MigrationsError::NameNotUtf8(file));
        };
        if text.starts_with('.') || !is_sql(&text) {
            continue;
        }
        entry.refuse_special()?;
        if entry.is_dir() {
            let why = "it is a folder; here a migration is one file".to_owned();
            return Err(MigrationsError::BadNumberedName { file, why });
        }
        let name = read_name(&text).map_err(|why| MigrationsError::BadNumberedName { file: file.clone(), why })?;
        found.entry(name.number).or_default().push((name, file));
    }
    refuse_duplicates(&found)?;
    refuse_gaps(&found)?;
    let table: Arc<str> = table.into();
    let found: Vec<_> = found.into_values().collect();
    together::map(&found, |files| read(tree, files, engine, &table)).into_iter().collect()
}

/// Files of one number are one migration only where they are for different databases and called alike.
fn refuse_duplicates(found: &BTreeMap<i64, Vec<(Name, PathBuf)>>) -> Result<(), MigrationsError> {
    for files in found.values() {
        for (at, (name, file)) in files.iter().enumerate() {
            let other = files[..at]
                .iter()
                .find(|(other, _)| other.engine == name.engine || other.name != name.name || other.digits != name.digits);
            if let Some((_, other)) = other {
                let version = Version::numbered(name.number);
                return Err(MigrationsError::Duplicate { version, folders: [other.clone(), file.clone()] });
            }
        }
    }
    Ok(())
}

fn refuse_gaps(found: &BTreeMap<i64, Vec<(Name, PathBuf)>>) -> Result<(), MigrationsError> {
    let mut before: Option<(i64, &PathBuf)> = None;
    for (number, files) in found {
        let missing = before.map_or(1, |(before, _)| before + 1);
        let file = &files[0].1;
        if *number != missing {
            let after = before.map(|(_, file)| file.clone());
            return Err(MigrationsError::Gap { missing, after, next: file.clone() });
        }
        before = Some((*number, file));
    }
    Ok(())
}

/// What a file's name says, or what does not fit.
pub(super) fn read_name(file: &str) -> Result<Name, String> {
    let Some(stem) = file.strip_suffix(".sql") else { return Err("it must end in .sql, in lower case".to_owned()) };
    let digits = stem.len() - stem.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (digits, rest) = stem.split_at(digits);
    if digits.is_empty() {
        return Err("it must begin with a number".to_owned());
    }
    let Some(rest) = rest.strip_prefix('_') else {
        return Err("an underscore must stand between number and name".to_owned());
    };
    if digits.len() < DIGITS {
        return Err(format!("the number must have at least three digits: {digits:0>DIGITS$}"));
    }
    let Ok(number) = digits.parse() else { return Err(format!("the number {digits} is too large")) };
    if number == 0 {
        return Err("the first number is 001".to_owned());
    }
    let engines = [(Engine::Sqlite, ".sqlite"), (Engine::Postgres, ".postgres")];
    let variant = engines.into_iter().find_map(|(engine, end)| Some((engine, rest.strip_suffix(end)?)));
    let (engine, name) = variant.map_or((None, rest), |(engine, name)| (Some(engine), name));
    match name.chars().find(|c| !c.is_alphanumeric() && *c != '_') {
        _ if name.is_empty() => Err("a name is missing after the underscore".to_owned()),
        Some('.') => Err(format!("`{name}` may end in .sqlite or .postgres, but in nothing else")),
        Some(char) => Err(format!("the name `{name}` may have letters, digits and underscores, but no {char:?}")),
        None => Ok(Name { number, digits: digits.to_owned(), name: name.to_owned(), engine }),
    }
}

fn read(tree: Tree<'_>, files: &[(Name, PathBuf)], engine: Engine, table: &Arc<str>) -> Result<Migration, MigrationsError> {
    let own = files.iter().find(|(name, _)| name.engine == Some(engine));
    let Some((name, file)) = own.or_else(|| files.iter().find(|(name, _)| name.engine.is_none())) else {
        return Err(MigrationsError::NotForThis { file: files[0].1.clone(), engine });
    };
    let unreadable = || MigrationsError::Unreadable { file: file.clone(), error: std::io::ErrorKind::NotFound.into() };
    let text = tree.read_text(file)?.ok_or_else(unreadable)?;
    let bad = |(at, why): (Option<usize>, String)| {
        let place = at.map_or_else(|| Place::file(file), |at| Place::in_text(file, &text, at));
        MigrationsError::BadParts { place, why }
    };
    let parts = parts(&text, engine).map_err(bad)?;
    let version = Version::numbered(name.number);
    let head = head(&text, &parts, engine);
    if let Some((at, said)) = head.version
        && said.parse() != Ok(name.number)
    {
        let place = Place::in_text(file, &text, at);
        return Err(MigrationsError::OtherNumber { place, said: said.to_owned(), named: version });
    }
    let script = |text: String| Script { file: file.clone(), text, engine };
    let warnings = head.late.map(|(at, word)| {
        let message = format!("{word} counts only before the line -- up");
        Warning { place: Place::in_text(file, &text, at), message }
    });
    Ok(Migration {
        version,
        name: name.name.clone(),
        folder: file.parent().unwrap_or(file).to_owned(),
        up: script(text[..parts.down.unwrap_or(text.len())].to_owned()),
        down: parts.down.and_then(|at| way_back(&text, at, engine)).map(script),
        run_in_transaction: !head.no_transaction,
        kind: if head.data { Kind::Data } else { Kind::Schema },
        warnings: warnings.into_iter().collect(),
        keeper: Keeper::Settings(Arc::clone(table)),
    })
}

/// Where the parts begin, in bytes.
struct Parts {
    up: usize,
    down: Option<usize>,
}

/// Finds the lines `-- up` and `-- down`. An error has the byte where it is.
fn parts(text: &str, engine: Engine) -> Result<Parts, (Option<usize>, String)> {
    let (mut up, mut down) = (None, None);
    for token in tokens(text, engine) {
        if !token.kind.is_trivia() && up.is_none() {
            return Err((Some(token.start), "this stands before the line `-- up`".to_owned()));
        }
        let line = text[..token.start].rsplit('\n').next().unwrap_or_default();
        if token.kind != TokenKind::LineComment || !line.trim_start_matches('\u{feff}').trim().is_empty() {
            continue;
        }
        let marker = token.text(text).trim_start_matches('-').trim().to_ascii_lowercase();
        match marker.trim_start_matches('+') {
            "up" if up.is_some() => return Err((Some(token.start), "a second line `-- up`".to_owned())),
            "up" => up = Some(token.start),
            "down" if up.is_none() => {
                return Err((Some(token.start), "the line `-- down` stands before the line `-- up`".to_owned()));
            }
            "down" if down.is_some() => return Err((Some(token.start), "a second line `-- down`".to_owned())),
            "down" => down = Some(token.start),
            _ => {}
        }
    }
    match up {
        Some(up) => Ok(Parts { up, down }),
        None => Err((None, "there is no line `-- up`".to_owned())),
    }
}

/// What the comments before `-- up` say.
#[derive(Default)]
struct Head<'a> {
    version: Option<(usize, &'a str)>,
    no_transaction: bool,
    data: bool,
    /// What stands behind it and does not count there.
    late: Option<(usize, &'static str)>,
}

fn head<'a>(text: &'a str, parts: &Parts, engine: Engine) -> Head<'a> {
    let mut head = Head::default();
    for token in tokens(&text[..parts.up], engine).filter(|token| token.kind == TokenKind::LineComment) {
        let comment = token.text(text).trim_start_matches('-').trim();
        if let Some((key, value)) = comment.split_once(':')
            && key.trim_end().eq_ignore_ascii_case("version")
        {
            head.version.get_or_insert((token.start, value.trim()));
        }
    }
    for known in sql::directives(text, engine) {
        for word in [NO_TRANSACTION, DATA] {
            match known.text.split_whitespace().next() == Some(word) {
                true if known.at > parts.up => head.late = Some((known.at, word)),
                true if word == DATA => head.data = true,
                true => head.no_transaction = true,
                false => {}
            }
        }
    }
    head
}

/// The directive of a migration that changes rows.
const DATA: &str = "data";

/// The way back, with as many lines before it as the file has, so that places in it are those of the file. `None` where
/// there is nothing but blanks, or a comment that says that it is irreversible.
fn way_back(text: &str, at: usize, engine: Engine) -> Option<String> {
    let part = &text[at..];
    let mut below = tokens(part, engine).skip(1).filter(|token| token.kind != TokenKind::Space).peekable();
    below.peek()?;
    let mut irreversible = false;
    for token in below {
        if !token.kind.is_trivia() {
            irreversible = false;
            break;
        }
        let words = token.text(part).trim_start_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        irreversible |= words.starts_with("irreversible");
    }
    (!irreversible).then(|| "\n".repeat(text[..at].matches('\n').count()) + part)
}

/// The highest number among the names of `folder`, with its digits. Names that do not fit are passed over.
pub(super) fn highest(folder: &Path) -> std::io::Result<Option<Name>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let names = entries.flatten().filter_map(|entry| read_name(entry.file_name().to_str()?).ok());
    Ok(names.max_by_key(|name| name.number))
}

#[cfg(test)]
#[path = "numbered_tests.rs"]
mod tests;
