use super::{elb, run, with_balancer};
use crate::ec2::fleet;
use crate::handle::LocalAws;
use crate::model::behaviour::{App, Behaviour, Condition};
use crate::testing::{at, call, field, outcome};

const DESCRIBE: &str = "Action=DescribeInstanceHealth&LoadBalancerName=web";

fn check(local: &LocalAws, seconds: u64, target: &str) {
    let form = format!(
        "Action=ConfigureHealthCheck&LoadBalancerName=web&HealthCheck.Target={target}&HealthCheck.Interval=10&HealthCheck.Timeout=4&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=3"
    );
    assert_eq!(outcome(&elb(local, seconds, &form)), "200");
}

fn register(local: &LocalAws, seconds: u64, id: &str) {
    let form = format!(
        "Action=RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={id}"
    );
    assert_eq!(outcome(&elb(local, seconds, &form)), "200");
}

/// State and description, with what differs from moment to moment left out.
fn health(local: &LocalAws, seconds: u64) -> String {
    let (_, body) = elb(local, seconds, DESCRIBE);
    let field = |name| field(&body, name).unwrap_or("-").to_owned();
    format!("{} {}: {}", field("State"), field("ReasonCode"), field("Description"))
}

fn turn(local: &LocalAws, seconds: u64, id: &str, condition: Condition) {
    local.with_model("123456789012", "us-east-1", at(seconds), |model| {
        fleet::turn_app(model, id, condition);
    });
}

/// An instance registered at 0 and in service at 60, with a check every 10 seconds, 2 failures and 3 passes.
fn in_service(target: &str) -> (LocalAws, String) {
    let local = with_balancer();
    check(&local, 0, target);
    let id = run(&local);
    register(&local, 0, &id);
    assert_eq!(health(&local, 60), "InService N/A: N/A");
    (local, id)
}

#[test]
fn an_application_that_dies_is_out_after_two_failures_and_back_after_three_passes() {
    let (local, id) = in_service("HTTP:80/");
    turn(&local, 60, &id, Condition::Closed);
    let seen: Vec<String> = [60, 69, 81].map(|seconds| health(&local, seconds)).into();
    insta::assert_snapshot!(seen.join("\n"), @"
    InService N/A: N/A
    InService N/A: N/A
    OutOfService Instance: Instance has failed at least the UnhealthyThreshold number of health checks consecutively.
    ");
    turn(&local, 81, &id, Condition::Well);
    let seen: Vec<String> = [91, 101, 112].map(|seconds| health(&local, seconds)).into();
    insta::assert_snapshot!(seen.join("\n"), @"
    OutOfService Instance: Instance has not passed the configured HealthyThreshold number of health checks consecutively.
    OutOfService Instance: Instance has not passed the configured HealthyThreshold number of health checks consecutively.
    InService N/A: N/A
    ");
}

#[test]
fn a_check_that_changes_judges_from_then_on() {
    let (local, id) = in_service("TCP:80");
    turn(&local, 60, &id, Condition::Failing);
    assert_eq!(health(&local, 200), "InService N/A: N/A");
    check(&local, 200, "HTTP:80/");
    assert_eq!(health(&local, 201), "InService N/A: N/A");
    assert!(health(&local, 220).starts_with("OutOfService Instance: Instance has failed"));
}

#[test]
fn images_turn_out_as_they_are_told() {
    let table = [
        ("ami-*", App::Healthy, "HTTP:80/", "InService"),
        ("ami-*", App::NeverListens, "TCP:80", "OutOfService"),
        ("ami-*", App::ListensButFails, "TCP:80", "InService"),
        ("ami-*", App::ListensButFails, "HTTP:80/", "OutOfService"),
        ("ami-*", App::PassesButServes5xx, "HTTP:80/", "InService"),
        ("other-*", App::NeverListens, "TCP:80", "InService"),
    ];
    for (images, app, target, expected) in table {
        let local = with_balancer();
        local.behave(images, Behaviour { boot: None, app });
        check(&local, 0, target);
        let id = run(&local);
        register(&local, 0, &id);
        assert_eq!(health(&local, 100).split(' ').next(), Some(expected), "{images} {app:?} {target}");
    }
}

#[test]
fn what_ec2_does_shows_at_once_and_a_terminated_instance_is_not_listed() {
    let (local, id) = in_service("TCP:80");
    let ec2 = |seconds, action: &str| {
        assert_eq!(call(&local, at(seconds), "ec2", &format!("Action={action}&InstanceId.1={id}")).0, 200);
    };
    ec2(60, "StopInstances");
    assert_eq!(health(&local, 60), "OutOfService Instance: Instance is in stopped state.");
    ec2(90, "StartInstances");
    assert_eq!(health(&local, 90), "OutOfService Instance: Instance is in pending state.");
    assert!(health(&local, 101).contains("has not passed"));
    assert_eq!(health(&local, 130), "InService N/A: N/A");
    ec2(130, "TerminateInstances");
    assert_eq!(health(&local, 130), "OutOfService Instance: Instance is in terminated state.");
    assert_eq!(health(&local, 140), "- -: -");
}

#[test]
fn a_zone_is_left_in_a_while() {
    let (local, _) = in_service("TCP:80");
    let zones = |seconds, action: &str, zone: &str| {
        let form = format!("Action={action}&LoadBalancerName=web&AvailabilityZones.member.1={zone}");
        assert_eq!(outcome(&elb(&local, seconds, &form)), "200");
    };
    zones(60, "EnableAvailabilityZonesForLoadBalancer", "us-east-1b");
    zones(60, "DisableAvailabilityZonesForLoadBalancer", "us-east-1a");
    let seen: Vec<String> = [60, 61].map(|seconds| health(&local, seconds)).into();
    zones(62, "EnableAvailabilityZonesForLoadBalancer", "us-east-1a");
    insta::assert_snapshot!(seen.join("\n"), @"
    OutOfService ELB: Disable Availability Zone is currently in progress.
    OutOfService ELB: Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.
    ");
    assert_eq!(health(&local, 62), "InService N/A: N/A");
}

#[test]
fn a_draining_instance_that_is_registered_again_comes_back() {
    let (local, id) = in_service("TCP:80");
    let draining = "Action=ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.ConnectionDraining.Enabled=true";
    assert_eq!(outcome(&elb(&local, 60, draining)), "200");
    let form = format!(
        "Action=DeregisterInstancesFromLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={id}"
    );
    assert_eq!(outcome(&elb(&local, 60, &form)), "200");
    register(&local, 60, &id);
    assert_eq!(health(&local, 100), "InService N/A: N/A");
}

#[test]
fn an_application_that_dies_by_itself_is_replaced_by_its_group() {
    let local = with_balancer();
    check(&local, 0, "TCP:80");
    let dies = Behaviour { boot: None, app: App::DiesAfter(crate::timing::Delay::secs(600, 600)) };
    local.behave("*", dies);
    let create = "Action=CreateLaunchConfiguration&LaunchConfigurationName=one&ImageId=ami-22de994a&InstanceType=t1.micro";
    let group = "Action=CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=1&MaxSize=2&LoadBalancerNames.member.1=web&AvailabilityZones.member.1=us-east-1a&HealthCheckType=ELB&HealthCheckGracePeriod=0";
    for form in [create, group] {
        assert_eq!(outcome(&call(&local, at(0), "autoscaling", form)), "200");
    }
    let member = |seconds| {
        let gauge = local.gauge("123456789012", "us-east-1", at(seconds));
        let members = gauge.groups["g"].members.iter().map(|(id, member)| (id.clone(), member.serving));
        members.collect::<Vec<_>>()
    };
    let before = member(300);
    assert!(matches!(&before[..], [(_, true)]), "{before:?}");
    local.behave("*", Behaviour { boot: None, app: App::Healthy });
    let grow = "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=2";
    assert_eq!(outcome(&call(&local, at(300), "autoscaling", grow)), "200");
    assert_eq!(member(500).len(), 2);
    let after = member(1000);
    assert!(matches!(&after[..], [(_, true), (_, true)]), "{after:?}");
    assert!(after.iter().all(|(id, _)| *id != before[0].0), "{after:?}");
}
