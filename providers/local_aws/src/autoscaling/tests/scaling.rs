//! Policies, scheduled actions and hooks.

use super::*;

const SIMPLE: &str = "Action=PutScalingPolicy&AutoScalingGroupName=g&PolicyName=more&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1";

fn policies(local: &LocalAws, seconds: u64) -> String {
    let told = ok(local, at(seconds), "autoscaling", "Action=DescribePolicies");
    let all = fields(&told, "PolicyName").into_iter().zip(fields(&told, "PolicyARN"));
    all.map(|(name, arn)| format!("{name} {}", arn.contains(&format!("policyName/{name}")))).collect()
}

#[test]
fn a_policy_is_put_told_and_deleted() {
    let local = group_of_two();
    let first = ok(&local, at(1), "autoscaling", SIMPLE);
    let again = ok(&local, at(2), "autoscaling", &format!("{SIMPLE}&Cooldown=60"));
    assert_eq!(field(&first, "PolicyARN"), field(&again, "PolicyARN"), "putting it again keeps its ARN");
    let told = ok(&local, at(3), "autoscaling", "Action=DescribePolicies&PolicyNames.member.1=more");
    let shown = ["PolicyType", "Cooldown", "ScalingAdjustment", "Enabled"].map(|name| field(&told, name));
    assert_eq!(shown, [Some("SimpleScaling"), Some("60"), Some("1"), Some("true")]);
    assert_eq!(policies(&local, 3), "more true");
    let arn = field(&first, "PolicyARN").expect("an ARN").to_owned();
    assert_eq!(asg(&local, 4, &format!("Action=DeletePolicy&PolicyName={arn}")), "200");
    assert_eq!(policies(&local, 5), "");
    assert_eq!(asg(&local, 6, &format!("Action=DeletePolicy&PolicyName={arn}")), "ValidationError 400");
}

#[test]
fn what_a_policy_needs_depends_on_its_type() {
    let local = group_of_two();
    let put = "Action=PutScalingPolicy&AutoScalingGroupName=g&PolicyName=p";
    for (rest, outcome) in [
        ("", "ValidationError 400"),
        ("&PolicyType=StepScaling&AdjustmentType=ExactCapacity", "ValidationError 400"),
        ("&PolicyType=TargetTrackingScaling", "ValidationError 400"),
        ("&PolicyType=Nonsense", "ValidationError 400"),
        (
            "&PolicyType=StepScaling&AdjustmentType=ExactCapacity&StepAdjustments.member.1.ScalingAdjustment=2",
            "200",
        ),
    ] {
        assert_eq!(asg(&local, 1, &format!("{put}{rest}")), outcome, "{rest}");
    }
    let unknown = SIMPLE.replace("GroupName=g&", "GroupName=nobody&");
    assert_eq!(asg(&local, 1, &unknown), "ValidationError 400");
}

#[test]
fn a_policy_that_tracks_keeps_two_alarms_of_its_own() {
    let local = group_of_two();
    let tracking = "PolicyType=TargetTrackingScaling&TargetTrackingConfiguration.TargetValue=60&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization";
    let put = format!("Action=PutScalingPolicy&AutoScalingGroupName=g&PolicyName=cpu&{tracking}");
    ok(&local, at(1), "autoscaling", &put);
    ok(&local, at(2), "autoscaling", &put);
    let alarms = |seconds| ok(&local, at(seconds), "monitoring", "Action=DescribeAlarms");
    assert_eq!(fields(&alarms(3), "AlarmName").len(), 2);
    let told = ok(&local, at(3), "autoscaling", "Action=DescribePolicies");
    let shown = ["TargetValue", "DisableScaleIn", "PredefinedMetricType"].map(|name| field(&told, name));
    assert_eq!(shown, [Some("60"), Some("false"), Some("ASGAverageCPUUtilization")]);
    ok(&local, at(4), "autoscaling", "Action=DeletePolicy&AutoScalingGroupName=g&PolicyName=cpu");
    assert_eq!(fields(&alarms(5), "AlarmName").len(), 0);
}

#[test]
fn a_group_takes_its_policies_and_their_alarms_along() {
    let local = group_of_two();
    let put = ok(&local, at(1), "autoscaling", SIMPLE);
    let arn = field(&put, "PolicyARN").expect("an ARN");
    let alarm = |name: &str, actions: &str| {
        let metric = "Namespace=AWS/EC2&MetricName=CPUUtilization&Statistic=Average&Period=60&Threshold=80";
        let form = format!(
            "Action=PutMetricAlarm&AlarmName={name}&ComparisonOperator=GreaterThanThreshold&EvaluationPeriods=2&{metric}&{actions}"
        );
        ok(&local, at(2), "monitoring", &form);
    };
    alarm("alone", &format!("AlarmActions.member.1={arn}"));
    alarm("shared", &format!("AlarmActions.member.1={arn}&OKActions.member.1=arn:aws:sns:us-east-1:1:t"));
    alarm("other", "");
    ok(&local, at(3), "autoscaling", "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true");
    let left = ok(&local, at(4), "monitoring", "Action=DescribeAlarms");
    assert_eq!(fields(&left, "AlarmName"), ["other", "shared"]);
    assert!(!left.contains("scalingPolicy"));
    assert_eq!(policies(&local, 4), "");
}

#[test]
fn a_scheduled_action_sizes_the_group_at_its_time_and_is_gone() {
    let local = group_of_two();
    let put = "Action=PutScheduledUpdateGroupAction&AutoScalingGroupName=g&ScheduledActionName=night";
    for (rest, outcome) in [
        ("&MinSize=1", "ValidationError 400"),
        ("&StartTime=2026-11-21T07:10:00Z", "ValidationError 400"),
        ("&MinSize=1&StartTime=2026-11-20T07:10:00Z", "ValidationError 400"),
        ("&MinSize=1&Recurrence=nightly", "ValidationError 400"),
        ("&MinSize=1&MaxSize=1&StartTime=2026-11-21T07:10:00Z", "200"),
    ] {
        assert_eq!(asg(&local, 1, &format!("{put}{rest}")), outcome, "{rest}");
    }
    let told = ok(&local, at(2), "autoscaling", "Action=DescribeScheduledActions");
    let shown = ["StartTime", "MinSize", "MaxSize", "DesiredCapacity"].map(|name| field(&told, name));
    assert_eq!(shown, [Some("2026-11-21T07:10:00.000Z"), Some("1"), Some("1"), None]);
    let size = |seconds| {
        let group = ok(&local, at(seconds), "autoscaling", "Action=DescribeAutoScalingGroups");
        ["MinSize", "MaxSize", "DesiredCapacity"]
            .map(|name| field(&group, name).unwrap_or_default().to_owned())
    };
    assert_eq!(size(599), ["2", "4", "2"]);
    assert_eq!(size(610), ["1", "1", "1"]);
    let left = ok(&local, at(611), "autoscaling", "Action=DescribeScheduledActions");
    assert_eq!(fields(&left, "ScheduledActionName").len(), 0);
}

#[test]
fn a_hook_is_put_changed_and_deleted() {
    let local = group_of_two();
    let put = "Action=PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=drain";
    assert_eq!(asg(&local, 1, put), "ValidationError 400", "a new hook says when");
    let target = "NotificationTargetARN=arn:aws:sns:us-east-1:123456789012:t";
    let first = format!("{put}&LifecycleTransition=autoscaling:EC2_INSTANCE_TERMINATING&{target}");
    assert_eq!(asg(&local, 2, &first), "200");
    assert_eq!(asg(&local, 3, &format!("{put}&HeartbeatTimeout=20")), "ValidationError 400");
    assert_eq!(asg(&local, 3, &format!("{put}&HeartbeatTimeout=60&NotificationTargetARN=")), "200");
    let describe = "Action=DescribeLifecycleHooks&AutoScalingGroupName=g";
    let told = ok(&local, at(4), "autoscaling", describe);
    let names = [
        "LifecycleTransition",
        "HeartbeatTimeout",
        "GlobalTimeout",
        "DefaultResult",
        "NotificationTargetARN",
    ];
    let shown = names.map(|name| field(&told, name));
    let transition = Some("autoscaling:EC2_INSTANCE_TERMINATING");
    assert_eq!(shown, [transition, Some("60"), Some("6000"), Some("ABANDON"), None]);
    let delete = "Action=DeleteLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=drain";
    assert_eq!([asg(&local, 5, delete), asg(&local, 6, delete)], ["200", "ValidationError 400"]);
}
