//! Clouds that are not in the process: each ends with the process that started it, however that ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::python;

/// Where a project is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// The embedded AWS, in process, under a virtual clock.
    Embedded,
    /// moto's server.
    Moto,
}

/// A server that runs until this is dropped.
pub struct Server {
    child: Child,
    /// moto ends when this closes, so it ends with the test process too.
    _stdin: Option<ChildStdin>,
    /// Its address.
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of this test process's moto.
pub fn moto() -> &'static str {
    static MOTO: OnceLock<Server> = OnceLock::new();
    &MOTO.get_or_init(new_moto).url
}

/// A moto in which there is nothing.
pub fn new_moto() -> Server {
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let mut command = Command::new(python::programs().join("python"));
    command.arg(support.join("run_moto.py"));
    command.env("MOTO_AMIS_PATH", support.join("amis.json")).env("MOTO_ENABLE_AMI_VALIDATION", "1");
    start(command, Stream::Err)
}

/// `infra local serve` in a folder.
pub fn served(folder: &Path, arguments: &[&str]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
    command.arg("-C").arg(folder).args(["local", "serve", "--port", "0"]).args(arguments);
    start(command, Stream::Out)
}

enum Stream {
    Out,
    Err,
}

/// Starts a server, and waits until it says its address and takes connections.
fn start(mut command: Command, stream: Stream) -> Server {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdin = child.stdin.take();
    let url = match stream {
        Stream::Out => address(BufReader::new(child.stdout.take().expect("piped"))),
        Stream::Err => address(BufReader::new(child.stderr.take().expect("piped"))),
    };
    let url = url.unwrap_or_else(|| panic!("{command:?} ended without an address"));
    let server = Server { child, _stdin: stdin, url };
    let host = server.url.trim_start_matches("http://");
    for _ in 0..600 {
        if std::net::TcpStream::connect(host).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{} takes no connections", server.url);
}

/// The first address in what a server says; goes on reading what it says after, so that it never has to wait.
fn address(mut said: impl BufRead + Send + 'static) -> Option<String> {
    let mut line = String::new();
    loop {
        line.clear();
        if said.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(at) = line.find("http://127.0.0.1:") {
            let url = line[at..].split([';', ' ', '\n']).next()?.to_owned();
            std::thread::spawn(move || said.lines().for_each(drop));
            return Some(url);
        }
    }
}
