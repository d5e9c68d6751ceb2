//! State, journal and lock on disk: the files, and nothing about what is in them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use infra_engine::store::{StateStore, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::file::{self, Log, beside, write_atomically};
use crate::error::{CommandError, Complaint, file_error, no_room};
use crate::settings::Settings;
use crate::terminal::Terminal;

/// So often it is looked whether a lock has become free.
const AGAIN: Duration = Duration::from_millis(200);

/// The state file and what stands beside it: `.journal` while an apply runs, `.backup` of the save before, `.lock`.
#[derive(Debug)]
pub struct DiskStore {
    path: PathBuf,
    /// The journal, once something was added to it.
    journal: Mutex<Option<Log>>,
    /// Held for as long as the store is open; the system lets go of it when the process dies.
    _lock: Option<File>,
}

/// Who holds the lock, for whoever finds it held.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    user: String,
    process: u32,
    command: String,
    since: Timestamp,
}

impl DiskStore {
    /// A store that only reads: it needs no lock, because saves are atomic.
    pub fn read_only(path: &Path) -> Self {
        Self { path: path.to_owned(), journal: Mutex::default(), _lock: None }
    }

    /// A store that may write, locked.
    ///
    /// # Errors
    /// Somebody else holds the lock (who, since when), or the folder cannot be written.
    pub fn locked(path: &Path, user: &str, command: &str, now: Timestamp) -> Result<Self, CommandError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| file_error("the folder cannot be made", folder, &error))?;
        }
        let lock = beside(path, ".lock");
        let failed = |error: io::Error| file_error("the state cannot be locked", &lock, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file, &lock).into()),
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
        }
        let holder = Holder {
            user: user.to_owned(),
            process: std::process::id(),
            command: command.to_owned(),
            since: now,
        };
        write_holder(&mut file, &holder).map_err(failed)?;
        Ok(Self { path: path.to_owned(), journal: Mutex::default(), _lock: Some(file) })
    }
}

/// A store that may write, once whoever holds the lock has let go of it: the user says how long that may take.
///
/// # Errors
/// As [`DiskStore::locked`].
pub fn locked_in_time(path: &Path, command: &str, settings: &Settings) -> Result<DiskStore, CommandError> {
    let (begun, mut is_told) = (Instant::now(), false);
    loop {
        let locked = DiskStore::locked(path, &settings.user, command, settings.now);
        let (Err(_), Some(who)) = (&locked, holder(path)) else { return locked };
        if begun.elapsed() >= settings.lock_timeout {
            return locked;
        }
        if !is_told {
            Terminal::new(settings.color).tell(&format!("Waiting for the lock of the state: {who}.\n"));
            is_told = true;
        }
        // Nothing else goes on yet; and the clock of `--local` would jump.
        std::thread::sleep(AGAIN);
    }
}

impl DiskStore {
    fn journal_path(&self) -> PathBuf {
        beside(&self.path, ".journal")
    }

    fn open_journal(&self) -> MutexGuard<'_, Option<Log>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let mut journal = self.open_journal();
        let mut log = match journal.take() {
            Some(log) => log,
            None => Log::open(&self.journal_path())?,
        };
        log.append(line)?;
        *journal = Some(log);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    file::read(path).map_err(store_error("cannot read", path))
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(holder)?)
}

/// Who holds a lock, in words.
fn told(file: &mut File) -> String {
    let mut text = String::new();
    let holder = file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str::<Holder>(&text).ok());
    match holder {
        Some(Holder { user, process, command, since }) => {
            format!("{user} runs `{command}` (process {process}) since {since:.0}")
        }
        None => "another process holds the lock".to_owned(),
    }
}

/// Who holds the lock of the state at `path` now, in words; it is not waited for, and not taken.
pub fn holder(path: &Path) -> Option<String> {
    let mut file = File::open(beside(path, ".lock")).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(told(&mut file)),
        _ => None,
    }
}

/// For how long nothing has been written to the journal of the state at `path`.
pub fn quiet(path: &Path, now: Timestamp) -> Option<Duration> {
    let written = fs::metadata(beside(path, ".journal")).and_then(|metadata| metadata.modified()).ok()?;
    let quiet = now.duration_since(Timestamp::try_from(written).ok()?);
    Duration::try_from(quiet).ok()
}

fn held(file: &mut File, lock: &Path) -> Complaint {
    let who = told(file);
    Complaint::new(format!("the state is locked: {who}"))
        .at(lock.display())
        .hint(
            "wait until it has ended, or let `--lock-timeout 5m` wait; the lock goes with its process, so there is \
             nothing to unlock",
        )
}

fn store_error(what: &str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| {
        let hint = no_room(&error).map(str::to_owned);
        StoreError { hint, ..StoreError::new(format!("{what} {}: {error}", path.display())) }
    }
}

#[async_trait]
impl StateStore for DiskStore {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.path)
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        let backup = beside(&self.path, ".backup");
        file::write_keeping(&self.path, state, &backup).map_err(store_error("cannot write", &self.path))
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&beside(&self.path, ".backup"))
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        let path = beside(&self.path, &format!(".{label}.backup"));
        write_atomically(&path, bytes).map_err(store_error("cannot write", &path))?;
        Ok(path.display().to_string())
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        self.append(line).map_err(store_error("cannot write", &self.journal_path()))
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.journal_path())
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        let path = self.journal_path();
        *self.open_journal() = None;
        file::remove(&path).map_err(store_error("cannot remove", &path))
    }

    async fn journal_replace(&self, lines: &[String]) -> Result<(), StoreError> {
        if lines.is_empty() {
            return self.journal_clear().await;
        }
        let path = self.journal_path();
        *self.open_journal() = None;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        write_atomically(&path, text.as_bytes()).map_err(store_error("cannot write", &path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(path: &Path) -> Result<DiskStore, CommandError> {
        DiskStore::locked(path, "ann@host", "infra apply", Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("infra.state");
        let first = locked(&path).ok().expect("the first gets the lock");
        let Err(CommandError::Complaints(complaints)) = locked(&path) else {
            panic!("the second got the lock")
        };
        let process = std::process::id();
        let expected = format!(
            "the state is locked: ann@host runs `infra apply` (process {process}) since 1970-01-01T00:00:00Z"
        );
        assert_eq!(complaints[0].message, expected);
        drop(first);
        assert!(locked(&path).is_ok());
    }

    #[tokio::test]
    async fn saves_keep_the_one_before_and_the_journal_grows_by_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("infra.state");
        let store = DiskStore::read_only(&path);
        assert_eq!(store.load().await, Ok(None));
        for state in ["one", "two"] {
            store.save(state.as_bytes()).await.expect("saved");
        }
        assert_eq!(store.load().await, Ok(Some(b"two".to_vec())));
        assert_eq!(store.backup().await, Ok(Some(b"one".to_vec())));
        assert!(store.keep("7", b"seven").await.expect("kept").ends_with("infra.state.7.backup"));
        for line in ["a", "b"] {
            store.journal_append(line).await.expect("appended");
        }
        assert_eq!(store.journal_load().await, Ok(Some(b"a\nb\n".to_vec())));
        store.journal_replace(&["c".to_owned()]).await.expect("replaced");
        store.journal_append("d").await.expect("appended");
        assert_eq!(store.journal_load().await, Ok(Some(b"c\nd\n".to_vec())));
        store.journal_clear().await.expect("cleared");
        assert_eq!(store.journal_load().await, Ok(None));
        store.journal_append("e").await.expect("appended");
        assert_eq!(store.journal_load().await, Ok(Some(b"e\n".to_vec())));
    }
}
