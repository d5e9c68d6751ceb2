//! How groups launch, choose, replace and spread instances.

use super::*;
use crate::model::Model;
use crate::model::autoscaling::{Group, Launch, Member, MemberState};
use crate::model::ec2::{Capacity, CapacityLimit};

/// Looks at, or changes, the model at `at(seconds)`.
fn model<T>(local: &LocalAws, seconds: u64, look: impl FnOnce(&mut Model) -> T) -> T {
    local.with_model("123456789012", "us-east-1", at(seconds), look)
}

/// A group of so many without a load balancer, in two zones.
fn group_of(size: u64, timing: TimeModel, rest: &str) -> LocalAws {
    let local = LocalAws::new(Options { seed: 5, timing });
    configuration(&local, "one");
    let sizes = format!("MinSize=0&MaxSize=40&DesiredCapacity={size}&LaunchConfigurationName=one");
    ok(
        &local,
        at(0),
        "autoscaling",
        &format!("Action=CreateAutoScalingGroup&AutoScalingGroupName=g&{sizes}&{ZONES}&{rest}"),
    );
    local
}

fn update(local: &LocalAws, seconds: u64, rest: &str) {
    let form = format!("Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&{rest}");
    ok(local, at(seconds), "autoscaling", &form);
}

/// How many of the group's instances count, and how many are in service, by zone.
fn zones(local: &LocalAws, seconds: u64) -> String {
    model(local, seconds, |model| {
        let group = &model.autoscaling.groups["g"];
        let count = |zone: &str| {
            group
                .members
                .values()
                .filter(|member| member.state.counts() && member.zone.ends_with(zone))
                .count()
        };
        ["1a", "1b", "1c"].map(|zone| count(zone).to_string()).join(" ")
    })
}

/// Over a time: the fewest that served and were healthy, the most that counted, the most that were on their way in.
fn extremes(local: &LocalAws, seconds: std::ops::Range<u64>) -> (usize, usize, usize) {
    let look = |second| {
        model(local, second, |model| {
            let count = |fits: fn(&Member) -> bool| {
                model.autoscaling.groups["g"].members.values().filter(|member| fits(member)).count()
            };
            let serving = count(|member| member.state == MemberState::InService && member.healthy);
            (serving, count(|member| member.state.counts()), count(|member| member.state.is_pending()))
        })
    };
    let widen = |so_far: (usize, usize, usize), (serving, all, coming): (usize, usize, usize)| {
        (so_far.0.min(serving), so_far.1.max(all), so_far.2.max(coming))
    };
    seconds.map(look).fold((usize::MAX, 0, 0), widen)
}

fn causes(local: &LocalAws, seconds: u64, count: usize) -> String {
    let told = ok(
        local,
        at(seconds),
        "autoscaling",
        &format!("Action=DescribeScalingActivities&MaxRecords={count}"),
    );
    fields(&told, "Cause").join("\n")
}

#[test]
fn each_termination_policy_takes_its_own() {
    let local = group_of(0, TimeModel::fast(), "");
    configuration(&local, "two");
    let member = |id: &str, launch: &str, launched: u64, protected: bool| {
        let launch = Launch::Configuration(launch.to_owned());
        (id.into(), Member { protected, ..Member::new(launch, "us-east-1a", "t1.micro", at(launched)) })
    };
    // Ages in the hour: 600 s, 3000 s, 1200 s, 3500 s.
    let members = [
        member("i-old-two", "two", 3000, false),
        member("i-mid-one", "one", 4200, false),
        member("i-new-two", "two", 6000, false),
        member("i-protected", "one", 100, true),
        member("i-newest-one", "one", 7000, false),
    ];
    let chosen = |policy: &str| {
        model(&local, 7200, |model| {
            model.autoscaling.configurations.get_mut("two").expect("made above").created = at(50);
            let group = model.autoscaling.groups.get_mut("g").expect("made above");
            group.settings.termination_policies = vec![policy.to_owned()];
            group.members = members.iter().cloned().collect();
            let group: Group = group.clone();
            super::super::scale_in::victims(model, &group, 5)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(chosen("OldestInstance")[0], "i-old-two");
    assert_eq!(chosen("NewestInstance")[0], "i-newest-one");
    assert_eq!(chosen("ClosestToNextInstanceHour")[0], "i-mid-one");
    let default = chosen("Default");
    assert_eq!(
        default,
        ["i-mid-one", "i-newest-one", "i-new-two", "i-old-two"],
        "the oldest configuration first"
    );
    assert_eq!(chosen("OldestLaunchConfiguration")[..2], ["i-mid-one", "i-newest-one"]);
}

#[test]
fn scale_in_takes_from_the_fullest_zone_and_says_why() {
    let local = group_of(3, TimeModel::fast(), "");
    assert_eq!(zones(&local, 60), "2 1 0");
    update(&local, 60, "DesiredCapacity=2");
    assert_eq!(zones(&local, 61), "1 1 0");
    let told = causes(&local, 61, 1);
    let id = told.rsplit("instance ").next().and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    insta::assert_snapshot!(told.replace(id, "i-1"), @"At 2026-11-21T07:01:00Z a user request update of AutoScalingGroup constraints to min: 0, max: 40, desired: 2 changing the desired capacity from 3 to 2.  At 2026-11-21T07:01:00Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 3 to 2.  At 2026-11-21T07:01:00Z instance i-1 was selected for termination.");
}

#[test]
fn a_zone_without_room_is_told_and_another_takes_its_share() {
    let local = group_of(0, TimeModel::fast(), "");
    let limit = |zone: &str, left| CapacityLimit { zone: Some(zone.to_owned()), left, instance_type: None };
    model(&local, 1, |model| {
        model.ec2.capacity =
            Capacity { limits: vec![limit("us-east-1a", 1), limit("us-east-1b", 3)], quota: None };
    });
    update(&local, 1, "DesiredCapacity=6");
    assert_eq!(zones(&local, 5), "1 3 0");
    let told = ok(&local, at(5), "autoscaling", "Action=DescribeScalingActivities");
    let failed = fields(&told, "StatusMessage");
    assert!(failed.iter().all(|message| message.starts_with("We currently do not have sufficient t1.micro capacity in the Availability Zone you requested (us-east-1") && message.ends_with("Launching EC2 instance failed.")), "{failed:?}");
    model(&local, 5, |model| model.ec2.capacity = Capacity { limits: Vec::new(), quota: Some(5) });
    assert_eq!(zones(&local, 20), "2 3 0");
    let told = ok(&local, at(20), "autoscaling", "Action=DescribeScalingActivities&MaxRecords=1");
    insta::assert_snapshot!(field(&told, "StatusMessage").unwrap_or_default(), @"You have requested more instances (6) than your current instance limit of 5 allows for the specified instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. Launching EC2 instance failed.");
    model(&local, 20, |model| model.ec2.capacity = Capacity::default());
    assert_eq!(zones(&local, 40), "3 3 0");
}

#[test]
fn without_its_load_balancer_a_group_launches_nothing() {
    let local = group_of_two();
    look(&local, 200);
    ok(&local, at(200), "elasticloadbalancing", "Action=DeleteLoadBalancer&LoadBalancerName=web");
    update(&local, 200, "DesiredCapacity=3");
    let told = ok(&local, at(230), "autoscaling", "Action=DescribeScalingActivities&MaxRecords=1");
    insta::assert_snapshot!(field(&told, "StatusMessage").unwrap_or_default(), @"Cannot find Load Balancer web. Validating load balancer configuration failed.");
    assert_eq!(instances(&local, 230).len(), 2);
}

#[test]
fn uneven_zones_are_evened_out_with_the_new_instance_first() {
    let local = group_of(4, TimeModel::aws_like(), "");
    assert_eq!(zones(&local, 100), "2 2 0");
    update(&local, 100, "AvailabilityZones.member.1=us-east-1a&AvailabilityZones.member.2=us-east-1c");
    let (least, most, _) = extremes(&local, 100..600);
    assert_eq!((zones(&local, 600).as_str(), least, most), ("2 0 2", 4, 5));
    let told = causes(&local, 600, 20);
    assert!(told.contains("instances were launched to balance instances in zones us-east-1a us-east-1c with other zones resulting in more than desired number of instances in the group."));
    ok(
        &local,
        at(600),
        "autoscaling",
        "Action=SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=AZRebalance",
    );
    update(&local, 600, "AvailabilityZones.member.1=us-east-1b&AvailabilityZones.member.2=us-east-1c");
    assert_eq!(zones(&local, 1200), "2 0 2", "not while that is suspended");
}

#[test]
fn unhealthy_instances_are_replaced_a_tenth_at_a_time_and_first_ended_unless_the_group_may_grow() {
    // Size, maintenance policy, unhealthy; fewest healthy in service, most at a time, most on their way in.
    let grows = "InstanceMaintenancePolicy.MinHealthyPercentage=100&InstanceMaintenancePolicy.MaxHealthyPercentage=120";
    let cases = [
        (2, "", 1, (1, 2, 1)),
        (2, grows, 1, (1, 3, 1)),
        (20, "", 6, (14, 20, 2)),
        (20, grows, 6, (14, 22, 2)),
    ];
    for (size, policy, sick, expected) in cases {
        let local = group_of(size, TimeModel::aws_like(), policy);
        let ids = instances(&local, 100);
        for id in ids.iter().take(sick) {
            let form = format!("Action=SetInstanceHealth&InstanceId={id}&HealthStatus=Unhealthy");
            assert_eq!(asg(&local, 100, &form), "200");
        }
        assert_eq!(extremes(&local, 100..1000), expected, "{size} {policy}");
        let after = instances(&local, 1000);
        assert!(
            after.len() as u64 == size && ids[..sick].iter().all(|id| !after.contains(id)),
            "{size} {policy}"
        );
        let told = causes(&local, 1000, 100);
        for what in [
            "an instance was taken out of service in response to a user health-check.",
            "an instance was launched in response to an unhealthy instance needing to be replaced.",
        ] {
            assert!(told.contains(what), "{told}");
        }
    }
}

#[test]
fn in_the_grace_period_a_judgement_counts_only_if_it_insists() {
    let local = group_of(1, TimeModel::fast(), "HealthCheckGracePeriod=300");
    let id = instances(&local, 10).remove(0);
    let sick = format!("Action=SetInstanceHealth&InstanceId={id}&HealthStatus=Unhealthy");
    assert_eq!(asg(&local, 10, &sick), "200");
    assert_eq!(instances(&local, 60), std::slice::from_ref(&id));
    assert_eq!(asg(&local, 60, &format!("{sick}&ShouldRespectGracePeriod=false")), "200");
    assert_ne!(instances(&local, 120), [id]);
}

#[test]
fn an_instance_that_is_too_old_is_replaced() {
    let local = group_of(2, TimeModel::aws_like(), "MaxInstanceLifetime=86400");
    let before = instances(&local, 200);
    assert_eq!(instances(&local, 86_000), before);
    let after = instances(&local, 88_000);
    assert!(after.len() == 2 && before.iter().all(|id| !after.contains(id)));
    assert!(causes(&local, 88_000, 20).contains("exceeding its maximum instance lifetime"));
    let short = "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MaxInstanceLifetime=60";
    assert_eq!(asg(&local, 88_000, short), "ValidationError 400");
}

#[test]
fn whether_a_leaving_instance_counts_decides_when_the_next_one_comes() {
    let with = |counts: bool| {
        let mut timing = TimeModel::aws_like();
        timing.autoscaling.terminating_counts = counts;
        let local = group_of(2, timing, "");
        let id = instances(&local, 200).remove(0);
        let end = format!(
            "Action=TerminateInstanceInAutoScalingGroup&InstanceId={id}&ShouldDecrementDesiredCapacity=false"
        );
        assert_eq!([asg(&local, 200, &end), asg(&local, 201, &end)], ["200", "200"]);
        let both = |second: &u64| {
            model(&local, *second, |model| {
                let members = &model.autoscaling.groups["g"].members;
                members.values().any(|member| member.state.is_terminating())
                    && members.values().any(|member| member.state.is_pending())
            })
        };
        let overlap = (200..400).filter(both).count() > 0;
        (overlap, instances(&local, 400).len())
    };
    assert_eq!([with(false), with(true)], [(true, 2), (false, 2)]);
}

#[test]
fn deletion_by_force_cuts_or_drains_as_the_parameter_says() {
    for drains in [false, true] {
        let local = group_of_two();
        local.with_model("123456789012", "us-east-1", at(150), |model| {
            model.timing.autoscaling.force_delete_drains = drains;
            model.timing.elb.open_requests = crate::timing::Delay::secs(20, 20);
        });
        look(&local, 200);
        assert_eq!(
            asg(&local, 200, "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true"),
            "200"
        );
        let group = ok(&local, at(201), "autoscaling", "Action=DescribeAutoScalingGroups");
        assert_eq!(field(&group, "Status"), Some("Delete in progress"));
        let machines = ok(&local, at(201), "ec2", "Action=DescribeInstances");
        assert_eq!(machines.contains("<name>shutting-down</name>"), !drains);
        assert_eq!(look(&local, 400), " | ", "the load balancer is empty, too");
        assert_eq!(
            asg(&local, 401, "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=1"),
            "ValidationError 400"
        );
    }
}
