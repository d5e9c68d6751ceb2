//! What follows a group through a swap: policies, schedules, hooks and the alarms behind them.

use infra_engine::store::MemoryStore;
use infra_local_aws::model::Model;
use infra_local_aws::timing::TimeModel;

use crate::support::in_process::{Cloud, applied, desired, planned, runtime};

const FIRST: &str = include_str!("kinds/scaling/first.infra");

const SECOND: &str = include_str!("kinds/scaling/second.infra");

/// The name of the only group.
fn group(model: &mut Model) -> String {
    let groups = model.autoscaling.groups.values().filter(|group| !group.deleting);
    let names: Vec<String> = groups.map(|group| group.name.clone()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    names.concat()
}

fn joined<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.cloned().collect::<Vec<_>>().join(" ")
}

/// What the group has, and what each alarm of ours watches and does.
fn told(model: &mut Model) -> String {
    let name = group(model);
    let group = &model.autoscaling.groups[&name];
    let own = [
        format!("policies: {}", joined(group.policies.keys())),
        format!("schedule: {}", joined(group.schedule.keys())),
        format!("hooks: {}", joined(group.hooks.keys())),
    ];
    let alarms = model.cloudwatch.alarms.values().filter(|alarm| alarm.name.starts_with("scaling-"));
    let alarms = alarms.map(|alarm| {
        let actions = alarm.actions.values().flatten();
        let ends = actions.filter_map(|arn| arn.split_once("autoScalingGroupName/")).map(|(_, end)| end);
        let watched = alarm.params.list("Dimensions").into_iter().filter_map(|one| one.text("Value"));
        format!("{}: {:?} -> {:?}", alarm.name, watched.collect::<Vec<_>>(), ends.collect::<Vec<_>>())
    });
    own.into_iter().chain(alarms).collect::<Vec<_>>().join("\n").replace(&name, "GROUP")
}

/// Applies a project, after which there is nothing left to do; gives what was done.
async fn settled(cloud: &Cloud, store: &MemoryStore, text: &str) -> String {
    let wanted = desired(&text.replace("REGION", "us-east-1"));
    let plan = planned(&wanted, store, &cloud.provider(None).await).await;
    let report = applied(&wanted, store, &cloud.provider(None).await).await;
    assert!(report.is_success(), "{:?}", report.failed);
    let again = planned(&wanted, store, &cloud.provider(None).await).await;
    assert!(again.is_empty(), "{:?}", again.changes);
    let changes = plan.changes.iter().map(|change| format!("{}: {:?}", change.address, change.action));
    changes.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_swap_takes_along_what_belongs_to_the_group() {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::aws_like()), MemoryStore::default());
        settled(&cloud, &store, FIRST).await;
        let before = (cloud.model(group), cloud.model(told));
        insta::assert_snapshot!(before.1, @r#"
        policies: scaling-cpu scaling-in scaling-out
        schedule: scaling-night
        hooks: scaling-drain
        scaling-busy: ["GROUP"] -> ["GROUP:policyName/scaling-out"]
        scaling-errors: [] -> []
        "#);
        let changes = settled(&cloud, &store, &FIRST.replace("t3.small", "t3.medium")).await;
        insta::assert_snapshot!(changes, @"
        autoscaling_group.web: Swap
        launch_template.web: Update
        lifecycle_hook.drain: Replace(NewFirst)
        metric_alarm.busy: Update
        scaling_policy.cpu: Replace(NewFirst)
        scaling_policy.in: Replace(NewFirst)
        scaling_policy.out: Replace(NewFirst)
        scheduled_action.night: Replace(NewFirst)
        ");
        let after = (cloud.model(group), cloud.model(told));
        assert_ne!(after.0, before.0, "another group");
        assert_eq!(after.1, before.1, "with the same around it");
    });
}

#[test]
fn what_aws_can_change_is_changed_in_place() {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::fast()), MemoryStore::default());
        settled(&cloud, &store, &FIRST.replace("t3.small", "t3.medium")).await;
        let changes = settled(&cloud, &store, SECOND).await;
        // AWS keeps what a schedule no longer says, so that one goes first.
        insta::assert_snapshot!(changes, @"
        metric_alarm.busy: Update
        scaling_policy.out: Update
        scheduled_action.night: Replace(OldFirst)
        ");
        settled(&cloud, &store, r#"project "scaling" { region = "REGION" }"#).await;
        let left = cloud.model(|model| model.cloudwatch.alarms.len());
        assert_eq!(left, 0, "not even the alarms that Auto Scaling made");
    });
}
