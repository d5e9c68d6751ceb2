//! A project in a folder of its own, and runs of the binary in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::clouds::{self, Cloud};

/// A project, applied to one cloud.
pub struct TestProject {
    folder: TempDir,
    endpoint: Option<String>,
}

/// What a run said and how it ended. It must be looked at.
#[must_use]
#[derive(Debug)]
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Fails the test unless the run ended with this code; gives standard output.
    #[track_caller]
    pub fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self.out
    }
}

impl TestProject {
    /// An empty project on a cloud.
    pub fn new(cloud: Cloud) -> Self {
        let endpoint = match cloud {
            Cloud::Embedded => None,
            Cloud::Moto => Some(clouds::moto().to_owned()),
        };
        Self { folder: tempfile::tempdir().expect("a folder"), endpoint }
    }

    /// An empty project on a server's address.
    pub fn at(url: &str) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), endpoint: Some(url.to_owned()) }
    }

    /// A copy of an example.
    pub fn example(name: &str, cloud: Cloud) -> Self {
        let project = Self::new(cloud);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), project.path());
        project
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs `infra` in it, with nothing of the surroundings but the way to other programs.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("the binary runs");
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Starts `infra` in it and lets it run; nobody hears what it says.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
        command.current_dir(self.path()).args(arguments).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path()).env("COLUMNS", "100").env("AWS_EC2_METADATA_DISABLED", "true");
        match &self.endpoint {
            None => command.arg("--local"),
            Some(url) => command
                .env("AWS_ENDPOINT_URL", url)
                .env("AWS_ACCESS_KEY_ID", "123456789012")
                .env("AWS_SECRET_ACCESS_KEY", "test"),
        };
        command
    }

    /// Applies, and fails the test if that fails.
    #[track_caller]
    pub fn apply(&self, arguments: &[&str]) -> String {
        self.run(&[&["apply", "--yes"], arguments].concat()).expect(0)
    }

    /// Fails the test unless there is nothing to do.
    #[track_caller]
    pub fn expect_no_changes(&self, arguments: &[&str]) {
        let out = self.run(&[&["plan", "--detailed-exitcode"], arguments].concat()).expect(0);
        assert!(out.starts_with("No changes."), "{out}");
    }

    /// Destroys everything, and fails the test if the state still holds anything.
    #[track_caller]
    pub fn destroy(&self) {
        let _ = self.run(&["destroy", "--yes"]).expect(0);
        assert_eq!(self.run(&["state", "list"]).expect(0), "");
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == ".infra" {
            continue;
        }
        if from.is_dir() {
            fs::create_dir_all(&to).expect("made");
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("copied");
        }
    }
}
