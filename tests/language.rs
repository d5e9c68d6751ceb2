//! What is told about the language without AWS: validating, repairing, explaining, asking.

use std::fs;

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

const PROJECT: &str = "project \"p\" { region = \"us-east-1\" }\n";

fn project(text: &str) -> TestProject {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", &format!("{PROJECT}{text}"));
    project
}

#[test]
fn validating_needs_no_variables() {
    let project = project("variable \"cidr\" { type = cidr4 }\nvpc \"main\" { cidr_block = var.cidr }\n");
    assert_eq!(project.run(&["validate"]).expect(0), "The configuration is valid.\n");
    assert_eq!(project.run(&["validate", "--json"]).expect(0), "");
}

#[test]
fn every_finding_is_a_line_of_json() {
    let project = project("vpc \"main\" { cidr = \"10.0.0.0/16\" }\nlocals { a = lenght([]) }\n");
    let out = project.run(&["validate", "--json"]).expect(1);
    let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON");
    let found: Vec<_> = out.lines().map(read).collect();
    let codes: Vec<_> = found.iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["E0202", "E0204"]);
    assert_eq!(found[0]["span"]["start"], serde_json::json!({ "line": 2, "column": 14, "byte": 50 }));
    assert_eq!(found[0]["suggestion"][0]["text"], "cidr_block");
}

#[test]
fn what_is_pasted_from_terraform_is_rewritten() {
    let pasted = "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n\noutput \"id\" {\n  value = \"${aws_vpc.main.id}\"\n}\n";
    let project = project(pasted);
    let path = project.path().join("main.infra");
    let before = fs::read_to_string(&path).expect("a file");
    project.run(&["validate", "--fix", "--diff"]).expect(0);
    assert_eq!(fs::read_to_string(&path).expect("a file"), before);
    project.run(&["validate", "--fix"]).expect(0);
    let after =
        "vpc \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n\noutput \"id\" {\n  value = vpc.main.id\n}\n";
    assert_eq!(fs::read_to_string(&path).expect("a file"), format!("{PROJECT}{after}"));
    project.run(&["validate", "--fix"]).expect(0);
}

#[test]
fn codes_are_explained_and_topics_shown() {
    let project = project("");
    assert!(project.run(&["explain", "e0301"]).expect(0).starts_with("E0301: wrong type\n"));
    assert!(project.run(&["explain", "E0399"]).err.contains("`infra explain` lists all"));
    assert!(project.run(&["docs", "elb"]).expect(0).contains("Attributes"));
    assert!(project.run(&["docs", "uper"]).err.contains("did you mean `upper`?"));
}

#[test]
fn the_console_answers() {
    let project = project("vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\nlocals { s = sensitive(\"x\") }\n");
    let ask = |expression: &str| project.run(&["console", "-e", expression]);
    assert_eq!(ask("cidrsubnet(vpc.main.cidr_block, 8, 1)").expect(0), "\"10.0.1.0/24\"\n");
    assert_eq!(ask("vpc.main.id").expect(0), "(known after apply: vpc.main.id)\n");
    assert_eq!(ask("local.s").expect(0), "(sensitive)\n");
    assert_eq!(ask(":type vpc.main").expect(0), "vpc\n");
    assert!(ask("vpc.man.id").err.contains("E0203"));
    project.run(&["apply", "--yes"]).expect(0);
    assert!(ask("vpc.main.id").expect(0).starts_with("\"vpc-"));
}

#[test]
fn a_file_that_cannot_be_read_leaves_the_others_to_be_formatted() {
    let project = project("locals { a=1 }\n");
    project.write("a.infra", "locals {\n");
    let run = project.run(&["fmt"]);
    assert!(run.err.contains("a.infra:1:8"), "{}", run.err);
    assert_eq!(run.expect(1), "main.infra\n");
    let after = fs::read_to_string(project.path().join("main.infra")).expect("a file");
    assert!(after.ends_with("locals { a = 1 }\n"), "{after}");
}
