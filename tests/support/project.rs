//! A project in a folder of its own, and runs of the binary in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use infra_local_aws::LocalAws;
use infra_local_aws::model::ec2::InstanceState;
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
        Self::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), cloud)
    }

    /// A copy of the project in a folder.
    pub fn copy(folder: &Path, cloud: Cloud) -> Self {
        let project = Self::new(cloud);
        copy(folder, project.path());
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
        self.run_in(&[], arguments)
    }

    /// The same with these environment variables.
    pub fn run_in(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        let output = command.envs(environment.iter().copied()).output().expect("the binary runs");
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

    /// A run of `infra` in it, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
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

    /// Names of what the embedded AWS holds beyond what every account is born with.
    pub fn left_behind(&self) -> Vec<String> {
        let cloud = LocalAws::restore(&self.read(".infra/local/cloud.json")).expect("a cloud");
        let now = cloud.now().expect("it was used");
        cloud.with_model("123456789012", "us-east-1", now, |model| {
            let mut left = Vec::new();
            left.extend(model.autoscaling.groups.keys().cloned());
            left.extend(model.autoscaling.configurations.keys().cloned());
            left.extend(model.elb.balancers.keys().cloned());
            left.extend(model.route53.zones.keys().cloned());
            left.extend(model.ec2.templates.keys().map(ToString::to_string));
            left.extend(model.ec2.key_pairs.keys().cloned());
            left.extend(model.ec2.snapshots.keys().map(ToString::to_string));
            let own = model.ec2.images.values().filter(|image| image.owner == model.account);
            left.extend(own.map(|image| image.id.to_string()));
            let gone = [InstanceState::ShuttingDown, InstanceState::Terminated];
            let living = model.ec2.instances.values().filter(|instance| !gone.contains(&instance.state));
            left.extend(living.map(|instance| instance.id.to_string()));
            left.extend(model.ec2.vpcs.values().filter(|vpc| !vpc.is_default).map(|vpc| vpc.id.to_string()));
            left
        })
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
