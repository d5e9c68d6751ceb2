//! State changes as code: what is forgotten can be imported again, and what moves stays as it is.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

const SOURCE: &str = r#"
project "shop" { region = "us-east-1" }

vpc "main" { cidr_block = "10.0.0.0/16" }

subnet "a" {
  vpc_id     = vpc.main
  cidr_block = "10.0.1.0/24"
}

security_group "web" {
  vpc_id  = vpc.main
  ingress = [{ from_port = 80, cidr_blocks = ["0.0.0.0/0"] }]
}

elb "web" {
  subnets         = [subnet.a]
  security_groups = [security_group.web]
  listener        = [{ lb_port = 80, lb_protocol = "http", instance_port = 80 }]
  health_check    = { target = "HTTP:80/" }
}

check "one subnet is enough for anybody" {
  assert {
    condition     = length(elb.web.subnets) > 1
    error_message = "There is only one subnet."
  }
}
"#;

/// The ids of what the state holds, by address.
fn ids(project: &TestProject) -> Vec<(String, String)> {
    let state: Json = serde_json::from_str(&project.run(&["show", "--json"]).expect(0)).expect("JSON");
    let records = state["records"].as_object().expect("the records");
    let id = |record: &Json| record["current"]["id"].as_str().expect("an id").to_owned();
    records.iter().map(|(address, record)| (address.clone(), id(record))).collect()
}

fn imports(ids: &[(String, String)]) -> String {
    ids.iter().map(|(to, id)| format!("import {{\n  to = {to}\n  id = \"{id}\"\n}}\n")).collect()
}

/// `removed` blocks for whole blocks, their instances left alone.
fn removals(ids: &[(String, String)]) -> String {
    let mut blocks: Vec<&str> =
        ids.iter().map(|(address, _)| address.split('[').next().unwrap_or_default()).collect();
    blocks.dedup();
    let removed =
        |from: &&str| format!("removed {{\n  from = {from}\n  lifecycle {{ destroy = false }}\n}}\n");
    blocks.iter().map(removed).collect()
}

#[test]
fn what_moves_keeps_its_name_and_its_life() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    let _ = project.apply(&[]);
    let before = ids(&project);
    let moved = SOURCE.replace("elb \"web\"", "elb \"site\"").replace("elb.web", "elb.site");
    let moved = moved + "moved {\n  from = elb.web\n  to   = elb.site\n}\n";
    project.write("main.infra", &moved);
    let plan = project.run(&["plan", "--detailed-exitcode"]).expect(2);
    insta::assert_snapshot!(plan, @r#"
    Plan for shop in us-east-1 (account 123456789012): 1 moved, 0 destroyed; 4 unchanged

    ↪ moved elb.web → elb.site
    ! check "one subnet is enough for anybody": There is only one subnet (main.infra:25)
    1 moved, 0 destroyed; 4 unchanged
    "#);
    let _ = project.run(&["plan", "--out", "moves.plan"]).expect(0);
    let _ = project.apply(&["moves.plan"]);
    project.expect_no_changes(&[]);
    let mut names: Vec<String> = before.into_iter().map(|(_, id)| id).collect();
    let mut now: Vec<String> = ids(&project).into_iter().map(|(_, id)| id).collect();
    names.sort();
    now.sort();
    assert_eq!(names, now);
    project.destroy();
}

#[test]
fn a_check_warns_and_with_strict_fails() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    let refused = project.run(&["plan", "--strict", "--out", "p.plan"]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err, @r#"
    error: check "one subnet is enough for anybody": There is only one subnet
      --> main.infra:25
    "#);
    assert!(!project.path().join("p.plan").exists());
    let nothing = project.run(&["apply", "--yes", "--strict"]);
    assert_eq!(nothing.code, 1);
    let out = project.apply(&[]);
    assert!(out.contains("! check \"one subnet is enough for anybody\": There is only one subnet"), "{out}");
    project.expect_no_changes(&[]);
}

#[test]
fn what_differs_from_an_import_is_changed_or_refused() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    let _ = project.apply(&[]);
    let ids = ids(&project);
    let head = "project \"shop\" { region = \"us-east-1\" }\n";
    project.write("main.infra", &(head.to_owned() + &removals(&ids)));
    let forgotten = project.apply(&[]);
    assert!(forgotten.contains("forgotten, left alone in AWS"), "{forgotten}");
    let back = SOURCE.to_owned() + &imports(&ids);
    project.write("main.infra", &back.replace("10.0.1.0/24", "10.0.2.0/24"));
    let refused = project.run(&["plan"]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err.replace(&ids[2].1, "subnet-x"), @r#"
    error: `subnet-x` would have to be made anew to be `subnet.a`, for it differs in `cidr_block`, and an import destroys nothing
      --> main.infra:6, subnet.a
      = hint: write what is there: `cidr_block = "10.0.1.0/24"`; it can be changed once it is imported
    "#);
    project.write("main.infra", &back.replace("from_port = 80,", "from_port = 81,"));
    let out = project.apply(&[]);
    assert!(out.contains("4 imported"), "{out}");
    project.expect_no_changes(&[]);
}

/// Every kind but images, which are found by what they are made from: made, forgotten, imported, as it was.
fn there_and_back(case: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds").join(case);
    let text = fs::read_to_string(folder.join("second.infra")).expect(case).replace("REGION", "us-east-1");
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", &text);
    let _ = project.apply(&[]);
    let ids = ids(&project);
    let head = text.split("\n\n").next().unwrap_or_default();
    project.write("main.infra", &format!("{head}\n{}", removals(&ids)));
    let _ = project.apply(&[]);
    assert_eq!(project.run(&["state", "list"]).expect(0), "");
    let known: Vec<_> = ids.iter().filter(|(address, _)| !address.starts_with("ami.")).cloned().collect();
    project.write("main.infra", &(text.clone() + &imports(&known)));
    let plan = project.run(&["plan"]).expect(0);
    assert!(plan.contains(&format!("{} imported", known.len())), "{plan}");
    let _ = project.apply(&[]);
    project.expect_no_changes(&[]);
    project.write("main.infra", &text);
    project.expect_no_changes(&[]);
    assert_eq!(self::ids(&project), ids);
    project.destroy();
    assert_eq!(project.left_behind(), [""; 0]);
}

macro_rules! there_and_back {
    ($($case:ident),* $(,)?) => {
        $(#[test] fn $case() { there_and_back(stringify!($case)); })*
    };
}

there_and_back!(network, dns, balancer, configuration_group, template_group, machine, scaling);
