//! The main job, as the README has it: two image layers, a group behind a load balancer, a zone and a record.

use infra_local_aws::LocalAws;

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
    assert_eq!(left_behind(&project), [""; 0]);
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
    assert_eq!(left_behind(&project), [""; 0]);
}

/// Names of what the embedded AWS holds beyond what every account is born with.
fn left_behind(project: &TestProject) -> Vec<String> {
    let cloud = LocalAws::restore(&project.read(".infra/local/cloud.json")).expect("a cloud");
    let now = cloud.now().expect("it was used");
    cloud.with_model("123456789012", "us-east-1", now, |model| {
        let mut left = Vec::new();
        left.extend(model.autoscaling.groups.keys().cloned());
        left.extend(model.autoscaling.configurations.keys().cloned());
        left.extend(model.elb.balancers.keys().cloned());
        left.extend(model.route53.zones.keys().cloned());
        left.extend(model.ec2.templates.keys().map(ToString::to_string));
        left.extend(model.ec2.key_pairs.keys().cloned());
        left.extend(model.ec2.snapshots.keys().map(ToString::to_string));
        let own = model.ec2.images.values().filter(|image| image.owner == model.account);
        left.extend(own.map(|image| image.id.to_string()));
        let living = model
            .ec2
            .instances
            .values()
            .filter(|i| i.state != infra_local_aws::model::ec2::InstanceState::Terminated);
        left.extend(living.map(|instance| instance.id.to_string()));
        left.extend(model.ec2.vpcs.values().filter(|vpc| !vpc.is_default).map(|vpc| vpc.id.to_string()));
        left
    })
}
