//! Refinery's layout: `V<version>__<name>.sql` and `U<version>__<name>.sql`, searched recursively.
//!
//! Names are read as refinery-core 0.10 reads them, by `^([U|V])(\d+(?:\.\d+)?)__(\w+)\.sql$`, and a version must be a
//! whole number. refinery passes over what does not fit with a warning; here it is an error. There is no way back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::MigrationsError;
use super::migration::{Keeper, Kind, Migration, Script, Warning};
use super::tree::{Entry, Tree};
use crate::domain::engine::Engine;
use crate::domain::sql;
use crate::domain::version::Version;

/// The directive that a file without a transaction begins with.
pub(super) const NO_TRANSACTION: &str = "no-transaction";

/// What a file says to run without a transaction, in the words of its layout.
pub fn no_transaction_words(file: &Path) -> &'static str {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if looks_like_one(&name) {
        "-- manage: no-transaction in its first line"
    } else if super::numbered::looks_like_one(&name) {
        "-- manage: no-transaction before its line -- up"
    } else {
        "run_in_transaction = false in metadata.toml"
    }
}

/// Whether somebody who wrote this name thought of refinery.
pub(super) fn looks_like_one(name: &str) -> bool {
    let is_sql = name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("sql"));
    is_sql && name.strip_prefix(['V', 'U', 'v', 'u']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether it is a name of refinery's.
pub(super) fn is_one(name: &str) -> bool {
    name.strip_suffix(".sql").is_some_and(|stem| read_name(stem).is_ok())
}

/// Reads the migrations among `entries` and in the folders among them, ordered by version.
pub(super) fn read_all(tree: Tree<'_>, entries: Vec<Entry>, engine: Engine) -> Result<Vec<Migration>, MigrationsError> {
    let mut files = Vec::new();
    collect(tree, entries, &mut files)?;
    let mut found = BTreeMap::<Version, Migration>::new();
    for file in files {
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
            return Err(MigrationsError::NameNotUtf8(file));
        };
        let Some((stem, end)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else { continue };
        match end {
            "rs" if read_name(stem).is_ok() => return Err(MigrationsError::RustCode(file)),
            _ if !end.eq_ignore_ascii_case("sql") => continue,
            "sql" => {}
            _ => {
                return Err(MigrationsError::BadName {
                    file: file.clone(),
                    why: "it must end in .sql, in lower case".to_owned(),
                });
            }
        }
        let (version, title) = read_name(stem).map_err(|why| MigrationsError::BadName { file: file.clone(), why })?;
        if let Some(other) = found.get(&version) {
            return Err(MigrationsError::Duplicate { version, folders: [other.up.file.clone(), file] });
        }
        let migration = read(tree, &file, version.clone(), title, engine)?;
        found.insert(version, migration);
    }
    Ok(found.into_values().collect())
}

/// The files below `folder` that refinery would read, or would warn about.
pub(super) fn files(tree: Tree<'_>, folder: &Path) -> Result<Vec<PathBuf>, MigrationsError> {
    let mut files = Vec::new();
    collect(tree, tree.entries(folder)?, &mut files)?;
    files.retain(|file| file.file_name().is_some_and(|name| looks_like_one(&name.to_string_lossy())));
    Ok(files)
}

/// Folders that are symbolic links are not entered, as refinery does not.
fn collect(tree: Tree<'_>, found: Vec<Entry>, files: &mut Vec<PathBuf>) -> Result<(), MigrationsError> {
    for entry in found {
        let path = entry.path();
        if entry.is_no_link_and_dir() {
            collect(tree, tree.entries(&path)?, files)?;
        } else if entry.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            files.push(path);
        }
    }
    Ok(())
}

/// Version and name in a file's name without its `.sql`, or what does not fit.
fn read_name(stem: &str) -> Result<(Version, String), String> {
    let Some(rest) = stem.strip_prefix(['V', 'U']) else {
        return Err("it must begin with V or U, in upper case".to_owned());
    };
    let Some((digits, name)) = rest.split_once("__") else {
        return Err("two underscores must stand between version and name".to_owned());
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("the version `{digits}` is not a whole number"));
    }
    let Ok(version) = digits.parse() else { return Err(format!("the version {digits} is too large")) };
    let fits = |c: char| c.is_alphanumeric() || c == '_';
    match name.chars().find(|c| !fits(*c)) {
        _ if name.is_empty() => Err("a name is missing after the two underscores".to_owned()),
        Some(char) => Err(format!("the name `{name}` may have letters, digits and underscores, but no `{char}`")),
        None => Ok((Version::numbered(version), name.to_owned())),
    }
}

fn read(tree: Tree<'_>, file: &Path, version: Version, name: String, engine: Engine) -> Result<Migration, MigrationsError> {
    let unreadable = || MigrationsError::Unreadable { file: file.to_owned(), error: std::io::ErrorKind::NotFound.into() };
    let up = Script { file: file.to_owned(), text: tree.read_text(file)?.ok_or_else(unreadable)?, engine };
    let directive = sql::directive(&up.text, engine, NO_TRANSACTION);
    let first_line = directive.is_some_and(|at| !up.text[..at].contains('\n'));
    let mut warnings = Vec::new();
    if let Some(at) = directive.filter(|_| !first_line) {
        let message = "no-transaction counts only in the first line; the migration runs in a transaction".to_owned();
        warnings.push(Warning { place: up.place(at), message });
    }
    Ok(Migration {
        version,
        name,
        folder: file.parent().unwrap_or(file).to_owned(),
        up,
        down: None,
        run_in_transaction: !first_line,
        kind: Kind::Schema,
        warnings,
        keeper: Keeper::Refinery,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_refinery_reads_them() {
        for (stem, version, name) in
            [("V1__initial", 1, "initial"), ("U007__größe_2", 7, "größe_2"), ("V20260110120000___x", 20_260_110_120_000, "_x")]
        {
            let read = read_name(stem).unwrap_or_else(|why| panic!("{stem}: {why}"));
            let theirs = refinery_core::parse_migration_name(stem).expect("refinery reads it");

            assert_eq!(read, (Version::numbered(version), name.to_owned()));
            assert_eq!((theirs.1, theirs.2.as_str()), (version, name));
        }
    }

    #[test]
    fn a_name_that_does_not_fit_says_why() {
        for (stem, why) in [
            ("v1__x", "must begin with V or U"),
            ("V1_x", "two underscores"),
            ("V1.5__x", "`1.5` is not a whole number"),
            ("V__x", "`` is not a whole number"),
            ("V-1__x", "`-1` is not"),
            ("V99999999999999999999__x", "too large"),
            ("V1__", "a name is missing"),
            ("V1__foo-bar", "no `-`"),
            ("V1__foo.down", "no `.`"),
        ] {
            let said = read_name(stem).expect_err(stem);

            assert!(said.contains(why), "{stem}: {said}");
        }
    }
}
