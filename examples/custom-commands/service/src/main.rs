//! The application on the new database: custom commands over HTTP.
//!
//! `main.rs` starts and stops it, `api/` are the addresses, `store/` the queries, `workers.rs` the threads between them.

mod api;
mod connection;
mod refusal;
mod schema;
mod settings;
mod store;
mod words;
mod workers;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use manage::embed::{self, Migrations};
use manage::migrate::Event;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};

use crate::api::App;
use crate::settings::Settings;
use crate::workers::Workers;

/// The project's migrations, compiled in.
static MIGRATIONS: Migrations = manage::embed!("../migrations");

/// How long requests that are under way may take when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let Err(error) = run() else { return ExitCode::SUCCESS };
    match error.downcast_ref::<embed::Error>() {
        Some(error) => eprintln!("error: {}", error.report()),
        None => eprintln!("error: {error}"),
    }
    ExitCode::FAILURE
}

fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    migrate(&settings.url)?;
    if settings.token.is_none() {
        tracing::warn!("CUSTOM_COMMANDS_TOKEN is not set: every write is refused");
    }
    let (workers, threads) = Workers::start(&settings.database, settings.limit)?;
    let app = App { workers: Arc::new(workers), token: settings.token, limit: settings.limit };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(settings.listen, app))?;
    // Whoever has not come to an end by now is cut off; then nobody gives the threads work, and they end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    for thread in threads {
        drop(thread.join());
    }
    tracing::info!("stopped");
    Ok(())
}

/// Brings the database up to date. Several that start at once: one does it, the others wait.
fn migrate(url: &str) -> Result<(), embed::Error> {
    let migrations = MIGRATIONS.clone().application("custom-commands").environment(|name| std::env::var(name).ok());
    let told = migrations.on_event(|event| match event {
        Event::Waiting(_) => tracing::info!("somebody else migrates"),
        Event::Finished(done) => tracing::info!(version = %done.version, name = done.name.as_str(), "migrated"),
        _ => {}
    });
    told.migrate(url).map(drop)
}

async fn serve(listen: std::net::SocketAddr, app: App) -> Result<(), Box<dyn Error>> {
    let listener = listener(listen).map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, api::router(app));
    let address = serving.local_addr()?;
    let serving = serving.with_graceful_shutdown(async move { drop(stopped.await) });
    // A program that has started this one reads where it listens.
    writeln!(std::io::stdout(), "listening on http://{address}")?;
    let served = tokio::spawn(async move { serving.await });
    std::future::poll_fn(|context| {
        if interrupted.poll_recv(context).is_ready() {
            std::task::Poll::Ready(())
        } else {
            terminated.poll_recv(context).map(drop)
        }
    })
    .await;
    tracing::info!("stopping: no new requests, those under way come to their end");
    drop(stop);
    match tokio::time::timeout(LAST_WORDS, served).await {
        Ok(ended) => Ok(ended??),
        Err(_) => Ok(()),
    }
}

/// A crowd that comes at once may wait to be let in: whoever finds the line full tries again a whole second later.
fn listener(listen: std::net::SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    socket.listen(4096)
}
