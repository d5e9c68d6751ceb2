//! How a build reaches the machine it builds on: scripts are run there and files are put there.
//!
//! Arguments never pass through a local shell. What the far side runs, its environment included, travels on
//! standard input, so that neither a process list nor the log of `sudo` or `sshd` ever holds a secret.

pub(crate) mod archive;
mod bench;
mod keys;
pub mod openssh;
pub mod record;
mod wrapper;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use infra_lang::address::Address;

pub use bench::{Bench, Benches};
pub(crate) use wrapper::is_variable_name;

/// Whoever keeps what builds print: a log file, a terminal, a test. Called line by line, without line ends;
/// secrets have been replaced already. Must not block for long.
pub trait Log: Send + Sync {
    /// One line that the build of `of` printed.
    fn line(&self, of: &Address, line: &str);
}

/// A log that nobody reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn line(&self, _of: &Address, _line: &str) {}
}

/// Where the lines of one command go.
pub trait Sink: Send + Sync {
    /// One line, without its end.
    fn line(&self, line: &str);
}

/// Why a machine could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// A program that we need is not installed here.
    #[error("`{program}` cannot be started here: {reason}; install OpenSSH's client programs")]
    Program {
        /// The program.
        program: &'static str,
        /// The system's words.
        reason: String,
    },
    /// Nobody answers there yet, or ever.
    #[error("no connection to {host}: {reason}")]
    Unreachable {
        /// The address that was tried.
        host: String,
        /// What `ssh` says.
        reason: String,
    },
    /// Somebody answers who is not the machine we started.
    #[error("{host} does not show the host key it was started with; nothing was sent there ({reason})")]
    HostKey {
        /// The address that was tried.
        host: String,
        /// What `ssh` says.
        reason: String,
    },
    /// The machine does not let us in.
    #[error("{host} does not let `{user}` in: {reason}")]
    Denied {
        /// The address that was tried.
        host: String,
        /// The name we used.
        user: String,
        /// What `ssh` says.
        reason: String,
    },
    /// The link broke while something ran: whether it finished is not known.
    #[error("the connection was lost before the command reported its end: {0}")]
    Lost(String),
    /// A setting that cannot be carried out.
    #[error("{0}")]
    Refused(String),
    /// A local file, pipe or process failed.
    #[error("{0}")]
    Local(String),
}

impl TransportError {
    /// Whether the machine may simply not be up yet.
    pub fn may_pass(&self) -> bool {
        // Until cloud-init has written our key, a booting machine denies us and shows another host key.
        matches!(self, Self::Unreachable { .. } | Self::Denied { .. } | Self::HostKey { .. })
    }
}

/// A script to run on the machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    /// The program and its arguments that are given the path of the script.
    pub interpreter: Vec<String>,
    /// The script, byte by byte.
    pub body: Vec<u8>,
    /// Its environment variables, beside those of the login.
    pub env: Vec<(String, String)>,
    /// The directory it runs in; the login's own if none.
    pub workdir: Option<String>,
    /// Whether it runs as root.
    pub sudo: bool,
}

/// The environment may hold secrets: only its names are shown.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Script")
            .field("interpreter", &self.interpreter)
            .field("env", &names)
            .field("workdir", &self.workdir)
            .field("sudo", &self.sudo)
            .finish_non_exhaustive()
    }
}

/// A file or link to put on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its path below the directory of the [`Upload`], with `/`.
    pub path: String,
    /// What it is.
    pub body: ItemBody,
}

/// What an [`Item`] is.
#[derive(Clone, PartialEq, Eq)]
pub enum ItemBody {
    /// A file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
    /// A symbolic link to this path.
    Link(String),
}

/// Bytes may be secret: only their number is shown.
impl fmt::Debug for ItemBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { bytes, mode } => write!(f, "{} bytes, {mode:04o}", bytes.len()),
            Self::Link(target) => write!(f, "-> {target}"),
        }
    }
}

/// Files to put on the machine. Directories are made as needed; those that exist keep their owner, mode and other
/// files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The absolute path of the directory that the items' paths start from.
    pub directory: String,
    /// The files and links.
    pub items: Vec<Item>,
    /// `USER` or `USER:GROUP` that they shall belong to; whoever puts them there if none.
    pub owner: Option<String>,
    /// Whether root puts them there.
    pub sudo: bool,
}

/// A machine that we are logged in to.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Runs a script to its end and gives its exit status; each line of its output, errors included, goes to `sink`.
    ///
    /// A script that exits with 255 and a broken link are told apart: only the former has a status.
    async fn exec(&self, script: &Script, sink: &dyn Sink) -> Result<i32, TransportError>;

    /// Puts files there.
    async fn upload(&self, upload: &Upload, sink: &dyn Sink) -> Result<(), TransportError>;

    /// Starts the machine again and returns once it has booted.
    async fn reboot(&mut self, sink: &dyn Sink) -> Result<(), TransportError>;

    /// Logs out.
    async fn close(&mut self);
}

/// What was made ready for one machine before it is launched.
#[async_trait]
pub trait Access: Send + Sync {
    /// The user data that the machine must boot with, so that it lets us in and shows a host key we know.
    fn user_data(&self) -> Option<String>;

    /// A text in the machine's files by which our own key is found and removed again.
    fn key_marker(&self) -> Option<&str>;

    /// Logs in.
    async fn connect(&self, host: &str, user: &str) -> Result<Box<dyn Transport>, TransportError>;
}

/// How machines are reached: one for all builds of a run.
#[async_trait]
pub trait Transports: Send + Sync {
    /// Makes ready what one machine needs; `name` tells it from others.
    async fn prepare(&self, name: &str) -> Result<Box<dyn Access>, TransportError>;

    /// Where the output of builds goes.
    fn log(&self) -> Arc<dyn Log>;

    /// The machines in use.
    fn benches(&self) -> &Benches;
}
