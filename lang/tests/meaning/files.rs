//! The files of a project, in memory.

use std::collections::BTreeMap;

use infra_lang::desired::{Content, Entry};
use infra_lang::inputs::{FileError, Files};

/// Texts by path. What is asked for under `deploy/`, `tmp/` and `cookbooks` is there too, for the examples.
#[derive(Default)]
pub struct Memory(pub BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if path.starts_with("../") {
            return Err(FileError::Outside);
        }
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or(FileError::Missing)
    }

    fn content(&self, path: &str, ignore: &[String]) -> Result<Content, FileError> {
        let there = ["deploy/", "tmp/", "cookbooks"].iter().any(|start| path.starts_with(start));
        if !there && !self.0.contains_key(path) {
            return Err(FileError::Missing);
        }
        let entry = Entry { digest: "00".to_owned(), executable: false, link: false, size: 1 };
        let digest = format!("digest of {path} without {}", ignore.len());
        Ok(Content { digest, entries: BTreeMap::from([(String::new(), entry)]) })
    }

    fn matching(&self, directory: &str, pattern: &str) -> Result<Vec<String>, FileError> {
        let suffix = pattern.trim_start_matches('*');
        let start = format!("{directory}/");
        let names = self.0.keys().filter_map(|path| path.strip_prefix(&start));
        Ok(names.filter(|name| name.ends_with(suffix)).map(str::to_owned).collect())
    }
}
