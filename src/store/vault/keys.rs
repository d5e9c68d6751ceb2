//! The keys of what is encrypted at rest, as ordinary age files (<https://age-encryption.org/v1>): `age -d` opens them.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::iter;
use std::path::Path;

use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};

use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;

/// How every age file begins.
pub const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// What to do where a key is missing.
const GIVE: &str =
    "set INFRA_AGE_KEY_FILE to the file that `age-keygen` wrote, or INFRA_AGE_KEY to the identity in it";

/// Opens what was encrypted for any of its identities; encrypts for the first of them, and for the other recipients.
#[derive(Clone, Default)]
pub struct Keys {
    identities: Vec<Identity>,
    recipients: Vec<Recipient>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.recipients.iter().map(ToString::to_string)).finish()
    }
}

/// Where the environment says that keys are; see the table of [`crate::settings`].
#[derive(Clone, Default)]
pub struct KeySource {
    /// `INFRA_AGE_KEY`: identities themselves.
    pub identity: Option<String>,
    /// `INFRA_AGE_KEY_FILE`: a file of identities.
    pub file: Option<String>,
    /// `INFRA_AGE_RECIPIENTS`: who else can read, or a file that says so.
    pub recipients: Option<String>,
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity, file, recipients } = self;
        let identity = identity.as_ref().map(|_| "…");
        f.debug_struct("KeySource")
            .field("identity", &identity)
            .field("file", file)
            .field("recipients", recipients)
            .finish()
    }
}

/// Why something encrypted stays closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// No key was given.
    #[error("it is encrypted, and no key is given")]
    NoKey,
    /// Those given do not fit: who could read with them.
    #[error("it is encrypted for others: the keys given are those of {}", .0.join(", "))]
    OtherKeys(Vec<String>),
    /// It is not what was written.
    #[error("it is encrypted, and damaged ({0})")]
    Damaged(String),
}

impl Closed {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoKey => GIVE,
            Self::OtherKeys(_) => {
                "give the identity it was encrypted for in INFRA_AGE_KEY_FILE or INFRA_AGE_KEY, \
                 or have somebody who can read it add yours to INFRA_AGE_RECIPIENTS and run `infra state rekey`"
            }
            Self::Damaged(_) => "`infra state repair` goes back to the save before",
        }
    }
}

/// Whether bytes are an age file.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

impl Keys {
    /// The keys that the environment names; none if it names none.
    ///
    /// # Errors
    /// A file cannot be read, or what is given is no key.
    pub fn gather(settings: &Settings) -> CommandResult<Self> {
        let KeySource { identity, file, recipients } = &settings.keys;
        let mut identities = Vec::new();
        if let Some(text) = identity {
            identities.extend(parsed(text, "INFRA_AGE_KEY", "an identity")?);
        }
        if let Some(path) = file.as_deref().map(|path| settings.resolve(Path::new(path))) {
            let text = fs::read_to_string(&path)
                .map_err(|error| file_error("the key cannot be read", &path, &error).hint(GIVE))?;
            identities.extend(parsed(&text, &path.display().to_string(), "an identity")?);
        }
        let others = recipients.as_deref().map(|text| others(text, settings)).transpose()?;
        Self::of(identities, others.unwrap_or_default())
    }

    fn of(identities: Vec<Identity>, others: Vec<Recipient>) -> CommandResult<Self> {
        let Some(first) = identities.first().map(Identity::to_public) else {
            return match others.is_empty() {
                true => Ok(Self::default()),
                false => {
                    let complaint =
                        "INFRA_AGE_RECIPIENTS is set without a key: nobody here could read what is written";
                    Err(Complaint::new(complaint).hint(GIVE).into())
                }
            };
        };
        let others = others.into_iter().filter(|other| *other != first).collect::<Vec<_>>();
        Ok(Self { identities, recipients: iter::once(first).chain(others).collect() })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// The bytes as an age file; as they are without a key, or if they are one already.
    ///
    /// # Errors
    /// What the library says, none of which can be expected.
    pub fn seal(&self, clear: &[u8]) -> io::Result<Vec<u8>> {
        if self.is_empty() || is_sealed(clear) {
            return Ok(clear.to_vec());
        }
        let recipients = self.recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut sealed = Vec::with_capacity(clear.len() + 1024);
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(clear)?;
        writer.finish()?;
        Ok(sealed)
    }

    /// What is in an age file; anything else as it is.
    ///
    /// # Errors
    /// None of the keys opens it, or it is damaged.
    pub fn open(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Closed> {
        if !is_sealed(&bytes) {
            return Ok(bytes);
        }
        if self.is_empty() {
            return Err(Closed::NoKey);
        }
        let damaged = |why: &dyn fmt::Display| Closed::Damaged(why.to_string());
        let decryptor = Decryptor::new_buffered(&bytes[..]).map_err(|error| damaged(&error))?;
        let identities = self.identities.iter().map(|identity| identity as &dyn age::Identity);
        let mut reader = decryptor.decrypt(identities).map_err(|error| match error {
            DecryptError::NoMatchingKeys => Closed::OtherKeys(self.readers()),
            error => damaged(&error),
        })?;
        let mut clear = Vec::with_capacity(bytes.len());
        reader.read_to_end(&mut clear).map_err(|error| damaged(&error))?;
        Ok(clear)
    }

    /// Who can read with the identities given.
    fn readers(&self) -> Vec<String> {
        self.identities.iter().map(|identity| identity.to_public().to_string()).collect()
    }
}

/// A key on each line or between commas, comments left out. What is no key is told by its line alone: it may be one
/// with a slip of the pen.
fn parsed<T: std::str::FromStr>(text: &str, place: &str, what: &str) -> CommandResult<Vec<T>> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let keys = lines.filter(|(_, line)| !line.starts_with('#'));
    let keys = keys.flat_map(|(at, line)| line.split(',').map(move |key| (at, key.trim())));
    let parse = |(at, key): (usize, &str)| {
        let complaint = || Complaint::new(format!("line {at} is not {what} of age")).at(place).hint(GIVE);
        key.parse().map_err(|_| complaint().into())
    };
    keys.filter(|(_, key)| !key.is_empty()).map(parse).collect()
}

/// The recipients that a variable lists, or the file that it names.
fn others(text: &str, settings: &Settings) -> CommandResult<Vec<Recipient>> {
    if text.trim_start().starts_with("age1") {
        return parsed(text, "INFRA_AGE_RECIPIENTS", "a recipient");
    }
    let path = settings.resolve(Path::new(text.trim()));
    let listed = fs::read_to_string(&path)
        .map_err(|error| file_error("the recipients cannot be read", &path, &error))?;
    parsed(&listed, &path.display().to_string(), "a recipient")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Keys of one new identity.
    pub fn keys() -> Keys {
        Keys::of(vec![Identity::generate()], Vec::new()).ok().expect("one identity")
    }

    /// Keys of the first, and after it those of the others.
    pub fn after(first: Keys, others: &Keys) -> Keys {
        let identities = first.identities.into_iter().chain(others.identities.iter().cloned());
        Keys::of(identities.collect(), Vec::new()).ok().expect("identities")
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_with_no_other() {
        let (mine, theirs) = (keys(), keys());
        let sealed = mine.seal(b"clear").expect("sealed");
        assert!(is_sealed(&sealed));
        assert_eq!(mine.open(sealed.clone()), Ok(b"clear".to_vec()));
        assert_eq!(mine.seal(&sealed).expect("as it is"), sealed);
        assert_eq!(theirs.open(sealed.clone()), Err(Closed::OtherKeys(theirs.readers())));
        assert_eq!(Keys::default().open(sealed.clone()), Err(Closed::NoKey));
        assert_eq!(after(theirs.clone(), &mine).open(sealed), Ok(b"clear".to_vec()));
        assert_eq!(theirs.open(b"clear".to_vec()), Ok(b"clear".to_vec()));
    }

    #[test]
    fn a_team_reads_what_one_of_it_wrote() {
        let (mine, theirs) = (keys(), keys());
        let both = Keys::of(mine.identities.clone(), theirs.recipients.clone()).ok().expect("an identity");
        let sealed = both.seal(b"clear").expect("sealed");
        for keys in [mine, theirs] {
            assert_eq!(keys.open(sealed.clone()), Ok(b"clear".to_vec()));
        }
    }

    #[test]
    fn no_part_and_no_other_spelling_of_an_age_file_opens() {
        let keys = keys();
        let sealed = keys.seal(b"clear").expect("sealed");
        for at in MAGIC.len()..sealed.len() {
            assert!(keys.open(sealed[..at].to_vec()).is_err(), "cut at {at}");
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(keys.open(flipped).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_slip_in_a_key_is_told_by_its_line() {
        let slip = parsed::<Identity>("# mine\n\nAGE-SECRET-KEY-1OOPS\n", "key.txt", "an identity");
        let Err(crate::error::CommandError::Complaints(complaints)) = slip else { panic!("it is no key") };
        assert_eq!(complaints[0].message, "line 3 is not an identity of age");
        let secret = Identity::generate();
        let source = KeySource {
            identity: Some(age::secrecy::ExposeSecret::expose_secret(&secret.to_string()).to_owned()),
            ..KeySource::default()
        };
        let keys = Keys::of(vec![secret], Vec::new()).ok().expect("one identity");
        assert!(!format!("{source:?} {keys:?}").contains("AGE-SECRET-KEY"));
    }
}
