//! What all our files have in common: JSON with a `format` of a name and a number, and behind it a `digest`.
//!
//! The digest is SHA-256, in 64 hexadecimal digits, over all bytes of the file but those digits. JSON alone does not
//! tell that a letter has changed, or that something stands there twice.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// How many digits a digest has.
const DIGITS: usize = 64;
const MISMATCH: &str = "its digest is not that of its contents, so it was changed after it was written";

/// What a file is, and what of it may be missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// What is written, such as `infra.state/2`.
    pub(crate) name: &'static str,
    /// What was written before there were digests, and is still read.
    pub(crate) before: Option<&'static str>,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormatError {
    Empty,
    Damaged(String),
    Unknown(String),
    Other,
}

/// What every file says of itself.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Json,
    #[serde(default)]
    digest: Option<Json>,
}

impl Format {
    /// The bytes of a file, `body` being an object with members of its own.
    pub(crate) fn write(&self, body: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
        let front = self.front();
        let mut bytes = [front.as_bytes(), &[b'0'; DIGITS], b"\","].concat();
        let brace = bytes.len();
        serde_json::to_writer_pretty(&mut bytes, body)?;
        bytes.remove(brace);
        bytes.push(b'\n');
        let digits = front.len()..front.len() + DIGITS;
        let digest = digest(front.as_bytes(), &bytes[digits.end..]);
        bytes[digits].copy_from_slice(digest.as_bytes());
        Ok(bytes)
    }

    /// Reads what [`Format::write`] writes.
    pub(crate) fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        match bytes.strip_prefix(self.front().as_bytes()) {
            Some(behind) => self.check(behind)?,
            None => self.allow(bytes, &[self.before])?,
        }
        parsed(bytes)
    }

    /// Reads what somebody has edited, and taken the line of the digest out of.
    pub(crate) fn read_edited<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        match bytes.strip_prefix(self.front().as_bytes()) {
            Some(behind) => self.check(behind)?,
            None => self.allow(bytes, &[self.before, Some(self.name)])?,
        }
        parsed(bytes)
    }

    /// All that stands before the digest.
    fn front(&self) -> String {
        format!("{{\n  \"format\": \"{}\",\n  \"digest\": \"", self.name)
    }

    /// Compares the digest with all that stands around it; `behind` begins with its digits.
    fn check(&self, behind: &[u8]) -> Result<(), FormatError> {
        let matches =
            |(digits, rest): (&[u8], &[u8])| digest(self.front().as_bytes(), rest).as_bytes() == digits;
        match behind.split_at_checked(DIGITS).is_some_and(matches) {
            true => Ok(()),
            false => Err(FormatError::Damaged(MISMATCH.to_owned())),
        }
    }

    /// Lets a file pass that has no digest, if its format is one of these.
    fn allow(&self, bytes: &[u8], without: &[Option<&str>]) -> Result<(), FormatError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(FormatError::Empty);
        }
        let Head { format, digest } = parsed(bytes)?;
        match format.as_str() {
            found @ Some(_) if without.contains(&found) && digest.is_none() => Ok(()),
            Some(found) if found == self.name || Some(found) == self.before => {
                Err(FormatError::Damaged(MISMATCH.to_owned()))
            }
            Some(found) if family(found) == family(self.name) => Err(FormatError::Unknown(found.to_owned())),
            _ => Err(FormatError::Other),
        }
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormatError> {
    serde_json::from_slice(bytes).map_err(|error| FormatError::Damaged(error.to_string()))
}

fn digest(front: &[u8], rest: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update(front).chain_update(rest).finalize())
}

fn family(format: &str) -> &str {
    format.split_once('/').map_or(format, |(family, _)| family)
}
