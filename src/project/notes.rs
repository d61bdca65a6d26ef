//! The folder in which notes lie as Markdown: `docs/notes`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Project;

impl Project {
    /// Where notes are written, as long as the folder is there.
    pub const NOTES: &'static str = "docs/notes";

    /// The folder of the notes; `None` where the project has none.
    pub fn notes_folder(&self) -> Option<PathBuf> {
        Some(self.folder.join(Self::NOTES)).filter(|folder| folder.is_dir())
    }
}

/// Writes the file of a note where it is not there yet; `other` is its name where another note has taken the first.
/// Returns the file and whether it was written now.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write_note(folder: &Path, name: &str, other: &str, text: &str) -> io::Result<(PathBuf, bool)> {
    let mut taken = None;
    for name in [name, other] {
        let file = folder.join(name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        match fs::OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(mut open) => {
                open.write_all(text.as_bytes())?;
                return Ok((file, true));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::read_to_string(&file).is_ok_and(|there| there.replace("\r\n", "\n") == text) {
                    return Ok((file, false));
                }
                taken = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// Every Markdown file below a folder: its name within it, with `/`, and its text. Sorted by name.
///
/// # Errors
/// When a folder or a file cannot be read.
pub fn read_notes(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    collect(folder, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, within: &str, found: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{within}{}", entry.file_name().to_string_lossy());
        // Links are not followed: one to a folder above would never end.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), found)?;
        } else if kind.is_file() && name.ends_with(".md") {
            found.push((name, String::from_utf8_lossy(&fs::read(entry.path())?).into_owned()));
        }
    }
    Ok(())
}
