//! The main job, as the README has it: two image layers, a group behind a load balancer, a zone and a record.

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

#[test]
fn the_example_is_applied_changed_and_destroyed() {
    let project = TestProject::example("ponyfoo", Cloud::Embedded);
    let out = project.apply(&[]);
    assert!(out.contains("load_balancer = \"ponyfoo-web-"), "{out}");
    assert!(out.contains("site = \"http://staging.ponyfoo.example/\""), "{out}");
    project.expect_no_changes(&[]);

    // A variable that goes into carnivore: the group is swapped, as one consequence.
    let plan = project.run(&["plan", "--detailed-exitcode", "--var", "workers=8"]).expect(2);
    assert!(plan.contains("3 of 3 running instances replaced"), "{plan}");
    assert!(plan.contains("1 swapped, 1 built"), "{plan}");
    assert!(plan.contains("0 destroyed"), "{plan}");

    // A file that goes into primal: carnivore is built on it, and so on up.
    project.write("deploy/mailtube/site.conf", "server { listen 80; }\n");
    let plan = project.run(&["plan"]).expect(0);
    assert!(plan.contains("site.conf"), "{plan}");
    assert!(plan.contains("1 swapped, 2 built"), "{plan}");
    let _ = project.apply(&[]);
    project.expect_no_changes(&[]);

    project.destroy();
    assert_eq!(project.left_behind(), [""; 0]);
}

#[test]
fn the_example_is_applied_changed_and_destroyed_on_moto() {
    let project = TestProject::example("ponyfoo", Cloud::Moto);
    // moto's clock is the real one.
    project.write("site.infra", &project.read("site.infra").replace("bake = 5m", "bake = 0s"));
    let _ = project.apply(&[]);
    project.expect_no_changes(&[]);
    let plan = project.run(&["plan", "--detailed-exitcode", "--var", "workers=8"]).expect(2);
    assert!(plan.contains("3 of 3 running instances replaced"), "{plan}");
    let _ = project.apply(&["--var", "workers=8"]);
    project.expect_no_changes(&["--var", "workers=8"]);
    project.destroy();
}

#[test]
fn a_saved_plan_is_applied_as_it_is() {
    let project = TestProject::example("ponyfoo", Cloud::Embedded);
    let _ = project.run(&["plan", "--out", "site.plan"]).expect(0);
    let shown = project.run(&["show", "site.plan"]).expect(0);
    let out = project.run(&["apply", "--yes", "site.plan"]).expect(0);
    assert!(out.starts_with(&shown), "{out}");
    project.expect_no_changes(&[]);
    let stale = project.run(&["apply", "--yes", "site.plan"]);
    assert_eq!(stale.code, 1, "{}", stale.out);
    assert!(stale.err.contains("make a new plan"), "{}", stale.err);
}

#[test]
fn the_fleet_is_applied_and_destroyed() {
    let project = TestProject::example("nodes", Cloud::Embedded);
    let _ = project.apply(&[]);
    project.expect_no_changes(&[]);
    let role = project.run(&["output", "--json", "roles[\"12_04-bee\"]"]).expect(0);
    assert!(role.contains("recipe[seatgeek-service::api-workers]"), "{role}");
    project.destroy();
    assert_eq!(project.left_behind(), [""; 0]);
}
