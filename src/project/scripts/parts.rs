//! A patch that writes several tables: each part begins with a line `-- patch: table(key) [update|delete|insert]`.

use super::error::ScriptError;
use super::head::Op;
use crate::domain::explain::Place;
use std::path::Path;

/// A part of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The table that it writes.
    pub table: String,
    /// The columns that name a row.
    pub key: Vec<String>,
    /// What it does with the rows.
    pub op: Op,
    /// First byte of its SQL within the file.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The parts of `text` from byte `from` on; none where no line opens one.
///
/// # Errors
/// When a line that opens a part is not understood.
pub(super) fn parts(file: &Path, text: &str, from: usize) -> Result<Vec<Part>, ScriptError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        if let Some(rest) = line.trim_start().strip_prefix("--").map(str::trim).and_then(|rest| rest.strip_prefix("patch:")) {
            let Some((table, key, op)) = opening(rest.trim()) else {
                return Err(ScriptError::at(
                    Place::in_text(file, text, at),
                    "the line that opens a part is not understood",
                    "write -- patch: table(key) update, or delete or insert",
                ));
            };
            if let Some(last) = parts.last_mut() {
                last.end = at;
            }
            parts.push(Part { table, key, op, start: at + line.len(), end: text.len() });
        }
        at += line.len();
    }
    Ok(parts)
}

fn opening(text: &str) -> Option<(String, Vec<String>, Op)> {
    let (table, rest) = text.split_once('(')?;
    let (keys, op) = rest.split_once(')')?;
    let keys: Vec<String> = keys.split(',').map(|key| key.trim().to_owned()).collect();
    let op = match op.trim() {
        "" | "update" => Op::Update,
        "delete" => Op::Delete,
        "insert" => Op::Insert,
        _ => return None,
    };
    let table = table.trim().to_owned();
    (!table.is_empty() && keys.iter().all(|key| !key.is_empty())).then_some((table, keys, op))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_the_lines_that_open_them() {
        let text = "/* manage */\n-- patch: clusters(id)\nSELECT 1\n-- patch: links(a, b) delete\nSELECT 2\n";
        let found = parts(Path::new("x.sql"), text, 12).expect("both lines are understood");

        let told: Vec<_> =
            found.iter().map(|part| (part.table.as_str(), part.key.len(), part.op, &text[part.start..part.end])).collect();
        assert_eq!(told, [("clusters", 1, Op::Update, "SELECT 1\n"), ("links", 2, Op::Delete, "SELECT 2\n")]);
        assert!(parts(Path::new("x.sql"), "-- patch: clusters", 0).is_err());
        assert!(parts(Path::new("x.sql"), "-- patch: clusters(id) replace", 0).is_err());
    }
}
