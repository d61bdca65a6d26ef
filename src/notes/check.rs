//! In what a ledger and a folder of files differ, and what is still to be done.

use std::collections::{HashMap, HashSet};

use super::markdown::{file_name, markdown, seal_of};
use crate::ledger::{Item, Note};

/// One thing in which they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A note of the ledger has no file. With the name that it would have.
    Missing {
        /// The note.
        id: i64,
        /// Its file.
        file: String,
    },
    /// A file is not what was written.
    Edited {
        /// The note.
        id: i64,
        /// Its file.
        file: String,
    },
    /// A file that looks like one of a note and cannot be told whose it is.
    Unsealed {
        /// Its file.
        file: String,
    },
}

/// One thing that is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem<'a> {
    /// The note that left it open.
    pub note: &'a Note,
    /// Its number in that note, from 1.
    pub number: usize,
    /// What is to be done.
    pub text: &'a str,
}

/// Compares all notes of a ledger with the files of a folder (name and text). Returns the differences and how many
/// files are of other databases' notes.
pub fn compare(notes: &[Note], files: &[(String, String)]) -> (Vec<Difference>, usize) {
    let by_uid: HashMap<&str, &Note> = notes.iter().map(|note| (note.uid.as_str(), note)).collect();
    let mut seen = HashSet::new();
    let mut others = 0;
    let mut found = Vec::new();
    for (file, text) in files {
        match seal_of(text).map(|seal| (by_uid.get(seal.uid.as_str()).copied(), seal.intact)) {
            None if looks_like_one(file) => found.push(Difference::Unsealed { file: file.clone() }),
            None => {}
            Some((None, _)) => others += 1,
            Some((Some(note), intact)) => {
                seen.insert(note.uid.as_str());
                // Another version may have written it in other words; a superseded note was written before it was that.
                let same = intact && (note.superseded || !text.contains(&note.tool) || same_text(text, note));
                if !same {
                    found.push(Difference::Edited { id: note.id, file: file.clone() });
                }
            }
        }
    }
    let missing = notes.iter().rev().filter(|note| !seen.contains(note.uid.as_str()));
    found.extend(missing.map(|note| Difference::Missing { id: note.id, file: file_name(note) }));
    (found, others)
}

/// What notes left open and no later note closed, the oldest first.
pub fn still_open(notes: &[Note]) -> Vec<OpenItem<'_>> {
    let closed: HashSet<&Item> = notes.iter().flat_map(|note| &note.closes).collect();
    let mut open: Vec<OpenItem<'_>> = notes
        .iter()
        .filter(|note| !note.superseded)
        .flat_map(|note| note.items().filter(|(item, _)| !closed.contains(item)).map(move |(item, text)| (note, item, text)))
        .map(|(note, item, text)| OpenItem { note, number: item.number, text })
        .collect();
    open.sort_by_key(|item| (item.note.id, item.number));
    open
}

/// A file whose seal was cut off.
fn looks_like_one(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.get(..17).is_some_and(|head| head.ends_with("Z-") && head.as_bytes()[10] == b'T')
}

/// Somebody who knows how the seal is made could make a new one.
fn same_text(text: &str, note: &Note) -> bool {
    text.replace("\r\n", "\n") == markdown(note)
}

#[cfg(test)]
mod tests {
    use super::super::markdown::tests::note;
    use super::*;

    #[test]
    fn missing_edited_unsealed_and_foreign_files_are_told_apart() {
        let notes = [note(3, "c"), note(2, "b"), note(1, "a")];
        let text = markdown(&notes[1]);
        let files = [
            ("2026/2.md".to_owned(), text.replace("tell the team", "tell nobody")),
            ("2026/3.md".to_owned(), markdown(&notes[0])),
            ("2026/9.md".to_owned(), markdown(&note(9, "of another database"))),
            ("2026/2026-11-21T1405Z-x-7.md".to_owned(), "cut".to_owned()),
            ("README.md".to_owned(), "# Notes".to_owned()),
        ];

        let (found, others) = compare(&notes, &files);

        assert_eq!(others, 1);
        assert_eq!(
            found,
            [
                Difference::Edited { id: 2, file: "2026/2.md".to_owned() },
                Difference::Unsealed { file: "2026/2026-11-21T1405Z-x-7.md".to_owned() },
                Difference::Missing { id: 1, file: file_name(&notes[2]) },
            ]
        );
    }

    #[test]
    fn what_a_later_note_closed_is_not_open() {
        let (mut later, earlier) = (note(2, "b"), note(1, "a"));
        later.open.clear();
        assert_eq!(still_open(&[later.clone(), earlier.clone()]).len(), 1);

        later.closes = vec![Item { uid: earlier.uid.clone(), number: 1 }];
        assert_eq!(still_open(&[later, earlier]), []);
    }
}
