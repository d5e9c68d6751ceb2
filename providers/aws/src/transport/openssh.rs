//! Machines reached by the `ssh` program: it is everywhere, and bastions, agents and certificates are its business.
//!
//! One master connection is opened and shared by every command. No configuration file, agent or password of the
//! user's takes part: the one key and the one host key are those made for this machine.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use super::keys::{HOST_ALIAS, Keys};
use super::wrapper::{self, Line, Reader, Wrapped};
use super::{Access, Benches, Log, Script, Sink, Transport, TransportError, Transports, Upload, archive};

/// How long one attempt to log in may take.
const ATTEMPT: Duration = Duration::from_secs(60);

/// Between attempts to reach a machine that boots again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(3);

/// Reaches machines by `ssh`.
pub struct OpenSsh {
    log: Arc<dyn Log>,
    lifetime: Duration,
    benches: Benches,
}

impl OpenSsh {
    /// Logs to `log`; a machine powers off by itself after `lifetime`, should we never come back for it.
    pub fn new(log: Arc<dyn Log>, lifetime: Duration) -> Self {
        Self { log, lifetime, benches: Benches::default() }
    }
}

#[async_trait]
impl Transports for OpenSsh {
    async fn prepare(&self, name: &str) -> Result<Box<dyn Access>, TransportError> {
        let keys = Arc::new(Keys::generate(name).await?);
        Ok(Box::new(SshAccess { keys, port: 22, lifetime: self.lifetime }))
    }

    fn log(&self) -> Arc<dyn Log> {
        self.log.clone()
    }

    fn benches(&self) -> &Benches {
        &self.benches
    }
}

struct SshAccess {
    keys: Arc<Keys>,
    port: u16,
    lifetime: Duration,
}

#[async_trait]
impl Access for SshAccess {
    fn user_data(&self) -> Option<String> {
        Some(self.keys.cloud_config(self.lifetime.as_secs()))
    }

    fn key_marker(&self) -> Option<&str> {
        Some(&self.keys.marker)
    }

    async fn connect(&self, host: &str, user: &str) -> Result<Box<dyn Transport>, TransportError> {
        let way =
            Way { keys: self.keys.clone(), host: host.to_owned(), port: self.port, user: user.to_owned() };
        let master = way.open().await?;
        Ok(Box::new(Session { way, master }))
    }
}

/// Everything `ssh` needs to know to get there.
struct Way {
    keys: Arc<Keys>,
    host: String,
    port: u16,
    user: String,
}

impl Way {
    /// `ssh` with the settings that all our connections share, and `extra` ones.
    fn ssh(&self, extra: &[&str]) -> Command {
        let path = |option: &str, path: std::path::PathBuf| format!("{option}={}", path.display());
        let options = [
            "BatchMode=yes".to_owned(),
            "PreferredAuthentications=publickey".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
            "IdentityAgent=none".to_owned(),
            path("IdentityFile", self.keys.identity()),
            "StrictHostKeyChecking=yes".to_owned(),
            "HostKeyAlgorithms=ssh-ed25519".to_owned(),
            format!("HostKeyAlias={HOST_ALIAS}"),
            path("UserKnownHostsFile", self.keys.known_hosts()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "UpdateHostKeys=no".to_owned(),
            "ConnectTimeout=10".to_owned(),
            // A link may be gone for almost two minutes: shorter limits end builds that would have succeeded.
            "ServerAliveInterval=15".to_owned(),
            "ServerAliveCountMax=8".to_owned(),
            "LogLevel=ERROR".to_owned(),
            path("ControlPath", self.keys.control_path()),
        ];
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-T", "-p", &self.port.to_string(), "-l", &self.user]);
        for option in &options {
            command.args(["-o", option]);
        }
        command.args(extra).args(["--", &self.host]);
        command.env("LC_ALL", "C").env_remove("SSH_AUTH_SOCK").kill_on_drop(true);
        command
    }

    /// Opens the connection that all commands share.
    async fn open(&self) -> Result<Child, TransportError> {
        // A socket of a connection that has ended would be taken for a sign of the new one.
        let _ = std::fs::remove_file(self.keys.control_path());
        let mut command = self.ssh(&["-M", "-N"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut master = command.spawn().map_err(not_startable)?;
        match timeout(ATTEMPT, self.opened(&mut master)).await {
            Ok(opened) => opened.map(|()| master),
            Err(_) => Err(self.unreachable(format!("no answer within {} s", ATTEMPT.as_secs()))),
        }
    }

    /// The socket appears once we are let in; before that the program may end.
    async fn opened(&self, master: &mut Child) -> Result<(), TransportError> {
        loop {
            if self.keys.control_path().exists() {
                return Ok(());
            }
            tokio::select! {
                _ = master.wait() => return Err(self.classify(&complaint(master).await)),
                () = sleep(Duration::from_millis(25)) => {}
            }
        }
    }

    /// `ssh` has one exit status for all its failures, so this is the one place that reads its words.
    fn classify(&self, complaint: &str) -> TransportError {
        let (host, reason) = (self.host.clone(), complaint.to_owned());
        if complaint.contains("ost key") || complaint.contains("HOST IDENTIFICATION") {
            return TransportError::HostKey { host, reason };
        }
        if complaint.contains("Permission denied") || complaint.contains("Too many authentication failures") {
            return TransportError::Denied { host, user: self.user.clone(), reason };
        }
        self.unreachable(reason)
    }

    fn unreachable(&self, reason: String) -> TransportError {
        TransportError::Unreachable { host: self.host.clone(), reason }
    }

    /// Runs a wrapped command, feeds it its preamble and payload, and waits for its trailer.
    async fn run(
        &self,
        wrapped: &Wrapped,
        payload: &[u8],
        reader: Reader,
        sink: &dyn Sink,
    ) -> Result<i32, TransportError> {
        let mut command = self.ssh(&[]);
        command.arg(&wrapped.command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(not_startable)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let writing = async {
            if let Some(mut stdin) = stdin {
                // A far side that stops reading says why in its output, or the link is lost: both are noticed there.
                let _ = stdin.write_all(wrapped.preamble.as_bytes()).await;
                let _ = stdin.write_all(payload).await;
                let _ = stdin.shutdown().await;
            }
            std::future::pending::<std::convert::Infallible>().await
        };
        let status = tokio::select! {
            status = read(stdout, reader, sink) => status,
            never = writing => match never {},
        };
        match status {
            Some(status) => Ok(status),
            None => Err(TransportError::Lost(complaint(&mut child).await)),
        }
    }
}

fn not_startable(error: std::io::Error) -> TransportError {
    TransportError::Program { program: "ssh", reason: error.to_string() }
}

/// What a program that has ended, or is about to, says on its standard error.
async fn complaint(child: &mut Child) -> String {
    let mut text = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // A program of the machine that outlives the link may hold the pipe open.
        let _ = timeout(Duration::from_secs(5), stderr.take(16 * 1024).read_to_end(&mut text)).await;
    }
    let text = String::from_utf8_lossy(&text).trim().replace('\r', "");
    if text.is_empty() { "ssh ended without a word".to_owned() } else { text }
}

/// Passes output on until the trailer comes; none if the output ends before. What runs on in the background on the
/// machine may keep the channel open, so the end of the output is not waited for.
async fn read(stdout: Option<ChildStdout>, mut reader: Reader, sink: &dyn Sink) -> Option<i32> {
    let mut stdout = BufReader::new(stdout?);
    let mut bytes = Vec::new();
    while stdout.read_until(b'\n', &mut bytes).await.ok()? > 0 {
        let line = String::from_utf8_lossy(&bytes);
        match reader.take(line.trim_end_matches(['\n', '\r'])) {
            Line::End(status) => return Some(status),
            Line::Held => {}
            Line::Output(held, line) => {
                if held {
                    sink.line("");
                }
                sink.line(line);
            }
        }
        bytes.clear();
    }
    None
}

/// A word that no output holds by chance.
fn nonce() -> Result<String, TransportError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| TransportError::Local(format!("random bytes: {error}")))?;
    Ok(hex::encode(bytes))
}

/// A machine that we are logged in to.
struct Session {
    way: Way,
    master: Child,
}

impl Session {
    /// Tells one boot of the machine from the next.
    async fn boot_id(&self) -> Result<String, TransportError> {
        let lines = Lines::default();
        self.exec(&shell("cat /proc/sys/kernel/random/boot_id", false), &lines).await?;
        Ok(lines.text())
    }

    async fn log_in_again(&mut self) -> Result<String, TransportError> {
        self.master = self.way.open().await?;
        self.boot_id().await
    }
}

#[async_trait]
impl Transport for Session {
    async fn exec(&self, script: &Script, sink: &dyn Sink) -> Result<i32, TransportError> {
        let nonce = nonce()?;
        let wrapped = wrapper::script(script, &nonce)?;
        self.way.run(&wrapped, &script.body, Reader::new(&nonce), sink).await
    }

    async fn upload(&self, upload: &Upload, sink: &dyn Sink) -> Result<(), TransportError> {
        let nonce = nonce()?;
        let payload = archive::tar(&upload.items)?;
        let wrapped = wrapper::upload(upload, &nonce);
        let lines = Lines::default();
        match self.way.run(&wrapped, &payload, Reader::new(&nonce), &lines).await? {
            0 => Ok(()),
            _ => {
                let text = lines.text();
                text.lines().for_each(|line| sink.line(line));
                Err(TransportError::Refused(format!("putting files into {}: {text}", upload.directory)))
            }
        }
    }

    async fn reboot(&mut self, sink: &dyn Sink) -> Result<(), TransportError> {
        let before = self.boot_id().await?;
        // The pause lets the command report its end before the machine goes down.
        let restart = shell("(sleep 1; systemctl reboot || reboot) >/dev/null 2>&1 &", true);
        self.exec(&restart, sink).await?;
        self.close().await;
        loop {
            sleep(BETWEEN_ATTEMPTS).await;
            match self.log_in_again().await {
                Ok(now) if now != before => return Ok(()),
                // The link may break between logging in and asking, as long as the machine goes down.
                Ok(_) | Err(TransportError::Lost(_)) => {}
                Err(error) if error.may_pass() => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn close(&mut self) {
        let _ = self.master.kill().await;
    }
}

fn shell(body: &str, sudo: bool) -> Script {
    let interpreter = vec!["/bin/sh".to_owned(), "-eu".to_owned()];
    Script { interpreter, body: body.as_bytes().to_vec(), env: Vec::new(), workdir: None, sudo }
}

/// Keeps lines.
#[derive(Default)]
struct Lines(std::sync::Mutex<Vec<String>>);

impl Lines {
    fn text(&self) -> String {
        self.0.lock().map(|lines| lines.join("\n")).unwrap_or_default()
    }
}

impl Sink for Lines {
    fn line(&self, line: &str) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(line.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
