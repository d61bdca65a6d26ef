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
}

/// A file of a script, and the database that its name says.
type Variant = (Option<Engine>, PathBuf);

/// Reads the scripts in `folder` for `engine`. A folder that is not there has none.
///
/// Of `verify_x.sqlite.sql`, `verify_x.postgres.sql` and `verify_x.sql` the one that names the database goes before.
///
/// # Errors
/// When the folder cannot be read, or a file in it is no script.
pub fn load(folder: &Path, engine: Engine) -> Result<Scripts, ScriptError> {
    let unreadable =
        |file: &Path, error: std::io::Error| ScriptError::File { verb: "read", file: file.to_owned(), cause: error.to_string() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Scripts::default()),
        Err(error) => return Err(unreadable(folder, error)),
    };
    let mut files: BTreeMap<(Kind, String), Vec<Variant>> = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let Some(file_name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(stem) = file_name.strip_suffix(".sql").filter(|stem| !stem.starts_with('.')) else { continue };
        if !path.is_file() {
            continue;
        }
        let (stem, variant) = variant(stem);
        let Some((kind, name)) = named(stem) else {
            return Err(ScriptError::at(
                Place::file(&path),
                "its name does not say what kind of script it is",
                "begin the name with verify_, fix_, sync_, check_ or diagnose_, in lower case",
            ));
        };
        files.entry((kind, name)).or_default().push((variant, path));
    }
    let mut found = BTreeMap::new();
    for ((kind, name), variants) in files {
        let chosen = variants
            .iter()
            .find(|(variant, _)| *variant == Some(engine))
            .or_else(|| variants.iter().find(|(variant, _)| variant.is_none()));
        // Only for the other database: its head still tells what it is.
        let Some((_, path)) = chosen.or(variants.first()) else { continue };
        let script = match std::fs::read(path) {
            Err(error) => Err(unreadable(path, error)),
            Ok(bytes) => match String::from_utf8(bytes) {
                Err(_) => Err(ScriptError::at(Place::file(path), "the file is not UTF-8", "save the file as UTF-8")),
                Ok(text) => Script::parse(kind, &name, path, &text),
            },
        };
        let script = match script {
            Ok(script) if chosen.is_none() && script.head.runs_on(engine) => Err(ScriptError::at(
                Place::file(path),
                format!("the script has no file for {engine}"),
                format!(
                    "add {}_{}.{}.sql, or name the databases that it is for: engines = [\"…\"]",
                    kind.prefix(),
                    name.replace('-', "_"),
                    engine.word()
                ),
            )),
            script => script,
        };
        found.insert((kind, name), script);
    }
    Ok(Scripts { found })
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

    /// The script of these kinds that is called `name`, with dashes or underscores, with or without its prefix.
    ///
    /// # Errors
    /// When there is none, or it is not valid.
    pub fn named(&self, kinds: &[Kind], name: &str) -> Result<&Script, ScriptError> {
        let plain = name.strip_suffix(".sql").unwrap_or(name).replace('_', "-");
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

    fn unknown(&self, kinds: &[Kind], name: &str, plain: &str) -> ScriptError {
        let known: Vec<&str> =
            self.found.keys().filter(|(kind, _)| kinds.contains(kind)).map(|(_, name)| name.as_str()).collect();
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
