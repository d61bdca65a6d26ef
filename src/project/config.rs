//! `manage.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::expand::{ExpandError, expand};
use super::tenancy::Tenancy;
use crate::domain::duration::parse_duration;
use crate::domain::explain::{Class, Explain, Place};

/// The settings of a project. Values with `${…}` are kept as written and expanded when they are used, so that
/// a variable of production need not be set on a laptop.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[database]`
    pub database: Database,
    /// `[migrations]`
    pub migrations: Migrations,
    /// `[lint]`
    pub lint: Lint,
    /// `[backup]`
    pub backup: Backup,
    /// `[scripts]`
    pub scripts: Scripts,
    /// `[patches]`
    pub patches: Patches,
    /// `[tenancy]`
    pub tenancy: Option<Tenancy>,
    /// `[environments.NAME]`
    pub environments: BTreeMap<String, Environment>,
    #[serde(skip)]
    source: Option<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    file: PathBuf,
    text: String,
}

/// `[database]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// The database where neither the command line nor `DATABASE_URL` names one.
    pub url: Option<Spanned<String>>,
}

/// `[migrations]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Migrations {
    /// The folder, relative to the project.
    pub dir: PathBuf,
    /// The layout; detected where it is not said.
    pub layout: Option<Layout>,
    /// The table that keeps the version in the numbered layout.
    #[serde(deserialize_with = "table_name")]
    pub settings_table: String,
    /// How long a statement may wait for a lock.
    #[serde(deserialize_with = "duration")]
    pub lock_timeout: Option<Duration>,
    /// How long a statement may take.
    #[serde(deserialize_with = "duration")]
    pub statement_timeout: Option<Duration>,
    /// How often a migration whose lock was not to be had is tried again.
    pub retries: Option<u32>,
}

impl Migrations {
    /// The usual table of an application's settings.
    pub const SETTINGS_TABLE: &str = "settings";

    /// Whether `name` is a name that both databases read alike, quoted or not.
    ///
    /// # Errors
    /// What a name may have.
    pub fn check_table(name: &str) -> Result<(), String> {
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if begins && name.len() <= 63 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return Ok(());
        }
        Err(format!("`{name}` is no name of a table here: lower-case letters, digits and underscores, at most 63 of them"))
    }
}

fn table_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    Migrations::check_table(&name).map_err(serde::de::Error::custom)?;
    Ok(name)
}

fn duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

impl Default for Migrations {
    fn default() -> Self {
        Self {
            dir: "migrations".into(),
            layout: None,
            settings_table: Self::SETTINGS_TABLE.to_owned(),
            lock_timeout: None,
            statement_timeout: None,
            retries: None,
        }
    }
}

/// How migrations lie in their folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `<version>_<name>/up.sql`, `down.sql`, `metadata.toml`
    Diesel,
    /// `V<version>__<name>.sql`, `U<version>__<name>.sql`
    Refinery,
    /// `<NNN>_<name>.sql` with the parts `-- up` and `-- down`
    Numbered,
}

impl Layout {
    /// The word in `manage.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Diesel => "diesel",
            Self::Refinery => "refinery",
            Self::Numbered => "numbered",
        }
    }

    /// Whose layout it is, in words: `diesel's layout`.
    pub fn described(self) -> &'static str {
        match self {
            Self::Diesel => "diesel's layout",
            Self::Refinery => "refinery's layout",
            Self::Numbered => "the numbered layout",
        }
    }
}

/// `[scripts]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scripts {
    /// The folder, relative to the project.
    pub dir: PathBuf,
}

impl Default for Scripts {
    fn default() -> Self {
        Self { dir: "scripts".into() }
    }
}

/// `[patches]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patches {
    /// A run with more rows than these goes in batches.
    pub single_tx_rows: u64,
    /// How many rows a batch has.
    pub batch_size: std::num::NonZeroU64,
    /// How long to wait between batches.
    #[serde(deserialize_with = "duration")]
    pub pause: Option<Duration>,
    /// How long a statement may wait for a lock.
    #[serde(deserialize_with = "duration")]
    pub lock_timeout: Option<Duration>,
    /// How long a statement may take.
    #[serde(deserialize_with = "duration")]
    pub statement_timeout: Option<Duration>,
    /// For how many days the rows before and after are kept.
    pub retention_days: u32,
    /// Columns whose values are not shown: `table.column`.
    pub masked: Vec<String>,
}

impl Patches {
    /// How long a statement waits for a lock where nothing is said.
    pub const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
}

impl Default for Patches {
    fn default() -> Self {
        Self {
            single_tx_rows: 100_000,
            batch_size: std::num::NonZeroU64::new(20_000).unwrap_or(std::num::NonZeroU64::MIN),
            pause: None,
            lock_timeout: None,
            statement_timeout: None,
            retention_days: 30,
            masked: Vec::new(),
        }
    }
}

/// `[lint]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lint {
    /// Rules that are not looked at.
    pub off: Vec<Spanned<String>>,
    /// Rules whose findings are warnings, whatever they were; also rules that are off of themselves.
    pub warn: Vec<Spanned<String>>,
}

/// `[backup]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// Where backups are put that are given no path, relative to the project.
    pub dir: PathBuf,
    /// The folder of `pg_dump` and `pg_restore`, where they are not on the PATH.
    pub pg_bin: Option<Spanned<String>>,
}

impl Default for Backup {
    fn default() -> Self {
        Self { dir: "backups".into(), pg_bin: None }
    }
}

/// `[environments.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Its database.
    pub url: Spanned<String>,
    /// Whether its database is guarded against what cannot be taken back.
    #[serde(default)]
    pub protected: bool,
    /// What a fix needs there besides what the guards ask for.
    #[serde(default)]
    pub fix_needs: Vec<Spanned<String>>,
}

impl Config {
    /// Reads the settings in `bytes`, the content of `file`.
    ///
    /// # Errors
    /// When it is not UTF-8, not TOML, or has a key that is not known: with line and column.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            ConfigError::NotUtf8(Place::in_text(file, valid, valid.len()))
        })?;
        let mut config: Self = toml::from_str(text).map_err(|error| ConfigError::Invalid {
            place: error.span().map_or_else(|| Place::file(file), |span| Place::in_text(file, text, span.start)),
            message: error.message().to_owned(),
        })?;
        config.source = Some(Source { file: file.to_owned(), text: text.to_owned() });
        if let Some((rule, message)) = config.tenancy.as_ref().and_then(Tenancy::contradictions) {
            return Err(ConfigError::Invalid { place: Place::in_text(file, text, rule.span().start), message });
        }
        Ok(config)
    }

    /// What a project without `manage.toml` means: diesel's own settings where `diesel.toml` has them.
    ///
    /// # Errors
    /// When `diesel.toml` cannot be read or is not TOML.
    pub fn inferred(folder: &Path) -> Result<Self, ConfigError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct DieselToml {
            migrations_directory: DieselDirectory,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct DieselDirectory {
            dir: Option<PathBuf>,
        }
        let file = folder.join("diesel.toml");
        let mut config = Self::default();
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(config),
            Err(error) => return Err(ConfigError::Unreadable { file, error }),
        };
        let diesel: DieselToml = toml::from_str(&text).map_err(|error| ConfigError::Invalid {
            place: error.span().map_or_else(|| Place::file(&file), |span| Place::in_text(&file, &text, span.start)),
            message: error.message().to_owned(),
        })?;
        if let Some(dir) = diesel.migrations_directory.dir {
            config.migrations.dir = dir;
        }
        Ok(config)
    }

    /// A value of this file with its variables replaced.
    ///
    /// # Errors
    /// When a variable is not set: with the place of the value.
    pub fn expand(&self, value: &Spanned<String>, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
        expand(value.get_ref(), variable).map_err(|error| ConfigError::Expand { place: self.place(value), error })
    }

    /// Where `value` stands.
    pub fn place<T>(&self, value: &Spanned<T>) -> Place {
        match &self.source {
            Some(source) => Place::in_text(&source.file, &source.text, value.span().start),
            None => Place::file("manage.toml"),
        }
    }

    /// The environment called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn environment(&self, name: &str) -> Result<&Environment, ConfigError> {
        self.environments.get(name).ok_or_else(|| ConfigError::NoEnvironment {
            name: name.to_owned(),
            known: self.environments.keys().cloned().collect(),
        })
    }
}

/// Settings that are not valid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not text.
    #[error("the file is not UTF-8")]
    NotUtf8(Place),
    /// The file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{message}")]
    Invalid {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// A variable cannot be replaced.
    #[error("{error}")]
    Expand {
        /// Where the value stands.
        place: Place,
        /// What is wrong with it.
        error: ExpandError,
    },
    /// `--env` names nothing.
    #[error("there is no environment `{name}`")]
    NoEnvironment {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

impl Explain for ConfigError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { .. } => Class::CouldNotRun,
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::NotUtf8(place) | Self::Invalid { place, .. } | Self::Expand { place, .. } => Some(place.clone()),
            Self::Unreadable { .. } | Self::NoEnvironment { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotUtf8(_) => Some("save the file as UTF-8".to_owned()),
            Self::Unreadable { .. } => Some("check who may read the file".to_owned()),
            Self::Invalid { message, .. } if message.starts_with("unknown field") => {
                Some("correct the key; docs/reference/manage-toml.md lists all of them".to_owned())
            }
            Self::Invalid { .. } => Some("correct the line".to_owned()),
            Self::Expand { error: ExpandError::Unset(name), .. } => {
                Some(format!("set {name} in the environment or in .env, or give a default: ${{{name}:-…}}"))
            }
            Self::Expand { .. } => Some("write ${NAME} or ${NAME:-default}".to_owned()),
            Self::NoEnvironment { known, .. } if known.is_empty() => {
                Some("describe it in manage.toml: [environments.NAME] with a url".to_owned())
            }
            Self::NoEnvironment { known, .. } => Some(format!("manage.toml knows {}", known.join(", "))),
        }
    }
}
