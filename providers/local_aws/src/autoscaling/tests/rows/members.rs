//! What is done to single instances, to load balancers of groups, and by hooks.

use super::*;
use crate::model::autoscaling::{Consumer, HookResult};

fn terminate(id: &str, decrement: bool) -> String {
    format!("TerminateInstanceInAutoScalingGroup&InstanceId={id}&ShouldDecrementDesiredCapacity={decrement}")
}

fn about(action: &str, id: &str) -> String {
    format!("{action}&AutoScalingGroupName=g&InstanceIds.member.1={id}")
}

#[test]
fn instances_that_go() {
    check(&[
        ("EC2-side termination is noticed and replaced", |s| {
            s.group("MinSize=2&MaxSize=2");
            let before = s.instances();
            s.ok("ec2", &format!("TerminateInstances&InstanceId.1={}", before[0]));
            s.later();
            let after = s.instances();
            s.is((after.len(), after.contains(&before[0]), after.contains(&before[1])), (2, false, true));
            s.says(
                &s.asg("DescribeScalingActivities", "200"),
                "in response to an EC2 health check indicating it has been terminated or stopped.",
            );
        }),
        ("SetInstanceHealth Unhealthy -> replaced", |s| {
            s.group("MinSize=1&MaxSize=1");
            let id = s.instances().remove(0);
            s.asg(&format!("SetInstanceHealth&InstanceId={id}&HealthStatus=Unhealthy"), "200");
            s.later();
            s.is((s.instances().len(), s.instances().contains(&id)), (1, false));
        }),
        ("TerminateInstanceInAutoScalingGroup no decrement -> replaced", |s| {
            s.group("MinSize=1&MaxSize=1");
            let id = s.instances().remove(0);
            let told = s.asg(&terminate(&id, false), "200");
            s.says(&told, &format!("<Description>Terminating EC2 instance: {id}</Description>"));
            s.later();
            s.is((s.instances().len(), s.instances().contains(&id)), (1, false));
        }),
        ("TerminateInstanceInAutoScalingGroup decrement", |s| {
            s.group("MinSize=1&MaxSize=2&DesiredCapacity=2");
            let told = s.asg(&terminate(&s.instances()[0], true), "200");
            s.says(&told, "shrinking the capacity from 2 to 1.");
            s.later();
            s.is((s.instances().len(), s.of_group("DesiredCapacity")), (1, Some("1".to_owned())));
        }),
        ("TerminateInstance decrement below min -> ValidationError", |s| {
            s.group("MinSize=1&MaxSize=1");
            let said = s.invalid(&terminate(&s.instances()[0], true));
            s.says(&said, "desiredSize equals minSize (1)");
            s.invalid(&terminate("i-0123456789abcdef0", false));
        }),
    ]);
}

#[test]
fn instances_that_move() {
    check(&[
        ("EnterStandby/ExitStandby", |s| {
            s.group("MinSize=0&MaxSize=2&DesiredCapacity=2");
            let id = s.instances().remove(0);
            let said = s.invalid(&about("ExitStandby", &id));
            s.says(&said, &format!("The instance {id} is not in Standby."));
            s.asg(&(about("EnterStandby", &id) + "&ShouldDecrementDesiredCapacity=true"), "200");
            s.later();
            s.is(
                (s.states().as_str(), s.of_group("DesiredCapacity")),
                ("InService Standby", Some("1".to_owned())),
            );
            s.asg(&about("ExitStandby", &id), "200");
            s.later();
            s.is(
                (s.states().as_str(), s.of_group("DesiredCapacity")),
                ("InService InService", Some("2".to_owned())),
            );
        }),
        ("SetInstanceProtection", |s| {
            s.group("MinSize=0&MaxSize=2&DesiredCapacity=2");
            let id = s.instances().remove(1);
            s.asg(&(about("SetInstanceProtection", &id) + "&ProtectedFromScaleIn=true"), "200");
            s.asg("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=0", "200");
            s.later();
            s.is(s.instances(), vec![id.clone()]);
            s.asg(&(about("SetInstanceProtection", &id) + "&ProtectedFromScaleIn=false"), "200");
            s.asg("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=0", "200");
            s.later();
            s.is(s.instances().len(), 0);
        }),
        ("DetachInstances/AttachInstances", |s| {
            s.balancer();
            s.group("MinSize=1&MaxSize=2&DesiredCapacity=2&LoadBalancerNames.member.1=web");
            let id = s.instances().remove(0);
            s.asg(&(about("DetachInstances", &id) + "&ShouldDecrementDesiredCapacity=true"), "200");
            s.later();
            s.is((s.instances().len(), s.registered(), s.machines().as_str()), (1, 1, "running running"));
            let last = s.instances().remove(0);
            let said = s.invalid(&(about("DetachInstances", &last) + "&ShouldDecrementDesiredCapacity=true"));
            s.says(&said, "AutoScalingGroup g has min-size=1, max-size=2, and desired-size=1. To detach 1 instance, please update the AutoScalingGroup sizes appropriately.");
            s.asg(&about("AttachInstances", &id), "200");
            s.later();
            s.is(
                (s.instances().len(), s.registered(), s.of_group("DesiredCapacity")),
                (2, 2, Some("2".to_owned())),
            );
            s.says(&s.invalid(&about("AttachInstances", &id)), "is already part of AutoScalingGroup:g");
            s.invalid(&about("AttachInstances", "i-0123456789abcdef0"));
            s.invalid(&about("DetachInstances", "i-0123456789abcdef0&ShouldDecrementDesiredCapacity=true"));
        }),
    ]);
}

#[test]
fn load_balancers_and_hooks() {
    check(&[
        ("DetachLoadBalancers deregisters; AttachLoadBalancers registers", |s| {
            s.balancer();
            s.group("MinSize=2&MaxSize=2&LoadBalancerNames.member.1=web");
            let web = "AutoScalingGroupName=g&LoadBalancerNames.member.1=web";
            s.asg(&format!("DetachLoadBalancers&{web}"), "200");
            s.later();
            s.is((s.registered(), s.states().as_str()), (0, "InService InService"));
            s.asg(&format!("AttachLoadBalancers&{web}"), "200");
            s.later();
            s.is(s.registered(), 2);
            s.asg(
                "DetachTrafficSources&AutoScalingGroupName=g&TrafficSources.member.1.Identifier=web",
                "200",
            );
            s.later();
            s.is(s.registered(), 0);
            s.asg("AttachTrafficSources&AutoScalingGroupName=g&TrafficSources.member.1.Identifier=web&TrafficSources.member.1.Type=elb", "200");
            s.later();
            let told = s.asg("DescribeTrafficSources&AutoScalingGroupName=g", "200");
            s.is(
                (s.registered(), field(&told, "Identifier"), field(&told, "State")),
                (2, Some("web"), Some("Added")),
            );
        }),
        ("AttachLoadBalancers unknown -> ValidationError", |s| {
            s.group("MinSize=0&MaxSize=0");
            s.invalid("AttachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=nope");
        }),
        ("lifecycle hook put/describe, instance waits in Pending:Wait", |s| {
            s.group("MinSize=0&MaxSize=1");
            let nobody = Consumer { answers_after: None, result: HookResult::Continue };
            s.model(|model| model.autoscaling.consumers.insert("boot".to_owned(), nobody));
            s.asg("PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=boot&LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING", "200");
            let told = s.asg("DescribeLifecycleHooks&AutoScalingGroupName=g", "200");
            s.is(
                [
                    field(&told, "LifecycleHookName"),
                    field(&told, "DefaultResult"),
                    field(&told, "HeartbeatTimeout"),
                ],
                [Some("boot"), Some("ABANDON"), Some("3600")],
            );
            s.asg("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=1", "200");
            s.later();
            s.is(s.states(), "Pending:Wait".to_owned());
        }),
        ("CreateAutoScalingGroup with lifecycle hooks -> the first instances wait, too", |s| {
            let nobody = Consumer { answers_after: None, result: HookResult::Continue };
            s.model(|model| model.autoscaling.consumers.insert("boot".to_owned(), nobody));
            let hook = "LifecycleHookSpecificationList.member.1.LifecycleHookName=boot&LifecycleHookSpecificationList.member.1.LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING&LifecycleHookSpecificationList.member.1.HeartbeatTimeout=60";
            s.group(&format!("MinSize=1&MaxSize=1&{hook}"));
            s.is(s.states(), "Pending:Wait".to_owned());
            s.is(
                field(&s.asg("DescribeLifecycleHooks&AutoScalingGroupName=g", "200"), "HeartbeatTimeout"),
                Some("60"),
            );
        }),
        ("CompleteLifecycleAction exists", |s| {
            s.group("MinSize=0&MaxSize=1");
            let hook = "AutoScalingGroupName=g&LifecycleHookName=boot";
            let said = s.invalid(&format!(
                "CompleteLifecycleAction&{hook}&LifecycleActionResult=CONTINUE&LifecycleActionToken=nope"
            ));
            s.says(&said, "No active Lifecycle Action found with token nope");
            let nobody = Consumer { answers_after: None, result: HookResult::Continue };
            s.model(|model| model.autoscaling.consumers.insert("boot".to_owned(), nobody));
            s.asg(
                &format!("PutLifecycleHook&{hook}&LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING"),
                "200",
            );
            s.asg("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=1", "200");
            s.later();
            let id = s.instances().remove(0);
            s.asg(
                &format!("CompleteLifecycleAction&{hook}&LifecycleActionResult=CONTINUE&InstanceId={id}"),
                "200",
            );
            s.later();
            s.is(s.states(), "InService".to_owned());
        }),
    ]);
}
