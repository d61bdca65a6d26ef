//! `--log FILE` and `MANAGE_LOG`.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;

use super::failure::Failure;
use crate::domain::explain::Class;

/// Begins to log to `file`. `setting` is `MANAGE_LOG`: a level, and `json` for one object a line.
///
/// # Errors
/// When the file cannot be written or the setting is not known.
pub fn begin(file: &Path, setting: Option<&str>) -> Result<(), Failure> {
    let (mut level, mut json) = (LevelFilter::INFO, false);
    for word in setting.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse::<LevelFilter>() {
            Ok(known) => level = known,
            Err(_) if word == "json" => json = true,
            Err(_) if word == "text" => json = false,
            Err(_) => {
                return Err(Failure::new(
                    Class::Usage,
                    format!("MANAGE_LOG does not know `{word}`"),
                    "write a level and a form: MANAGE_LOG=debug,json",
                ));
            }
        }
    }
    let out = File::options().create(true).append(true).open(file).map_err(|error| {
        Failure::new(
            Class::CouldNotRun,
            format!("cannot write the log {}: {error}", file.display()),
            "give --log a file in a folder that you may write",
        )
    })?;
    let builder =
        tracing_subscriber::fmt().with_max_level(level).with_writer(Mutex::new(out)).with_ansi(false).with_target(false);
    // A second start within one process keeps the first log.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
    Ok(())
}
