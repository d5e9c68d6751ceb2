//! By blue_green.

use std::time::Duration;

use aws_sdk_autoscaling::types::Tag;
use infra_aws::AwsProvider;
use infra_engine::change::Action;
use infra_lang::residual::Values;
use infra_lang::value::Value;
use serde_json::json;

use crate::world::{Seen, World, by, desired, provider};

#[tokio::test(start_paused = true)]
async fn a_swap_carries_the_live_size_over_and_never_dips() {
    let mut world = World::with_group().await;
    let (swapped, seen) = world.watched(2, Action::Swap, &desired("two")).await;
    let swapped = swapped.expect("a swap");
    assert_eq!(seen, Seen { least: 3, most: 6 });
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 3] 3 running ELB ["lb"] []"#);
    let seen = swapped.observed.expect("what there is now");
    assert_eq!(seen.get("instance_count"), Some(&Value::int(3)));
    world.look(swapped.id.expect("an id")).await;
    world.run(3, Action::Delete, &Values::new()).await.expect("a deletion");
    assert_eq!(world.groups().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_is_killed_after_every_call_ends_the_same() {
    let mut world = World::with_group().await;
    world.killed = true;
    let (swapped, seen) = world.watched(2, Action::Swap, &desired("two")).await;
    swapped.expect("a swap");
    assert_eq!(seen, Seen { least: 3, most: 6 });
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 3] 3 running ELB ["lb"] []"#);
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_does_not_hold_is_taken_back_to_exactly_what_was() {
    let mut world = World::with_group().await;
    let before = world.groups().await;
    let long = by("two", json!({ "bake": { "$seconds": 600 } }));
    let saboteur = tokio::spawn(sabotage(provider(&world.wire).await));
    let failure = world.run(2, Action::Swap, &long).await.expect_err("it cannot hold");
    saboteur.await.expect("the saboteur");
    insta::assert_snapshot!(failure, @"the new group serves with 2 instances, and the floor is 3");
    assert_eq!(world.groups().await, before);
    insta::assert_snapshot!(world.told[world.told.len() - 10..].join("\n"), @r"
    detach: detach shop-web-000100 from lb
    return: attach shop-web-000100 to lb
    leave: have shop-web-000200 judge health by EC2
    leave: detach shop-web-000200 from lb
    shrink: resize shop-web-000200: min 0 max 0 desired 0
    remove: delete shop-web-000200
    unpin: have shop-web-000100 judge health by ELB
    unpin: resize shop-web-000100: min 1 max 6
    unpin: resume AZRebalance in shop-web-000100
    unpin: take the mark of the swap from shop-web-000100
    ");
}

/// Waits until the new group serves alone, and ends one of its instances.
async fn sabotage(provider: AwsProvider) {
    let aws = provider.aws();
    loop {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let groups = aws.autoscaling.describe_auto_scaling_groups().send().await.expect("groups");
        let all = groups.auto_scaling_groups();
        let alone = all.len() == 2 && all.iter().any(|group| group.load_balancer_names().is_empty());
        let new = all.iter().find(|group| group.launch_configuration_name() == Some("two"));
        if let Some(new) = new.filter(|new| alone && !new.load_balancer_names().is_empty()) {
            let victim = new.instances()[0].instance_id().expect("an id");
            aws.ec2.terminate_instances().instance_ids(victim).send().await.expect("an end");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_swap_at_a_time() {
    let mut world = World::with_group().await;
    let before = world.groups().await;
    let tag = Tag::builder().resource_id(world.group()).resource_type("auto-scaling-group");
    let tag = tag.key("infra:swap").value("4567").propagate_at_launch(false).build();
    let aws = world.provider.aws();
    aws.autoscaling.create_or_update_tags().tags(tag).send().await.expect("a tag");
    let refused = world.run(2, Action::Swap, &desired("two")).await.expect_err("another swap");
    insta::assert_snapshot!(refused, @"another swap of shop-web-000100 is under way, or was given up: its tag infra:swap is 4567; let it finish, or remove the tag if nobody runs it");
    assert_eq!(world.groups().await, before);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_touched_while_aws_refreshes() {
    let mut world = World::with_group().await;
    let call = world.provider.aws().autoscaling.start_instance_refresh();
    let refresh = call.auto_scaling_group_name(world.group()).send().await.expect("a refresh");
    let refresh = refresh.instance_refresh_id().expect("an id");
    let refused = world.run(2, Action::Swap, &desired("two")).await.expect_err("a refresh");
    assert!(refused.starts_with(&format!("the instance refresh {refresh} of")), "{refused}");
    assert!(world.told.iter().all(|line| !line.starts_with("pin")), "{:?}", world.told);
}

#[tokio::test(start_paused = true)]
async fn without_room_it_is_taken_back_soon() {
    let mut world = World::with_group().await;
    let before = world.groups().await;
    world.spoil("capacity=1");
    let (ended, seen) = world.watched(2, Action::Swap, &desired("two")).await;
    let why = ended.expect_err("there is no room");
    assert!(why.starts_with("AWS has had no capacity for 5 minutes: "), "{why}");
    assert_eq!(world.groups().await, before);
    assert_eq!(seen.least, 3);
}
