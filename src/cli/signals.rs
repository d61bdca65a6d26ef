//! Ctrl-C: once finishes what runs and stops, twice breaks it off, three times ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::exit::Exit;

/// How often somebody asked to stop.
#[derive(Clone, Default)]
pub struct Interrupts(Arc<AtomicUsize>);

impl Interrupts {
    /// Listens from now on. `break_off` is called at the second time, from another thread.
    pub fn listen(break_off: impl Fn() + Send + 'static) -> Self {
        let interrupts = Self::default();
        let count = Arc::clone(&interrupts.0);
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
            std::thread::spawn(move || {
                for _ in signals.forever() {
                    match count.fetch_add(1, Ordering::SeqCst) {
                        0 => {}
                        1 => break_off(),
                        _ => std::process::exit(i32::from(Exit::Interrupted.code())),
                    }
                }
            });
        }
        interrupts
    }

    /// Whether somebody asked to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    /// Whether somebody asked to break off.
    pub fn twice(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 1
    }
}
