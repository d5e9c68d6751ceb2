//! One object is refused for good: what does not depend on it goes on, what does is skipped and named, and the next
//! run does just what is left.

use infra_engine::apply::ApplyReport;
use infra_engine::store::MemoryStore;
use infra_local_aws::timing::TimeModel;

use super::life::{attempt, fault};
use crate::support::clouds;
use crate::support::in_process::{Cloud, desired, planned, runtime};
use crate::support::project::TestProject;

/// Two services: one with instances of its own group, the other with a machine.
const SHOP: &str = r#"
project "shop" { region = "us-east-1" }

route53_zone "shop" { name = "shop.test" }

elb "web" {
  availability_zones = ["us-east-1a"]
  listener           = [{ lb_port = 80, lb_protocol = "http", instance_port = 80 }]
  health_check       = { target = "HTTP:80/", interval = 5s, timeout = 2s }
}

route53_record "web" {
  zone_id = route53_zone.shop
  name    = "www"
  type    = "A"
  alias   = { target = elb.web }
}

launch_template "web" {
  image_id      = "ami-22de994a"
  instance_type = "t3.small"
}

autoscaling_group "web" {
  launch             = launch_template.web
  min_size           = 1
  max_size           = 2
  availability_zones = ["us-east-1a"]
  load_balancers     = [elb.web]
}

instance "cron" {
  image_id      = "ami-22de994a"
  instance_type = "t3.small"
}

route53_record "cron" {
  zone_id = route53_zone.shop
  name    = "cron"
  type    = "A"
  records = [instance.cron.private_ip]
}
"#;

/// What refuses, whose call that is, and who is skipped because of it.
const ROWS: [(&str, &str, &[&str]); 6] = [
    (
        "elb:CreateLoadBalancer=TooManyLoadBalancers",
        "elb.web",
        &["autoscaling_group.web", "route53_record.web"],
    ),
    (
        "route53:CreateHostedZone=TooManyHostedZones",
        "route53_zone.shop",
        &["route53_record.cron", "route53_record.web"],
    ),
    ("ec2:CreateLaunchTemplate=InvalidParameterValue", "launch_template.web", &["autoscaling_group.web"]),
    ("ec2:RunInstances=VcpuLimitExceeded", "instance.cron", &["route53_record.cron"]),
    ("autoscaling:CreateAutoScalingGroup=LimitExceeded", "autoscaling_group.web", &[]),
    ("elb:ConfigureHealthCheck=ValidationError", "elb.web", &["autoscaling_group.web", "route53_record.web"]),
];

fn sorted(addresses: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = addresses.collect();
    all.sort();
    all.dedup();
    all
}

fn failed(report: &ApplyReport) -> Vec<String> {
    sorted(report.failed.iter().map(|step| step.address.to_string()))
}

/// The objects of which nothing was done.
fn skipped(report: &ApplyReport) -> Vec<String> {
    let failed = failed(report);
    sorted(report.skipped.iter().map(|step| step.address.to_string()).filter(|it| !failed.contains(it)))
}

#[test]
fn what_does_not_depend_on_a_refused_object_goes_on() {
    for (refusal, whose, because) in ROWS {
        runtime().block_on(async {
            let (cloud, store, wanted) =
                (Cloud::new(TimeModel::fast()), MemoryStore::default(), desired(SHOP));
            cloud.aws.inject(cloud.now(), fault(&format!("{refusal}*always")));
            let report = attempt(&wanted, &store, &cloud.provider(None).await).await.expect(refusal);
            assert_eq!(
                (failed(&report), skipped(&report)),
                (vec![whose.to_owned()], sorted(because.iter().map(|it| (*it).to_owned())))
            );
            cloud.aws.clear_faults();
            let left = planned(&wanted, &store, &cloud.provider(None).await).await;
            let left = sorted(left.changes.iter().map(|change| change.address.to_string()));
            let expected = sorted(because.iter().copied().chain([whose]).map(str::to_owned));
            assert_eq!(left, expected, "{refusal}");
            let report = attempt(&wanted, &store, &cloud.provider(None).await).await.expect(refusal);
            assert!(report.is_success(), "{refusal}: {:?}", report.failed);
            let again = planned(&wanted, &store, &cloud.provider(None).await).await;
            assert!(again.is_empty(), "{refusal}: {:?}", again.changes);
            let made = cloud.model(|model| {
                (model.elb.balancers.len(), model.route53.zones.len(), model.autoscaling.groups.len())
            });
            assert_eq!(made, (1, 1, 1), "{refusal}");
        });
    }
}

#[test]
fn a_user_is_told_what_was_refused_and_what_was_skipped() {
    let project = TestProject::new(clouds::Cloud::Embedded);
    project.write("main.infra", SHOP);
    let _ = project.run(&["validate"]).expect(0);
    let quota = "elb:CreateLoadBalancer=TooManyLoadBalancers:The maximum number of load balancers has been reached.*always";
    let _ = project.run(&["local", "inject", quota]).expect(0);
    let run = project.run(&["apply", "--yes"]);
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.err);
    let skipped = "Not begun, because they need what failed: autoscaling_group.web, route53_record.web.";
    assert!(run.out.contains(skipped), "{}", run.out);
    for said in ["main.infra:6", "elb.web", "TooManyLoadBalancers", "maximum number of load balancers"] {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
    let _ = project.run(&["local", "inject", "--clear"]).expect(0);
    let out = project.apply(&[]);
    assert!(!out.contains("launch_template.web") && out.contains("elb.web"), "{out}");
    project.expect_no_changes(&[]);
}
