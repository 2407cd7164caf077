//! Requests at next to no cost, and how fast they are answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{CONNECTIONS, PASSWORD};

/// One keep-alive connection that speaks just enough HTTP to cost next to nothing.
pub struct Wire {
    pub stream: BufReader<TcpStream>,
    pub body: Vec<u8>,
}

impl Wire {
    pub fn open(base: &str) -> Wire {
        let stream = TcpStream::connect(base).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire { stream: BufReader::with_capacity(64 << 10, stream), body: Vec::new() }
    }

    /// Status of the answer; its body is in `self.body`.
    pub fn answer(&mut self) -> u16 {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            chunked |= header == "transfer-encoding: chunked";
        }
        self.body.clear();
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line).unwrap();
                let size = usize::from_str_radix(line.trim(), 16).unwrap();
                let start = self.body.len();
                self.body.resize(start + size + 2, 0);
                self.stream.read_exact(&mut self.body[start..]).unwrap();
                self.body.truncate(start + size);
                if size == 0 {
                    return status;
                }
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        status
    }

    pub fn send(&mut self, request: &[u8]) -> u16 {
        self.stream.get_mut().write_all(request).unwrap();
        self.answer()
    }
}

pub fn call(base: &str, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {base}\r\nContent-Type: application/json\r\n{token}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut wire = Wire::open(base);
    let status = wire.send(request.as_bytes());
    let text = String::from_utf8_lossy(&wire.body).into_owned();
    assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

pub fn sign_in(base: &str, username: &str) -> String {
    let session = call(base, "POST", "/api/v1/auth/sessions", None, Some(&json!({"username": username, "password": PASSWORD})));
    session["access_token"].as_str().unwrap().to_owned()
}

pub fn seconds() -> u64 {
    std::env::var("SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(10)
}

/// Requests a second over all connections, and how many were not 200.
pub fn hammer(base: &str, requests: &[Vec<u8>]) -> (f64, u64) {
    let (done, bad, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..CONNECTIONS {
            let (done, bad, stop) = (&done, &bad, &stop);
            scope.spawn(move || {
                let mut wire = Wire::open(base);
                let mut at = worker * 7;
                while !stop.load(Ordering::Relaxed) {
                    let status = wire.send(&requests[at % requests.len()]);
                    at += 1;
                    done.fetch_add(1, Ordering::Relaxed);
                    bad.fetch_add(u64::from(status != 200), Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(Duration::from_secs(seconds()));
        stop.store(true, Ordering::Relaxed);
    });
    (done.into_inner() as f64 / started.elapsed().as_secs_f64(), bad.into_inner())
}

/// Streams the file to the bulk endpoint; seconds taken.
pub fn bulk(base: &str, token: &str, file: &Path, rows: u64) -> f64 {
    let length = std::fs::metadata(file).unwrap().len();
    let head = format!(
        "POST /api/v1/dossiers/bulk HTTP/1.1\r\nHost: {base}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut wire = Wire::open(base);
    let started = Instant::now();
    wire.stream.get_mut().write_all(head.as_bytes()).unwrap();
    std::io::copy(&mut std::fs::File::open(file).unwrap(), wire.stream.get_mut()).unwrap();
    let status = wire.answer();
    let seconds = started.elapsed().as_secs_f64();
    let answer: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(
        (status, answer["summary"]["rejected"].as_u64()),
        (200, Some(0)),
        "{}",
        String::from_utf8_lossy(&wire.body[..wire.body.len().min(2000)])
    );
    assert_eq!(answer["summary"]["received"].as_u64(), Some(rows));
    seconds
}

/// Seconds that one request takes.
pub fn timed(base: &str, request: &[u8]) -> f64 {
    let mut wire = Wire::open(base);
    let started = Instant::now();
    let status = wire.send(request);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&wire.body));
    started.elapsed().as_secs_f64()
}
