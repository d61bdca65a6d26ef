//! The scripts of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ScriptError;
use super::script::{Kind, Script};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::nearest::nearest;

/// The scripts of a project, as they are for one database; each of them, or why it cannot be used.
#[derive(Debug, Default)]
pub struct Scripts {
    /// By kind and name.
    found: BTreeMap<(Kind, String), Result<Script, ScriptError>>,
    /// What has done its work.
    archived: Vec<File>,
}

/// A file whose name says that it is a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What the script does.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The database for which this file is, where its name says one.
    pub variant: Option<Engine>,
    /// Where it is.
    pub path: PathBuf,
}

/// The SQL files of `folder` in the order of their names: each a script's, or the error that its name tells no kind. A
/// folder that is not there has none.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn files(folder: &Path) -> Result<Vec<Result<File, ScriptError>>, ScriptError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| unreadable(folder, &error))?.path());
    }
    paths.sort();
    Ok(paths.into_iter().filter_map(file).collect())
}

fn file(path: PathBuf) -> Option<Result<File, ScriptError>> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".sql")?;
    if stem.starts_with('.') || path.is_dir() {
        return None;
    }
    let (stem, variant) = variant(stem);
    let Some((kind, name)) = named(stem) else {
        return Some(Err(ScriptError::at(
            Place::file(&path),
            "its name does not say what kind of script it is",
            "begin the name with verify_, fix_, sync_, check_ or diagnose_, in lower case",
        )));
    };
    Some(Ok(File { kind, name, variant, path }))
}

/// Reads the text of a script.
pub(super) fn text(path: &Path) -> Result<String, ScriptError> {
    // A pipe in the place of a file would be waited for.
    if !path.is_file() {
        return Err(ScriptError::at(Place::file(path), "it is no file", "put a file in its place"));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|_| ScriptError::at(Place::file(path), "the file is not UTF-8", "save the file as UTF-8"))
}

fn unreadable(file: &Path, error: &std::io::Error) -> ScriptError {
    ScriptError::File { verb: "read", file: file.to_owned(), cause: error.to_string() }
}

/// Reads the scripts in `folder` for `engine`. A folder that is not there has none.
///
/// Of `verify_x.sqlite.sql`, `verify_x.postgres.sql` and `verify_x.sql` the one that names the database goes before.
///
/// # Errors
/// When the folder cannot be read, or a file in it is no script.
pub fn load(folder: &Path, engine: Engine) -> Result<Scripts, ScriptError> {
    let mut by_name: BTreeMap<(Kind, String), Vec<File>> = BTreeMap::new();
    for file in files(folder)? {
        let file = file?;
        by_name.entry((file.kind, file.name.clone())).or_default().push(file);
    }
    let archived = super::archive::archived(folder)?;
    let found = by_name.into_iter().filter_map(|(key, files)| Some((key, script(files, engine)?))).collect();
    Ok(Scripts { found, archived })
}

/// The script that several files are for one database.
fn script(files: Vec<File>, engine: Engine) -> Option<Result<Script, ScriptError>> {
    for (at, file) in files.iter().enumerate() {
        // `verify_a_b.sql` and `verify_a-b.sql` are one name.
        if let Some(twin) = files[..at].iter().find(|twin| twin.variant == file.variant) {
            return Some(Err(ScriptError::at(
                Place::file(&file.path),
                format!("the script is there twice: {}", twin.path.file_name().unwrap_or_default().display()),
                "take one of the two files away",
            )));
        }
    }
    let of = |variant: Option<Engine>| files.iter().find(|file| file.variant == variant);
    let chosen = of(Some(engine)).or_else(|| of(None));
    // Only for the other database: its head still tells what it is.
    let file = chosen.or(files.first())?;
    let read = text(&file.path).and_then(|text| Script::parse(file.kind, &file.name, &file.path, &text));
    Some(match read {
        Ok(script) if chosen.is_none() && script.head.runs_on(engine) => Err(ScriptError::at(
            Place::file(&file.path),
            format!("the script has no file for {engine}"),
            format!(
                "add {}_{}.{}.sql, or name the databases that it is for: engines = [\"…\"]",
                file.kind.prefix(),
                file.name.replace('-', "_"),
                engine.word()
            ),
        )),
        script => script,
    })
}

/// `x.sqlite` is `x` for SQLite.
fn variant(stem: &str) -> (&str, Option<Engine>) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(stem) = stem.strip_suffix(engine.word()).and_then(|stem| stem.strip_suffix('.')) {
            return (stem, Some(engine));
        }
    }
    (stem, None)
}

/// `verify_status_fixes` is the check `status-fixes`.
fn named(stem: &str) -> Option<(Kind, String)> {
    let (prefix, name) = stem.split_once('_')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.prefix() == prefix)?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-');
    plain.then(|| (kind, name.replace('_', "-")))
}

impl Scripts {
    /// All of them, in the order of kinds and names.
    pub fn all(&self) -> impl Iterator<Item = (Kind, &str, &Result<Script, ScriptError>)> {
        self.found.iter().map(|((kind, name), script)| (*kind, name.as_str(), script))
    }

    /// The files of the archive, in the order of their names.
    pub fn archived(&self) -> &[File] {
        &self.archived
    }

    /// The one script, of whatever kind, that is called `name`: its kind and its own name.
    ///
    /// # Errors
    /// When there is none, or several kinds have one.
    pub fn kind_of(&self, name: &str) -> Result<(Kind, String), ScriptError> {
        let plain = plain(name);
        if let Some(key) = self.found.keys().find(|(kind, known)| plain == format!("{}-{known}", kind.prefix())) {
            return Ok(key.clone());
        }
        let kinds: Vec<&(Kind, String)> = self.found.keys().filter(|(_, known)| *known == plain).collect();
        match kinds.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(self.unknown(&Kind::ALL, name, &plain)),
            several => {
                let full: Vec<String> = several.iter().map(|(kind, known)| format!("{}-{known}", kind.prefix())).collect();
                Err(ScriptError::Several { name: name.to_owned(), full: full.join(", ") })
            }
        }
    }

    /// The script of these kinds that is called `name`, with dashes or underscores, with or without its prefix.
    ///
    /// # Errors
    /// When there is none, or it is not valid.
    pub fn named(&self, kinds: &[Kind], name: &str) -> Result<&Script, ScriptError> {
        let plain = plain(name);
        let found = kinds.iter().find_map(|kind| {
            let bare = plain.strip_prefix(kind.prefix()).and_then(|rest| rest.strip_prefix('-'));
            let get = |name: &str| self.found.get(&(*kind, name.to_owned()));
            get(&plain).or_else(|| bare.and_then(get))
        });
        match found {
            Some(script) => script.as_ref().map_err(Clone::clone),
            None => Err(self.unknown(kinds, name, &plain)),
        }
    }

    /// Those of one kind, in the order of names.
    ///
    /// # Errors
    /// When one of them is not valid.
    pub fn of(&self, kind: Kind) -> Result<Vec<&Script>, ScriptError> {
        self.found
            .iter()
            .filter(|((known, _), _)| *known == kind)
            .map(|(_, script)| script.as_ref().map_err(Clone::clone))
            .collect()
    }

    pub(super) fn unknown(&self, kinds: &[Kind], name: &str, plain: &str) -> ScriptError {
        let known: Vec<&str> =
            self.found.keys().filter(|(kind, _)| kinds.contains(kind)).map(|(_, name)| name.as_str()).collect();
        let archived = self.archived.iter().find(|file| kinds.contains(&file.kind) && file.name == plain);
        if let Some(file) = archived {
            return ScriptError::Unknown {
                name: name.to_owned(),
                hint: format!("it is archived: move {} back to run it", file.path.file_name().unwrap_or_default().display()),
            };
        }
        let elsewhere = self.found.keys().find(|(kind, known)| !kinds.contains(kind) && known == plain);
        let hint = match (nearest(plain, known.iter().copied()), elsewhere) {
            (Some(near), _) => format!("do you mean `{near}`?"),
            (None, Some((kind, known))) => format!("`{known}` is run by manage {} {known}", kind.verb()),
            (None, None) if known.is_empty() => "there are none yet; make one with manage new".to_owned(),
            (None, None) => format!("there are {}", known.join(", ")),
        };
        ScriptError::Unknown { name: name.to_owned(), hint }
    }
}

/// A name as it is compared: with dashes, without the file's ending.
fn plain(name: &str) -> String {
    name.strip_suffix(".sql").unwrap_or(name).replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_says_kind_name_and_database() {
        assert_eq!(variant("verify_x.sqlite"), ("verify_x", Some(Engine::Sqlite)));
        assert_eq!(variant("verify_x"), ("verify_x", None));
        assert_eq!(named("verify_status_fixes"), Some((Kind::Verify, "status-fixes".into())));
        assert_eq!(named("diagnose_generate-content"), Some((Kind::Diagnose, "generate-content".into())));
        for wrong in ["verify", "verify_", "patch_x", "verify_X", "verify_a.b"] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
