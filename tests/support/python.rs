//! moto, boto3 and the AWS CLI: pinned, installed once into a folder of their own under `target/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The folder of the programs that pip installed. The first caller installs; several test processes take turns.
///
/// # Panics
/// Python or the packages cannot be had: a test that needs them must fail, not be skipped.
pub fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../test-python");
        fs::create_dir_all(&folder).expect("a folder under target/");
        let lock = fs::File::create(folder.join("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        let done = folder.join("installed.txt");
        if fs::read_to_string(&done).ok().as_deref() != Some(REQUIREMENTS) {
            install(&folder);
            fs::write(done, REQUIREMENTS).expect("written");
        }
        folder.join("venv/bin")
    })
}

fn install(folder: &Path) {
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv")));
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).expect("written");
    run(Command::new(folder.join("venv/bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(list));
}

fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install Python 3 with venv"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
