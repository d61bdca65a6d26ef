//! Named points at which a test may stop the process, as `kill -9` would.
//!
//! `MANAGE_FAULT=point:n` aborts at the n-th pass of `point`; `MANAGE_FAULT=point:n:sleep=MS` holds the
//! process there instead, so that a test can kill it, or the server, at a known moment; `MANAGE_FAULT=point:n:hold=FILE`
//! makes the file and goes on when somebody has deleted it. Compiled under `debug_assertions` or the feature `faults`:
//! a release binary ignores the variable.

/// Every point that the code passes, for the tests that stop at each of them.
pub const POINTS: &[&str] = &[
    "ledger.created",
    "history.created",
    "migrate.locked",
    "migrate.begun",
    "migrate.statement",
    "migrate.before_record",
    "migrate.before_commit",
    "migrate.after_commit",
    "progress.started",
    "progress.executed",
    "progress.done",
    "rollback.before_commit",
    "rollback.after_commit",
    "patch.planned",
    "patch.written",
    "patch.batch_begun",
    "patch.batch_written",
    "patch.before_commit",
    "patch.after_commit",
    "backup.begun",
    "backup.copying",
    "backup.copied",
    "backup.scratch",
    "backup.proved",
    "backup.renamed",
    "backup.described",
    "restore.begun",
    "restore.scratch",
    "restore.prepared",
    "restore.before_install",
    "restore.installing",
    "restore.installed",
    "reset.begun",
    "reset.wiped",
    "reset.filled",
    "reset.recorded",
    "reset.done",
    "baseline.written",
    "baseline.staged",
    "baseline.moved",
    "baseline.finished",
    "baseline.before_commit",
    "baseline.after_commit",
    "transfer.begun",
    "transfer.part.before_commit",
    "transfer.part.after_commit",
    "transfer.probed",
    "transfer.copied",
    "transfer.compared",
    "transfer.before_commit",
    "transfer.after_commit",
    "transfer.undo.before_commit",
    "transfer.undo.after_commit",
];

/// Passes the point called `name`.
#[cfg(any(debug_assertions, feature = "faults"))]
pub fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    enum Action {
        Abort,
        Sleep(u64),
        Hold(String),
    }
    struct Fault {
        point: String,
        pass: u64,
        action: Action,
    }
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    static PASSES: AtomicU64 = AtomicU64::new(0);

    debug_assert!(POINTS.contains(&name), "fault point {name} is not in the list");
    let fault = FAULT.get_or_init(|| {
        let text = std::env::var("MANAGE_FAULT").ok()?;
        let mut parts = text.splitn(3, ':');
        Some(Fault {
            point: parts.next()?.to_owned(),
            pass: parts.next().and_then(|pass| pass.parse().ok()).unwrap_or(1),
            action: match parts.next().and_then(|action| action.split_once('=')) {
                Some(("sleep", milliseconds)) => Action::Sleep(milliseconds.parse().ok()?),
                Some(("hold", file)) => Action::Hold(file.to_owned()),
                _ => Action::Abort,
            },
        })
    });
    let Some(fault) = fault.as_ref().filter(|fault| fault.point == name) else { return };
    if PASSES.fetch_add(1, Ordering::Relaxed) + 1 != fault.pass {
        return;
    }
    let sleep = |milliseconds| std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    match &fault.action {
        Action::Abort => std::process::abort(),
        Action::Sleep(milliseconds) => sleep(*milliseconds),
        Action::Hold(file) => {
            std::fs::write(file, "").expect("the file of the fault can be made");
            while std::path::Path::new(file).exists() {
                sleep(5);
            }
        }
    }
}

/// Passes the point called `_name`: nothing happens in this build.
#[cfg(not(any(debug_assertions, feature = "faults")))]
#[inline(always)]
pub fn point(_name: &str) {}
