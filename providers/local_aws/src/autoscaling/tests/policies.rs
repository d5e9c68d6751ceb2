//! Alarms have policies size their groups.

mod properties;

use super::*;
use crate::cloudwatch;
use crate::model::Model;
use crate::model::cloudwatch::{Load, LoadTarget, StateValue};

/// A group of ten that may have 2 to 20, a minute per instance's warmup, made at `at(0)` and settled by `at(600)`.
fn group_of_ten() -> LocalAws {
    let local = group_of_two();
    let sizes = "MinSize=2&MaxSize=20&DesiredCapacity=10&DefaultCooldown=300";
    ok(
        &local,
        at(1),
        "autoscaling",
        &format!("Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&{sizes}"),
    );
    local
}

fn desired(local: &LocalAws, seconds: u64) -> u64 {
    model(local, seconds, |model| model.autoscaling.groups["g"].size.desired)
}

fn model<T>(local: &LocalAws, seconds: u64, look: impl FnOnce(&mut Model) -> T) -> T {
    local.with_model("123456789012", "us-east-1", at(seconds), look)
}

/// Puts a policy of the group; gives its ARN.
fn policy(local: &LocalAws, seconds: u64, name: &str, rest: &str) -> String {
    let put = format!("Action=PutScalingPolicy&AutoScalingGroupName=g&PolicyName={name}&{rest}");
    let told = ok(local, at(seconds), "autoscaling", &put);
    field(&told, "PolicyARN").expect("an ARN").to_owned()
}

/// An alarm on a metric of our own that has a policy run.
fn alarm(local: &LocalAws, seconds: u64, name: &str, operator: &str, threshold: u64, policy: &str) {
    let metric = "Namespace=App&MetricName=Busy&Statistic=Average&Period=60&EvaluationPeriods=1";
    let form = format!(
        "Action=PutMetricAlarm&AlarmName={name}&{metric}&Threshold={threshold}&ComparisonOperator={operator}&AlarmActions.member.1={policy}"
    );
    ok(local, at(seconds), "monitoring", &form);
}

/// The metric in the minute before `minute`, and what the group then wants.
fn measured(local: &LocalAws, minute: u64, value: u64) -> u64 {
    let form = format!(
        "Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=Busy&MetricData.member.1.Value={value}"
    );
    ok(local, at(minute * 60 - 30), "monitoring", &form);
    desired(local, minute * 60 + 1)
}

const STEPS: [(&str, &str, i64); 3] = [("0", "10", 0), ("10", "20", 10), ("20", "", 30)];

fn steps(rows: &[(&str, &str, i64)]) -> String {
    let row = |(n, (lower, upper, amount)): (usize, &(&str, &str, i64))| {
        let at = format!("StepAdjustments.member.{}", n + 1);
        let bound = |name: &str, bound: &str| match bound {
            "" => String::new(),
            bound => format!("&{at}.MetricInterval{name}Bound={bound}"),
        };
        format!("&{at}.ScalingAdjustment={amount}{}{}", bound("Lower", lower), bound("Upper", upper))
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    format!("PolicyType=StepScaling&AdjustmentType=PercentChangeInCapacity&EstimatedInstanceWarmup=120{rows}")
}

/// The example of the user guide, with a threshold of 50.
#[test]
fn steps_answer_the_size_of_the_breach_and_count_what_warms_up() {
    let local = group_of_ten();
    let out = policy(&local, 600, "out", &steps(&STEPS));
    alarm(&local, 600, "busy", "GreaterThanOrEqualToThreshold", 50, &out);
    let told = ok(&local, at(601), "autoscaling", "Action=DescribePolicies");
    assert_eq!(field(&told, "AlarmName"), Some("busy"));
    assert_eq!(measured(&local, 11, 55), 10, "the first step changes nothing");
    assert_eq!(measured(&local, 12, 60), 11, "10 percent of 10");
    assert_eq!(measured(&local, 13, 62), 11, "the same step again: one is warming up already");
    assert_eq!(measured(&local, 14, 70), 13, "30 percent of 10, of which one is there");
    assert_eq!(measured(&local, 15, 45), 13);
    assert_eq!(measured(&local, 31, 70), 16, "30 percent of 13");
    let told = ok(
        &local,
        at(31 * 60 + 30),
        "autoscaling",
        "Action=DescribeScalingActivities&AutoScalingGroupName=g&MaxRecords=1",
    );
    insta::assert_snapshot!(field(&told, "Cause").unwrap_or_default(), @"At 2026-11-21T07:31:00Z a monitor alarm busy in state ALARM triggered policy out changing the desired capacity from 13 to 16.  At 2026-11-21T07:31:02Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 13 to 16.");
}

#[test]
fn steps_take_nothing_away_while_an_instance_warms_up() {
    let local = group_of_ten();
    let rows = [("-10", "0", 0), ("-20", "-10", -10), ("", "-20", -30)];
    let back = policy(&local, 600, "back", &steps(&rows));
    alarm(&local, 600, "idle", "LessThanOrEqualToThreshold", 50, &back);
    assert_eq!(measured(&local, 11, 40), 9, "10 percent of 10");
    assert_eq!(measured(&local, 12, 45), 9);
    assert_eq!(measured(&local, 20, 45), 9);
    ok(
        &local,
        at(1201),
        "autoscaling",
        "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=12",
    );
    assert_eq!(measured(&local, 21, 20), 12, "the new ones are not warm");
    assert_eq!(measured(&local, 22, 60), 12);
    assert_eq!(measured(&local, 30, 20), 9, "30 percent of 12");
    assert_eq!(measured(&local, 31, 60), 9);
    assert_eq!(measured(&local, 40, 0), 7, "30 percent of 9 is 2.7");
}

#[test]
fn a_simple_policy_waits_for_what_is_going_on_and_for_its_cooldown() {
    let local = group_of_ten();
    let more =
        policy(&local, 600, "more", "AdjustmentType=ChangeInCapacity&ScalingAdjustment=2&Cooldown=240");
    alarm(&local, 600, "busy", "GreaterThanThreshold", 50, &more);
    let sizes: Vec<u64> = (11..=17).map(|minute| measured(&local, minute, 99)).collect();
    assert_eq!(sizes[0], 12);
    let again = sizes.iter().position(|size| *size == 14).expect("the alarm goes on");
    assert!(again >= 4, "240 s after the instances have come, not {again} minutes");
    let execute = "Action=ExecutePolicy&AutoScalingGroupName=g&PolicyName=more";
    let now = 17 * 60 + 2;
    assert_eq!(asg(&local, now, &format!("{execute}&HonorCooldown=true")), "ScalingActivityInProgress 400");
    let before = desired(&local, now);
    assert_eq!((asg(&local, now, execute), desired(&local, now)), ("200".into(), before + 2));
    let set = "Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=2&HonorCooldown=true";
    assert_eq!(asg(&local, now, set), "ScalingActivityInProgress 400");
}

#[test]
fn nothing_happens_through_alarms_that_must_not() {
    let local = group_of_ten();
    let exact = "AdjustmentType=ExactCapacity&ScalingAdjustment=15";
    let arn = policy(&local, 600, "exact", &format!("{exact}&Enabled=false"));
    alarm(&local, 600, "busy", "GreaterThanThreshold", 50, &arn);
    assert_eq!(measured(&local, 11, 99), 10, "the policy is disabled");
    policy(&local, 661, "exact", exact);
    let processes = "AutoScalingGroupName=g&ScalingProcesses.member.1=AlarmNotification";
    ok(&local, at(662), "autoscaling", &format!("Action=SuspendProcesses&{processes}"));
    assert_eq!(measured(&local, 12, 99), 10, "the process is suspended");
    ok(&local, at(722), "autoscaling", &format!("Action=ResumeProcesses&{processes}"));
    assert_eq!(measured(&local, 13, 99), 15, "an alarm that goes on tells the policy every minute");
    policy(&local, 790, "exact", "AdjustmentType=ExactCapacity&ScalingAdjustment=99&Cooldown=0");
    assert_eq!(measured(&local, 30, 99), 20, "never over the maximum");
    let gone = format!("Action=DeletePolicy&PolicyName={arn}");
    assert_eq!(asg(&local, 1801, &gone), "200");
    let (_, told) = call(&local, at(1802), "monitoring", "Action=DescribeAlarms");
    assert!(!told.contains(&arn), "the alarm stays, its action goes");
}

#[test]
fn execution_asks_for_what_the_type_needs() {
    let local = group_of_ten();
    policy(&local, 600, "out", &steps(&STEPS));
    let target = "PolicyType=TargetTrackingScaling&TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization";
    policy(&local, 600, "cpu", target);
    let execute = |name: &str, rest: &str| {
        asg(&local, 601, &format!("Action=ExecutePolicy&AutoScalingGroupName=g&PolicyName={name}{rest}"))
    };
    assert_eq!(execute("out", ""), "ValidationError 400");
    assert_eq!(
        execute("out", "&MetricValue=40&BreachThreshold=50"),
        "ValidationError 400",
        "no step is for that"
    );
    assert_eq!(execute("out", "&MetricValue=75&BreachThreshold=50"), "200");
    assert_eq!(desired(&local, 602), 13);
    assert_eq!(execute("cpu", ""), "ValidationError 400");
    assert_eq!(execute("nobody", ""), "ValidationError 400");
}

fn busy(local: &LocalAws, seconds: u64, percent: f64) {
    let on = LoadTarget::Group("g".to_owned());
    model(local, seconds, |model| cloudwatch::load(model, Load { on, percent }));
}

#[test]
fn a_group_tracks_its_target_up_and_slowly_down() {
    let local = group_of_ten();
    let target = "PolicyType=TargetTrackingScaling&EstimatedInstanceWarmup=60&TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization";
    policy(&local, 600, "cpu", target);
    busy(&local, 600, 500.0);
    assert_eq!(desired(&local, 1800), 10, "50 percent each is the target");
    busy(&local, 1800, 800.0);
    assert_eq!(desired(&local, 1800 + 170), 10, "three minutes make an alarm");
    assert_eq!(desired(&local, 1800 + 190), 16);
    assert_eq!(desired(&local, 3600), 16);
    busy(&local, 3600, 200.0);
    assert_eq!(desired(&local, 3600 + 14 * 60), 16, "fifteen minutes make it scale in");
    assert_eq!(desired(&local, 3600 + 16 * 60), 4);
    assert_eq!(desired(&local, 7200), 4);
    let states = |seconds| {
        model(&local, seconds, |model| {
            model.cloudwatch.alarms.values().map(|alarm| alarm.state.value).collect::<Vec<_>>()
        })
    };
    assert_eq!(states(7200), [StateValue::Ok, StateValue::Ok]);
}

#[test]
fn a_policy_that_must_not_scale_in_has_one_alarm() {
    let local = group_of_ten();
    let target = "PolicyType=TargetTrackingScaling&TargetTrackingConfiguration.DisableScaleIn=true&TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization";
    policy(&local, 600, "cpu", target);
    busy(&local, 600, 100.0);
    assert_eq!(desired(&local, 3600), 10);
    model(&local, 3600, |model| assert_eq!(model.cloudwatch.alarms.len(), 1));
}

#[test]
fn alarms_in_one_step_or_in_many_come_to_the_same() {
    let run = |stops: &[u64]| {
        let local = group_of_ten();
        let out = policy(&local, 600, "out", &steps(&STEPS));
        alarm(&local, 600, "busy", "GreaterThanThreshold", 50, &out);
        measured(&local, 12, 80);
        stops.iter().for_each(|stop| drop(look(&local, *stop)));
        model(&local, 7200, |_| ());
        local.snapshot()
    };
    assert_eq!(run(&[]), run(&[721, 722, 800, 3000, 3001, 6000]));
}
