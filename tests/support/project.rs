//! A project in a folder of its own, on a database of its own.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::postgres::{Database, server};

/// The `manage.toml` that a project starts with.
const MANAGE_TOML: &str = "[database]\nurl = \"${DATABASE_URL:-sqlite:manage.db}\"\n";

/// Which database a project is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// `manage.db` in the project's folder.
    Sqlite,
    /// A database on the shared server.
    Postgres,
}

impl Backend {
    /// The word that file names use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A project's folder, a home folder beside it and a database. All three go with the value.
///
/// The methods that build return the project; those that work in the middle of a test borrow it.
pub struct Project {
    root: TempDir,
    pub(super) database: Option<Database>,
}

impl Project {
    /// An empty project on SQLite.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self::on(Backend::Sqlite)
    }

    /// An empty project on this database.
    pub fn on(backend: Backend) -> Self {
        let database = (backend == Backend::Postgres).then(|| server().fresh_database());
        let root = tempfile::Builder::new().prefix("manage-test-").tempdir().expect("a temporary folder");
        fs::create_dir(root.path().join("home")).expect("the folder is ours");
        fs::create_dir_all(root.path().join("project/migrations")).expect("the folder is ours");
        Self { root, database }.file("manage.toml", MANAGE_TOML)
    }

    /// An empty project on the database that `url` names, of a cluster of one's own.
    pub fn at(url: &str) -> Self {
        let project = Self::new();
        Self { database: Some(Database { name: "of_a_cluster".to_owned(), url: url.to_owned() }), ..project }
    }

    /// Adds `migrations/<name>/up.sql` and `down.sql`.
    #[must_use]
    pub fn migration(self, name: &str, up: &str, down: &str) -> Self {
        self.one_way_migration(name, up).file(&format!("migrations/{name}/down.sql"), down)
    }

    /// Adds a migration without a way back.
    #[must_use]
    pub fn one_way_migration(self, name: &str, up: &str) -> Self {
        self.file(&format!("migrations/{name}/up.sql"), up)
    }

    /// Adds a migration that runs outside of a transaction.
    #[must_use]
    pub fn no_transaction(self, name: &str, up: &str, down: &str) -> Self {
        self.migration(name, up, down).file(&format!("migrations/{name}/metadata.toml"), "run_in_transaction = false\n")
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, path: &str, content: &str) -> Self {
        self.write(path, content);
        self
    }

    /// Takes `manage.toml` away.
    #[must_use]
    pub fn without_manage_toml(self) -> Self {
        self.remove("manage.toml");
        self
    }

    /// The kind of database.
    pub fn backend(&self) -> Backend {
        if self.database.is_some() { Backend::Postgres } else { Backend::Sqlite }
    }

    /// What `manage` gets as `DATABASE_URL`.
    pub fn database_url(&self) -> &str {
        self.database.as_ref().map_or("sqlite:manage.db", |database| &database.url)
    }

    /// The project's folder.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// The home folder of who runs `manage`.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The full path of a file of the project.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder().join(path)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        let folder = path.parent().expect("a file of the project is in its folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, content)).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a file anew with what `change` makes of its text, which must be another text.
    pub fn edit<T: Into<String>>(&self, path: &str, change: impl FnOnce(&str) -> T) {
        let before = self.read(path);
        let after = change(&before).into();
        assert_ne!(before, after, "the edit of {path} changes nothing");
        self.write(path, &after);
    }

    /// Removes a file, or a folder with all that is in it.
    pub fn remove(&self, path: &str) {
        let full = self.path(path);
        let removed = if full.is_dir() { fs::remove_dir_all(&full) } else { fs::remove_file(&full) };
        removed.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Whether a file or folder is there.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The names in a folder, sorted.
    pub fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("readable").file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }
}
