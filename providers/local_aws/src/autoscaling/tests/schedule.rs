//! Scheduled actions that recur, and many at once.

use super::*;

fn put(local: &LocalAws, seconds: u64, name: &str, rest: &str) -> String {
    let action = "Action=PutScheduledUpdateGroupAction&AutoScalingGroupName=g";
    asg(local, seconds, &format!("{action}&ScheduledActionName={name}&{rest}"))
}

fn desired(local: &LocalAws, seconds: u64) -> u64 {
    let look = |model: &mut crate::model::Model| model.autoscaling.groups["g"].size.desired;
    local.with_model("123456789012", "us-east-1", at(seconds), look)
}

fn starts(local: &LocalAws, seconds: u64, rest: &str) -> Vec<String> {
    let form = format!("Action=DescribeScheduledActions{rest}");
    let told = ok(local, at(seconds), "autoscaling", &form);
    fields(&told, "StartTime").into_iter().map(|stamp| stamp.replace(":00.000Z", "Z")).collect()
}

const HOUR: u64 = 3600;

/// Tests begin on a Saturday at 07:00 UTC, which is 08:00 in Berlin.
#[test]
fn an_action_recurs_in_its_time_zone_until_its_end() {
    let local = group_of_two();
    let night = "Recurrence=0 20 * * *&TimeZone=Europe/Berlin&EndTime=2026-11-23T12:00:00Z&DesiredCapacity=2";
    assert_eq!(put(&local, 1, "night", night), "200");
    assert_eq!(put(&local, 2, "day", "Recurrence=*/30 8-9 * * *&DesiredCapacity=4"), "200");
    assert_eq!(starts(&local, 3, ""), ["2026-11-21T08:00Z", "2026-11-21T19:00Z"]);
    assert_eq!((desired(&local, HOUR - 1), desired(&local, HOUR + 10)), (2, 4));
    assert_eq!(starts(&local, HOUR + 11, ""), ["2026-11-21T08:30Z", "2026-11-21T19:00Z"]);
    assert_eq!((desired(&local, 12 * HOUR - 1), desired(&local, 12 * HOUR + 10)), (4, 2));
    assert_eq!(starts(&local, 25 * HOUR + 60, ""), ["2026-11-22T08:30Z", "2026-11-22T19:00Z"]);
    assert_eq!(
        starts(&local, 36 * HOUR + 60, ""),
        ["2026-11-23T08:00Z"],
        "its end comes before its next time"
    );
    let activity =
        ok(&local, at(36 * HOUR + 61), "autoscaling", "Action=DescribeScalingActivities&MaxRecords=1");
    let cause = field(&activity, "Cause").unwrap_or_default().to_owned();
    assert!(
        cause.contains(
            "a scheduled action update of AutoScalingGroup constraints to min: 2, max: 4, desired: 2"
        ),
        "{cause}"
    );
}

#[test]
fn what_is_due_while_the_process_is_suspended_is_lost() {
    let local = group_of_two();
    assert_eq!(put(&local, 1, "once", "StartTime=2026-11-21T07:10:00Z&DesiredCapacity=3"), "200");
    assert_eq!(put(&local, 1, "again", "Recurrence=0 * * * *&DesiredCapacity=4"), "200");
    let processes = "AutoScalingGroupName=g&ScalingProcesses.member.1=ScheduledActions";
    assert_eq!(asg(&local, 2, &format!("Action=SuspendProcesses&{processes}")), "200");
    assert_eq!(starts(&local, HOUR + 60, ""), ["2026-11-21T09:00Z"]);
    assert_eq!(asg(&local, HOUR + 61, &format!("Action=ResumeProcesses&{processes}")), "200");
    assert_eq!((desired(&local, 2 * HOUR - 1), desired(&local, 2 * HOUR + 10)), (2, 4));
}

#[test]
fn two_actions_cannot_be_due_at_once() {
    let local = group_of_two();
    let eight = "StartTime=2026-11-21T08:00:00Z&DesiredCapacity=3";
    assert_eq!(put(&local, 1, "a", eight), "200");
    assert_eq!(put(&local, 2, "b", eight), "AlreadyExists 400");
    assert_eq!(put(&local, 2, "b", "Recurrence=0 8 * * *&DesiredCapacity=3"), "AlreadyExists 400");
    assert_eq!(put(&local, 3, "a", "StartTime=2026-11-21T09:00:00Z"), "200");
    assert_eq!(put(&local, 4, "b", eight), "200");
    assert_eq!(desired(&local, HOUR + 10), 3, "an action that was put off does not happen twice");
    assert_eq!(starts(&local, HOUR + 11, ""), ["2026-11-21T09:00Z"]);
}

#[test]
fn an_action_has_to_make_sense() {
    let local = group_of_two();
    for rest in [
        "Recurrence=0 8 30 2 *&DesiredCapacity=3",
        "Recurrence=0 8 * *&DesiredCapacity=3",
        "Recurrence=0 8 * * *&TimeZone=Europe/Atlantis&DesiredCapacity=3",
        "Recurrence=0 8 * * *&EndTime=2026-11-21T07:30:00Z&DesiredCapacity=3",
        "Recurrence=0 8 * * *&MinSize=3&MaxSize=2",
        "Recurrence=0 8 * * *&MinSize=-1",
    ] {
        assert_eq!(put(&local, 1, "a", rest), "ValidationError 400", "{rest}");
    }
    for n in 0..125 {
        let start = format!("StartTime=2026-11-22T{:02}:{:02}:00Z&DesiredCapacity=2", n / 60, n % 60);
        assert_eq!(put(&local, 2, &format!("a{n}"), &start), "200");
    }
    assert_eq!(put(&local, 3, "more", "Recurrence=0 8 * * *&DesiredCapacity=3"), "LimitExceeded 400");
    let between = "&StartTime=2026-11-22T00:10:00Z&EndTime=2026-11-22T00:12:00Z";
    assert_eq!(starts(&local, 4, between).len(), 3);
}

#[test]
fn several_are_put_and_deleted_in_one_request() {
    let local = group_of_two();
    let action = |n: u32, name: &str, rest: &str| {
        let at = format!("ScheduledUpdateGroupActions.member.{n}");
        format!("&{at}.ScheduledActionName={name}&{at}.DesiredCapacity=3&{at}.{rest}")
    };
    let form = format!(
        "Action=BatchPutScheduledUpdateGroupAction&AutoScalingGroupName=g{}{}{}",
        action(1, "a", "StartTime=2026-11-21T08:00:00Z"),
        action(2, "b", "Recurrence=0 8 * * *"),
        action(3, "c", "Recurrence=0 9 * * *"),
    );
    let told = ok(&local, at(1), "autoscaling", &form);
    let failed = ["ScheduledActionName", "ErrorCode"].map(|name| fields(&told, name));
    assert_eq!(failed, [["b"], ["AlreadyExists"]]);
    assert_eq!(starts(&local, 2, ""), ["2026-11-21T08:00Z", "2026-11-21T09:00Z"]);
    let delete = "Action=BatchDeleteScheduledAction&AutoScalingGroupName=g";
    let told = ok(
        &local,
        at(3),
        "autoscaling",
        &format!("{delete}&ScheduledActionNames.member.1=a&ScheduledActionNames.member.2=b"),
    );
    let failed = ["ScheduledActionName", "ErrorCode"].map(|name| fields(&told, name));
    assert_eq!(failed, [["b"], ["ValidationError"]]);
    assert_eq!(starts(&local, 4, ""), ["2026-11-21T09:00Z"]);
    assert_eq!(asg(&local, 5, delete), "ValidationError 400");
}
