//! Other processes that have the file open.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::session::SqliteSession;

impl SqliteSession {
    /// Other processes of this machine that have the file, its log or its journal open, as far as this user may see:
    /// `pid 4711 bot`. Only Linux tells.
    pub(in crate::backend) fn open_elsewhere(&self) -> Vec<String> {
        let files: Vec<(u64, u64)> = ["", "-wal", "-shm", "-journal"]
            .iter()
            .filter_map(|suffix| {
                let mut name = self.path().as_os_str().to_owned();
                name.push(suffix);
                Path::new(&name).metadata().ok().map(|data| (data.dev(), data.ino()))
            })
            .collect();
        let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
        let ours = std::process::id();
        let mut found: Vec<u32> = processes
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
            .filter(|pid| *pid != ours && has_open(*pid, &files))
            .collect();
        found.sort_unstable();
        let named = |pid: u32| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("pid {pid} {}", name.trim()).trim_end().to_owned()
        };
        found.into_iter().map(named).collect()
    }
}

fn has_open(pid: u32, files: &[(u64, u64)]) -> bool {
    let Ok(handles) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    handles
        .filter_map(Result::ok)
        .filter_map(|handle| handle.path().metadata().ok())
        .any(|data| files.contains(&(data.dev(), data.ino())))
}
