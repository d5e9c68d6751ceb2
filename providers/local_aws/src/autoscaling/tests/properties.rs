//! What holds whatever is asked for, and whenever.

use proptest::prelude::*;

use super::*;

/// A request, so many seconds after the one before; `{0}` stands for one of the group's instances, `{1}` for
/// the target group of an application load balancer.
type Step = (u64, &'static str, usize);

const REQUESTS: [&str; 31] = [
    "SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=0",
    "SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=2",
    "SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=4",
    "UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0&MaxSize=6",
    "UpdateAutoScalingGroup&AutoScalingGroupName=g&AvailabilityZones.member.1=us-east-1b",
    "UpdateAutoScalingGroup&AutoScalingGroupName=g&HealthCheckType=ELB&HealthCheckGracePeriod=60",
    "UpdateAutoScalingGroup&AutoScalingGroupName=g&InstanceMaintenancePolicy.MinHealthyPercentage=100&InstanceMaintenancePolicy.MaxHealthyPercentage=150",
    "UpdateAutoScalingGroup&AutoScalingGroupName=g&MaxInstanceLifetime=86400",
    "SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch",
    "SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Terminate",
    "ResumeProcesses&AutoScalingGroupName=g",
    "StartInstanceRefresh&AutoScalingGroupName=g&Preferences.MinHealthyPercentage=50&Preferences.InstanceWarmup=30",
    "StartInstanceRefresh&AutoScalingGroupName=g&Preferences.MinHealthyPercentage=100&Preferences.MaxHealthyPercentage=150",
    "CancelInstanceRefresh&AutoScalingGroupName=g",
    "PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=in&LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING",
    "PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=out&LifecycleTransition=autoscaling:EC2_INSTANCE_TERMINATING",
    "DeleteLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=in",
    "DetachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web",
    "AttachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web",
    "AttachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1={1}",
    "DetachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1={1}",
    "DeregisterTargets&Version=2015-12-01&TargetGroupArn={1}&Targets.member.1.Id={0}",
    "PutWarmPool&AutoScalingGroupName=g&PoolState=Stopped&InstanceReusePolicy.ReuseOnScaleIn=true",
    "DeleteWarmPool&AutoScalingGroupName=g",
    "TerminateInstanceInAutoScalingGroup&InstanceId={0}&ShouldDecrementDesiredCapacity=false",
    "EnterStandby&AutoScalingGroupName=g&InstanceIds.member.1={0}&ShouldDecrementDesiredCapacity=true",
    "ExitStandby&AutoScalingGroupName=g&InstanceIds.member.1={0}",
    "DetachInstances&AutoScalingGroupName=g&InstanceIds.member.1={0}&ShouldDecrementDesiredCapacity=false",
    "AttachInstances&AutoScalingGroupName=g&InstanceIds.member.1={0}",
    "SetInstanceHealth&InstanceId={0}&HealthStatus=Unhealthy",
    "TerminateInstances&InstanceId.1={0}",
];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..200_u64, prop::sample::select(&REQUESTS[..]), 0..8_usize);
    prop::collection::vec(step, 1..14)
}

const SUBNETS: &str =
    "DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a&Filter.1.Value.2=us-east-1b";

/// A target group in use; gives its ARN.
fn target_group(local: &LocalAws) -> String {
    let ask = |service, form: &str| ok(local, at(100), service, &format!("Version=2015-12-01&Action={form}"));
    let (vpcs, subnets) = (ask("ec2", "DescribeVpcs"), ask("ec2", SUBNETS));
    let (vpc, subnets) = (field(&vpcs, "vpcId").expect("a VPC"), fields(&subnets, "subnetId"));
    let make = |form: &str| ask("elasticloadbalancing", form);
    let group = make(&format!("CreateTargetGroup&Name=app&Protocol=HTTP&Port=80&VpcId={vpc}"));
    let group = field(&group, "TargetGroupArn").expect("a target group").to_owned();
    let balancer = make(&format!(
        "CreateLoadBalancer&Name=web&Subnets.member.1={}&Subnets.member.2={}",
        subnets[0], subnets[1]
    ));
    let balancer = field(&balancer, "LoadBalancerArn").expect("a load balancer");
    make(&format!(
        "CreateListener&LoadBalancerArn={balancer}&Protocol=HTTP&Port=80&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={group}"
    ));
    group
}

/// Sends the requests, each at its time; in between the cloud is looked at every `every` seconds, and after `kept`
/// requests it is written down and read again. Gives the moment after the last one.
fn run(steps: &[Step], every: Option<usize>, kept: Option<usize>) -> (LocalAws, u64) {
    let (mut local, mut now) = (group_of_two(), 200);
    let targets = target_group(&local);
    for (index, (wait, request, which)) in steps.iter().enumerate() {
        if let Some(every) = every {
            (now..now + wait).step_by(every).for_each(|second| drop(look(&local, second)));
        }
        now += wait;
        if kept == Some(index) {
            local = LocalAws::restore(&local.snapshot()).expect("it was written a moment ago");
        }
        // Instances are named by what EC2 knows, so that some are in the group and others are not.
        let all = call(&local, at(now), "ec2", "Action=DescribeInstances").1;
        let ids = fields(&all, "instanceId");
        let id = ids.get(which % ids.len().max(1)).copied().unwrap_or("i-0123456789abcdef0");
        let service = match request.split('&').next() {
            Some("TerminateInstances") => "ec2",
            Some("DeregisterTargets") => "elasticloadbalancing",
            _ => "autoscaling",
        };
        let request = request.replace("{0}", id).replace("{1}", &targets);
        call(&local, at(now), service, &format!("Action={request}"));
    }
    (local, now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Time passes alike in one step and in many, whoever looks, and a snapshot goes on where it was.
    #[test]
    fn looks_and_snapshots_change_nothing(steps in steps(), every in 7..60_usize, kept in 0..14_usize) {
        let end = |(local, now): (LocalAws, u64)| {
            look(&local, now + 1000);
            local.snapshot()
        };
        let plain = end(run(&steps, None, None));
        prop_assert_eq!(&end(run(&steps, Some(every), None)), &plain);
        prop_assert_eq!(&end(run(&steps, None, Some(kept))), &plain);
    }

    /// Once nobody asks for anything any more, a group comes to have what it wants, EC2 runs no more than that, and
    /// nothing is left to happen but what comes with age.
    #[test]
    fn a_group_left_alone_comes_to_rest(steps in steps()) {
        let (local, now) = run(&steps, None, None);
        call(&local, at(now), "autoscaling", "Action=ResumeProcesses&AutoScalingGroupName=g");
        let rest = now + 4 * 3600;
        local.with_model("123456789012", "us-east-1", at(rest), |model| {
            let group = &model.autoscaling.groups["g"];
            let states: Vec<&str> = group.members.values().map(|member| member.state.word()).collect();
            prop_assert_eq!(group.counted(), group.size.desired, "{:?}", states);
            let calm = |state: &&str| ["InService", "Standby", "Warmed:Stopped"].contains(state);
            prop_assert!(states.iter().all(calm), "{:?}", states);
            let own = |id: &str| model.ec2.tags_of(id).get("aws:autoscaling:groupName").is_some();
            let strays = model.ec2.instances.values().filter(|instance| {
                instance.state.name() == "running" && own(instance.id.as_str()) && !group.members.contains_key(&instance.id)
            });
            prop_assert_eq!(strays.count(), 0);
            Ok(())
        })?;
        let snapshot = local.snapshot();
        for event in ["Watch", "Reconcile", "RefreshStep", "HookDue", "Rest\"", "Gone", "Left"] {
            prop_assert!(!snapshot.contains(event), "{} is still to come", event);
        }
    }
}
