//! Plans are tried on a copy of AWS first: what that shows, what it refuses, and that nothing is touched by it.

use infra_local_aws::LocalAws;
use serde_json::Value as Json;

use crate::support::capacity::never_listens;
use crate::support::clouds::{Cloud, served};
use crate::support::in_process::REGION;
use crate::support::project::TestProject;

const GOOD: &str = "ami-22de994a";
/// An image that a test makes to be one whose application never starts.
const BAD: &str = "ami-1ebb2077";

fn project(image: &str, user_data: &str) -> String {
    format!(
        r#"
        project "test" {{ region = "us-east-1" }}

        elb "web" {{
          availability_zones          = ["us-east-1a", "us-east-1b"]
          listener                    = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
          health_check                = {{ target = "HTTP:80/", interval = 10s, timeout = 5s }}
          connection_draining         = true
          connection_draining_timeout = 60s
        }}

        launch_configuration "web" {{
          image_id      = "{image}"
          instance_type = "t3.small"
          user_data     = "{user_data}"
        }}

        autoscaling_group "web" {{
          launch             = launch_configuration.web
          availability_zones = ["us-east-1a", "us-east-1b"]
          load_balancers     = [elb.web]
          swap               = {{ bake = 1m }}
          min_size           = 3
          max_size           = 6
        }}
        "#
    )
}

/// A project whose group serves, and whose file asks for other instances.
fn before_a_swap(image: &str) -> TestProject {
    let here = TestProject::new(Cloud::Embedded);
    here.write("main.infra", &project(GOOD, "one"));
    let _ = here.apply(&[]);
    here.write("main.infra", &project(image, "two"));
    here
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Its numbers, without those that depend on chance.
fn group(rehearsal: &Json) -> &Json {
    &rehearsal["groups"]["autoscaling_group.web"]
}

#[test]
fn a_plan_shows_what_its_rehearsal_has_shown_and_keeps_it() {
    let here = before_a_swap(GOOD);
    let shown = here.run(&["plan", "--out", "swap.plan"]).expect(0);
    for line in
        ["In rehearsal: done in", "at least 3; the floor is 3", "at most 6", "the old instances serve again"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(here.run(&["show", "swap.plan"]).expect(0).contains("at least 3; the floor is 3"));
    let saved = json(&here.run(&["show", "swap.plan", "--json"]).expect(0));
    let group = group(&saved["rehearsal"]);
    assert_eq!(
        (&group["floor"], &group["fewest"]["serving"], &group["peak"]),
        (&3.into(), &3.into(), &6.into())
    );
    let _ = here.apply(&["swap.plan"]);
    here.expect_no_changes(&[]);
    assert!(!here.run(&["plan", "--no-rehearsal"]).expect(0).contains("rehearsal"));
}

#[test]
fn a_rehearsal_is_the_same_again_and_touches_nothing() {
    let here = before_a_swap(GOOD);
    let everything = || [here.read(".infra/local/cloud.json"), here.read(".infra/local/infra.state")];
    let before = everything();
    let first = here.run(&["rehearse", "--json", "--seed", "7"]).expect(0);
    assert_eq!(here.run(&["rehearse", "--json", "--seed", "7"]).expect(0), first);
    assert_eq!(everything(), before);
    let many = json(&here.run(&["rehearse", "--json", "--runs", "3", "--svg", "swap.svg"]).expect(0));
    assert_eq!(many["spread"]["runs"], 3);
    assert_eq!(many["spread"]["under_floor"], Json::Array(Vec::new()));
    assert!(here.read("swap.svg").starts_with("<svg"));
}

#[test]
fn what_fails_in_rehearsal_is_refused() {
    let here = before_a_swap(BAD);
    let cloud = LocalAws::restore(&here.read(".infra/local/cloud.json")).expect("a cloud");
    let now = cloud.now().expect("it was used");
    cloud.with_model("123456789012", REGION, now, |model| never_listens(model, BAD));
    here.write(".infra/local/cloud.json", &cloud.snapshot());
    let refused = here.run(&["plan", "--out", "bad.plan"]);
    let cause = "in rehearsal this step fails: attach the new group to its load balancers";
    assert!(refused.code == 1 && refused.err.contains(cause), "{}", refused.err);
    for arguments in [&["apply", "--yes"][..], &["apply", "--yes", "bad.plan"][..]] {
        let run = here.run(arguments);
        assert!(run.code == 1 && run.err.contains(cause), "{} {}", run.out, run.err);
    }
    assert_eq!(here.run(&["plan", "--no-rehearsal", "--detailed-exitcode"]).code, 2, "nothing was done");
}

/// What goes wrong in a rehearsal is told with its step, and with what became of the group.
#[test]
fn what_is_made_to_fail_is_taken_back() {
    let here = before_a_swap(GOOD);
    for fault in ["scale=no-capacity", "attach=lost-answer", "image:*=never-healthy"] {
        let told = json(&here.run(&["rehearse", "--json", "--fail", fault]).expect(0));
        let (ending, group) = (&told["rehearsal"]["ending"], group(&told["rehearsal"]));
        let expected = if fault == "attach=lost-answer" { "done" } else { "rolled_back" };
        assert_eq!((ending, &group["fewest"]["serving"]), (&expected.into(), &3.into()), "{fault}");
    }
    let refused = here.run(&["rehearse", "--fail", "attach"]);
    assert!(refused.code != 0 && refused.err.contains("lacks `=KIND`"), "{}", refused.err);
}

/// What AWS says is enough for a copy: the rehearsal is the one that the embedded AWS gives.
#[test]
fn a_plan_for_aws_is_rehearsed_on_a_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = served(folder.path(), &["--profile", "fast", "--speed", "20"]);
    let live = TestProject::at(&server.url);
    live.write("main.infra", &project(GOOD, "one"));
    let _ = live.apply(&[]);
    live.write("main.infra", &project(GOOD, "two"));
    let told = json(&live.run(&["rehearse", "--json"]).expect(0));
    let direct = json(&before_a_swap(GOOD).run(&["rehearse", "--json"]).expect(0));
    let numbers = |told: &Json| {
        let group = group(&told["rehearsal"]);
        let titles = told["rehearsal"]["steps"].as_array().expect("steps").len();
        (group["floor"].clone(), group["fewest"]["serving"].clone(), group["peak"].clone(), titles)
    };
    assert_eq!(numbers(&told), numbers(&direct));
    assert_eq!(told["rehearsal"]["ending"], "done");
    assert!(told["rehearsal"]["assumptions"][0].as_str().expect("one").contains("17 to 23 s"), "{told}");
}
