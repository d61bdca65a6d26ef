//! Runs of the binary: what it is given, and what came of it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::project::Project;

/// How long a run may take before the test kills it and fails.
const PATIENCE: Duration = Duration::from_secs(60);

impl Project {
    /// Runs `manage` with these arguments: `project.manage(["notes", "add", "two words"])`.
    #[track_caller]
    pub fn manage<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Outcome {
        self.command("").args(arguments).run()
    }

    /// Runs `manage` with arguments as they are typed: `project.run("notes add 'two words'")`.
    #[track_caller]
    pub fn run(&self, arguments: &str) -> Outcome {
        self.command(arguments).run()
    }

    /// A run to be: `project.command("migrate").env("MANAGE_FAULT", "migrate.begun:1").run()`.
    pub fn command(&self, arguments: &str) -> Invocation {
        self.program(env!("CARGO_BIN_EXE_manage"), "manage").args(words(arguments))
    }

    /// A run of any program as if it were `manage`: of a shell, for what only a shell can do.
    pub fn program(&self, program: &str, shown: &str) -> Invocation {
        let mut invocation =
            Invocation { command: Command::new(program), shown: format!("$ {shown}"), input: None, disguise: Disguise::of(self) };
        invocation
            .command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("USER", "tester")
            .env("LOGNAME", "tester")
            .env("TZ", "UTC")
            .env("TERM", "dumb")
            .env("COLUMNS", "120")
            .env("DATABASE_URL", self.database_url())
            .current_dir(self.folder());
        invocation
    }
}

/// A run of `manage` that has not started.
pub struct Invocation {
    pub(super) command: Command,
    shown: String,
    input: Option<String>,
    disguise: Disguise,
}

impl Invocation {
    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        for argument in arguments {
            let argument = argument.as_ref();
            let text = argument.to_string_lossy();
            let quote = if text.is_empty() || text.contains([' ', '\'', '"', '\n']) { "\"" } else { "" };
            self.shown.push_str(&format!(" {quote}{text}{quote}"));
            self.command.arg(argument);
        }
        self
    }

    /// A variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Without a variable, `DATABASE_URL` for instance.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// In another folder, relative to the project's.
    #[must_use]
    pub fn within(mut self, folder: &str) -> Self {
        let project = self.command.get_current_dir().expect("a run has a folder").to_owned();
        self.command.current_dir(project.join(folder));
        self
    }

    /// With this text on standard input, which is otherwise empty.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts it, for runs side by side and for runs that are killed.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", self.shown));
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), self.input) {
            // It may end before it has read everything; what it says then is what the test looks at.
            let _ = pipe.write_all(text.as_bytes());
        }
        let stdout = Stream::read(child.stdout.take().expect("stdout is a pipe"));
        let stderr = Stream::read(child.stderr.take().expect("stderr is a pipe"));
        Running { child, shown: self.shown, stdout, stderr, disguise: self.disguise, held: None }
    }

    /// Starts it and waits until it stands at a fault point, where it stays until [`Running::go_on`] or a kill.
    #[track_caller]
    pub fn held_at(self, point: &str) -> Running {
        self.held_at_pass(point, 1)
    }

    /// The same at the n-th pass of the point.
    #[track_caller]
    pub fn held_at_pass(self, point: &str, pass: u32) -> Running {
        let held = tempfile::Builder::new().prefix("manage-held.").tempdir().expect("a temporary folder");
        let file = held.path().join(point);
        let mut running = self.env("MANAGE_FAULT", format!("{point}:{pass}:hold={}", file.display())).spawn();
        let deadline = Instant::now() + PATIENCE;
        while !file.exists() {
            let goes_on = running.is_running() && Instant::now() < deadline;
            assert!(goes_on, "{} never came to {point}\n{}{}", running.shown, running.stdout, running.stderr);
            std::thread::sleep(Duration::from_millis(2));
        }
        running.held = Some(held);
        running
    }

    /// The parts that a terminal needs.
    pub(super) fn into_parts(self) -> (Command, String, Disguise) {
        (self.command, self.shown, self.disguise)
    }
}

/// A run that goes on. It is killed where the test ends before it.
pub struct Running {
    child: Child,
    shown: String,
    stdout: Stream,
    stderr: Stream,
    disguise: Disguise,
    /// The folder whose file holds it.
    held: Option<tempfile::TempDir>,
}

impl Running {
    /// Sends a signal while it is held, gives it a moment to be noticed, and lets it go on.
    pub fn signal_and_go_on(self, signal: Signal) -> Self {
        let running = self.signal(signal);
        std::thread::sleep(Duration::from_millis(300));
        running.go_on()
    }

    /// Lets it go on from where it is held.
    pub fn go_on(mut self) -> Self {
        self.held = None;
        self
    }

    /// What it has said so far, on stdout and then on stderr.
    pub fn said(&self) -> String {
        self.stdout.text() + &self.stderr.text()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said something, on stdout or stderr.
    #[track_caller]
    pub fn until_it_says(self, text: &str) -> Self {
        let deadline = Instant::now() + PATIENCE;
        while !(self.stdout.text().contains(text) || self.stderr.text().contains(text)) {
            let over = self.stdout.is_closed() && self.stderr.is_closed();
            assert!(!over && Instant::now() < deadline, "{} never said {text:?}\n{}{}", self.shown, self.stdout, self.stderr);
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Sends a signal.
    pub fn signal(self, signal: Signal) -> Self {
        let pid = Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("the process is not waited for yet, so its id is its own");
        self
    }

    /// Kills it as `kill -9` does.
    #[track_caller]
    pub fn kill(self) -> Outcome {
        self.signal(Signal::KILL).wait()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                break status;
            }
            if Instant::now() > deadline {
                panic!("{} does not end\n--- stdout\n{}--- stderr\n{}", self.shown, self.stdout, self.stderr);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        Outcome {
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            code: exit_code(status),
            shown: std::mem::take(&mut self.shown),
            disguise: self.disguise.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The exit code as a shell reports it: 128 + n after signal n.
pub(super) fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// What comes out of a pipe, read as it comes.
pub(super) struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    pub(super) fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose other side is gone gives an error, not an end.
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                sink.lock().expect("nobody panics with the lock").extend_from_slice(&buffer[..read]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    /// What has come so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics with the lock")).into_owned()
    }

    /// Whether nothing more comes.
    pub(super) fn is_closed(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Everything, once it is closed. What a grandchild keeps open is not waited for.
    pub(super) fn finish(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.is_closed() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.text()
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// What came of a run.
#[derive(Clone)]
pub struct Outcome {
    /// Results.
    pub stdout: String,
    /// Talk, progress and errors.
    pub stderr: String,
    /// The exit code; 128 + n after signal n.
    pub code: i32,
    pub(super) shown: String,
    pub(super) disguise: Disguise,
}

impl Outcome {
    /// It went well: exit code 0.
    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.exits_with(0)
    }

    /// It failed, with this exit code and a message on stderr.
    #[track_caller]
    pub fn fails_with(&self, code: i32) -> &Self {
        assert_ne!(code, 0, "a failure has an exit code");
        self.exits_with(code);
        assert!(!self.stderr.trim().is_empty() || self.stdout.contains("\"error\""), "it failed without a word\n{self}");
        self
    }

    /// It ended with this exit code.
    #[track_caller]
    pub fn exits_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "the exit code should be {code}\n{self}");
        self
    }

    /// The text stands in stdout or stderr.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "it should say {text:?}\n{self}");
        self
    }

    /// The text stands in neither.
    #[track_caller]
    pub fn does_not_say(&self, text: &str) -> &Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "it should not say {text:?}\n{self}");
        self
    }

    /// Stdout, which must be one JSON object.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let value: serde_json::Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout should be JSON: {error}\n{self}"));
        assert!(value.is_object(), "stdout should be one object\n{self}");
        value
    }

    /// Compares command, exit code, stdout and stderr with `tests/snapshots/<name>@<backend>.snap`.
    #[track_caller]
    pub fn snapshot(&self, name: &str) -> &Self {
        self.with_filters(|screen| insta::assert_snapshot!(name, screen));
        self
    }

    /// Hands the screen to an assertion of one's own, under the filters of [`Self::snapshot`]:
    /// `outcome.with_filters(|screen| insta::assert_snapshot!(screen, @"…"))`.
    #[track_caller]
    pub fn with_filters(&self, compare: impl FnOnce(String)) -> &Self {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_suffix(self.disguise.backend);
        filters().iter().for_each(|(pattern, shown)| settings.add_filter(pattern, shown.as_str()));
        // An inline snapshot in `each_backend!` is met twice.
        settings.bind(|| insta::allow_duplicates! { compare(self.disguise.put_on(&self.to_string())) });
        self
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.shown)?;
        writeln!(f, "exit code {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// The names by which this machine and this run could be told from others, and what stands for them in a snapshot.
#[derive(Clone)]
pub(super) struct Disguise {
    backend: &'static str,
    names: Vec<(String, &'static str)>,
}

impl Disguise {
    fn of(project: &Project) -> Self {
        let mut names = Vec::new();
        for (path, shown) in [(project.folder(), "[project]"), (project.home(), "[home]")] {
            if let Ok(real) = path.canonicalize() {
                names.push((real.display().to_string(), shown));
            }
            names.push((path.display().to_string(), shown));
        }
        names.push((env!("CARGO_MANIFEST_DIR").to_owned(), "[repository]"));
        if let Some(database) = &project.database {
            let server = super::server();
            names.push((database.url.clone(), "[url]"));
            names.push((format!("{}:{}", server.host(), server.port()), "[server]"));
            names.push((server.host(), "[server]"));
            names.push((format!("127.0.0.1:{}", server.port()), "[server]"));
            names.push((format!(".s.PGSQL.{}", server.port()), ".s.PGSQL.[port]"));
            names.push((database.name.clone(), "[database]"));
        }
        Self { backend: project.backend().word(), names }
    }

    fn put_on(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, shown)| text.replace(name, shown))
    }
}

/// What changes from run to run, by its form.
fn filters() -> Vec<(String, String)> {
    let mut filters: Vec<(String, String)> = [
        (r"\b(SQLite|PostgreSQL) \d+(\.\d+)+", "$1 [v]"),
        (r"\bmanage \d+\.\d+\.\d+\b", "manage [v]"),
        // The identity of a plan knows the database and the moment.
        (r"(\bplan|--digest) [0-9a-f]{16}\b", "$1 [digest]"),
        // A baseline's version is the moment at which it was made.
        (r"\b\d{14}([ _]+baseline\b)", "[version]$1"),
        (r"\bdocs/notes/\d{4}/", "docs/notes/[year]/"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:?\d\d(:?\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?\b)?", "[moment]"),
        // Not the date at the head of a migration's version.
        (r"(?m)\b\d{4}-\d\d-\d\d([^-_\d]|$)", "[date]$1"),
        (r"\b\d\d:\d\d:\d\d\b", "[clock]"),
        (r"\b\d+:\d\d of\b", "[time] of"),
        // With the spaces by which a column of times is aligned.
        (r" +\d+(\.\d+)? (µs|ms|s|min|h)\b", " [time]"),
        (r"\b\d+(\.\d+)? ?(µs|ms)\b", "[time]"),
        // The head of that column is aligned with it.
        (r"(?m)\bapplied +took$", "applied  took"),
        (r#"("(?:[a-z_]+_)?(?:ms|seconds|took)": )\d+(\.\d+)?"#, "$1[time]"),
        (r#"\b(pid|PID) \d+"#, "$1 [pid]"),
        (r#"("pid": )\d+"#, "$1[pid]"),
        (r"\b(on) \S+ (since)\b", "$1 [host] $2"),
    ]
    .map(|(pattern, shown)| (pattern.to_owned(), shown.to_owned()))
    .into();
    if let Some(host) = host_name() {
        filters.push((format!(r"\b{}\b", host.replace('.', r"\.")), "[host]".to_owned()));
    }
    filters
}

/// This machine's name, where it is not a word that messages use anyway.
fn host_name() -> Option<String> {
    let output = Command::new("uname").arg("-n").output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (name.len() > 3 && !["localhost", "main", "host", "server", "manage"].contains(&name.as_str())).then_some(name)
}

/// Splits what is typed at spaces; `'…'` and `"…"` keep theirs.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (Some(open), _) if char == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, ' ' | '\n') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    assert!(quote.is_none(), "a quote is left open: {line}");
    words.extend(word);
    words
}
