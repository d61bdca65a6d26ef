//! A throw-away PostgreSQL of these tests' own: with TLS, password logins and roles of every kind.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use manage::backend::postgres::PostgresSession;
use manage::backend::{Access, Basic, Opening, SqlError};
use manage::domain::secret::Secret;
use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use super::certificates::Certificates;

/// Who may log in, and how. `ann` needs her password; the others are trusted, two of them on one way only.
const HBA: &str = "local all all trust
host all ann all scram-sha-256
hostssl all tls_only all trust
hostnossl all plain_only all trust
host all postgres all trust
host all reader all trust
";

const ROLES: &str = "CREATE ROLE ann LOGIN PASSWORD 'hunter2'; CREATE ROLE tls_only LOGIN; \
     CREATE ROLE plain_only LOGIN; CREATE ROLE reader LOGIN";

/// The cluster that runs while a test holds it.
pub struct Server {
    pub folder: PathBuf,
    pub port: u16,
    pub certificates: Certificates,
    process: Child,
    _temp: TempDir,
}

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The cluster of all tests that run at this moment.
pub fn server() -> Arc<Server> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return server;
    }
    let server = Arc::new(Server::start());
    *running = Arc::downgrade(&server);
    server
}

impl Server {
    fn start() -> Self {
        let temp = tempfile::Builder::new().prefix("manage-pg-").tempdir().expect("a folder");
        let folder = temp.path().to_owned();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("permissions");
        let run = folder.join("run");
        fs::create_dir(&run).expect("a folder");
        let certificates = Certificates::write_to(&folder);
        give_to_postgres(&run);
        give_to_postgres(&certificates.server_key);

        let data = run.join("data");
        let initdb = as_postgres("initdb")
            .args(["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .output()
            .expect("initdb");
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        fs::write(data.join("pg_hba.conf"), HBA).expect("pg_hba.conf");

        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let settings = [
            format!("port={port}"),
            format!("unix_socket_directories={}", run.display()),
            "listen_addresses=localhost".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", certificates.server.display()),
            format!("ssl_key_file={}", certificates.server_key.display()),
            format!("ssl_ca_file={}", certificates.ca.display()),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "log_min_messages=fatal".to_owned(),
        ];
        let process = as_postgres("postgres")
            .arg("-D")
            .arg(&data)
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).expect("a log"))
            .spawn()
            .expect("postgres");
        let server = Self { folder: run, port, certificates, process, _temp: temp };
        server.wait();
        server.admin("postgres").execute(ROLES).expect("roles");
        server
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while let Err(error) = open(&self.socket("postgres"), &|_| None) {
            assert!(Instant::now() < until, "{error}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The URL of a database over the socket, as the superuser.
    pub fn socket(&self, database: &str) -> String {
        format!("postgres://postgres@/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    /// The URL of a database over the network.
    pub fn tcp(&self, who: &str, database: &str, options: &str) -> String {
        format!("postgres://{who}@localhost:{}/{database}?{options}", self.port)
    }

    pub fn admin(&self, database: &str) -> PostgresSession {
        open(&self.socket(database), &|_| None).expect("the superuser is let in")
    }

    /// A database of the test's own.
    pub fn database(&self) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.admin("postgres").execute(&format!("CREATE DATABASE {name} STRATEGY wal_log")).expect("a database");
        name
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = self.process.wait();
    }
}

/// Opens `url` with an environment of the test's own.
pub fn open(url: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<PostgresSession, SqlError> {
    open_as(url, environment, Access::Write)
}

pub fn open_as(url: &str, environment: &dyn Fn(&str) -> Option<String>, access: Access) -> Result<PostgresSession, SqlError> {
    let opening = Opening { access, application: "manage test", environment, connect_timeout: Some(Duration::from_secs(10)) };
    PostgresSession::open(&Secret::new(url), &opening)
}

/// A fresh database and a session on it, with the server that has to live as long.
pub fn fresh() -> (Arc<Server>, String, PostgresSession) {
    let server = server();
    let name = server.database();
    let session = server.admin(&name);
    (server, name, session)
}

fn as_postgres(program: &str) -> Command {
    let program = find(program);
    if !getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program).current_dir("/");
    command
}

fn find(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(program)).filter(|file| file.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(program))
}

/// The server refuses to run as root, and to read a key that is not its own.
fn give_to_postgres(path: &Path) {
    if !getuid().is_root() {
        return;
    }
    let id = |flag: &str| {
        let said = Command::new("id").args([flag, "postgres"]).output().expect("id").stdout;
        String::from_utf8_lossy(&said).trim().parse().expect("a number")
    };
    chown(path, Some(id("-u")), Some(id("-g"))).expect("a change of owner");
}
