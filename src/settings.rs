//! What the arguments and the environment mean: gathered once, here, and nowhere else.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `AWS_ENDPOINT_URL` | the address of an AWS emulator; also read by the AWS SDK, with all its other `AWS_` variables |
//! | `INFRA_VAR_x` | the value of variable `x` |
//! | `INFRA_AGE_KEY_FILE` | a file of age identities, as `age-keygen` writes it: state, journal and plan files are encrypted for the first, and opened with any |
//! | `INFRA_AGE_KEY` | the same, but the identities themselves; they come before those of the file |
//! | `INFRA_AGE_RECIPIENTS` | who else can read what is written: `age1…`, between commas or on lines, or a file of them |
//! | `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` | whether to use colour (anstream) |
//! | `COLUMNS` | the width, where the terminal does not tell |
//! | `USER` | who holds a lock |
//! | `INFRA_LEASE_SECONDS` | for how long the lease of a shared state holds, 60 by default; for tests of it |
//! | `XDG_STATE_HOME`, `HOME` | where the console keeps its history |

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::ColorChoice;
use jiff::Timestamp;

use crate::args::{Color, Global, Transport};
use crate::error::{CommandResult, Complaint};
use crate::store::vault::keys::KeySource;

/// What the names of variables begin with.
const OURS: &str = "INFRA_VAR_";

/// Everything a command may want to know about its surroundings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The project's directory.
    pub directory: PathBuf,
    /// Whether the embedded AWS is used.
    pub local: bool,
    /// How builders are reached, if the user said so.
    pub transport: Option<Transport>,
    /// Where AWS is, if not where it usually is.
    pub endpoint: Option<String>,
    /// Colour or not.
    pub color: ColorChoice,
    /// `INFRA_VAR_x`, by `x`.
    pub variables: BTreeMap<String, String>,
    /// Where the keys are that files are encrypted with.
    pub keys: KeySource,
    /// Where the console's history is kept, if the environment tells a place.
    pub history: Option<PathBuf>,
    /// Who runs it: `user@host`.
    pub user: String,
    /// How long a locked state is waited for.
    pub lock_timeout: Duration,
    /// For how long the lease of a shared state holds without being renewed.
    pub lease: Duration,
    /// When it started.
    pub now: Timestamp,
}

impl Settings {
    /// Reads the environment and the clock.
    ///
    /// # Errors
    /// `INFRA_VAR_x` is not UTF-8.
    pub fn gather(global: &Global) -> CommandResult<Self> {
        Ok(Self {
            directory: global.directory.clone().unwrap_or_else(|| PathBuf::from(".")),
            local: global.local,
            transport: global.transport,
            endpoint: env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty()),
            color: color(global),
            variables: variables(env::vars_os())?,
            keys: key_source(),
            history: state_home().map(|folder| folder.join("infra/console_history")),
            user: format!("{}@{}", env::var("USER").unwrap_or_else(|_| "unknown".to_owned()), host()),
            lock_timeout: global.lock_timeout,
            lease: lease(env::var("INFRA_LEASE_SECONDS").ok()),
            now: Timestamp::now(),
        })
    }

    /// Those of one who knows nothing of the environment.
    #[cfg(test)]
    pub fn bare(directory: &Path, user: &str) -> Self {
        Self {
            directory: directory.to_owned(),
            local: false,
            transport: None,
            endpoint: None,
            color: ColorChoice::Never,
            variables: BTreeMap::new(),
            keys: KeySource::default(),
            history: None,
            user: user.to_owned(),
            lock_timeout: Duration::ZERO,
            lease: Duration::from_secs(60),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// The same, now.
    pub fn again(&self) -> Self {
        Self { now: Timestamp::now(), ..self.clone() }
    }

    /// The folder for everything of ours that is not the state.
    pub fn hidden(&self) -> PathBuf {
        self.directory.join(".infra")
    }

    /// Where the embedded AWS of this project is kept.
    pub fn local_folder(&self) -> PathBuf {
        self.hidden().join("local")
    }

    /// `path` as seen from the project's directory.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }
}

/// Whether to use colour.
pub fn color(global: &Global) -> ColorChoice {
    match global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// `INFRA_VAR_x`, by `x`; other programs' variables may be anything.
fn variables(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> CommandResult<BTreeMap<String, String>> {
    let is_ours = |name: &OsStr| name.as_encoded_bytes().starts_with(OURS.as_bytes());
    environment.filter(|(name, _)| is_ours(name)).map(|(name, value)| variable(&name, value)).collect()
}

fn variable(name: &OsStr, value: OsString) -> CommandResult<(String, String)> {
    let unreadable = || {
        let complaint = Complaint::new(format!("the variable {} is not UTF-8", name.display()));
        complaint.hint("write it in UTF-8, or unset it")
    };
    let short = name.to_str().and_then(|name| name.strip_prefix(OURS)).ok_or_else(unreadable)?;
    Ok((short.to_owned(), value.into_string().map_err(|_| unreadable())?))
}

fn key_source() -> KeySource {
    let given = |name: &str| env::var(name).ok().filter(|text| !text.trim().is_empty());
    KeySource {
        identity: given("INFRA_AGE_KEY"),
        file: given("INFRA_AGE_KEY_FILE"),
        recipients: given("INFRA_AGE_RECIPIENTS"),
    }
}

/// A lease is renewed four times while it holds, and its age is told in whole seconds.
fn lease(seconds: Option<String>) -> Duration {
    let seconds =
        seconds.and_then(|seconds| seconds.parse().ok()).filter(|seconds| (1..=86_400).contains(seconds));
    Duration::from_secs(seconds.unwrap_or(60))
}

/// Where programs keep what they remember of a user, by the XDG base directory specification.
fn state_home() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| env::var("HOSTNAME"));
    name.map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;
    use crate::error::CommandError;

    fn read(pairs: &[(&[u8], &[u8])]) -> Result<Vec<(String, String)>, String> {
        let os = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        match variables(pairs.iter().map(|(name, value)| (os(name), os(value)))) {
            Ok(variables) => Ok(variables.into_iter().collect()),
            Err(CommandError::Complaints(complaints)) => Err(complaints[0].message.clone()),
            Err(_) => panic!("no sources are read here"),
        }
    }

    #[test]
    fn only_variables_of_ours_must_be_readable() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let others: [(&[u8], &[u8]); 3] = [(b"LS_\xff", b"x"), (b"LESS", b"\xfe"), (b"INFRA_VAR_size", b"3")];
        assert_eq!(read(&others), Ok(vec![pair("size", "3")]));
        let told = Err("the variable INFRA_VAR_size is not UTF-8".to_owned());
        assert_eq!(read(&[(b"INFRA_VAR_size", b"\xff")]), told);
        assert!(read(&[(b"INFRA_VAR_\xff", b"3")]).is_err());
    }
}
