//! Instance refreshes.

use super::*;
use crate::model::Model;
use crate::model::autoscaling::{Consumer, HookResult, MemberState};

/// Looks at, or changes, the model at `at(seconds)`.
fn model<T>(local: &LocalAws, seconds: u64, look: impl FnOnce(&mut Model) -> T) -> T {
    local.with_model("123456789012", "us-east-1", at(seconds), look)
}

/// A group of `size` from version 1 of a template that has a second version of another type; warm after 10 s.
fn group_of(size: u64) -> LocalAws {
    let local = LocalAws::new(Options { seed: 11, timing: TimeModel::aws_like() });
    let data = "LaunchTemplateData.ImageId=ami-22de994a&LaunchTemplateData.InstanceType=";
    ok(&local, at(0), "ec2", &format!("Action=CreateLaunchTemplate&LaunchTemplateName=small&{data}t1.micro"));
    ok(
        &local,
        at(0),
        "ec2",
        &format!("Action=CreateLaunchTemplateVersion&LaunchTemplateName=small&{data}m1.small"),
    );
    let sizes = format!("MinSize=0&MaxSize={size}&DesiredCapacity={size}&DefaultInstanceWarmup=10");
    let launch = "LaunchTemplate.LaunchTemplateName=small&LaunchTemplate.Version=1";
    let create = format!("Action=CreateAutoScalingGroup&AutoScalingGroupName=g&{launch}&{sizes}&{ZONES}");
    ok(&local, at(0), "autoscaling", &create);
    assert_eq!(instances(&local, 200).len() as u64, size);
    local
}

const SECOND: &str = "DesiredConfiguration.LaunchTemplate.LaunchTemplateName=small&DesiredConfiguration.LaunchTemplate.Version=2";

fn start(preferences: &str) -> String {
    format!("Action=StartInstanceRefresh&AutoScalingGroupName=g&{preferences}")
}

fn describe(local: &LocalAws, seconds: u64) -> String {
    ok(local, at(seconds), "autoscaling", "Action=DescribeInstanceRefreshes&AutoScalingGroupName=g")
}

fn status(local: &LocalAws, seconds: u64) -> String {
    let told = describe(local, seconds);
    let field = |name| field(&told, name).unwrap_or("-");
    format!("{} {}% {} left", field("Status"), field("PercentageComplete"), field("InstancesToUpdate"))
}

/// The types of the group's instances, in alphabetical order.
fn types(local: &LocalAws, seconds: u64) -> String {
    let group = ok(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingInstances");
    let mut types = fields(&group, "InstanceType");
    types.sort_unstable();
    types.join(" ")
}

/// The fewest in service and the most in the group, terminating ones aside, over a time.
fn extremes(local: &LocalAws, seconds: std::ops::Range<u64>) -> (usize, u64) {
    let look = |second| {
        model(local, second, |model| {
            let group = &model.autoscaling.groups["g"];
            let serving = group.members.values().filter(|member| member.state == MemberState::InService);
            (serving.count(), group.counted())
        })
    };
    seconds.map(look).fold((usize::MAX, 0), |(low, high), (serving, all)| (low.min(serving), high.max(all)))
}

#[test]
fn percentages_say_how_low_and_how_high_a_group_goes() {
    // Group size, minimum and maximum percentage, fewest in service, most at a time.
    let cases = [
        (4, 100, 100, 4, 5),
        (4, 50, 100, 2, 4),
        (4, 90, 100, 3, 4),
        (1, 90, 100, 0, 1),
        (1, 100, 100, 1, 2),
        (4, 100, 150, 4, 6),
        (4, 75, 125, 3, 5),
    ];
    for (size, min, max, low, high) in cases {
        let local = group_of(size);
        let preferences =
            format!("Preferences.MinHealthyPercentage={min}&Preferences.MaxHealthyPercentage={max}&{SECOND}");
        assert_eq!(asg(&local, 200, &start(&preferences)), "200");
        assert_eq!(extremes(&local, 200..1200), (low, high), "{size} {min} {max}");
        assert_eq!(status(&local, 1200), "Successful 100% 0 left", "{size} {min} {max}");
        assert_eq!(types(&local, 1300), vec!["m1.small"; size as usize].join(" "));
        let group = ok(&local, at(1300), "autoscaling", "Action=DescribeAutoScalingGroups");
        assert_eq!(fields(&group, "Version").last(), Some(&"2"), "the group has taken the new version");
        assert!(!local.snapshot().contains("RefreshStep"), "nothing is left to do");
    }
}

#[test]
fn while_one_goes_on_others_and_some_changes_are_refused() {
    let local = group_of(2);
    let cancel = "Action=CancelInstanceRefresh&AutoScalingGroupName=g";
    let rollback = "Action=RollbackInstanceRefresh&AutoScalingGroupName=g";
    assert_eq!(asg(&local, 200, cancel), "ActiveInstanceRefreshNotFound 400");
    assert_eq!(asg(&local, 200, rollback), "ActiveInstanceRefreshNotFound 400");
    assert_eq!(
        asg(&local, 200, &start("Preferences.MinHealthyPercentage=100&Preferences.MaxHealthyPercentage=201")),
        "ValidationError 400"
    );
    assert_eq!(asg(&local, 200, &start("Preferences.AutoRollback=true")), "ValidationError 400");
    assert_eq!(asg(&local, 200, &start(SECOND)), "200");
    let refused = [
        ("InstanceRefreshInProgress 400", start(SECOND)),
        ("ValidationError 400", "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&LaunchTemplate.LaunchTemplateName=small&LaunchTemplate.Version=1".to_owned()),
        ("InstanceRefreshInProgress 400", "Action=AttachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1=arn".to_owned()),
        ("200", "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=1".to_owned()),
        ("200", cancel.to_owned()),
    ];
    for (expected, form) in refused {
        assert_eq!(asg(&local, 230, &form), expected, "{form}");
    }
    assert!(status(&local, 231).starts_with("Cancelling"), "{}", status(&local, 231));
    assert!(status(&local, 400).starts_with("Cancelled"), "{}", status(&local, 400));
    assert_eq!(types(&local, 400).split(' ').count(), 2);
}

#[test]
fn what_it_brought_in_can_be_taken_out_again_if_it_said_what_that_was() {
    let local = group_of(2);
    let rollback = "Action=RollbackInstanceRefresh&AutoScalingGroupName=g";
    assert_eq!(asg(&local, 200, &start("Preferences.MinHealthyPercentage=100")), "200");
    assert_eq!(asg(&local, 200, rollback), "IrreversibleInstanceRefresh 400");
    assert!(status(&local, 900).starts_with("Successful"), "{}", status(&local, 900));
    assert_eq!(
        asg(
            &local,
            900,
            &start(&format!("Preferences.MinHealthyPercentage=100&Preferences.BakeTime=3600&{SECOND}"))
        ),
        "200"
    );
    assert_eq!(status(&local, 1600), "Baking 100% 0 left");
    assert_eq!(types(&local, 1600), "m1.small m1.small");
    assert_eq!(asg(&local, 1600, rollback), "200");
    assert!(status(&local, 1601).starts_with("RollbackInProgress 0% 2 left"), "{}", status(&local, 1601));
    assert_eq!(status(&local, 2400), "RollbackSuccessful 100% 0 left");
    assert_eq!(types(&local, 2400), "t1.micro t1.micro");
    let told = describe(&local, 2400);
    assert_eq!(field(&told, "PercentageCompleteOnRollback"), Some("100"));
}

#[test]
fn an_hour_without_progress_ends_it_and_auto_rollback_turns_it_round() {
    for (preferences, expected) in [("", "Failed"), ("&Preferences.AutoRollback=true", "RollbackSuccessful")]
    {
        let local = group_of(2);
        let consumer = Consumer { answers_after: None, result: HookResult::Continue };
        model(&local, 200, |model| model.autoscaling.consumers.insert("boot".to_owned(), consumer));
        ok(
            &local,
            at(200),
            "autoscaling",
            "Action=PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=boot&LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING&HeartbeatTimeout=7200",
        );
        let form = start(&format!("{SECOND}&Preferences.MinHealthyPercentage=100{preferences}"));
        assert_eq!(asg(&local, 200, &form), "200");
        assert!(status(&local, 3700).starts_with("InProgress 0%"), "{}", status(&local, 3700));
        assert!(status(&local, 5000).starts_with(expected), "{}", status(&local, 5000));
        let left = types(&local, 5000);
        assert!(
            left.starts_with("m1.small t1.micro") == (expected == "Failed") || left == "t1.micro t1.micro",
            "{left}"
        );
    }
}

#[test]
fn it_waits_at_checkpoints_and_while_processes_are_suspended() {
    let local = group_of(4);
    let preferences = format!(
        "Preferences.MinHealthyPercentage=100&Preferences.MaxHealthyPercentage=200&Preferences.CheckpointPercentages.member.1=50&Preferences.CheckpointPercentages.member.2=100&Preferences.CheckpointDelay=7200&{SECOND}"
    );
    assert_eq!(asg(&local, 200, &start(&preferences)), "200");
    assert_eq!(status(&local, 2000), "InProgress 50% 2 left");
    assert_eq!(types(&local, 7000), "m1.small m1.small t1.micro t1.micro");
    ok(
        &local,
        at(7000),
        "autoscaling",
        "Action=SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch",
    );
    assert_eq!(status(&local, 20_000), "InProgress 50% 2 left");
    ok(&local, at(20_000), "autoscaling", "Action=ResumeProcesses&AutoScalingGroupName=g");
    assert_eq!(status(&local, 21_000), "Successful 100% 0 left");
}

#[test]
fn instances_that_match_are_protected_or_stand_by_are_treated_as_it_says() {
    let local = group_of(3);
    let ids = instances(&local, 200);
    ok(
        &local,
        at(200),
        "autoscaling",
        &format!(
            "Action=SetInstanceProtection&AutoScalingGroupName=g&ProtectedFromScaleIn=true&InstanceIds.member.1={}",
            ids[0]
        ),
    );
    ok(
        &local,
        at(200),
        "autoscaling",
        &format!(
            "Action=EnterStandby&AutoScalingGroupName=g&ShouldDecrementDesiredCapacity=true&InstanceIds.member.1={}",
            ids[1]
        ),
    );
    let ignoring =
        format!("Preferences.ScaleInProtectedInstances=Ignore&Preferences.StandbyInstances=Ignore&{SECOND}");
    assert_eq!(asg(&local, 230, &start(&ignoring)), "200");
    assert_eq!(status(&local, 900), "Successful 100% 0 left");
    assert_eq!(types(&local, 900), "m1.small t1.micro t1.micro");
    assert_eq!(
        asg(
            &local,
            900,
            &start(
                "Preferences.SkipMatching=true&Preferences.ScaleInProtectedInstances=Refresh&Preferences.StandbyInstances=Terminate"
            )
        ),
        "200"
    );
    assert_eq!(status(&local, 1900), "Successful 100% 0 left");
    assert_eq!(types(&local, 1900), "m1.small m1.small");
    assert!(instances(&local, 1900).iter().all(|id| *id != ids[0] && *id != ids[1]));
}

#[test]
fn an_alarm_ends_it_even_while_it_bakes() {
    let local = group_of(1);
    let alarm = "AlarmName=errors&ComparisonOperator=GreaterThanThreshold&EvaluationPeriods=1&MetricName=m&Namespace=n&Period=60&Statistic=Sum&Threshold=1";
    ok(&local, at(200), "monitoring", &format!("Action=PutMetricAlarm&{alarm}"));
    let preferences = "Preferences.AlarmSpecification.Alarms.member.1=errors&Preferences.BakeTime=7200";
    assert_eq!(asg(&local, 200, &start(&format!("{preferences}&{SECOND}"))), "200");
    assert!(status(&local, 1000).starts_with("Baking"), "{}", status(&local, 1000));
    ok(
        &local,
        at(1000),
        "monitoring",
        "Action=SetAlarmState&AlarmName=errors&StateValue=ALARM&StateReason=test",
    );
    assert_eq!(status(&local, 1021), "Failed 100% 0 left");
    let group = ok(&local, at(1021), "autoscaling", "Action=DescribeAutoScalingGroups");
    assert_eq!(fields(&group, "Version").last(), Some(&"1"), "the group keeps what it had");
}
