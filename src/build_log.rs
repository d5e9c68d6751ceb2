//! What builds of images print: a file for each image under `.infra/builds`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use infra_aws::transport::Log;
use infra_engine::redact::Redactor;
use infra_lang::address::Address;

/// Appends each line to the file of its image.
pub struct BuildLog {
    folder: PathBuf,
    redactor: Redactor,
}

impl BuildLog {
    /// Files in `folder`, which is made when the first line comes; `redactor` cleans each line.
    pub fn new(folder: PathBuf, redactor: Redactor) -> Self {
        Self { folder, redactor }
    }
}

/// A file name out of an address: `ami.node["a/b"]` is `ami.node_a_b_.log`.
fn file_name(address: &Address) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    address.to_string().replace("[\"", "_").replace("\"]", "_").chars().map(safe).collect::<String>() + ".log"
}

impl Log for BuildLog {
    fn line(&self, of: &Address, line: &str) {
        let open = || OpenOptions::new().append(true).create(true).open(self.folder.join(file_name(of)));
        let line = self.redactor.clean(line);
        let write =
            fs::create_dir_all(&self.folder).and_then(|()| open()?.write_all(format!("{line}\n").as_bytes()));
        // A log that cannot be written must not end a build that succeeds.
        drop(write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_has_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = BuildLog::new(folder.path().join("builds"), Redactor::new(["hunter2"]));
        let of = Address::managed("ami", "node").with_key("a/b");
        log.line(&of, "one");
        log.line(&of, "hunter2");
        let text = fs::read_to_string(folder.path().join("builds/ami.node_a_b_.log"));
        assert_eq!(text.expect("a log"), "one\n(sensitive)\n");
    }
}
