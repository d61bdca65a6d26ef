//! PostgreSQL for tests: the server that `tests/run.sh` started, databases on it, and clusters of one's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use postgres::config::Host;
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// The server that all tests share. Tests own databases on it, never the server.
pub struct Server {
    url: String,
}

/// The shared server.
///
/// # Panics
/// When there is none: a test that needs PostgreSQL fails without it, it is never skipped.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server {
        url: std::env::var("MANAGE_TEST_PG_URL").expect("this test needs PostgreSQL: run `tests/run.sh`, which starts one"),
    })
}

impl Server {
    /// The URL of a database on this server.
    pub fn url(&self, database: &str) -> String {
        with_database(&self.url, database)
    }

    /// The URL of the same database over TCP, for what does not happen on a socket.
    pub fn tcp_url(&self, database: &str) -> String {
        let config: postgres::Config = self.url.parse().expect("MANAGE_TEST_PG_URL is a URL");
        if matches!(config.get_hosts(), [Host::Tcp(_), ..]) {
            return self.url(database);
        }
        format!("postgres://{}@127.0.0.1:{}/{database}", config.get_user().unwrap_or("postgres"), self.port())
    }

    /// The port, which is also part of the socket's name.
    pub fn port(&self) -> u16 {
        let config: postgres::Config = self.url.parse().expect("MANAGE_TEST_PG_URL is a URL");
        config.get_ports().first().copied().unwrap_or(5432)
    }

    /// The folder of the socket, or the host.
    pub fn host(&self) -> String {
        let config: postgres::Config = self.url.parse().expect("MANAGE_TEST_PG_URL is a URL");
        match config.get_hosts().first() {
            Some(Host::Unix(folder)) => folder.display().to_string(),
            Some(Host::Tcp(host)) => host.clone(),
            None => "localhost".to_owned(),
        }
    }

    /// An empty database with a name of its own, dropped with the value.
    pub fn fresh_database(&self) -> Database {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        // Several runs may share one server, also from containers in which process ids repeat.
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970");
        let name =
            format!("test_{}_{:x}_{}", std::process::id(), since_epoch.subsec_nanos(), DATABASES.fetch_add(1, Ordering::Relaxed));
        // Nobody can be connected to template0, so nobody can stand in the way of the copy.
        self.administer(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        Database { url: self.url(&name), name }
    }

    /// Runs one statement in the server's own database.
    fn administer(&self, sql: &str) {
        connect(&self.url).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

/// A database on the shared server, for one test.
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its URL.
    pub url: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A drop that fails must not hide what the test found.
        if std::thread::panicking() {
            let _ = Client::connect(&server().url, NoTls).and_then(|mut client| client.batch_execute(&sql));
        } else {
            server().administer(&sql);
        }
    }
}

/// A cluster of one's own, for tests that kill the server, or need TLS, passwords or settings. Stopped with the value.
pub struct Cluster {
    folder: TempDir,
}

/// What a cluster is started with.
#[derive(Default)]
pub struct ClusterOptions {
    settings: String,
    access: String,
    files: Vec<(String, String)>,
}

impl Cluster {
    /// Starts a cluster that trusts everybody on its socket and on 127.0.0.1.
    pub fn start() -> Self {
        Self::with().start()
    }

    /// A cluster with settings of its own: `Cluster::with().setting("ssl", "on").start()`.
    pub fn with() -> ClusterOptions {
        ClusterOptions::default()
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its port, on 127.0.0.1 and in the socket's name.
    pub fn port(&self) -> u16 {
        let text = fs::read_to_string(self.folder.path().join("port")).expect("a started cluster has a port");
        text.trim().parse().expect("the port is a number")
    }

    /// The URL of a database over the socket, as the superuser.
    pub fn url(&self, database: &str) -> String {
        let folder = percent_encoded(&self.socket_folder().display().to_string());
        format!("postgres://postgres@{folder}:{}/{database}", self.port())
    }

    /// The URL of a database over TCP, as the superuser.
    pub fn tcp_url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port())
    }

    /// Runs statements in the database `postgres`, as the superuser.
    pub fn execute(&self, sql: &str) {
        connect(&self.url("postgres")).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Runs SQL in one of its databases.
    pub fn execute_in(&self, database: &str, sql: &str) {
        connect(&self.url(database)).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The server's log, for what a test wants to know of it.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Kills the server as a power cut would.
    pub fn kill(&self) {
        script("kill", self.folder.path());
    }

    /// Starts it again as a standby, which waits for a primary for ever and can only be read.
    pub fn become_a_standby(&self) {
        self.execute("CHECKPOINT");
        script("stop", self.folder.path());
        let signal = self.folder.path().join("data/standby.signal");
        fs::write(&signal, "").expect("the folder is ours");
        // The server belongs to another user where the tests run as root.
        fs::set_permissions(&signal, std::os::unix::fs::PermissionsExt::from_mode(0o666)).expect("the file is ours");
        script("start", self.folder.path());
    }

    /// Starts it again after a kill, on the same port.
    pub fn restart(&self) {
        script("stop", self.folder.path());
        script("start", self.folder.path());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = command("stop", self.folder.path()).output();
    }
}

impl ClusterOptions {
    /// One setting of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
        self
    }

    /// One line of `pg_hba.conf`, before the lines that trust the socket and 127.0.0.1.
    #[must_use]
    pub fn access(mut self, line: &str) -> Self {
        self.access.push_str(&format!("{line}\n"));
        self
    }

    /// A file in the data folder that only the server may read, such as `server.key`.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// Starts the cluster.
    pub fn start(self) -> Cluster {
        // Within the folder of the run, which stops whatever a killed test leaves behind.
        let parent = std::env::var_os("MANAGE_TEST_PG_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let mut folder = tempfile::Builder::new();
        folder.prefix("pg-").permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
        let folder = folder.tempdir_in(parent).expect("a folder for the cluster");
        let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).expect("the folder is ours");

        write("settings.conf", &self.settings);
        write("hba.conf", &self.access);
        fs::create_dir(folder.path().join("files")).expect("the folder is ours");
        for (name, content) in &self.files {
            write(&format!("files/{name}"), content);
        }
        script("start", folder.path());
        Cluster { folder }
    }
}

/// Connects without TLS.
pub(super) fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("cannot connect to {url}: {error:?}"))
}

fn script(verb: &str, folder: &Path) {
    let output = command(verb, folder).output().expect("bash runs");
    assert!(output.status.success(), "postgres.sh {verb}: {}", String::from_utf8_lossy(&output.stderr));
}

fn command(verb: &str, folder: &Path) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres.sh"));
    command.arg(verb).arg(folder).stdin(Stdio::null());
    command
}

/// The same URL with another database.
fn with_database(url: &str, database: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a PostgreSQL URL has a scheme");
    let (rest, parameters) = rest.split_once('?').map_or((rest, String::new()), |(rest, p)| (rest, format!("?{p}")));
    let authority = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}/{database}{parameters}")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
