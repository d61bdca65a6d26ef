//! What a note says of an intervention by hand, for those who have to account for it later: SQL, scripts, counts, backup.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::cli::context::{Chosen, Context, shown};
use crate::cli::failure::Failure;
use crate::domain::checksum::sha256_hex;
use crate::domain::explain::Class;

/// What was done by hand.
#[derive(Debug, clap::Args)]
pub struct ByHand {
    /// SQL that was run by hand: its name and checksum are kept. Open until a migration mirrors it
    #[arg(long, value_name = "FILE")]
    sql: Option<PathBuf>,

    /// The migration that mirrors what was done by hand
    #[arg(long, value_name = "VERSION")]
    migration: Option<String>,

    /// A script or program that was used; may be given several times
    #[arg(long = "script", value_name = "NAME")]
    scripts: Vec<String>,

    /// The site that it was about
    #[arg(long, value_name = "SITE", requires = "account")]
    site: Option<String>,

    /// How many rows, by table; may be given several times
    #[arg(long = "rows", value_name = "TABLE=N", value_parser = rows)]
    rows: Vec<(String, u64)>,

    /// The backup from before it
    #[arg(long, value_name = "PATH")]
    backup: Option<String>,

    /// The day on which it was done, where that is not today
    #[arg(long, value_name = "DAY")]
    date: Option<NaiveDate>,
}

fn rows(text: &str) -> Result<(String, u64), String> {
    let read = text.split_once('=').and_then(|(table, rows)| Some((table.trim().to_owned(), rows.trim().parse().ok()?)));
    read.filter(|(table, _)| !table.is_empty()).ok_or_else(|| "write a table and a number: clusters=3".to_owned())
}

impl ByHand {
    /// What is kept of it; null where nothing was said.
    ///
    /// # Errors
    /// When the file cannot be read, or there is no such migration.
    pub fn facts(&self, context: &mut Context, chosen: &Chosen) -> Result<Value, Failure> {
        let mut facts = Map::new();
        let mut put = |name: &str, value: Option<Value>| facts.extend(value.map(|value| (name.to_owned(), value)));
        put("sql", self.sql.as_ref().map(|file| file_facts(context, file)).transpose()?);
        put("migration", self.migration.as_ref().map(|version| migration(context, chosen, version)).transpose()?);
        put("scripts", (!self.scripts.is_empty()).then(|| json!(self.scripts)));
        put("site", self.site.as_ref().map(|site| json!(site)));
        put(
            "rows",
            (!self.rows.is_empty()).then(|| self.rows.iter().map(|(table, rows)| (table.clone(), json!(rows))).collect()),
        );
        put("backup", self.backup.as_ref().map(|path| json!(path)));
        put("date", self.date.map(|day| json!(day.to_string())));
        Ok(if facts.is_empty() { Value::Null } else { Value::Object(facts) })
    }

    /// What it leaves open: SQL that no migration mirrors is missing in every database that is made anew.
    pub fn open(&self) -> Option<String> {
        let file = self.sql.as_ref().filter(|_| self.migration.is_none())?;
        let name = file.file_name().unwrap_or(file.as_os_str()).display();
        Some(format!("no migration mirrors {name}, which was run by hand"))
    }
}

/// Name and checksum. The text may hold what belongs in no file of notes.
fn file_facts(context: &Context, file: &Path) -> Result<Value, Failure> {
    let path = context.folder.join(file);
    let wrong = |error: String| {
        Failure::new(
            Class::CouldNotRun,
            format!("cannot read {}: {error}", file.display()),
            "name the file with the SQL that was run",
        )
    };
    if path.exists() && !path.is_file() {
        return Err(wrong("it is no file".to_owned()));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    Ok(json!({ "file": shown(&path, &context.folder), "sha256": sha256_hex(&text) }))
}

/// A migration of the project.
fn migration(context: &mut Context, chosen: &Chosen, version: &str) -> Result<Value, Failure> {
    let files = context.migrations(chosen)?;
    let found = files.iter().find(|file| file.version.as_str() == version);
    found.map(|file| json!(format!("{} {}", file.version, file.name))).ok_or_else(|| {
        Failure::new(
            Class::Usage,
            format!("there is no migration {version}"),
            "make it first: manage new migration; manage status lists them",
        )
    })
}
