//! The migration files as they lie on disk.

use std::{fs, path::PathBuf};

#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    Up,
    Down,
}

pub struct Migration {
    pub name: String,
    dir: PathBuf,
}

/// Every migration of the root project, in the order in which it is applied.
pub fn migrations() -> Vec<Migration> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut all: Vec<_> = fs::read_dir(root)
        .expect("the project has a migrations folder")
        .map(|entry| entry.expect("the folder can be read").path())
        .map(|dir| Migration { name: dir.file_name().expect("entries have names").to_string_lossy().into_owned(), dir })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl Migration {
    /// The text for one database: its own variant wins over the common file.
    pub fn text(&self, direction: Direction, variant: &str) -> String {
        let stem = if direction == Direction::Up { "up" } else { "down" };
        self.file(&format!("{stem}.{variant}.sql"))
            .or_else(|| self.file(&format!("{stem}.sql")))
            .unwrap_or_else(|| panic!("{} has no {stem}.sql", self.name))
    }

    pub fn file(&self, name: &str) -> Option<String> {
        let path = self.dir.join(name);
        path.exists().then(|| fs::read_to_string(path).expect("migration files are UTF-8"))
    }

    pub fn in_transaction(&self) -> bool {
        !self.file("metadata.toml").is_some_and(|text| text.contains("run_in_transaction = false"))
    }
}

#[test]
fn every_migration_is_what_diesels_own_tools_accept() {
    for migration in migrations() {
        let (version, name) = migration.name.split_once('_').expect("a version and a name");

        assert!(version.len() == 14 && version.bytes().all(|b| b.is_ascii_digit()), "{}", migration.name);
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", migration.name);
        assert!(migration.file("up.sql").is_some_and(|text| !text.is_empty()), "{} has no up.sql", migration.name);
        assert!(migration.file("down.sql").is_some_and(|text| !text.is_empty()), "{} has no down.sql", migration.name);
    }
}

#[test]
fn metadata_always_says_whether_there_is_a_transaction() {
    // Diesel takes a metadata.toml without this key for "no transaction".
    for migration in migrations() {
        if let Some(text) = migration.file("metadata.toml") {
            assert!(text.contains("run_in_transaction = "), "{}", migration.name);
        }
    }
}

#[test]
fn a_file_without_transaction_has_one_statement() {
    for migration in migrations().iter().filter(|m| !m.in_transaction()) {
        for variant in ["sqlite", "postgres"] {
            for direction in [Direction::Up, Direction::Down] {
                assert_eq!(migration.text(direction, variant).matches(';').count(), 1, "{}", migration.name);
            }
        }
    }
}
