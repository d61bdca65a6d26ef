//! Threads that hold the connections: Diesel's calls block, and the threads that talk to callers must not.
//!
//! On SQLite one of them writes, as SQLite has one writer: writes wait in line here, and not inside of SQLite, where they
//! would meet `database is locked`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use manage::domain::database_url::DatabaseUrl;
use manage::domain::engine::Engine;
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Connection, Role};
use crate::refusal::Refusal;

/// So many pieces of work may wait; who comes then waits until there is room, or its time is over.
const WAITING: usize = 1024;
/// How often one is tried again that was in another's way.
const TRIES: usize = 5;

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// The way to the threads. They end when it is dropped.
pub struct Workers {
    readers: mpsc::Sender<Job>,
    writers: mpsc::Sender<Job>,
}

impl Workers {
    /// Opens the connections and starts the threads.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn start(url: &DatabaseUrl, limit: Duration) -> Result<(Self, Vec<JoinHandle<()>>), String> {
        let writing = if url.engine() == Engine::Sqlite { 1 } else { 4 };
        let mut threads = Vec::new();
        let mut start = |role, count| {
            let (sender, jobs) = mpsc::channel::<Job>(WAITING);
            let jobs = Arc::new(Mutex::new(jobs));
            for _ in 0..count {
                let connection = Some(Connection::open(url, role, limit)?);
                let mut desk = Desk { url: url.clone(), role, limit, connection };
                let jobs = Arc::clone(&jobs);
                threads.push(std::thread::spawn(move || {
                    while let Some(job) = next(&jobs) {
                        job(&mut desk);
                    }
                }));
            }
            Ok::<_, String>(sender)
        };
        let writers = start(Role::Writes, writing)?;
        let readers = start(Role::Reads, 4)?;
        Ok((Self { readers, writers }, threads))
    }

    /// Does what only reads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        give(&self.readers, work).await
    }

    /// Does what writes, as one transaction; it may be begun again.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        give(&self.writers, work).await
    }
}

async fn give<T: Send + 'static>(
    to: &mpsc::Sender<Job>,
    work: impl Fn(&mut Connection) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move |desk| {
        // Nobody waits for it any more: it is not begun.
        if !answer.is_closed() {
            drop(answer.send(desk.serve(&work)));
        }
    });
    to.send(job).await.map_err(|_| Refusal::unavailable("the service is stopping"))?;
    answered.await.map_err(|_| Refusal::internal())?
}

fn next(jobs: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

/// A thread's connection, which is made anew when it is lost.
struct Desk {
    url: DatabaseUrl,
    role: Role,
    limit: Duration,
    connection: Option<Connection>,
}

impl Desk {
    fn serve<T>(&mut self, work: &impl Fn(&mut Connection) -> Result<T, Refusal>) -> Result<T, Refusal> {
        for _ in 0..TRIES {
            let connection = match &mut self.connection {
                Some(connection) => connection,
                none => match Connection::open(&self.url, self.role, self.limit) {
                    Ok(opened) => none.insert(opened),
                    Err(error) => {
                        tracing::error!(error, "the database is away");
                        return Err(Refusal::unavailable("the database cannot be reached"));
                    }
                },
            };
            match catch_unwind(AssertUnwindSafe(|| work(connection))) {
                Ok(Err(refusal)) if refusal.is_ours() => {
                    let again = connection.was_in_the_way();
                    if !connection.answers() {
                        self.connection = None;
                    }
                    if !again {
                        return Err(refusal);
                    }
                }
                Ok(done) => return done,
                Err(_) => {
                    self.connection = None;
                    return Err(Refusal::internal());
                }
            }
        }
        Err(Refusal::unavailable("too many are writing the same"))
    }
}
