//! Instances wait for lifecycle hooks.

use super::*;
use crate::model::autoscaling::{Consumer, HookResult};
use crate::timing::Delay;

/// A hook with a heartbeat of a minute, put at `at(seconds)`.
fn put(local: &LocalAws, seconds: u64, name: &str, transition: &str, result: &str) {
    let form = format!(
        "Action=PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName={name}&LifecycleTransition=autoscaling:EC2_INSTANCE_{transition}&HeartbeatTimeout=60&DefaultResult={result}"
    );
    assert_eq!(asg(local, seconds, &form), "200");
}

/// Says who completes the hooks called `name`.
fn consumer(local: &LocalAws, name: &str, answers_after: Option<Delay>, result: HookResult) {
    local.with_model("123456789012", "us-east-1", at(0), |model| {
        model.autoscaling.consumers.insert(name.to_owned(), Consumer { answers_after, result });
    });
}

fn desired(local: &LocalAws, seconds: u64, count: u8) {
    let form = format!("Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity={count}");
    assert_eq!(asg(local, seconds, &form), "200");
}

/// The lifecycle states of the group's instances, in alphabetical order.
fn states(local: &LocalAws, seconds: u64) -> String {
    let group = ok(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingGroups");
    let mut states = fields(&group, "LifecycleState");
    states.sort_unstable();
    states.join(" ")
}

/// The newest activities: status, description without the id, message without the token.
fn activities(local: &LocalAws, seconds: u64, count: usize) -> String {
    let form = format!("Action=DescribeScalingActivities&MaxRecords={count}");
    let told = ok(local, at(seconds), "autoscaling", &form);
    let line = |one: &str| {
        let what = field(one, "Description").unwrap_or_default().split(':').next().unwrap_or_default();
        let why = field(one, "StatusMessage").unwrap_or_default();
        let why = why.split_once("was abandoned").map_or(why, |(_, rest)| rest);
        format!("{} {what}{why}", field(one, "StatusCode").unwrap_or_default())
    };
    let mut told: Vec<String> = fields(&told, "member").into_iter().map(line).collect();
    told.sort();
    told.join("\n")
}

/// The instance in a state.
fn in_state(local: &LocalAws, seconds: u64, state: &str) -> String {
    let told = ok(local, at(seconds), "autoscaling", "Action=DescribeAutoScalingInstances");
    let found = fields(&told, "member").into_iter().find(|one| field(one, "LifecycleState") == Some(state));
    found.and_then(|one| field(one, "InstanceId")).expect("an instance in that state").to_owned()
}

#[test]
fn a_new_instance_waits_and_goes_on_when_somebody_completes_its_hook() {
    let local = group_of_two();
    look(&local, 200);
    consumer(&local, "boot", None, HookResult::Continue);
    put(&local, 200, "boot", "LAUNCHING", "ABANDON");
    desired(&local, 200, 3);
    assert_eq!(states(&local, 230), "InService InService Pending:Wait");
    assert!(activities(&local, 230, 1).starts_with("MidLifecycleAction Launching"));
    assert_eq!(look(&local, 230).split(" | ").last(), Some("InService InService"), "not registered yet");
    let id = in_state(&local, 230, "Pending:Wait");
    let complete = |result: &str, whom: &str| {
        format!(
            "Action=CompleteLifecycleAction&AutoScalingGroupName=g&LifecycleHookName=boot&LifecycleActionResult={result}&{whom}"
        )
    };
    assert_eq!(asg(&local, 230, &complete("CONTINUE", "LifecycleActionToken=nope")), "ValidationError 400");
    assert_eq!(asg(&local, 230, &complete("MAYBE", &format!("InstanceId={id}"))), "ValidationError 400");
    assert_eq!(asg(&local, 230, &complete("CONTINUE", &format!("InstanceId={id}"))), "200");
    assert_eq!(states(&local, 230), "InService InService Pending:Proceed");
    assert_eq!(states(&local, 245), "InService InService InService");
    assert_eq!(asg(&local, 245, &complete("CONTINUE", &format!("InstanceId={id}"))), "ValidationError 400");
}

#[test]
fn without_an_answer_the_default_holds_and_a_heartbeat_puts_it_off() {
    let local = group_of_two();
    look(&local, 200);
    consumer(&local, "boot", None, HookResult::Continue);
    put(&local, 200, "boot", "LAUNCHING", "ABANDON");
    desired(&local, 200, 3);
    let id = in_state(&local, 240, "Pending:Wait");
    let beat = format!(
        "Action=RecordLifecycleActionHeartbeat&AutoScalingGroupName=g&LifecycleHookName=boot&InstanceId={id}"
    );
    assert_eq!(asg(&local, 240, &beat), "200");
    assert_eq!(states(&local, 290), "InService InService Pending:Wait");
    assert_eq!(states(&local, 301), "InService InService Terminating");
    insta::assert_snapshot!(activities(&local, 301, 2), @"
    Cancelled Launching a new EC2 instance: Heartbeat Timeout
    InProgress Terminating EC2 instance
    ");
    assert_ne!(in_state(&local, 330, "Pending:Wait"), id, "another one is launched");
}

#[test]
fn the_models_consumer_answers_and_may_abandon() {
    let local = group_of_two();
    look(&local, 200);
    put(&local, 200, "boot", "LAUNCHING", "ABANDON");
    desired(&local, 200, 3);
    assert_eq!(states(&local, 250), "InService InService InService");
    consumer(&local, "boot", Some(Delay::secs(1, 1)), HookResult::Abandon);
    desired(&local, 250, 4);
    look(&local, 300);
    assert!(
        activities(&local, 300, 20).contains(
            "Cancelled Launching a new EC2 instance: Lifecycle Action Completed with ABANDON Result"
        )
    );
}

#[test]
fn a_leaving_instance_drains_first_then_waits_then_ends_whatever_the_answer() {
    let local = group_of_two();
    look(&local, 200);
    consumer(&local, "first", Some(Delay::secs(10, 10)), HookResult::Continue);
    consumer(&local, "second", Some(Delay::secs(20, 20)), HookResult::Abandon);
    consumer(&local, "third", None, HookResult::Continue);
    for hook in ["first", "second", "third"] {
        put(&local, 200, hook, "TERMINATING", "CONTINUE");
    }
    ok(
        &local,
        at(200),
        "autoscaling",
        "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=1&DesiredCapacity=1",
    );
    let seen: Vec<String> = (0..60).map(|second| states(&local, 200 + second)).collect();
    let mut order: Vec<&str> =
        seen.iter().map(|states| states.rsplit(' ').next().unwrap_or_default()).collect();
    order.dedup();
    assert_eq!(order, ["InService", "Terminating", "Terminating:Wait", "Terminating:Proceed"]);
    let waited = seen.iter().filter(|states| states.contains("Wait")).count();
    assert!((19..=21).contains(&waited), "until the second abandons, not for the third: {waited}");
}

#[test]
fn standby_detaching_and_deletion_by_force_know_no_hooks() {
    let local = group_of_two();
    look(&local, 200);
    for transition in ["LAUNCHING", "TERMINATING"] {
        consumer(&local, transition, None, HookResult::Continue);
        put(&local, 200, transition, transition, "ABANDON");
    }
    let ids = instances(&local, 200);
    let one =
        |action: &str, id: &str| format!("Action={action}&AutoScalingGroupName=g&InstanceIds.member.1={id}");
    let shrink = "&ShouldDecrementDesiredCapacity=true";
    ok(&local, at(200), "autoscaling", "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0");
    assert_eq!(asg(&local, 200, &(one("EnterStandby", &ids[0]) + shrink)), "200");
    assert_eq!(states(&local, 230), "InService Standby");
    assert_eq!(asg(&local, 230, &one("ExitStandby", &ids[0])), "200");
    assert_eq!(states(&local, 260), "InService InService");
    assert_eq!(asg(&local, 260, &(one("DetachInstances", &ids[0]) + shrink)), "200");
    assert_eq!(states(&local, 290), "InService");
    ok(
        &local,
        at(290),
        "autoscaling",
        "Action=DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true",
    );
    assert_eq!(states(&local, 290), "Terminating");
    assert_eq!(states(&local, 360), "");
}

#[test]
fn a_deleted_hook_lets_everybody_go() {
    let local = group_of_two();
    look(&local, 200);
    consumer(&local, "end", None, HookResult::Continue);
    put(&local, 200, "end", "TERMINATING", "ABANDON");
    let id = instances(&local, 200).remove(0);
    let end = format!(
        "Action=TerminateInstanceInAutoScalingGroup&InstanceId={id}&ShouldDecrementDesiredCapacity=false"
    );
    assert_eq!(asg(&local, 200, &end), "200");
    assert!(states(&local, 240).ends_with("Terminating:Wait"), "{}", states(&local, 240));
    let delete = "Action=DeleteLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=end";
    assert_eq!(asg(&local, 240, delete), "200");
    assert!(states(&local, 240).ends_with("Terminating:Proceed"));
}
