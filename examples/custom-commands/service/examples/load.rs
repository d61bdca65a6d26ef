//! Load for a service that runs, and how long its answers took.
//!
//! `load look-up ADDRESS RATE SECONDS NAME` asks for a command by its name, so many times a second. Requests begin when
//! their time has come, whatever became of those before them, and each is measured from that moment on: a service that
//! falls behind cannot hide it.
//!
//! `load execute ADDRESS COUNT NAME` counts uses, all of them at once, each on a connection of its own. The token is in
//! CUSTOM_COMMANDS_TOKEN, and both sides need so many open files (`ulimit -n`).

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Connections over which look-ups take turns.
const CONNECTIONS: u32 = 20;

fn main() -> Fallible<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match words[..] {
        ["look-up", address, rate, seconds, name] => {
            runtime.block_on(look_up(address.parse()?, rate.parse()?, seconds.parse()?, name.to_owned()))
        }
        ["execute", address, count, name] => runtime.block_on(execute(address.parse()?, count.parse()?, name)),
        _ => Err("usage: load look-up ADDRESS RATE SECONDS NAME | load execute ADDRESS COUNT NAME".into()),
    }
}

async fn look_up(address: SocketAddr, rate: u32, seconds: u32, name: String) -> Fallible<()> {
    let request = format!("GET /api/v3/custom_commands/by_name/{name} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let begun = Instant::now() + Duration::from_millis(100);
    let mut tasks = JoinSet::new();
    for first in 0..CONNECTIONS {
        let request = request.clone();
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut took = Vec::new();
            for at in (first..rate * seconds).step_by(CONNECTIONS as usize) {
                let due = begun + Duration::from_secs(1) * at / rate;
                sleep_until(due).await;
                stream.write_all(request.as_bytes()).await?;
                answer(&mut stream).await?;
                took.push(due.elapsed());
            }
            Fallible::Ok(took)
        });
    }
    tell(tasks).await.map(|told| println!("{told}, {rate} a second"))
}

async fn execute(address: SocketAddr, count: u32, name: &str) -> Fallible<()> {
    let token = std::env::var("CUSTOM_COMMANDS_TOKEN")?;
    let request = format!(
        "PATCH /api/v3/custom_commands/by_name/{name}/execute HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let request = request.clone();
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            answer(&mut stream).await?;
            Fallible::Ok(vec![begun.elapsed()])
        });
    }
    tell(tasks).await.map(|told| println!("{told}, at once, in {:.2} s", begun.elapsed().as_secs_f64()))
}

/// Reads one answer, which has to be a success.
async fn answer(stream: &mut TcpStream) -> Fallible<()> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err("the connection was closed".into());
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        if !head.starts_with("HTTP/1.1 200 ") {
            return Err(format!("not answered: {text}").into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).ok_or("no length")?;
        if bytes.len() == head.len() + 4 + length.parse::<usize>()? {
            return Ok(());
        }
    }
}

async fn tell(mut tasks: JoinSet<Fallible<Vec<Duration>>>) -> Fallible<String> {
    let mut took = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        took.extend(ended??);
    }
    took.sort();
    let at = |share: f64| took[((took.len() as f64 * share) as usize).min(took.len() - 1)].as_secs_f64() * 1e3;
    Ok(format!("{} answers: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms", took.len(), at(0.5), at(0.99), at(1.0)))
}
