//! The README's example of the library: what follows the first empty line stands there word for word.

use std::path::Path;

pub fn migrate(folder: &Path, url: &str) -> Result<usize, manage::embed::Error> {
    let migrations = manage::Project::open(folder)?.migrations();
    let done = migrations.migrate(url)?;
    Ok(done.finished.len())
}
