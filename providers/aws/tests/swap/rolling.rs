//! By rolling: the group stays, its instances go one after the other.

use std::time::Duration;

use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use aws_sdk_elasticloadbalancing::types::{CrossZoneLoadBalancing, LoadBalancerAttributes};
use infra_engine::change::Action;
use serde_json::{Value, json};

use crate::world::{Seen, World, by};

/// By then what was ended is gone.
const DRAINED: Duration = Duration::from_secs(300);

fn rolling(more: Value) -> infra_lang::residual::Values {
    let mut swap = json!({ "strategy": "rolling", "bake": { "$seconds": 60 } });
    let fields = swap.as_object_mut().expect("a block");
    fields.extend(more.as_object().expect("fields").clone());
    by("two", swap)
}

#[tokio::test(start_paused = true)]
async fn groups_of_any_size_keep_serving_at_their_live_size() {
    for (size, more, peak) in [
        (1, json!({}), 2),
        (3, json!({}), 4),
        (3, json!({ "surge": 5 }), 6),
        (6, json!({ "surge": { "$percent": 50 }, "batch": 2 }), 9),
    ] {
        let mut world = World::with_group_of(size).await;
        let group = world.group();
        let (swapped, seen) = world.watched(2, Action::Swap, &rolling(more)).await;
        let swapped = swapped.expect("a swap");
        let at_least = usize::try_from(size).expect("a size");
        assert_eq!(seen, Seen { least: at_least, most: peak }, "{size}");
        assert_eq!(swapped.id.expect("an id").0, group, "the group stays");
        tokio::time::sleep(DRAINED).await;
        assert_eq!(
            world.groups().await,
            format!(r#"two [1, 6, {size}] {size} running ELB ["lb"] []"#),
            "{:#?}",
            world.told
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_is_told() {
    let mut world = World::with_group().await;
    world.run(2, Action::Swap, &rolling(json!({}))).await.expect("a swap");
    let told: Vec<String> = world.told.iter().map(|line| without_ids(line)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    pin: mark shop-web-000100 as swapped by 00020000000000000000000000000000
    pin: resize shop-web-000100: min 3
    pin: suspend AZRebalance in shop-web-000100
    surge: have shop-web-000100 launch from two: min 4 max 6 desired 4
    roll: replace i-… of shop-web-000100
    roll: replace i-… of shop-web-000100
    roll: resize shop-web-000100: min 3
    roll: end i-… of shop-web-000100
    restore: resize shop-web-000100: min 1 max 6 desired 3
    restore: give instances of shop-web-000100 60 s of grace
    restore: resume AZRebalance in shop-web-000100
    restore: take the mark of the swap from shop-web-000100
    ");
}

fn without_ids(line: &str) -> String {
    let word = |word: &str| if word.starts_with("i-") { "i-…".to_owned() } else { word.to_owned() };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn a_roll_that_is_killed_after_every_call_ends_the_same() {
    let mut world = World::with_group().await;
    world.killed = true;
    let (swapped, seen) = world.watched(2, Action::Swap, &rolling(json!({}))).await;
    swapped.expect("a swap");
    assert_eq!(seen, Seen { least: 3, most: 4 });
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 3] 3 running ELB ["lb"] []"#);
}

#[tokio::test(start_paused = true)]
async fn what_never_serves_ends_nothing() {
    for (fault, killed, why) in [
        ("image:ami-1ebb2077=never-healthy", false, "1 of the new instances do not serve after 7 minutes"),
        ("image:ami-1ebb2077=never-healthy", true, "1 of the new instances do not serve after 7 minutes"),
        ("capacity=0", false, "AWS has had no capacity for 5 minutes: "),
    ] {
        let mut world = World::with_group().await;
        world.killed = killed;
        let before = world.groups().await;
        world.spoil(fault);
        let (ended, seen) =
            world.watched(2, Action::Swap, &rolling(json!({ "on_failure": "rollback" }))).await;
        let told = ended.expect_err("it cannot serve");
        assert!(told.starts_with(why), "{told}");
        assert_eq!(seen, Seen { least: 3, most: if fault == "capacity=0" { 3 } else { 4 } });
        tokio::time::sleep(DRAINED).await;
        assert_eq!(world.groups().await, before, "{:#?}", world.told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_roll_stays_where_it_is_unless_it_is_to_go_back() {
    let mut world = World::with_group().await;
    world.spoil("image:ami-1ebb2077=never-healthy");
    let ended = world.run(2, Action::Swap, &rolling(json!({}))).await;
    ended.expect_err("it cannot serve");
    insta::assert_snapshot!(world.groups().await, @r#"two [4, 6, 4] 4 running ELB ["lb"] ["AZRebalance"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_roll_that_turns_bad_half_way_goes_back_without_a_dip() {
    let mut world = World::with_group().await;
    let before = world.groups().await;
    world.spoil("image:ami-1ebb2077@1m40s=never-healthy");
    let slow = json!({ "on_failure": "rollback", "bake": { "$seconds": 600 } });
    let (ended, seen) = world.watched(2, Action::Swap, &rolling(slow)).await;
    ended.expect_err("it cannot go on");
    assert_eq!(seen, Seen { least: 3, most: 4 });
    tokio::time::sleep(DRAINED).await;
    assert_eq!(world.groups().await, before, "{:#?}", world.told);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_scales_meanwhile_is_kept() {
    let mut world = World::with_group().await;
    world.spoil("group@1m40s=desired:6");
    let (swapped, seen) = world.watched(2, Action::Swap, &rolling(json!({}))).await;
    swapped.expect("a swap");
    assert!(seen.least >= 3, "{seen:?}");
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 5] 5 running ELB ["lb"] []"#);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_dies_meanwhile_is_replaced_by_a_new_one() {
    let mut world = World::with_group().await;
    world.spoil("instance@1m40s=dies");
    let swapped = world.run(2, Action::Swap, &rolling(json!({}))).await;
    swapped.expect("a swap");
    tokio::time::sleep(DRAINED).await;
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 3] 3 running ELB ["lb"] []"#);
}

#[tokio::test(start_paused = true)]
async fn each_zone_serves_on_where_the_balancer_keeps_to_its_zones() {
    let mut world = World::with_group_of(2).await;
    let apart = CrossZoneLoadBalancing::builder().enabled(false).build();
    let attributes = LoadBalancerAttributes::builder().cross_zone_load_balancing(apart).build();
    let call = world.provider.aws().elb.modify_load_balancer_attributes().load_balancer_name("lb");
    call.load_balancer_attributes(attributes).send().await.expect("attributes");
    let (swapped, seen) = world.watched(2, Action::Swap, &rolling(json!({ "surge": 1 }))).await;
    swapped.expect("a swap");
    assert_eq!(seen, Seen { least: 2, most: 4 }, "one more in each zone");
    tokio::time::sleep(DRAINED).await;
    assert_eq!(world.groups().await, r#"two [1, 6, 2] 2 running ELB ["lb"] []"#);
}

#[tokio::test(start_paused = true)]
async fn a_group_rolls_from_one_version_of_its_template_to_the_next() {
    let mut world = World::new().await;
    let ec2 = &world.provider.aws().ec2;
    let data = |image: &str| {
        RequestLaunchTemplateData::builder().image_id(image).instance_type(InstanceType::T1Micro).build()
    };
    let call =
        ec2.create_launch_template().launch_template_name("web").launch_template_data(data("ami-22de994a"));
    let template = call.send().await.expect("a template").launch_template.expect("a template");
    let id = template.launch_template_id().expect("an id").to_owned();
    let call = ec2.create_launch_template_version().launch_template_id(&id);
    call.launch_template_data(data("ami-1ebb2077")).send().await.expect("a version");
    world.grow(&format!("{id}:1"), 3).await;

    let mut next = rolling(json!({}));
    next.insert("launch".into(), infra_lang::value::Value::string(format!("{id}:2")));
    let (swapped, seen) = world.watched(2, Action::Swap, &next).await;
    let swapped = swapped.expect("a swap").observed.expect("what there is now");
    assert_eq!(swapped.get("launch").and_then(|launch| launch.as_str()), Some(format!("{id}:2").as_str()));
    assert_eq!(seen, Seen { least: 3, most: 4 });
    let (images, old) = (world.images(), "ami-22de994a");
    assert!(!images.iter().any(|image| image == old), "{images:?}");
}
