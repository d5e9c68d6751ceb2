//! Files that survive a crash: replaced as a whole or added to by lines, and on disk when a call returns.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What stands beside a file: its name with something at the end.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The bytes of a file, if there is one.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file as a whole: no reader and no crash ever sees half of it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = written(path, bytes)?;
    fs::rename(new, path)?;
    sync_folder(path)
}

/// Replaces a file like [`write_atomically`]; what it was before is the backup from then on, which takes a second name
/// for the same bytes and copies none, where the file system knows such.
pub fn write_keeping(path: &Path, bytes: &[u8], backup: &Path) -> io::Result<()> {
    let new = written(path, bytes)?;
    let second = beside(backup, ".new");
    match fs::remove_file(&second).or_else(unless_missing).and_then(|()| fs::hard_link(path, &second)) {
        Ok(()) => fs::rename(&second, backup)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => write_atomically(backup, &fs::read(path)?)?,
    }
    fs::rename(new, path)?;
    sync_folder(path)
}

/// The bytes in a file of their own, on disk.
fn written(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let new = beside(path, ".new");
    let all = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    all().or_else(|error| without(&new, error))?;
    Ok(new)
}

/// What could not be written whole takes no room away.
fn without(new: &Path, error: io::Error) -> io::Result<()> {
    // That it could not be written is what has to be told.
    let _ = fs::remove_file(new);
    Err(error)
}

fn unless_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Like [`write_atomically`], but what is written may be lost with the power: for what can be had again.
pub fn write_quickly(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    fs::write(&new, bytes).or_else(|error| without(&new, error))?;
    fs::rename(&new, path)
}

/// Removes a file, if there is one.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(unless_missing)?;
    sync_folder(path)
}

/// Makes a rename or a removal in a file's folder last.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// A file that grows by lines and stays open: one write and one sync each.
#[derive(Debug)]
pub struct Log(File);

impl Log {
    /// Opens it at its end. If it is new, it lasts.
    pub fn open(path: &Path) -> io::Result<Self> {
        let is_new = !path.exists();
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        if is_new {
            sync_folder(path)?;
        }
        Ok(Self(file))
    }

    /// Adds a line, given without its line feed.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(format!("{line}\n").as_bytes())?;
        self.0.sync_data()
    }
}
