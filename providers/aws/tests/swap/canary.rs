//! By canary: blue_green in stages, under the eyes of alarms.

use std::time::Duration;

use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue, Statistic};
use infra_aws::AwsProvider;
use infra_engine::change::Action;
use serde_json::{Value, json};

use crate::world::{Seen, World, by, provider};

fn canary(more: Value) -> infra_lang::residual::Values {
    let mut swap = json!({
        "strategy": "canary",
        "stages": [{ "$percent": 20 }, { "$percent": 50 }, { "$percent": 100 }],
        "bake": { "$seconds": 60 },
    });
    let fields = swap.as_object_mut().expect("a block");
    fields.extend(more.as_object().expect("fields").clone());
    by("two", swap)
}

#[tokio::test(start_paused = true)]
async fn the_new_group_grows_by_stages_and_the_old_one_keeps_all() {
    for killed in [false, true] {
        let mut world = World::with_group_of(6).await;
        world.killed = killed;
        let (swapped, seen) = world.watched(2, Action::Swap, &canary(json!({}))).await;
        swapped.expect("a swap");
        assert_eq!(seen, Seen { least: 6, most: 12 });
        assert_eq!(world.groups().await, r#"two [1, 6, 6] 6 running ELB ["lb"] []"#);
        let grown: Vec<&str> = world.told.iter().filter_map(|line| line.strip_prefix("scale: ")).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(grown.join("\n"), @r"
            resize shop-web-000200: min 2 desired 2
            resize shop-web-000200: min 3 desired 3
            resize shop-web-000200: min 6 desired 6
            ");
        }
    }
}

async fn alarm(provider: &AwsProvider) {
    let call = provider.aws().cloudwatch.put_metric_alarm().alarm_name("errors").namespace("shop");
    let call = call.metric_name("Errors").statistic(Statistic::Sum).period(60).evaluation_periods(1);
    let call = call.threshold(1.0).comparison_operator(ComparisonOperator::GreaterThanThreshold);
    call.send().await.expect("an alarm");
}

async fn fire(provider: &AwsProvider) {
    let call =
        provider.aws().cloudwatch.set_alarm_state().alarm_name("errors").state_value(StateValue::Alarm);
    call.state_reason("6 errors in a minute").send().await.expect("an alarm that fires");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_takes_back_what_few_have_seen() {
    let mut world = World::with_group_of(6).await;
    alarm(&world.provider).await;
    let before = world.groups().await;
    let other = provider(&world.wire).await;
    let firing = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let groups = other.aws().autoscaling.describe_auto_scaling_groups().send().await.expect("groups");
            let half = |group: &&aws_sdk_autoscaling::types::AutoScalingGroup| {
                group.desired_capacity() == Some(3) && !group.load_balancer_names().is_empty()
            };
            if groups.auto_scaling_groups().iter().any(|group| half(&group)) {
                return fire(&other).await;
            }
        }
    });
    let watched = canary(json!({ "alarms": { "$set": ["errors"] } }));
    let (ended, seen) = world.watched(2, Action::Swap, &watched).await;
    firing.await.expect("an alarm");
    insta::assert_snapshot!(ended.expect_err("an alarm"), @"the alarm errors went off: 6 errors in a minute");
    assert_eq!(seen, Seen { least: 6, most: 9 });
    assert_eq!(world.groups().await, before);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_has_gone_off_already_is_no_judge() {
    let mut world = World::with_group().await;
    alarm(&world.provider).await;
    fire(&world.provider).await;
    let watched = canary(json!({ "alarms": { "$set": ["errors"] } }));
    let refused = world.run(2, Action::Swap, &watched).await.expect_err("an alarm");
    insta::assert_snapshot!(refused, @"the alarm errors has gone off before the swap: 6 errors in a minute; let it clear first, or leave it out");
    let missing = canary(json!({ "alarms": { "$set": ["latency"] } }));
    let refused = world.run(3, Action::Swap, &missing).await.expect_err("no alarm");
    insta::assert_snapshot!(refused, @"there is no alarm latency, so it cannot watch the swap");
}
