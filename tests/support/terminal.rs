//! Runs of the binary on a terminal, so that it asks and the test answers.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::project::Project;
use super::run::{Disguise, Invocation, Outcome, Stream, exit_code};

/// How long the program may take to say what is expected.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run of `manage` on a pseudo terminal of 120 columns, with stdin, stdout and stderr on it.
///
/// What is typed is echoed, as on any terminal. Colours and other escape sequences are taken out of the screen.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Stream,
    seen: usize,
    shown: String,
    disguise: Disguise,
}

impl Terminal {
    /// Starts `manage` with arguments as they are typed.
    #[track_caller]
    pub fn run(project: &Project, arguments: &str) -> Self {
        Self::start(project.command(arguments))
    }

    /// Starts a run that was prepared by [`Project::command`].
    #[track_caller]
    pub fn start(invocation: Invocation) -> Self {
        let (manage, shown, disguise) = invocation.into_parts();
        let (keyboard, terminal) = open();
        let mut command = on_a_terminal_of_its_own(&manage);
        let side = || terminal.try_clone().expect("a file can be cloned");
        command.stdin(side()).stdout(side()).stderr(side());
        let child = command.spawn().unwrap_or_else(|error| panic!("{shown} does not start: {error}"));
        let screen = Stream::read(keyboard.try_clone().expect("a file can be cloned"));
        Self { child, keyboard, screen, seen: 0, shown, disguise }
    }

    /// Waits until the text stands on the screen, after what was expected before.
    #[track_caller]
    pub fn expect(mut self, text: &str) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Before the look: what was written before the end is on the screen by then.
            let over = self.screen.is_closed();
            let screen = self.screen();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            assert!(!over, "{} ended without {text:?}\n{screen}", self.shown);
            assert!(Instant::now() < deadline, "{} does not say {text:?}\n{screen}", self.shown);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a line and the return key.
    #[track_caller]
    pub fn type_line(self, line: &str) -> Self {
        self.press(&format!("{line}\n"))
    }

    /// Presses Ctrl-C.
    #[track_caller]
    pub fn press_ctrl_c(self) -> Self {
        self.press("\u{3}")
    }

    /// Presses Ctrl-D: the end of the input.
    #[track_caller]
    pub fn press_ctrl_d(self) -> Self {
        self.press("\u{4}")
    }

    /// Waits for the end. Everything that stood on the screen is the outcome's stdout.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                break status;
            }
            assert!(Instant::now() < deadline, "{} does not end\n{}", self.shown, self.screen());
            std::thread::sleep(Duration::from_millis(2));
        };
        self.screen.finish();
        Outcome {
            stdout: self.screen(),
            stderr: String::new(),
            code: exit_code(status),
            shown: self.shown.clone(),
            disguise: self.disguise.clone(),
        }
    }

    /// What has come so far, with its escape sequences.
    pub fn raw(&self) -> String {
        self.screen.text()
    }

    fn screen(&self) -> String {
        without_escapes(&self.raw())
    }

    #[track_caller]
    fn press(mut self, keys: &str) -> Self {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is open");
        self
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The two sides of a new pseudo terminal: the person's and the program's.
fn open() -> (File, File) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("the system has pseudo terminals");
    grantpt(&person).and_then(|()| unlockpt(&person)).expect("the terminal is ours");
    let name = ptsname(&person, Vec::new()).expect("a pseudo terminal has a name");
    let program = OpenOptions::new()
        .read(true)
        .write(true)
        // It must not become the terminal that controls the tests.
        .custom_flags(OpenptFlags::NOCTTY.bits().cast_signed())
        .open(name.to_str().expect("the name is ASCII"))
        .expect("the terminal is ours");
    let size = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&program, size).expect("a terminal has a size");
    (File::from(person), program)
}

/// The same command, started so that Ctrl-C on its terminal reaches it: as the leader of a session. Where there is
/// no `setsid` (macOS) it only sees a terminal.
fn on_a_terminal_of_its_own(manage: &Command) -> Command {
    let mut command = match setsid() {
        Some(setsid) => {
            let mut command = Command::new(setsid);
            command.args(["--ctty", "--wait"]).arg(manage.get_program());
            command
        }
        None => Command::new(manage.get_program()),
    };
    command.args(manage.get_args()).env_clear();
    command.envs(manage.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // The terminal itself knows how wide it is.
    command.env_remove("COLUMNS").env("TERM", "xterm-256color");
    command.current_dir(manage.get_current_dir().expect("a run has a folder"));
    command
}

fn setsid() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("setsid")).find(|program| program.is_file())
}

/// The text without colours and movements, with lines that end as in files.
fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    while chars.next_if(|char| !('@'..='~').contains(char)).is_some() {}
                }
                // The letter that ends the sequence.
                chars.next();
            }
            '\r' => {}
            _ => plain.push(char),
        }
    }
    plain
}
