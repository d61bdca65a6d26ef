//! A new migration: a template that fails until it is edited, in the layout of those that are there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{Duration, NaiveDateTime, Timelike};

use super::migration::Migration;
use super::{MigrationsError, numbered};
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::version::Version;
use crate::project::config::{Layout, Migrations};

/// The directive that a template carries. A file that still has it is refused.
const UNEDITED: &str = "-- manage: unedited";

/// What is asked for.
#[derive(Debug, Clone)]
pub struct NewMigration<'a> {
    /// In the words of the one who asks: "add user preferences table".
    pub description: &'a str,
    /// Now, in UTC.
    pub now: NaiveDateTime,
    /// Changes rows, not the schema.
    pub data: bool,
    /// Runs without a transaction.
    pub no_transaction: bool,
    /// The layout, where the folder does not say it.
    pub layout: Option<Layout>,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// The files, the one to edit first.
    pub files: Vec<PathBuf>,
}

/// Makes a new migration in `folder` (which is made when it is missing). Its version is later than all others.
///
/// # Errors
/// When nothing is left of the description, the folder exists already, or cannot be written.
pub fn generate(folder: &Path, new: &NewMigration<'_>) -> Result<Generated, GenerateError> {
    let layout = match new.layout {
        Some(layout) => Some(layout),
        None => super::detect_layout(folder)?,
    };
    // In the numbered layout a dash goes without leaving a gap: that is how its names have always been made.
    let name = if layout == Some(Layout::Numbered) { slug(&new.description.replace('-', "")) } else { slug(new.description) };
    if name.is_empty() {
        return Err(GenerateError::NoName(new.description.to_owned()));
    }
    match layout {
        Some(Layout::Refinery) => return refinery(folder, new, name),
        Some(Layout::Numbered) => return numbered_file(folder, new, name),
        Some(Layout::Diesel) | None => {}
    }
    let latest = latest(folder).map_err(|error| GenerateError::Write { file: folder.to_owned(), error })?;
    let version = next_version(latest.as_deref(), new.now)?;
    let directory = folder.join(format!("{version}_{name}"));
    if directory.exists() {
        return Err(GenerateError::Exists(directory));
    }
    let write = |file: &Path, text: &str| {
        std::fs::write(file, text).map_err(|error| GenerateError::Write { file: file.to_owned(), error })
    };
    std::fs::create_dir_all(&directory).map_err(|error| GenerateError::Write { file: directory.clone(), error })?;
    let mut files = vec![directory.join("up.sql"), directory.join("down.sql")];
    write(&files[0], &up_template(new))?;
    write(&files[1], &down_template(new))?;
    if new.data || new.no_transaction {
        let metadata = directory.join("metadata.toml");
        let kind = if new.data { "kind = \"data\"\n" } else { "" };
        write(&metadata, &format!("run_in_transaction = {}\n{kind}", !new.no_transaction))?;
        files.push(metadata);
    }
    Ok(Generated { version: Version::of_directory(&version), name, files })
}

/// A file of refinery's. Its version is the next number, or a moment where the last one was a moment.
fn refinery(folder: &Path, new: &NewMigration<'_>, name: String) -> Result<Generated, GenerateError> {
    let write_error = |file: &Path, error| GenerateError::Write { file: file.to_owned(), error };
    let settings = Migrations { layout: Some(Layout::Refinery), ..Migrations::default() };
    let there = if folder.is_dir() { super::load_as(folder, Engine::Sqlite, &settings)? } else { Vec::new() };
    let last = there.last().and_then(|migration| migration.version.number()).unwrap_or(0);
    let next = next_number(last, new.now);
    let file = folder.join(format!("V{next}__{name}.sql"));
    if file.exists() {
        return Err(GenerateError::Exists(file));
    }
    let first = if new.no_transaction { "-- manage: no-transaction\n" } else { "" };
    std::fs::create_dir_all(folder).map_err(|error| write_error(folder, error))?;
    std::fs::write(&file, format!("{first}{}", up_template(new))).map_err(|error| write_error(&file, error))?;
    Ok(Generated { version: Version::numbered(next), name, files: vec![file] })
}

/// A numbered file with both parts. Its number is the highest plus one, whatever else lies in the folder.
fn numbered_file(folder: &Path, new: &NewMigration<'_>, name: String) -> Result<Generated, GenerateError> {
    let write_error = |file: &Path, error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => GenerateError::Exists(file.to_owned()),
        _ => GenerateError::Write { file: file.to_owned(), error },
    };
    let last = numbered::highest(folder).map_err(|error| write_error(folder, error))?;
    let number = last.as_ref().map_or(0, |last| last.number).saturating_add(1);
    let width = last.map_or(numbered::DIGITS, |last| last.digits.len());
    let file = folder.join(format!("{number:0width$}_{name}.sql"));
    let data = if new.data { "-- manage: data\n" } else { "" };
    let no_transaction = if new.no_transaction { "-- manage: no-transaction\n" } else { "" };
    let description = new.description.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = format!(
        "-- {description}\n-- version: {number}\n{data}{no_transaction}\n-- up\n{UNEDITED} (remove this line when the statements below are yours)\n\n{}\n\n\
         -- down\n{UNEDITED} (and this one; where there is no way back write `-- irreversible: WHY` instead)\n\n{}\n",
        up_example(new),
        down_example(new),
    );
    std::fs::create_dir_all(folder).map_err(|error| write_error(folder, error))?;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&file);
    made.and_then(|mut made| made.write_all(text.as_bytes())).map_err(|error| write_error(&file, error))?;
    Ok(Generated { version: Version::numbered(number), name, files: vec![file] })
}

/// A description as it stands in the name of a file: lower case, words joined by one underscore, the rest dropped.
pub fn slug(description: &str) -> String {
    let kept: String = description
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else if c.is_whitespace() || c == '-' {
                ' '
            } else {
                '\0'
            }
        })
        .filter(|c| *c != '\0')
        .collect();
    kept.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_").trim_matches('_').to_owned()
}

/// The name of the folder with the highest version.
fn latest(folder: &Path) -> std::io::Result<Option<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let names = entries.flatten().filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| !name.starts_with('.') && name != "archive").max_by_key(|name| Version::of_directory(name)))
}

/// The next version, written as the folder's last one is written.
fn next_version(latest: Option<&str>, now: NaiveDateTime) -> Result<String, GenerateError> {
    // A version has no parts of a second; with them two of one second would not follow one another.
    let now = now.with_nanosecond(0).unwrap_or(now);
    let Some(latest) = latest else { return Ok(now.format("%Y%m%d%H%M%S").to_string()) };
    let stamp = latest.split('_').next().unwrap_or_default();
    let (format, suffix) = match stamp.matches('-').count() {
        // diesel_cli 2.3: 2026-06-03-220228-0000
        4 => ("%Y-%m-%d-%H%M%S", "-0000"),
        3 => ("%Y-%m-%d-%H%M%S", ""),
        _ => ("%Y%m%d%H%M%S", ""),
    };
    let last = Version::of_directory(latest);
    let after_last = last.as_str().get(..14).and_then(|digits| NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok());
    let time = match after_last {
        // Somebody's clock runs ahead, or two were made within one second.
        Some(last) if last >= now => last + Duration::seconds(1),
        _ => now,
    };
    let next = format!("{}{suffix}", time.format(format));
    if Version::of_directory(&next) <= last {
        return Err(GenerateError::NotLater { next, last });
    }
    Ok(next)
}

/// The next version of a folder, as it stands in names of files: for a baseline.
pub(super) fn next_name(folder: &Path, files: &[Migration], now: NaiveDateTime) -> Result<String, GenerateError> {
    if let Some(last) = files.last().and_then(|file| file.version.number()) {
        return Ok(next_number(last, now).to_string());
    }
    let latest = latest(folder).map_err(|error| GenerateError::Write { file: folder.to_owned(), error })?;
    next_version(latest.as_deref(), now)
}

/// The number after `last`, or a moment where that was a moment.
fn next_number(last: i64, now: NaiveDateTime) -> i64 {
    let now: i64 = now.format("%Y%m%d%H%M%S").to_string().parse().unwrap_or(last);
    let is_moment = (19_700_101_000_000..100_000_000_000_000).contains(&last);
    if is_moment && now > last { now } else { last.saturating_add(1) }
}

fn up_example(new: &NewMigration<'_>) -> &'static str {
    if new.data {
        "-- UPDATE clusters SET status = 'mapped' WHERE status = 'Mapped';"
    } else if new.no_transaction {
        "-- CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_things_name ON things (name);"
    } else {
        "-- CREATE TABLE things (\n--     id   BIGINT PRIMARY KEY,\n--     name TEXT NOT NULL\n-- );"
    }
}

fn down_example(new: &NewMigration<'_>) -> &'static str {
    if new.data { "-- nothing to take back: the old spelling meant the same" } else { "-- DROP TABLE things;" }
}

fn up_template(new: &NewMigration<'_>) -> String {
    format!(
        "-- {}\n{UNEDITED} (remove this line when the statements below are yours)\n\n{}\n",
        new.description.split_whitespace().collect::<Vec<_>>().join(" "),
        up_example(new)
    )
}

fn down_template(new: &NewMigration<'_>) -> String {
    format!(
        "-- The way back. An empty file says that there is none.\n{UNEDITED} (remove this line when the statements below are yours)\n\n{}\n",
        down_example(new)
    )
}

/// A migration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Nothing is left for a name.
    #[error("`{0}` has no letter or digit for a name")]
    NoName(String),
    /// Those that are there cannot be read.
    #[error(transparent)]
    Migrations(#[from] MigrationsError),
    /// It is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The folder's versions are not times.
    #[error("a version of today, {next}, does not come after the last one, {last}")]
    NotLater {
        /// The version that would be made.
        next: String,
        /// The highest one that there is.
        last: Version,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .file.display())]
    Write {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
}

impl Explain for GenerateError {
    fn class(&self) -> Class {
        match self {
            Self::Write { .. } => Class::CouldNotRun,
            Self::Migrations(error) => error.class(),
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        if let Self::Migrations(error) = self { error.place() } else { None }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Migrations(error) => return error.hint(),
            Self::NoName(_) => "say what it does: manage new migration \"add user preferences table\"".to_owned(),
            Self::Exists(_) => "give it another name, or edit the one that is there".to_owned(),
            Self::NotLater { .. } => "make the folder by hand, with a version that sorts after the last one as text".to_owned(),
            Self::Write { .. } => "check who may write there".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").expect("a valid time")
    }

    #[test]
    fn a_description_becomes_a_name() {
        assert_eq!(slug("  Add user-preferences   table!  "), "add_user_preferences_table");
        assert_eq!(slug("!!!"), "");
        assert_eq!(slug("größe"), "größe");
    }

    #[test]
    fn a_new_version_is_written_as_the_last_one() {
        let now = at("2026-06-03 22:02:28");

        assert_eq!(next_version(None, now).ok().as_deref(), Some("20260603220228"));
        assert_eq!(next_version(Some("20260101000000_a"), now).ok().as_deref(), Some("20260603220228"));
        assert_eq!(next_version(Some("2026-01-01-000000_a"), now).ok().as_deref(), Some("2026-06-03-220228"));
        assert_eq!(next_version(Some("2026-01-01-000000-0000_a"), now).ok().as_deref(), Some("2026-06-03-220228-0000"));
    }

    #[test]
    fn a_new_version_is_later_than_a_clock_that_ran_ahead() {
        let now = at("2026-06-03 22:02:28");

        let later = now + Duration::milliseconds(700);
        assert_eq!(next_version(Some("20260603220228_a"), later).ok().as_deref(), Some("20260603220229"));
        assert_eq!(next_version(Some("20261231235959_a"), now).ok().as_deref(), Some("20270101000000"));
        assert!(matches!(next_version(Some("foo_a"), now), Err(GenerateError::NotLater { .. })));
    }
}
