//! Load for a service that runs, and how long its answers took.
//!
//! `load look-up ADDRESS RATE SECONDS NAME` asks for a command by its name, so many times a second. Requests begin when
//! their time has come, whatever became of those before them, and each is measured from that moment on: a service that
//! falls behind cannot hide it.
//!
//! `load execute ADDRESS COUNT NAME` counts uses, all of them at once, each on a connection of its own. The token is in
//! CUSTOM_COMMANDS_TOKEN, and both sides need so many open files (`ulimit -n`).

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Connections over which look-ups take turns.
const CONNECTIONS: u32 = 20;

fn main() -> Fallible<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["look-up", address, rate, seconds, name] => look_up(address.parse()?, rate.parse()?, seconds.parse()?, name),
        ["execute", address, count, name] => execute(address.parse()?, count.parse()?, name),
        _ => Err("usage: load look-up ADDRESS RATE SECONDS NAME | load execute ADDRESS COUNT NAME".into()),
    }
}

fn look_up(address: SocketAddr, rate: u32, seconds: u32, name: &str) -> Fallible<()> {
    let request = format!("GET /api/v3/custom_commands/by_name/{name} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let begun = Instant::now() + Duration::from_millis(100);
    let one = |first: u32| {
        let mut stream = connect(address)?;
        let mut took = Vec::new();
        for at in (first..rate * seconds).step_by(CONNECTIONS as usize) {
            let due = begun + Duration::from_secs(1) * at / rate;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(request.as_bytes())?;
            answer(&mut stream)?;
            took.push(due.elapsed());
        }
        Fallible::Ok(took)
    };
    let mut took = Vec::new();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|first| scope.spawn(move || one(first))).collect();
        for thread in threads {
            took.extend(thread.join().map_err(|_| "a thread has ended early")??);
        }
        Fallible::Ok(())
    })?;
    took.sort();
    let at = |share: f64| took[((took.len() as f64 * share) as usize).min(took.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{} answers at {rate} a second: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

fn execute(address: SocketAddr, count: u32, name: &str) -> Fallible<()> {
    let token = std::env::var("CUSTOM_COMMANDS_TOKEN")?;
    let request = format!(
        "PATCH /api/v3/custom_commands/by_name/{name}/execute HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut streams = (0..count).map(|_| connect(address)).collect::<Fallible<Vec<_>>>()?;
    let begun = Instant::now();
    for stream in &mut streams {
        stream.write_all(request.as_bytes())?;
    }
    streams.iter_mut().try_for_each(answer)?;
    println!("{count} uses at once: all answered after {:.2} s", begun.elapsed().as_secs_f64());
    Ok(())
}

fn connect(address: SocketAddr) -> Fallible<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one answer, which has to be a success.
fn answer(stream: &mut TcpStream) -> Fallible<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err("the connection was closed".into());
        }
        bytes.extend_from_slice(&part[..read]);
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
