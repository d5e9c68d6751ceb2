//! The way back, from a swap that has paused and from one that is over; and what `infra status` tells of both.

use infra_local_aws::LocalAws;
use serde_json::Value as Json;

use crate::support::capacity::never_listens;
use crate::support::clouds::Cloud;
use crate::support::in_process::REGION;
use crate::support::project::TestProject;

const GROUP: &str = "autoscaling_group.web";
/// An image whose application starts.
const GOOD: &str = "ami-22de994a";
/// An image that a test makes to be one whose application never starts.
const BAD: &str = "ami-1ebb2077";

fn project(image: &str, interval: &str, swap: &str) -> String {
    format!(
        r#"
        project "test" {{ region = "us-east-1" }}

        elb "web" {{
          availability_zones = ["us-east-1a", "us-east-1b"]
          listener           = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
          health_check       = {{ target = "HTTP:80/", interval = {interval}, timeout = 5s }}
        }}

        launch_configuration "web" {{
          image_id      = "{image}"
          instance_type = "t3.small"
        }}

        autoscaling_group "web" {{
          launch             = launch_configuration.web
          availability_zones = ["us-east-1a", "us-east-1b"]
          load_balancers     = [elb.web]
          min_size           = 2
          max_size           = 4
          swap               = {{ bake = 1m, {swap} }}
        }}
        "#
    )
}

/// What `infra status` tells of the group, and of its change.
fn status(here: &TestProject) -> (Vec<Json>, Json) {
    let told: Json = serde_json::from_str(&here.run(&["status", GROUP, "--json"]).expect(0)).expect("JSON");
    let of_group = &told["groups"][0];
    assert_eq!(of_group["address"], GROUP);
    (of_group["groups"].as_array().expect("groups").clone(), of_group["change"].clone())
}

fn images(groups: &[Json]) -> Vec<&str> {
    let instances = groups.iter().flat_map(|group| group["instances"].as_array().expect("instances"));
    instances.map(|instance| instance["image"].as_str().expect("an image")).collect()
}

#[test]
fn a_swap_that_is_over_is_taken_back_by_another() {
    let here = TestProject::new(Cloud::Embedded);
    here.write("main.infra", &project(GOOD, "10s", ""));
    let _ = here.apply(&[]);
    here.write("main.infra", &project(BAD, "10s", ""));
    let _ = here.apply(&[]);
    assert_eq!(images(&status(&here).0), [BAD, BAD]);

    // What else the configuration says by now is another matter.
    here.write("main.infra", &project(BAD, "20s", ""));
    let told = here.run(&["rollback", GROUP, "--out", "back.plan"]).expect(0);
    assert!(told.contains("2 of 2 running instances replaced") && !told.contains("elb.web"), "{told}");
    let _ = here.run(&["apply", "back.plan", "--yes"]).expect(0);
    let (groups, change) = status(&here);
    assert_eq!((images(&groups), change), (vec![GOOD, GOOD], Json::Null));

    let forward = here.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert!(
        forward.contains("2 of 2 running instances replaced") && forward.contains("elb.web"),
        "{forward}"
    );
    let never = here.run(&["rollback", "elb.web"]);
    assert_eq!(never.code, 1);
    assert!(never.err.contains("only what is swapped can be rolled back"), "{}", never.err);
}

#[test]
fn a_swap_that_has_paused_is_tried_again_or_taken_back() {
    let here = TestProject::new(Cloud::Embedded);
    here.write("main.infra", &project(GOOD, "10s", "on_failure = \"pause\""));
    let _ = here.apply(&[]);
    let (before, _) = status(&here);
    let cloud = LocalAws::restore(&here.read(".infra/local/cloud.json")).expect("a cloud");
    let now = cloud.now().expect("it was used");
    cloud.with_model("123456789012", REGION, now, |model| never_listens(model, BAD));
    here.write(".infra/local/cloud.json", &cloud.snapshot());

    here.write("main.infra", &project(BAD, "10s", "on_failure = \"pause\""));
    for _ in 0..2 {
        let run = here.run(&["apply", "--yes", "--no-rehearsal"]);
        assert_eq!(run.code, 1, "{}", run.out);
        assert!(run.out.contains("autoscaling_group.web has paused, its capacity held."), "{}", run.out);
    }
    let (groups, change) = status(&here);
    assert_eq!(groups.len(), 2, "old and new stand side by side: {groups:?}");
    assert_eq!((&change["paused"], &change["stage"]), (&Json::Bool(true), &Json::from("failed")));
    let shown = here.run(&["status"]).expect(0);
    assert!(shown.contains("paused, capacity held: `infra apply` tries the step again"), "{shown}");

    let back = here.run(&["rollback", GROUP, "--yes"]).expect(0);
    assert!(back.contains("autoscaling_group.web is as it was"), "{back}");
    let (after, change) = status(&here);
    let sizes =
        |groups: &[Json]| groups.iter().map(|it| (it["name"].clone(), it["min"].clone())).collect::<Vec<_>>();
    assert_eq!((sizes(&after), images(&after), change), (sizes(&before), images(&before), Json::Null));
    let again = here.run(&["rollback", GROUP, "--yes"]);
    assert!(again.err.contains("the state remembers no swap"), "{}", again.err);
}
