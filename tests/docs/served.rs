//! A service that a page starts and goes on to ask. It listens on a free port, and is shown where the page says.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::example::{programs, shim};
use crate::support::*;

const SHOWN: &str = "127.0.0.1:8001";

/// The service, until the page is over.
pub struct Served {
    shell: Child,
    /// Where it really listens.
    pub address: String,
    /// What it said when it had started, with the address of the page.
    pub screen: String,
}

impl Served {
    /// Runs the page's command, in which `cargo run -q -p custom-commands` is the built service, until it listens.
    pub fn start(project: &Project, mut shell: Command) -> Self {
        shim(project, "run -q -p custom-commands", &built("custom-commands"));
        let curl = programs(project).join("curl");
        if !curl.exists() {
            symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/curl.sh"), curl).expect("the folder is ours");
        }
        let file = project.home().join("served");
        let out = File::create(&file).expect("the folder is ours");
        let both = out.try_clone().expect("the file is open");
        // A group of its own: the shell goes, and the service stays.
        let shell =
            shell.env("LISTEN", "127.0.0.1:0").stdout(out).stderr(both).process_group(0).spawn().expect("there is a shell");
        let mut served = Self { shell, address: String::new(), screen: String::new() };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let said = fs::read_to_string(&file).expect("it was made just now");
            if let Some((_, address)) = said.trim_end().split_once("listening on http://").filter(|_| said.ends_with('\n')) {
                served.address = address.to_owned();
                served.screen = said.replace(address, SHOWN);
                return served;
            }
            assert!(Instant::now() < deadline, "the service does not start: {said}");
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.shell), Signal::KILL);
        let _ = self.shell.wait();
    }
}
