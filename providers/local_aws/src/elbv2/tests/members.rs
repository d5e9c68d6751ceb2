//! Auto Scaling groups behind target groups.

use super::{BALANCER, GROUP, HEALTH, LISTENER, NETWORK, check, ok, wait};
use crate::ec2::fleet;
use crate::handle::LocalAws;
use crate::model::behaviour::Condition;
use crate::testing::{Asked, at, call, fast, field, fields, outcome};
use crate::timing::TimeModel;

const CONFIGURATION: Asked = (
    "autoscaling",
    "CreateLaunchConfiguration&LaunchConfigurationName=one&ImageId=ami-22de994a&InstanceType=t1.micro",
    "200",
    "",
);
const MEMBERS: Asked = (
    "autoscaling",
    "CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=1&MaxSize=2&VPCZoneIdentifier={item/subnetId}&TargetGroupARNs.member.1={TargetGroupArn}&HealthCheckType=ELB&HealthCheckGracePeriod=0",
    "200",
    "",
);
const DELAY: Asked = ok(
    "ModifyTargetGroupAttributes&TargetGroupArn={TargetGroupArn}&Attributes.member.1.Key=deregistration_delay.timeout_seconds&Attributes.member.1.Value=30",
    "",
);

const fn asg(form: &'static str, says: &'static str) -> Asked {
    ("autoscaling", form, "200", says)
}

#[test]
fn groups_register_their_instances_and_let_them_drain() {
    const STATE: &str = "DescribeLoadBalancerTargetGroups&AutoScalingGroupName=g";
    const GROUPS: &str = "DescribeAutoScalingGroups";
    check(
        &TimeModel::fast(),
        &[
            (
                "in and out",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    DELAY,
                    CONFIGURATION,
                    MEMBERS,
                    wait("15"),
                    ok(HEALTH, "<TargetHealth><State>healthy</State></TargetHealth>"),
                    asg(STATE, "<State>InService</State>"),
                    asg("DescribeAutoScalingInstances", "<LifecycleState>InService</LifecycleState>"),
                    asg(
                        "TerminateInstanceInAutoScalingGroup&InstanceId={InstanceId}&ShouldDecrementDesiredCapacity=false",
                        "Terminating",
                    ),
                    ok(
                        HEALTH,
                        "<Id>{InstanceId}</Id><Port>8080</Port></Target><HealthCheckPort>8080</HealthCheckPort><TargetHealth><State>draining</State>",
                    ),
                    asg("DescribeScalingActivities", "WaitingForELBConnectionDraining"),
                    wait("20"),
                    ("ec2", "DescribeInstances&InstanceId.1={InstanceId}", "200", "<name>running</name>"),
                    wait("15"),
                    ("ec2", "DescribeInstances&InstanceId.1={InstanceId}", "200", "<name>terminated</name>"),
                    ok(HEALTH, "<TargetHealth><State>healthy</State></TargetHealth>"),
                ],
            ),
            (
                "attach and detach",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    DELAY,
                    CONFIGURATION,
                    asg(
                        "CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=1&MaxSize=1&VPCZoneIdentifier={item/subnetId}",
                        "",
                    ),
                    wait("5"),
                    asg(
                        "AttachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1={TargetGroupArn}",
                        "",
                    ),
                    wait("5"),
                    asg(STATE, "<State>Added</State>"),
                    ok(HEALTH, "healthy"),
                    asg(
                        "DetachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1={TargetGroupArn}",
                        "",
                    ),
                    asg(STATE, "<State>Removing</State>"),
                    ok(HEALTH, "draining"),
                    wait("31"),
                    asg(STATE, "<LoadBalancerTargetGroups></LoadBalancerTargetGroups>"),
                    asg(GROUPS, "<TargetGroupARNs></TargetGroupARNs>"),
                    (
                        "autoscaling",
                        "DetachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1={TargetGroupArn}",
                        "ValidationError 400",
                        "",
                    ),
                ],
            ),
            (
                "members in a zone that is not enabled are let be",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    (
                        "ec2",
                        "DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1c",
                        "200",
                        "us-east-1c",
                    ),
                    CONFIGURATION,
                    MEMBERS,
                    wait("5"),
                    asg("DescribeAutoScalingInstances", "InService"),
                    ok(
                        HEALTH,
                        "<Reason>Target.NotInUse</Reason><Description>Target is in an Availability Zone that is not enabled",
                    ),
                    wait("60"),
                    asg("DescribeAutoScalingInstances", "<InstanceId>{InstanceId}</InstanceId>"),
                ],
            ),
            (
                "a target group that is not there",
                &[
                    GROUP,
                    CONFIGURATION,
                    ok("DeleteTargetGroup&TargetGroupArn={TargetGroupArn}", ""),
                    (
                        "autoscaling",
                        MEMBERS.1,
                        "ValidationError 400",
                        "Provided Target Groups may not be valid. Please ensure they exist and try again.",
                    ),
                ],
            ),
            (
                "a target group that is gone holds launches up",
                &[
                    GROUP,
                    CONFIGURATION,
                    MEMBERS,
                    wait("5"),
                    ok("DeleteTargetGroup&TargetGroupArn={TargetGroupArn}", ""),
                    asg("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=2", ""),
                    wait("2"),
                    asg(
                        "DescribeScalingActivities",
                        "<StatusMessage>One or more target groups not found. Validating load balancer configuration failed.",
                    ),
                ],
            ),
        ],
    );
}

/// A group of one behind a target group, at second 60; in use by a load balancer or not.
fn group_of_one(used: bool) -> LocalAws {
    let local = fast();
    let mut seen = std::collections::BTreeMap::new();
    let listener = if used { vec![LISTENER] } else { Vec::new() };
    let requests = [&NETWORK[..], &[BALANCER, GROUP], &listener, &[CONFIGURATION, MEMBERS]].concat();
    for (second, (service, form, ..)) in (0..).zip(requests) {
        let answer = crate::testing::send(&local, at(second), service, form, &mut seen);
        assert_eq!(outcome(&answer), "200", "{form} {}", answer.1);
    }
    local
}

fn members(local: &LocalAws, seconds: u64) -> Vec<String> {
    let (_, told) = call(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingInstances");
    fields(&told, "InstanceId").into_iter().map(str::to_owned).collect()
}

/// How many members serve, and how many drain.
fn seen(local: &LocalAws, seconds: u64) -> (usize, usize) {
    let gauge = local.gauge("123456789012", "us-east-1", at(seconds));
    let group = &gauge.groups["g"];
    (group.serving(), group.members.values().filter(|member| member.draining).count())
}

#[test]
fn a_member_that_its_target_group_finds_unhealthy_is_replaced() {
    for (used, replaced) in [(true, true), (false, false)] {
        let local = group_of_one(used);
        let before = members(&local, 60);
        local.with_model("123456789012", "us-east-1", at(60), |model| {
            fleet::turn_app(model, &before[0], Condition::Closed);
        });
        let (serving, draining) = seen(&local, 72);
        assert_eq!((serving, draining), (1, usize::from(replaced)), "{used}");
        let after = members(&local, 600);
        assert_eq!((after.len(), after == before), (1, !replaced), "{used}");
        assert_eq!(seen(&local, 600), (1, 0), "{used}");
        let (_, told) = call(&local, at(600), "autoscaling", "Action=DescribeScalingActivities");
        let cause = "an instance was taken out of service in response to an ELB system health check failure.";
        assert_eq!(told.contains(cause), replaced, "{}", field(&told, "Cause").unwrap_or_default());
    }
}
