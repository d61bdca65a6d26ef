//! What is seen while rows move.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::show;
use crate::backend::Watch;
use crate::cli::context::Context;
use crate::cli::output::words;
use crate::transfer::{Event, Observer};

/// How often the line on the terminal is written anew.
const TICK: Duration = Duration::from_millis(100);

/// A line on the terminal that is written over; lines in the log.
pub struct Progress {
    shown: bool,
    board: Arc<Board>,
    ticker: Option<JoinHandle<()>>,
}

/// What the line says, for the thread that writes it.
#[derive(Default)]
struct Board {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Default)]
struct State {
    watch: Option<Arc<Watch>>,
    table: Option<Table>,
    over: bool,
}

struct Table {
    name: String,
    rows: Option<u64>,
    begun: Instant,
}

impl Progress {
    /// For this command.
    pub fn of(context: &Context) -> Self {
        let shown = context.is_talkative() && std::io::stderr().is_terminal();
        Self { shown, board: Arc::default(), ticker: None }
    }

    /// Changes what the line says, and writes it unless the table has an own line again.
    fn change(&self, change: impl FnOnce(&mut State) -> Option<String>) {
        let mut state = self.board.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(text), true) = (change(&mut state), self.shown) {
            line(&text);
        }
    }

    /// Leaves the terminal clean.
    pub fn end(&mut self) {
        self.change(|state| {
            state.over = true;
            None
        });
        self.board.over.notify_all();
        if let Some(ticker) = self.ticker.take() {
            let _ = ticker.join();
        }
        if self.shown {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r\u{1b}[K");
            let _ = stderr.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.ticker.is_some() {
            self.end();
        }
    }
}

fn line(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "\r  {text}\u{1b}[K");
    let _ = stderr.flush();
}

/// Writes the line again and again, until it is over.
fn tick(board: &Board) {
    let mut state = board.state.lock().unwrap_or_else(PoisonError::into_inner);
    while !state.over {
        if let (Some(table), Some(watch)) = (&state.table, &state.watch) {
            line(&table.says(watch));
        }
        state = board.over.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
    }
}

impl Table {
    /// `cases: 412 000 of 1 000 000 rows looked at, 410 k/s`
    fn says(&self, watch: &Watch) -> String {
        let (looked_at, written) = (watch.looked_at(), watch.written());
        let (rows, what) = if written > 0 { (written, "written") } else { (looked_at, "looked at") };
        let of = self.rows.map(|rows| format!(" of {}", show::number(rows))).unwrap_or_default();
        format!("{}: {}{of} rows {what}, {}", self.name, show::number(rows), show::rate(rows, self.begun.elapsed()))
    }
}

impl Observer for Progress {
    fn watches(&self) -> bool {
        self.shown
    }

    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Begun(watch) => {
                self.change(|state| {
                    state.watch = Some(Arc::clone(watch));
                    None
                });
                if self.shown && self.ticker.is_none() {
                    let board = Arc::clone(&self.board);
                    self.ticker = std::thread::Builder::new().name("progress".to_owned()).spawn(move || tick(&board)).ok();
                }
            }
            Event::Table(table, rows) => {
                tracing::info!(table = table.to, "begins");
                self.change(|state| {
                    state.table = Some(Table { name: table.to.clone(), rows: *rows, begun: Instant::now() });
                    Some(format!("{} …", table.to))
                });
            }
            Event::Moved(table, moved) => {
                tracing::info!(
                    table = table.to,
                    read = moved.read,
                    inserted = moved.inserted,
                    updated = moved.updated,
                    unchanged = moved.unchanged,
                    rejected = moved.rejected,
                    skipped = moved.skipped,
                    "moved"
                );
                let took = moved.probed + moved.copied;
                self.change(|state| {
                    state.table = None;
                    let (rows, rate) = (show::number(moved.read), show::rate(moved.read, took));
                    Some(format!("{}: {rows} rows in {}, {rate}", table.to, words::duration(took)))
                });
            }
            Event::Compared(table, compared) => {
                tracing::info!(table = table.to, rows = compared.actual.rows, equal = compared.is_equal(), "compared");
                self.change(|_| Some(format!("{}: {} rows compared", table.to, show::number(compared.actual.rows))));
            }
        }
    }
}
