//! Requests over TCP: what is sent is what stands here, and nothing is added.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The way to a service.
#[derive(Clone, Copy)]
pub struct Client {
    address: SocketAddr,
}

/// A request that is under way.
pub struct Sent {
    stream: TcpStream,
    shown: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    head: String,
    shown: String,
}

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends a request on a connection of its own, and waits for the answer.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        self.begin(method, path, headers, body).answer()
    }

    /// Sends it, and does not wait.
    #[track_caller]
    pub fn begin(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Sent {
        let shown = format!("{method} {path} {body}");
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap_or_else(|error| panic!("{shown}: {error}"));
        stream.set_read_timeout(Some(Duration::from_secs(300))).expect("a socket takes a limit");
        stream.write_all(text.as_bytes()).unwrap_or_else(|error| panic!("{shown}: {error}"));
        Sent { stream, shown }
    }
}

impl Sent {
    #[track_caller]
    pub fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("{}: {error}", self.shown));
        let text = String::from_utf8(bytes).expect("answers are text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{}: no answer: {text:?}", self.shown));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let answer = Answer { status, body: body.to_owned(), head: head.to_owned(), shown: self.shown };
        if let Some(length) = answer.header("content-length") {
            assert_eq!(length, body.len().to_string(), "{answer:?}");
        }
        answer
    }
}

impl Answer {
    /// Fails where the status is another.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}\n{}", self.shown, self.head, self.body);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type").as_deref(), Some("application/json"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}\n{}", self.shown, self.body))
    }

    /// A header's value; its name in small letters.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    }

    /// Fails where this is not the one shape of errors, with this status and word; gives the sentence.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> String {
        let answer = self.is(status);
        let error = answer.json();
        let message = error["error"]["message"].as_str().expect("a sentence").to_owned();
        assert_eq!(error, serde_json::json!({ "error": { "code": code, "message": message } }));
        message
    }
}
