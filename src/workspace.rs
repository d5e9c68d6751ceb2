//! The files of a project: source text, values files, and whatever expressions and image layers read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use infra_lang::desired::{Content, Entry};
use infra_lang::inputs::{FileError, Files};
use sha2::{Digest, Sha256};

use crate::error::{CommandError, Complaint, file_error};
use crate::store::file::write_atomically;

/// Spans count bytes in 32 bits; nobody writes a source file of this size by hand.
const LARGEST_SOURCE: u64 = 64 << 20;

/// The source files of a directory (`*.infra`, but not values files), by name, with their text.
///
/// # Errors
/// The directory or a file cannot be read, or a file is not UTF-8.
pub fn sources(directory: &Path, shown: &str) -> Result<Vec<(String, String)>, CommandError> {
    let names = listing(directory)?;
    let names = names.iter().filter(|name| name.ends_with(".infra") && !name.ends_with(".vars.infra"));
    let names = names.filter(|name| !name.ends_with(".test.infra"));
    names.map(|name| Ok((joined(shown, name), read_source(&directory.join(name))?))).collect()
}

/// The values files that are read by themselves, `*.auto.vars.infra`, by name, with their text.
pub fn auto_values(directory: &Path) -> Result<Vec<(String, String)>, CommandError> {
    let names = listing(directory)?;
    let names = names.iter().filter(|name| name.ends_with(".auto.vars.infra"));
    names.map(|name| Ok((name.clone(), read_source(&directory.join(name))?))).collect()
}

/// A name in a folder, either of which may be empty.
pub fn joined(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{}/{name}", folder.trim_end_matches('/')),
    }
}

/// The names of the files in a directory, sorted; hidden ones are none of ours.
fn listing(directory: &Path) -> Result<Vec<String>, CommandError> {
    let failed = |error: io::Error| file_error("the directory cannot be read", directory, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.path().is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

/// The text of one source file.
pub fn read_source(path: &Path) -> Result<String, CommandError> {
    let failed = |error: io::Error| file_error("the file cannot be read", path, &error);
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_SOURCE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST_SOURCE {
        return Err(Complaint::new("the file is larger than 64 MiB").at(path.display()).into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        Complaint::new(format!("the file is not UTF-8: byte {at}, on line {line}"))
            .at(path.display())
            .hint("save it as UTF-8")
            .into()
    })
}

/// Replaces the text of a source file: at once, with the permissions it had, and where a link leads to.
///
/// # Errors
/// The file cannot be written.
pub fn write_source(path: &Path, text: &str) -> Result<(), CommandError> {
    let write = || {
        let target = fs::canonicalize(path)?;
        let permissions = fs::metadata(&target)?.permissions();
        write_atomically(&target, text.as_bytes())?;
        fs::set_permissions(&target, permissions)
    };
    Ok(write().map_err(|error| file_error("the file cannot be written", path, &error))?)
}

/// Trees by their path and what is left out of them.
type Trees = BTreeMap<(String, Vec<String>), Content>;

/// The files below a project's directory, and nothing outside it.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    root: PathBuf,
    /// What was looked at already: a run evaluates more than once, and hashes each tree once.
    known: Arc<Mutex<Trees>>,
}

impl ProjectFiles {
    /// The files below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), known: Arc::default() }
    }

    /// The path on disk; none if it leads out of the project.
    fn resolve(&self, path: &str) -> Result<PathBuf, FileError> {
        let inside = Path::new(path).components().try_fold(PathBuf::new(), |mut inside, part| match part {
            Component::Normal(name) => {
                inside.push(name);
                Some(inside)
            }
            Component::CurDir => Some(inside),
            Component::ParentDir => inside.pop().then_some(inside),
            Component::RootDir | Component::Prefix(_) => None,
        });
        inside.map(|inside| self.root.join(inside)).ok_or(FileError::Outside)
    }

    /// What is in a file or a tree now.
    fn look(&self, path: &str, ignore: &[String]) -> Result<Content, FileError> {
        let root = self.resolve(path)?;
        let mut entries = BTreeMap::new();
        if fs::metadata(&root).map_err(failed)?.is_dir() {
            let mut walk = ignore::WalkBuilder::new(&root);
            walk.standard_filters(false).hidden(false).follow_links(false);
            walk.overrides(overrides(&root, ignore)?);
            for found in walk.build() {
                let found = found.map_err(|error| FileError::Other(error.to_string()))?;
                if found.file_type().is_some_and(|kind| !kind.is_dir()) {
                    entries.insert(relative(&root, found.path())?, entry(found.path())?);
                }
            }
        } else {
            entries.insert(String::new(), entry(&root)?);
        }
        Ok(Content { digest: digest(&entries), entries })
    }
}

fn failed(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing,
        _ => FileError::Other(error.to_string()),
    }
}

impl Files for ProjectFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(self.resolve(path)?).map_err(failed)
    }

    fn content(&self, path: &str, ignore: &[String]) -> Result<Content, FileError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (path.to_owned(), ignore.to_vec());
        if let Some(content) = known.get(&key) {
            return Ok(content.clone());
        }
        let content = self.look(path, ignore)?;
        known.insert(key, content.clone());
        Ok(content)
    }

    fn link(&self, path: &str) -> Result<String, FileError> {
        let target = fs::read_link(self.resolve(path)?).map_err(failed)?;
        target
            .into_os_string()
            .into_string()
            .map_err(|_| FileError::Other("the link is not UTF-8".to_owned()))
    }

    fn matching(&self, directory: &str, pattern: &str) -> Result<Vec<String>, FileError> {
        let root = self.resolve(directory)?;
        let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
        let glob = glob.map_err(|error| FileError::Other(error.to_string()))?.compile_matcher();
        let all = self.content(directory, &[])?;
        let inside = root.is_dir();
        Ok(all.entries.into_keys().filter(|path| inside && glob.is_match(path)).collect())
    }
}

/// What is never part of a tree, besides what the user leaves out.
const NEVER: [&str; 1] = [".git"];

fn overrides(root: &Path, patterns: &[String]) -> Result<ignore::overrides::Override, FileError> {
    let mut builder = ignore::overrides::OverrideBuilder::new(root);
    let bad = |error: ignore::Error| FileError::Other(error.to_string());
    for pattern in NEVER.into_iter().chain(patterns.iter().map(String::as_str)) {
        // In overrides a `!` in front leaves out, the reverse of .gitignore.
        let turned = pattern.strip_prefix('!').map_or_else(|| format!("!{pattern}"), str::to_owned);
        builder.add(&turned).map_err(bad)?;
    }
    builder.build().map_err(bad)
}

fn relative(root: &Path, path: &Path) -> Result<String, FileError> {
    let inside = path.strip_prefix(root).ok().and_then(Path::to_str);
    let inside = inside.ok_or_else(|| FileError::Other(format!("{} is not UTF-8", path.display())))?;
    Ok(inside.replace(std::path::MAIN_SEPARATOR, "/"))
}

/// What is in one file or link.
fn entry(path: &Path) -> Result<Entry, FileError> {
    let about = fs::symlink_metadata(path).map_err(failed)?;
    if about.is_symlink() {
        let target = fs::read_link(path).map_err(failed)?;
        let bytes = target.as_os_str().as_encoded_bytes();
        return Ok(Entry {
            digest: hex::encode(Sha256::digest(bytes)),
            executable: false,
            link: true,
            size: bytes.len() as u64,
        });
    }
    let bytes = fs::read(path).map_err(failed)?;
    let (digest, size) = (hex::encode(Sha256::digest(&bytes)), bytes.len() as u64);
    Ok(Entry { digest, executable: is_executable(&about), link: false, size })
}

#[cfg(unix)]
fn is_executable(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_about: &fs::Metadata) -> bool {
    false
}

/// One digest for a tree: of each path, its bits and its bytes, in the order of the paths.
fn digest(entries: &BTreeMap<String, Entry>) -> String {
    let mut hash = Sha256::new();
    for (path, entry) in entries {
        hash.update(format!(
            "{path}\0{}{}\0{}\n",
            u8::from(entry.executable),
            u8::from(entry.link),
            entry.digest
        ));
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_what_is_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ProjectFiles::new(folder.path());
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        write("app/main.js", "one");
        write("app/lib/a.js", "two");
        write("app/.git/HEAD", "ref");
        write("app/x.log", "noise");
        // Each run looks afresh.
        let content =
            || ProjectFiles::new(folder.path()).content("app", &["*.log".to_owned()]).expect("a tree");
        let before = content();
        assert_eq!(before.entries.keys().collect::<Vec<_>>(), ["lib/a.js", "main.js"]);
        write("app/x.log", "more noise");
        assert_eq!(content(), before);
        write("app/main.js", "three");
        assert_ne!(content().digest, before.digest);
        assert_eq!(files.matching("app", "**/*.js").expect("a list"), ["lib/a.js", "main.js"]);
        assert_eq!(files.matching("app", "*.js").expect("a list"), ["main.js"]);
    }

    #[test]
    fn nothing_outside_the_project_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ProjectFiles::new(folder.path());
        assert_eq!(files.read("../secret"), Err(FileError::Outside));
        assert_eq!(files.read("/etc/passwd"), Err(FileError::Outside));
        assert_eq!(files.read("a/../b"), Err(FileError::Missing));
    }
}
