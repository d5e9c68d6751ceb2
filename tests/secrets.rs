//! No secret at rest: what is written, printed or saved holds none in clear.

use std::fs;
use std::path::Path;

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

const SOURCE: &str = r##"
project "sec" { region = "us-east-1" }
variable "password" {
  type      = string
  sensitive = true
}
launch_template "x" {
  image_id      = "ami-22de994a"
  instance_type = "t3.small"
  user_data     = "#!/bin/sh\necho ${var.password}\n"
}
ami "x" {
  base     = "ami-22de994a"
  ssh_user = "admin"
  shell {
    inline = ["deploy"]
    env    = { PASSWORD = var.password }
  }
}
output "password" {
  value     = var.password
  sensitive = true
}
"##;

/// Every file of the project but the embedded AWS's own, which keeps what AWS keeps.
fn written(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(written(&path));
        } else if path.file_name().is_some_and(|name| name != "cloud.json") {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
    found
}

#[test]
fn a_secret_is_used_and_never_written() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    let secret = |value: &str| format!("password={value}");
    let first = project.run(&["apply", "--yes", "--var", &secret("canary-one")]);
    assert_eq!(first.code, 0, "{}", first.err);
    let plan = project.run(&["plan", "--json", "--out", "p.plan", "--var", &secret("canary-two")]);
    let wrong = project.run(&["apply", "--yes", "p.plan", "--var", &secret("canary-three")]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("is not the one the plan was made with"), "{}", wrong.err);
    let second = project.run(&["apply", "--yes", "p.plan", "--var", &secret("canary-two")]);
    assert_eq!(second.code, 0, "{}", second.err);
    project.expect_no_changes(&["--var", &secret("canary-two")]);
    let shown = project.run(&["show", "--json"]);
    for run in [first, plan, wrong, second, shown] {
        assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}\n{}", run.out, run.err);
    }
    for (path, bytes) in written(project.path()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{path}");
    }
}

#[test]
fn an_ephemeral_value_is_taken_by_every_apply_and_kept_nowhere() {
    let project = TestProject::new(Cloud::Embedded);
    let ephemeral = SOURCE.replace("sensitive = true\n}\nlaunch", "ephemeral = true\n}\nlaunch");
    let ephemeral = ephemeral.replace("echo ${var.password}", "echo");
    let (kept, _) = ephemeral.split_once("output").expect("an output");
    project.write("main.infra", kept);
    let token = |value: &str| format!("password={value}");
    let plan = project.run(&["plan", "--json", "--out", "p.plan", "--var", &token("canary-one")]);
    let without = project.run(&["apply", "--yes", "p.plan"]);
    assert_eq!(without.code, 1);
    let applied = project.run(&["apply", "--yes", "p.plan", "--var", &token("canary-two")]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    project.expect_no_changes(&["--var", &token("canary-three")]);
    let shown = project.run(&["show", "--json"]);
    for run in [plan, without, applied, shown] {
        assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}\n{}", run.out, run.err);
    }
    for (path, bytes) in written(project.path()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary") && !text.contains("$sealed"), "{path}");
    }
}
