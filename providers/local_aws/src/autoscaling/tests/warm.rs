//! Warm pools.

use super::*;

fn states(local: &LocalAws, seconds: u64) -> String {
    let told = ok(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingInstances");
    let mut states = fields(&told, "LifecycleState");
    states.sort_unstable();
    states.join(" ")
}

#[test]
fn a_pool_is_filled_taken_from_and_filled_again() {
    let local = group_of_two();
    look(&local, 200);
    let put = "Action=PutWarmPool&AutoScalingGroupName=g";
    assert_eq!(asg(&local, 200, &format!("{put}&PoolState=Tepid")), "ValidationError 400");
    assert_eq!(asg(&local, 200, &format!("{put}&PoolState=Stopped&MinSize=1")), "200");
    assert_eq!(states(&local, 206), "InService InService Warmed:Pending Warmed:Pending");
    assert_eq!(states(&local, 300), "InService InService Warmed:Stopped Warmed:Stopped");
    assert_eq!(instances(&local, 300).len(), 2, "the group is told without its pool");
    let group = ok(&local, at(300), "autoscaling", "Action=DescribeAutoScalingGroups");
    assert_eq!(field(&group, "WarmPoolSize"), Some("2"));
    let pool = ok(&local, at(300), "autoscaling", "Action=DescribeWarmPool&AutoScalingGroupName=g");
    let warm: Vec<String> = fields(&pool, "InstanceId").into_iter().map(str::to_owned).collect();
    let end = format!(
        "Action=TerminateInstanceInAutoScalingGroup&ShouldDecrementDesiredCapacity=false&InstanceId={}",
        warm[0]
    );
    assert_eq!(asg(&local, 300, &end), "ValidationError 400");
    asg(&local, 300, "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=3");
    assert_eq!(states(&local, 306), "InService InService Pending Warmed:Stopped");
    assert_eq!(states(&local, 360), "InService InService InService Warmed:Stopped");
    let now = instances(&local, 360);
    assert_eq!(warm.iter().filter(|id| now.contains(id)).count(), 1, "it came from the pool");
    asg(&local, 360, "Action=DeleteWarmPool&AutoScalingGroupName=g");
    let pool = ok(&local, at(361), "autoscaling", "Action=DescribeWarmPool&AutoScalingGroupName=g");
    assert_eq!(
        (field(&pool, "Status"), field(&pool, "LifecycleState")),
        (Some("PendingDelete"), Some("Warmed:Terminating"))
    );
    let pool = ok(&local, at(500), "autoscaling", "Action=DescribeWarmPool&AutoScalingGroupName=g");
    assert_eq!(field(&pool, "PoolState"), None);
    assert_eq!(asg(&local, 500, "Action=DeleteWarmPool&AutoScalingGroupName=g"), "ValidationError 400");
}

#[test]
fn instances_come_back_to_a_pool_that_reuses_them_and_hooks_hold_them_on_their_way_in() {
    let local = group_of_two();
    look(&local, 200);
    let hook = "Action=PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=boot&LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING";
    assert_eq!(asg(&local, 200, hook), "200");
    let put = "Action=PutWarmPool&AutoScalingGroupName=g&PoolState=Running&MaxGroupPreparedCapacity=3&InstanceReusePolicy.ReuseOnScaleIn=true";
    assert_eq!(asg(&local, 200, put), "200");
    let seen: Vec<String> = (200..300).map(|second| states(&local, second)).collect();
    let mut order: Vec<&str> =
        seen.iter().map(|states| states.rsplit(' ').next().unwrap_or_default()).collect();
    order.dedup();
    assert_eq!(order, ["InService", "Warmed:Pending", "Warmed:Pending:Wait", "Warmed:Running"]);
    let before = instances(&local, 300);
    ok(
        &local,
        at(300),
        "autoscaling",
        "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=1&DesiredCapacity=1",
    );
    assert_eq!(states(&local, 400), "InService Warmed:Running Warmed:Running");
    let all = ok(&local, at(400), "autoscaling", "Action=DescribeAutoScalingInstances");
    assert!(before.iter().all(|id| all.contains(id.as_str())), "nobody was ended");
    ok(
        &local,
        at(400),
        "autoscaling",
        "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true",
    );
    assert_eq!(states(&local, 700), "");
}

#[test]
fn a_group_made_with_a_load_balancer_heeds_it_at_once_and_one_attached_later_once_it_was_passed() {
    let local = group_of_two();
    let state = |seconds| {
        let told =
            ok(&local, at(seconds), "autoscaling", "Action=DescribeLoadBalancers&AutoScalingGroupName=g");
        field(&told, "State").map(str::to_owned)
    };
    look(&local, 200);
    ok(
        &local,
        at(200),
        "autoscaling",
        "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&HealthCheckType=ELB",
    );
    assert_eq!(state(200).as_deref(), Some("InService"));
    ok(
        &local,
        at(200),
        "autoscaling",
        "Action=DetachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web",
    );
    assert_eq!([state(200), state(300)], [Some("Removing".to_owned()), None]);
    ok(
        &local,
        at(300),
        "autoscaling",
        "Action=AttachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web",
    );
    assert_eq!([state(300).as_deref(), state(311).as_deref()], [Some("Adding"), Some("Added")]);
    assert_eq!(state(400).as_deref(), Some("InService"));
}
