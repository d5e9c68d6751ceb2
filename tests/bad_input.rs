//! Bad input: an error with place, reason and hint, exit code 1, no write to AWS and no changed file.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::clouds::Cloud;
use crate::support::project::{Run, TestProject};

const PROJECT: &str = "project \"p\" { region = \"us-east-1\" }\n";

/// Applies a configuration that must be refused before anything happens; gives what was said.
#[track_caller]
fn refused(text: &str) -> String {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", &format!("{PROJECT}{text}"));
    let said = expect_error(project.run(&["apply", "--yes"]));
    assert!(!project.path().join(".infra/local/infra.state").exists());
    let cloud = project.path().join(".infra/local/cloud.json");
    assert!(!cloud.exists(), "AWS was written to");
    said
}

#[track_caller]
fn expect_error(run: Run) -> String {
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.err);
    run.err
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing:\n{said}");
    }
}

#[test]
fn several_syntax_errors_in_one_run() {
    let said = refused("vpc \"a\" { cidr_block = \"10.0.0.0/16 }\n\nelb \"b\" {\n  internal = = true\n}\n");
    says(&said, &["main.infra:2:24", "no closing quote", "main.infra:5:14", "errors"]);
}

#[test]
fn names_that_nothing_has() {
    says(&refused("lauch_template \"x\" {}\n"), &["main.infra:2", "launch_template"]);
    says(&refused("vpc \"x\" { cidr_blok = \"10.0.0.0/16\" }\n"), &["main.infra:2", "cidr_block"]);
    says(
        &refused("subnet \"x\" {\n  vpc_id = vpc.gone\n  cidr_block = \"10.0.0.0/24\"\n}\n"),
        &["main.infra:3", "vpc.gone"],
    );
}

#[test]
fn values_that_aws_would_refuse() {
    says(&refused("vpc \"x\" { cidr_block = \"10.0.0/16\" }\n"), &["main.infra:2", "10.0.0/16"]);
    says(&refused("vpc \"x\" { cidr_block = true }\n"), &["main.infra:2"]);
    let elb = |listener: &str, rest: &str| {
        format!(
            "elb \"x\" {{\n  availability_zones = [\"us-east-1a\"]\n  {rest}\n  health_check = {{ target = \"TCP:80\" }}\n  listener = [{listener}]\n}}\n"
        )
    };
    let good = "{ lb_port = 80, lb_protocol = \"http\", instance_port = 80 }";
    says(&refused(&elb(&good.replace("80", "80000"), "")), &["main.infra:6", "65535"]);
    says(&refused(&elb(&good.replace("http", "gopher"), "")), &["main.infra:6", "gopher"]);
    let long = "a".repeat(33);
    says(&refused(&elb(good, &format!("name = \"{long}\""))), &["main.infra:4", "32"]);
    let group = "autoscaling_group \"x\" {\n  launch = \"lt-0123456789abcdef0\"\n  min_size = 3\n  max_size = 2\n  availability_zones = [\"us-east-1a\"]\n}\n";
    says(&refused(group), &["main.infra:", "min_size", "max_size"]);
}

#[test]
fn a_cycle_is_shown_as_a_ring() {
    let group = |name: &str, other: &str| {
        format!(
            "security_group \"{name}\" {{\n  ingress = [{{ from_port = 1, security_groups = [security_group.{other}] }}]\n}}\n"
        )
    };
    says(
        &refused(&(group("a", "b") + &group("b", "a"))),
        &["security_group.a", "security_group.b", "main.infra:"],
    );
}

#[test]
fn a_file_that_is_not_there() {
    says(&refused("key_pair \"x\" { public_key = file(\"gone.pub\") }\n"), &["main.infra:2", "gone.pub"]);
}

#[test]
fn a_folder_without_configuration() {
    let project = TestProject::new(Cloud::Embedded);
    says(&expect_error(project.run(&["plan"])), &["no configuration here", "-C DIR"]);
}

fn network() -> TestProject {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", &format!("{PROJECT}vpc \"x\" {{ cidr_block = \"10.0.0.0/16\" }}\n"));
    project
}

const STATE: &str = ".infra/local/infra.state";

#[test]
fn a_state_of_another_region_or_account() {
    let project = network();
    let _ = project.apply(&[]);
    let before = project.read(STATE);
    project.write("main.infra", &project.read("main.infra").replace("us-east-1", "us-west-2"));
    says(&expect_error(project.run(&["plan"])), &["us-west-2", "us-east-1", "second project"]);
    project
        .write("main.infra", "project \"p\" {\n  region  = \"us-east-1\"\n  account = \"111111111111\"\n}\n");
    says(&expect_error(project.run(&["apply", "--yes"])), &["111111111111", "123456789012"]);
    assert_eq!(project.read(STATE), before);
}

#[test]
fn a_damaged_state_or_one_of_a_newer_version() {
    let project = network();
    let _ = project.apply(&[]);
    let good = project.read(STATE);
    for (bad, part) in [
        (String::new(), "empty"),
        (good[..good.len() / 2].to_owned(), "infra state repair"),
        (good.replace("10.0.0.0/16", "10.1.0.0/16"), "digest"),
        (good.replace("infra.state/2", "infra.state/9"), "infra.state/9"),
    ] {
        project.write(STATE, &bad);
        for command in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"], &["state", "list"]] {
            says(&expect_error(project.run(command)), &[part, "infra.state"]);
        }
        assert_eq!(project.read(STATE), bad);
    }
}

#[test]
fn a_lock_that_is_held() {
    let project = network();
    let _ = project.apply(&[]);
    let lock = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(project.path().join(".infra/local/infra.state.lock"));
    let mut lock = lock.expect("a lock file");
    lock.lock().expect("the lock");
    lock.set_len(0).expect("emptied");
    lock.write_all(
        br#"{"user":"ann@host","process":42,"command":"infra apply","since":"2026-11-21T07:00:00Z"}"#,
    )
    .expect("written");
    says(
        &expect_error(project.run(&["apply", "--yes"])),
        &["ann@host", "process 42", "2026-11-21T07:00:00Z"],
    );
}

#[test]
fn a_plan_that_nobody_is_there_to_approve() {
    let project = network();
    let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
    command.current_dir(project.path()).args(["apply", "--local"]).stdin(Stdio::null());
    let output = command.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    says(&String::from_utf8_lossy(&output.stderr), &["--yes"]);
    assert!(!project.path().join(".infra/local/infra.state").exists());
}

#[test]
fn nobody_at_the_endpoint_and_no_credentials() {
    let project = TestProject::at("http://127.0.0.1:9");
    project.write("main.infra", &format!("{PROJECT}vpc \"x\" {{ cidr_block = \"10.0.0.0/16\" }}\n"));
    says(&expect_error(project.run(&["plan"])), &["AWS_ENDPOINT_URL"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
    command.current_dir(project.path()).args(["plan"]).env_clear();
    command
        .env("HOME", project.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let output = command.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    says(&String::from_utf8_lossy(&output.stderr), &["credentials"]);
}

#[test]
fn what_aws_refuses_names_the_object_and_the_rest_goes_on() {
    let project = TestProject::new(Cloud::Embedded);
    let text = "vpc \"x\" { cidr_block = \"10.0.0.0/16\" }\n\
        subnet \"bad\" {\n  vpc_id     = vpc.x\n  cidr_block = \"192.168.0.0/24\"\n}\n\
        route_table \"t\" {\n  vpc_id  = vpc.x\n  subnets = [subnet.bad]\n}\n\
        internet_gateway \"x\" { vpc_id = vpc.x }\n";
    project.write("main.infra", &format!("{PROJECT}{text}"));
    let run = project.run(&["apply", "--yes"]);
    assert_eq!(run.code, 1);
    says(&run.err, &["subnet.bad", "main.infra:3", "CreateSubnet", "InvalidSubnet.Range", "request "]);
    says(&run.out, &["route_table.t"]);
    let state = project.run(&["state", "list"]).expect(0);
    assert!(state.contains("internet_gateway.x") && !state.contains("subnet.bad"), "{state}");
}
