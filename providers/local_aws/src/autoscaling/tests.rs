mod hooks;
mod policies;
mod properties;
mod refresh;
mod replacement;
mod rows;
mod scaling;
mod schedule;
mod warm;

use crate::handle::{LocalAws, Options};
use crate::model::Time;
use crate::testing::{at, call, field, fields, outcome};
use crate::timing::TimeModel;

/// A cloud at AWS's pace with a load balancer, a launch configuration and a group of two behind it, made at `at(0)`.
fn group_of_two() -> LocalAws {
    let local = LocalAws::new(Options { seed: 7, timing: TimeModel::aws_like() });
    ok(
        &local,
        at(0),
        "elasticloadbalancing",
        &format!("Action=CreateLoadBalancer&LoadBalancerName=web&{LISTENER}&{ZONES}"),
    );
    ok(
        &local,
        at(0),
        "elasticloadbalancing",
        "Action=ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=60",
    );
    configuration(&local, "one");
    let sizes = "MinSize=2&MaxSize=4&LoadBalancerNames.member.1=web";
    ok(
        &local,
        at(0),
        "autoscaling",
        &format!(
            "Action=CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&{sizes}&{ZONES}"
        ),
    );
    local
}

const LISTENER: &str = "Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80";
const ZONES: &str = "AvailabilityZones.member.1=us-east-1a&AvailabilityZones.member.2=us-east-1b";

fn configuration(local: &LocalAws, name: &str) {
    let form = format!(
        "Action=CreateLaunchConfiguration&LaunchConfigurationName={name}&ImageId=ami-22de994a&InstanceType=t1.micro"
    );
    ok(local, at(0), "autoscaling", &form);
}

fn ok(local: &LocalAws, now: Time, service: &str, form: &str) -> String {
    let answer = call(local, now, service, form);
    assert_eq!(answer.0, 200, "{form}\n{}", answer.1);
    answer.1
}

fn asg(local: &LocalAws, seconds: u64, form: &str) -> String {
    outcome(&call(local, at(seconds), "autoscaling", form))
}

/// The lifecycle states of the group's instances, and how the load balancer sees them.
fn look(local: &LocalAws, seconds: u64) -> String {
    let group = ok(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingGroups");
    let health =
        ok(local, at(seconds), "elasticloadbalancing", "Action=DescribeInstanceHealth&LoadBalancerName=web");
    format!("{} | {}", fields(&group, "LifecycleState").join(" "), fields(&health, "State").join(" "))
}

fn instances(local: &LocalAws, seconds: u64) -> Vec<String> {
    let group = ok(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingGroups");
    fields(&group, "InstanceId").into_iter().map(str::to_owned).collect()
}

#[test]
fn instances_come_with_time_and_in_service_says_nothing_of_the_balancer() {
    let local = group_of_two();
    let seen: Vec<String> = [0, 8, 30, 120].iter().map(|seconds| look(&local, *seconds)).collect();
    assert_eq!(seen[0], " | ");
    assert!(seen[1].starts_with("Pending Pending |") && !seen[1].contains("InService"), "{}", seen[1]);
    assert_eq!(seen[2], "InService InService | OutOfService OutOfService");
    assert_eq!(seen[3], "InService InService | InService InService");
}

#[test]
fn a_group_that_shrinks_drains_first_and_its_name_comes_back_late() {
    let local = group_of_two();
    look(&local, 200);
    assert_eq!(asg(&local, 200, "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g"), "ResourceInUse 400");
    assert_eq!(
        asg(&local, 200, "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0&MaxSize=0"),
        "200"
    );
    let leaving = look(&local, 206);
    assert!(leaving.starts_with("Terminating Terminating |"), "{leaving}");
    assert_eq!(
        asg(&local, 206, "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g"),
        "ScalingActivityInProgress 400"
    );
    assert_eq!(look(&local, 400), " | ");
    assert_eq!(asg(&local, 400, "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g"), "200");
    let pending = ok(&local, at(401), "autoscaling", "Action=DescribeAutoScalingGroups");
    assert_eq!(field(&pending, "Status"), Some("Delete in progress"));
    let drop = "Action=DeleteLaunchConfiguration&LaunchConfigurationName=one";
    assert_eq!(asg(&local, 401, drop), "ResourceInUse 400");
    let again = format!(
        "Action=CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=0&MaxSize=0&{ZONES}"
    );
    assert_eq!(asg(&local, 401, &again), "AlreadyExists 400");
    assert_eq!(asg(&local, 700, drop), "200");
}

#[test]
fn a_new_configuration_leaves_running_instances_alone() {
    let local = group_of_two();
    look(&local, 200);
    configuration(&local, "two");
    asg(&local, 200, "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=two");
    asg(&local, 200, "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=3");
    let group = ok(&local, at(260), "autoscaling", "Action=DescribeAutoScalingInstances");
    let mut names = fields(&group, "LaunchConfigurationName");
    names.sort_unstable();
    assert_eq!(names, ["one", "one", "two"]);
}

#[test]
fn what_ends_behind_the_groups_back_is_replaced() {
    let local = group_of_two();
    let before = instances(&local, 200);
    ok(&local, at(200), "ec2", &format!("Action=TerminateInstances&InstanceId.1={}", before[0]));
    let after = instances(&local, 600);
    assert_eq!(after.len(), 2);
    assert!(!after.contains(&before[0]) && after.contains(&before[1]));
}

#[test]
fn a_suspended_launch_waits_for_resume() {
    let local = group_of_two();
    look(&local, 200);
    asg(&local, 200, "Action=SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch");
    asg(&local, 200, "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=3");
    assert_eq!(instances(&local, 300).len(), 2);
    asg(&local, 300, "Action=ResumeProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch");
    assert_eq!(instances(&local, 400).len(), 3);
}

#[test]
fn detaching_drains_and_leaves_instances_running() {
    let local = group_of_two();
    assert_eq!(look(&local, 200), "InService InService | InService InService");
    asg(&local, 200, "Action=DetachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web");
    let state = ok(&local, at(200), "autoscaling", "Action=DescribeLoadBalancers&AutoScalingGroupName=g");
    assert_eq!(field(&state, "State"), Some("Removing"));
    assert_eq!(look(&local, 300), "InService InService | ");
    let state = ok(&local, at(300), "autoscaling", "Action=DescribeLoadBalancers&AutoScalingGroupName=g");
    assert_eq!(field(&state, "State"), None);
    asg(&local, 300, "Action=AttachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web");
    assert_eq!(look(&local, 400), "InService InService | InService InService");
}

#[test]
fn what_aws_refuses_is_refused() {
    let local = group_of_two();
    look(&local, 200);
    let id = instances(&local, 200).remove(0);
    let create =
        |name: &str, rest: &str| format!("Action=CreateAutoScalingGroup&AutoScalingGroupName={name}&{rest}");
    let configure =
        |rest: &str| format!("Action=CreateLaunchConfiguration&LaunchConfigurationName=new&{rest}");
    let cases = [
        ("AlreadyExists", create("g", &format!("LaunchConfigurationName=one&MinSize=0&MaxSize=0&{ZONES}"))),
        ("ValidationError", create("h", &format!("LaunchConfigurationName=gone&MinSize=0&MaxSize=0&{ZONES}"))),
        ("ValidationError", create("h", &format!("LaunchConfigurationName=one&MinSize=2&MaxSize=1&{ZONES}"))),
        ("ValidationError", create("h", "LaunchConfigurationName=one&MinSize=0&MaxSize=1")),
        ("ValidationError", create("h", &format!("MinSize=0&MaxSize=1&{ZONES}"))),
        ("ValidationError", create("h", &format!("LaunchConfigurationName=one&MinSize=0&MaxSize=1&LoadBalancerNames.member.1=nope&{ZONES}"))),
        ("ValidationError", create("h", "LaunchConfigurationName=one&MinSize=0&MaxSize=1&VPCZoneIdentifier=subnet-0123456789abcdef0")),
        ("ValidationError", "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=5".to_owned()),
        ("ValidationError", "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=5".to_owned()),
        ("ValidationError", "Action=UpdateAutoScalingGroup&AutoScalingGroupName=nope&MinSize=1".to_owned()),
        ("ValidationError", format!("Action=TerminateInstanceInAutoScalingGroup&InstanceId={id}&ShouldDecrementDesiredCapacity=true")),
        ("ValidationError", "Action=SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Nap".to_owned()),
        ("ValidationError", "Action=AttachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=nope".to_owned()),
        ("ValidationError", "Action=DeleteAutoScalingGroup&AutoScalingGroupName=nope".to_owned()),
        ("ResourceInUse", "Action=DeleteLaunchConfiguration&LaunchConfigurationName=one".to_owned()),
        ("ValidationError", "Action=DeleteLaunchConfiguration&LaunchConfigurationName=nope".to_owned()),
        ("AlreadyExists", "Action=CreateLaunchConfiguration&LaunchConfigurationName=one&ImageId=ami-22de994a&InstanceType=t1.micro".to_owned()),
        ("ValidationError", configure("ImageId=ami-0123456789abcdef0&InstanceType=t1.micro")),
        ("ValidationError", configure("ImageId=ami-22de994a&InstanceType=t1.micro&KeyName=nope")),
        ("ValidationError", configure("ImageId=ami-22de994a&InstanceType=t1.micro&SecurityGroups.member.1=sg-0123456789abcdef0")),
        ("ValidationError", configure("ImageId=ami-22de994a&InstanceType=t1.micro&UserData=%21")),
        ("ValidationError", configure("InstanceType=t1.micro")),
    ];
    for (code, form) in cases {
        assert_eq!(asg(&local, 200, &form), format!("{code} 400"), "{form}");
    }
}

#[test]
fn a_settled_group_asks_for_nothing() {
    let local = group_of_two();
    assert_eq!(look(&local, 4000), "InService InService | InService InService");
    let snapshot = local.snapshot();
    assert!(!snapshot.contains("Watch"), "a group in which nothing changes must sleep");
}
