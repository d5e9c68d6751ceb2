//! `infra test`: exit codes, what is printed, and what is chosen.

use std::path::Path;

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

const PROJECT: &str = r#"
project "shop" { region = "us-east-1" }
variable "names" { default = ["a", "b"] }
vpc "main" {
  for_each   = toset(var.names)
  cidr_block = "10.0.0.0/16"
}
"#;

const TESTS: &str = r#"
test "there are two" {
  assert {
    condition     = length(vpc.main) == 2
    error_message = "There are two networks."
  }
}
test "there are three" {
  assert {
    condition     = length(vpc.main) == 3
    error_message = "There are three networks."
  }
}
"#;

fn project() -> TestProject {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", PROJECT);
    project.write("main.test.infra", TESTS);
    project
}

#[test]
fn what_does_not_hold_is_shown_with_its_values() {
    let out = project().run(&["test"]).expect(1);
    insta::assert_snapshot!(out, @r"
    main.test.infra
      ok      there are two
      FAILED  there are three

    error[E0703]: There are three networks
      --> main.test.infra:10:21
       |
    10 |     condition     = length(vpc.main) == 3
       |                     ----------------^^^^^
       |                     |
       |                     is 2

    1 error


    1 passed, 1 failed
    ");
}

#[test]
fn tests_are_chosen_by_name_and_by_path() {
    let project = project();
    let out = project.run(&["test", "--filter", "two"]).expect(0);
    assert!(out.ends_with("\n1 passed\n"), "{out}");
    project.write("modules/net/main.infra", "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\n");
    project.write("modules/net/main.test.infra", &TESTS.replace("length(vpc.main)", "length([vpc.main, 1])"));
    let out = project.run(&["test", "modules", "--filter", "two"]).expect(0);
    assert!(out.starts_with("modules/net/main.test.infra\n"), "{out}");
    let none = project.run(&["test", "modules/net/main.infra"]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("no file ends in .test.infra"), "{}", none.err);
}

#[test]
fn results_are_data() {
    let out = project().run(&["test", "--json"]).expect(1);
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let [two, three, tally] = lines.as_slice() else { panic!("{out}") };
    assert_eq!(two["outcome"], "passed");
    assert_eq!((&three["test"], &three["outcome"]), (&"there are three".into(), &"failed".into()));
    assert_eq!(three["diagnostics"][0]["span"]["start"]["line"], 10);
    assert_eq!(tally, &serde_json::json!({ "passed": 1, "failed": 1 }));
}

#[test]
fn a_project_that_is_wrong_runs_no_test() {
    let project = project();
    project.write("main.infra", &PROJECT.replace("var.names", "var.nmaes"));
    let out = project.run(&["test"]).expect(1);
    assert!(out.contains("this file cannot be run") && out.contains("E0203"), "{out}");
}

#[test]
fn the_examples_pass_their_tests() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let out = TestProject::new(Cloud::Embedded).run(&["test", &examples.display().to_string()]).expect(0);
    assert_eq!(out.matches(".test.infra").count(), 2, "{out}");
}
