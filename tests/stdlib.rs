//! The standard library: its own tests, and an example of each module on the embedded AWS.

use std::path::{Path, PathBuf};

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

fn stdlib() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib")
}

#[test]
fn the_modules_pass_their_own_tests() {
    let project = TestProject::new(Cloud::Embedded);
    let out = project.run(&["test", &stdlib().display().to_string()]).expect(0);
    let entries = std::fs::read_dir(stdlib()).expect("the modules").map(|entry| entry.expect("an entry").path());
    let modules = entries.filter(|path| path.is_dir()).count();
    assert_eq!(out.matches("main.test.infra").count(), modules, "{out}");
}

/// Applies the example of a module, finds nothing more to do, and destroys it.
#[track_caller]
fn applied(module: &str, said: &str) {
    let project = TestProject::copy(&stdlib().join(module).join("example"), Cloud::Embedded);
    let out = project.apply(&[]);
    assert!(out.contains(said), "{out}");
    project.expect_no_changes(&[]);
    project.destroy();
    assert_eq!(project.left_behind(), [""; 0]);
}

#[test]
fn network() {
    applied("network", "subnets = [\"subnet-");
}

#[test]
fn layer() {
    applied("layer", "image = \"ami-");
}

#[test]
fn fleet() {
    applied("fleet", "bee = \"example-fleet-group-bee-");
}
