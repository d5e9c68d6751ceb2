//! State and journal encrypted at rest, whatever keeps them: the state and its copies as age files, each line of the
//! journal as an age file in base64.
//!
//! What is clear can be read with a key too, and the next save encrypts it. What is encrypted is never written clear
//! again, but by [`Vault::bare`].

pub mod keys;

use std::io;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use infra_engine::store::{StateStore, StoreError};

use keys::{Closed, Keys, is_sealed};

/// A store whose bytes are encrypted, if there is a key.
pub struct Vault {
    inner: Box<dyn StateStore>,
    keys: Keys,
    /// Whether what is written is encrypted.
    seals: bool,
    /// What the store is called in messages.
    place: String,
    /// How the state stands there now; none until it was looked at.
    form: Mutex<Option<Form>>,
}

/// How a state stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Missing,
    Clear,
    Sealed,
}

impl Form {
    fn of(bytes: Option<&[u8]>) -> Self {
        match bytes {
            None => Self::Missing,
            Some(bytes) if is_sealed(bytes) => Self::Sealed,
            Some(_) => Self::Clear,
        }
    }
}

impl Vault {
    /// The store at `place`, read and written with these keys.
    pub fn new(inner: Box<dyn StateStore>, keys: Keys, place: String) -> Self {
        let seals = !keys.is_empty();
        Self { inner, keys, seals, place, form: Mutex::default() }
    }

    /// The same, but what is written stands clear: encryption is taken off.
    pub fn bare(self) -> Self {
        Self { seals: false, ..self }
    }

    /// Whether what is written is encrypted.
    pub fn seals(&self) -> bool {
        self.seals
    }

    /// Whether there is a key, and the state that was read stands clear: the next save encrypts it.
    pub fn is_turning(&self) -> bool {
        self.seals && self.known() == Some(Form::Clear)
    }

    fn known(&self) -> Option<Form> {
        *self.form.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, form: Form) {
        *self.form.lock().unwrap_or_else(PoisonError::into_inner) = Some(form);
    }

    fn sealed(&self, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        if !self.seals {
            return Ok(bytes.to_vec());
        }
        self.keys.seal(bytes).map_err(|error| self.cannot_seal(&error))
    }

    /// A line of the journal. An empty one ends a torn one: it says nothing, and stays what it is.
    fn sealed_line(&self, line: &str) -> Result<String, StoreError> {
        if line.is_empty() || !self.seals {
            return Ok(line.to_owned());
        }
        Ok(STANDARD_NO_PAD.encode(self.sealed(line.as_bytes())?))
    }

    fn cannot_seal(&self, error: &io::Error) -> StoreError {
        StoreError::new(format!("cannot encrypt {}: {error}", self.place))
    }

    fn opened(&self, bytes: Vec<u8>, what: &str) -> Result<Vec<u8>, StoreError> {
        self.keys.open(bytes).map_err(|closed| self.closed(&closed, what))
    }

    fn closed(&self, closed: &Closed, what: &str) -> StoreError {
        let error =
            StoreError::new(format!("cannot read {what}{}: {closed}", self.place)).hint(closed.hint());
        if matches!(closed, Closed::Damaged(_)) { error.damaged() } else { error }
    }

    /// How the state stands in its place, looking if nobody has.
    async fn form(&self) -> Result<Form, StoreError> {
        match self.known() {
            Some(form) => Ok(form),
            None => {
                let form = Form::of(self.inner.load().await?.as_deref());
                self.note(form);
                Ok(form)
            }
        }
    }

    /// What stands clear would become the backup of what is saved next: it is encrypted where it stands.
    async fn turn(&self) -> Result<(), StoreError> {
        match self.inner.load().await? {
            Some(clear) => self.inner.save(&self.sealed(&clear)?).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl StateStore for Vault {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.inner.load().await?;
        self.note(Form::of(bytes.as_deref()));
        bytes.map(|bytes| self.opened(bytes, "")).transpose()
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        match self.form().await? {
            Form::Sealed if self.keys.is_empty() => return Err(self.closed(&Closed::NoKey, "")),
            Form::Clear if self.seals => self.turn().await?,
            Form::Missing | Form::Clear | Form::Sealed => {}
        }
        self.inner.save(&self.sealed(state)?).await?;
        self.note(if self.seals { Form::Sealed } else { Form::Clear });
        Ok(())
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.inner.backup().await?;
        bytes.map(|bytes| self.opened(bytes, "the backup of ")).transpose()
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.inner.keep(label, &self.sealed(bytes)?).await
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        self.inner.journal_append(&self.sealed_line(line)?).await
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.inner.journal_load().await?;
        let opened = bytes.map(|bytes| opened_lines(&bytes, &self.keys)).transpose();
        opened.map_err(|closed| self.closed(&closed, "the journal of "))
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        self.inner.journal_clear().await
    }

    async fn lost(&self) -> StoreError {
        self.inner.lost().await
    }

    async fn journal_replace(&self, lines: &[String]) -> Result<(), StoreError> {
        let lines: Result<Vec<String>, StoreError> =
            lines.iter().map(|line| self.sealed_line(line)).collect();
        self.inner.journal_replace(&lines?).await
    }
}

/// The lines of a journal, opened. A line that is torn or damaged stays as it is: what it means is the journal's own
/// affair. One key opens all lines or none, so the first that is whole tells whether it fits.
fn opened_lines(bytes: &[u8], keys: &Keys) -> Result<Vec<u8>, Closed> {
    let mut fits = false;
    let mut lines = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let sealed = STANDARD_NO_PAD.decode(line).ok().filter(|sealed| is_sealed(sealed));
        let opened = sealed.map(|sealed| keys.open(sealed));
        fits |= matches!(opened, Some(Ok(_)));
        lines.push(match opened {
            Some(Ok(clear)) => clear,
            Some(Err(closed @ (Closed::NoKey | Closed::OtherKeys(_)))) if !fits => return Err(closed),
            Some(Err(_)) | None => line.to_vec(),
        });
    }
    Ok(lines.join(&b'\n'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use infra_engine::store::MemoryStore;

    use super::keys::tests::{after, keys};
    use super::*;

    /// A store that several vaults look into.
    #[derive(Clone, Default)]
    struct Shared(Arc<MemoryStore>);

    #[async_trait]
    impl StateStore for Shared {
        async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.load().await
        }
        async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
            self.0.save(state).await
        }
        async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.backup().await
        }
        async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
            self.0.keep(label, bytes).await
        }
        async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
            self.0.journal_append(line).await
        }
        async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.journal_load().await
        }
        async fn journal_clear(&self) -> Result<(), StoreError> {
            self.0.journal_clear().await
        }
    }

    fn vault(shared: &Shared, keys: &Keys) -> Vault {
        Vault::new(Box::new(shared.clone()), keys.clone(), "infra.state".to_owned())
    }

    fn is_clear(bytes: Option<Vec<u8>>) -> bool {
        bytes.is_some_and(|bytes| !is_sealed(&bytes))
    }

    #[tokio::test]
    async fn a_key_turns_a_clear_state_and_its_backup_and_nothing_turns_them_back() {
        let (shared, key) = (Shared::default(), keys());
        let clear = vault(&shared, &Keys::default());
        for state in ["one", "two"] {
            clear.save(state.as_bytes()).await.expect("saved");
        }
        assert!(
            is_clear(shared.load().await.expect("read")) && is_clear(shared.backup().await.expect("read"))
        );
        let sealing = vault(&shared, &key);
        assert_eq!(sealing.load().await, Ok(Some(b"two".to_vec())));
        assert!(sealing.is_turning());
        sealing.save(b"three").await.expect("saved");
        assert!(!sealing.is_turning());
        assert!(
            !is_clear(shared.load().await.expect("read")) && !is_clear(shared.backup().await.expect("read"))
        );
        assert_eq!(sealing.backup().await, Ok(Some(b"two".to_vec())));
        let refused = vault(&shared, &Keys::default()).save(b"four").await.expect_err("no key");
        assert_eq!(refused.message, "cannot read infra.state: it is encrypted, and no key is given");
        assert_eq!(sealing.load().await, Ok(Some(b"three".to_vec())));
        let other = vault(&shared, &keys()).load().await.expect_err("another key");
        assert!(other.message.starts_with("cannot read infra.state: it is encrypted for others"), "{other}");
        vault(&shared, &key).bare().save(b"five").await.expect("saved");
        assert!(is_clear(shared.load().await.expect("read")));
    }

    #[tokio::test]
    async fn a_new_key_before_the_old_one_reads_the_old_and_writes_the_new() {
        let (shared, old, new) = (Shared::default(), keys(), keys());
        vault(&shared, &old).save(b"one").await.expect("saved");
        let both = vault(&shared, &after(new.clone(), &old));
        let state = both.load().await.expect("read").expect("a state");
        both.save(&state).await.expect("saved");
        assert_eq!(vault(&shared, &new).load().await, Ok(Some(b"one".to_vec())));
        assert!(vault(&shared, &old).load().await.is_err());
    }

    #[tokio::test]
    async fn a_journal_torn_anywhere_is_the_clear_one_torn_there() {
        let (shared, key) = (Shared::default(), keys());
        let sealing = vault(&shared, &key);
        for line in ["header", "event"] {
            sealing.journal_append(line).await.expect("appended");
        }
        let whole = shared.journal_load().await.expect("read").expect("a journal");
        assert!(!String::from_utf8_lossy(&whole).contains("event"));
        let second = whole.iter().position(|byte| *byte == b'\n').expect("two lines") + 1;
        for at in 0..whole.len() - 1 {
            shared.0.set_journal(Some(whole[..at].to_vec()));
            let lines = sealing.journal_load().await.expect("torn is not damaged").expect("a journal");
            assert_eq!(lines.starts_with(b"header"), at >= second - 1, "torn at {at}");
            assert!(!lines.ends_with(b"event"), "torn at {at}");
            // The resumed apply ends the torn line, writes an empty one, and goes on.
            for line in ["", "", "later"] {
                sealing.journal_append(line).await.expect("appended");
            }
            let lines = sealing.journal_load().await.expect("read").expect("a journal");
            assert!(lines.ends_with(b"\n\nlater\n"), "torn at {at}");
        }
        shared.0.set_journal(Some(whole));
        assert_eq!(sealing.journal_load().await, Ok(Some(b"header\nevent\n".to_vec())));
        let refused = vault(&shared, &Keys::default()).journal_load().await.expect_err("no key");
        assert_eq!(
            refused.message,
            "cannot read the journal of infra.state: it is encrypted, and no key is given"
        );
    }
}
