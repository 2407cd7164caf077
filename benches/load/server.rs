//! The server that is measured: the released program, in a process of its own.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::PASSWORD;

pub struct Server {
    child: Child,
    pub base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn start(database: &str, port: u16, data: &Path) -> Server {
        let binary = env!("CARGO_BIN_EXE_dunghen");
        let configure = |command: &mut Command| {
            command
                .env("DATABASE_URL", database)
                .env("DUNGHEN__DATA_DIR", data)
                .env("DUNGHEN__HTTP__PORT", port.to_string())
                .env("DUNGHEN__LOG__FILTER", "warn")
                // One user asks for all.
                .env("DUNGHEN__LIMITS__REQUESTS_PER_S", "0")
                .stdin(Stdio::null());
        };
        let mut create = Command::new(binary);
        configure(create.args(["create-admin", "bench.admin", "--password", PASSWORD]));
        assert!(create.status().unwrap().success(), "create-admin");
        let mut serve = Command::new(binary);
        configure(serve.arg("serve"));
        let child = serve.stdout(Stdio::null()).spawn().unwrap();
        let server = Server { child, base: format!("127.0.0.1:{port}") };
        for _ in 0..200 {
            if TcpStream::connect(&server.base).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not come up");
    }

    /// Peak resident memory in MiB.
    pub fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
