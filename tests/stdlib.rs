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
    let entries =
        std::fs::read_dir(stdlib()).expect("the modules").map(|entry| entry.expect("an entry").path());
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
fn web_service() {
    applied("web_service", "address = \"http://www.shop.example/\"");
}

#[test]
fn worker_pool() {
    applied("worker_pool", "group = \"example-workers-worker-");
}

#[test]
fn fleet() {
    applied("fleet", "bee = \"example-fleet-group-bee-");
}

#[test]
fn scheduled_capacity() {
    applied("scheduled_capacity", "scheduled_action.scheduled[\"morning\"]");
}

#[test]
fn a_deploy_of_the_web_service_is_a_swap() {
    let project = TestProject::copy(&stdlib().join("web_service/example"), Cloud::Embedded);
    let _ = project.apply(&[]);
    let plan = project.run(&["plan", "--detailed-exitcode", "--var", "workers=8"]).expect(2);
    assert!(plan.contains("2 of 2 running instances replaced"), "{plan}");
    assert!(plan.contains("1 swapped, 1 built"), "{plan}");
    let _ = project.apply(&["--var", "workers=8"]);
    project.expect_no_changes(&["--var", "workers=8"]);
}
