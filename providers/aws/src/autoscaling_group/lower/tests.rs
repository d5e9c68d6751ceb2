use std::collections::BTreeMap;

use infra_engine::change::{AttributeChange, Cause};

use super::*;
use crate::kind::tests::change;

fn desired(json: serde_json::Value) -> Attributes {
    let values: BTreeMap<AttributeName, Value> = serde_json::from_value(json).expect("values");
    values.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect()
}

fn names(all: &[&str]) -> Vec<AttributeName> {
    all.iter().map(AttributeName::new).collect()
}

/// A change of a group of three instances, of which `serving` are in service.
fn of_three(act: Action, changed: &[&str], serving: i64, json: serde_json::Value) -> Change {
    let mut change = change("autoscaling_group", act, Some("shop-web-4f2a91"));
    let counts = [("instance_count", 3), ("desired_capacity", 3), ("in_service_count", serving)];
    if let Some(prior) = &mut change.prior {
        prior.observed = counts.map(|(name, count)| (AttributeName::new(name), Value::int(count))).into();
    }
    let attribute = |name: AttributeName| AttributeChange {
        name,
        before: None,
        after: None,
        cause: Cause::Intended,
        forces_new: false,
        location: None,
    };
    Change {
        attributes: names(changed).into_iter().map(attribute).collect(),
        desired: desired(json),
        ..change
    }
}

fn told(step: &LoweredStep) -> String {
    let name = |operation: &Option<Operation>| operation.as_ref().map_or("-".to_owned(), |o| o.name.clone());
    let effect = match &step.effect {
        Effect::Operate(operation) => operation.name.clone(),
        other => format!("{other:?}").to_lowercase(),
    };
    let part = format!("{:?}", step.part);
    let (guard, undo, limit) = (name(&step.guard), name(&step.undo), step.timeout.as_secs());
    format!("{part} {effect} guard {guard} undo {undo} within {limit} s: {}", step.title)
}

fn lowered(change: &Change) -> String {
    lower(change).iter().map(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_new_launch_swaps_and_the_rest_changes_in_place() {
    let prefixed = || desired(serde_json::json!({ "name_prefix": "web-" }));
    let fixed = || desired(serde_json::json!({ "name": "web" }));
    let still = || desired(serde_json::json!({ "swap": { "strategy": "none" } }));
    assert_eq!(action(&names(&["launch"]), &prefixed()), Action::Swap);
    assert_eq!(action(&names(&["mixed_instances_policy"]), &prefixed()), Action::Swap);
    assert_eq!(action(&names(&["min_size", "vpc_zone_identifier"]), &prefixed()), Action::Update);
    assert_eq!(action(&names(&["launch"]), &still()), Action::Update);
    assert_eq!(action(&names(&["launch"]), &fixed()), Action::Swap);
    assert_eq!(
        action(&names(&["name"]), &fixed()),
        Action::Swap,
        "another name leaves room for a second group"
    );
}

#[test]
fn the_consequence_counts_running_instances() {
    let say = |act, changed: &[&str], serving, json| consequence(&of_three(act, changed, serving, json));
    let said = [
        say(Action::Swap, &["launch"], 3, serde_json::json!({})),
        say(Action::Swap, &["launch"], 2, serde_json::json!({})),
        say(
            Action::Swap,
            &["launch"],
            2,
            serde_json::json!({ "swap": { "min_in_service": { "$percent": 50 } } }),
        ),
        say(Action::Update, &["launch"], 3, serde_json::json!({ "swap": { "strategy": "none" } })),
        say(Action::Swap, &["launch"], 3, serde_json::json!({ "name": "shop-web-4f2a91" })),
        say(Action::Swap, &["launch", "name"], 3, serde_json::json!({ "name": "web" })),
        say(
            Action::Swap,
            &["launch"],
            3,
            serde_json::json!({ "swap": { "strategy": "rolling", "surge": 2 } }),
        ),
        say(Action::Swap, &["launch"], 3, serde_json::json!({ "swap": { "strategy": "canary" } })),
        say(
            Action::Update,
            &["launch"],
            3,
            serde_json::json!({ "target_group_arns": { "$set": ["arn:1"] } }),
        ),
        say(Action::Update, &["max_size"], 3, serde_json::json!({})),
        say(Action::Delete, &[], 3, serde_json::json!({})),
    ];
    let lines: Vec<String> = said.into_iter().map(|text| text.unwrap_or_else(|| "-".to_owned())).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    3 of 3 running instances replaced
    3 of 3 running instances replaced; only 2 of 3 serve now, so the floor is 2
    3 of 3 running instances replaced
    0 of 3 running instances will change
    3 of 3 running instances replaced in place, 1 at a time; a way back boots instances too
    3 of 3 running instances replaced
    3 of 3 running instances replaced in place, 2 at a time; a way back boots instances too
    3 of 3 running instances replaced in stages of 5, 50 and 100%
    0 of 3 running instances will change: targets of target groups cannot be watched yet, and a swap that is not watched may drop requests; use `none`
    -
    3 running instances end
    ");
}

#[test]
fn a_swap_is_its_phases() {
    let drain =
        serde_json::json!({ "swap": { "drain": { "$seconds": 120 }, "timeout": { "$seconds": 600 } } });
    let change = of_three(Action::Swap, &["launch"], 3, drain);
    insta::assert_snapshot!(lowered(&change), @r"
    Establish pin guard - undo unpin within 300 s: hold shop-web-4f2a91 at its size
    Establish create guard - undo remove within 300 s: make the new group, empty
    Establish carry guard - undo - within 300 s: carry over what belongs to shop-web-4f2a91
    Establish scale guard - undo shrink within 600 s: boot as many instances as run now
    Establish attach guard - undo leave within 600 s: attach the new group to its load balancers
    Establish match guard - undo - within 600 s: match the size that the old group has by then
    Establish detach guard floor undo return within 180 s: cut over: detach shop-web-4f2a91 from its load balancers
    Establish signal guard - undo unsignal within 300 s: have alarms follow to the new group
    Establish bake guard - undo - within 600 s: bake for 5m
    Establish finalise guard - undo repin within 300 s: give the new group the sizes of the file
    Retire retire guard floor undo - within 1800 s: end the instances of shop-web-4f2a91
    Retire delete guard - undo - within 1800 s: delete shop-web-4f2a91
    ");
    let chained = lower(&change).iter().enumerate().skip(1).all(|(at, step)| step.after == [at - 1]);
    assert!(chained, "each phase comes after the one before");
}

#[test]
fn a_canary_arrives_stage_by_stage() {
    let block = serde_json::json!({ "swap": { "strategy": "canary", "stages": [{ "$percent": 20 }, { "$percent": 100 }] } });
    let change = of_three(Action::Swap, &["launch"], 3, block);
    insta::assert_snapshot!(lowered(&change), @r"
    Establish pin guard - undo unpin within 300 s: hold shop-web-4f2a91 at its size
    Establish create guard - undo remove within 300 s: make the new group, empty
    Establish carry guard - undo - within 300 s: carry over what belongs to shop-web-4f2a91
    Establish scale guard - undo shrink within 690 s: boot 20% of the instances that run now
    Establish attach guard - undo leave within 690 s: have 20% serve behind the load balancers
    Establish try guard - undo - within 600 s: bake for 5m at 20%
    Establish scale guard - undo shrink within 690 s: boot 100% of the instances that run now
    Establish attach guard - undo leave within 690 s: have 100% serve behind the load balancers
    Establish try guard - undo - within 600 s: bake for 5m at 100%
    Establish match guard - undo - within 690 s: match the size that the old group has by then
    Establish detach guard floor undo return within 3660 s: cut over: detach shop-web-4f2a91 from its load balancers
    Establish signal guard - undo unsignal within 300 s: have alarms follow to the new group
    Establish bake guard - undo - within 600 s: bake for 5m
    Establish finalise guard - undo repin within 300 s: give the new group the sizes of the file
    Retire retire guard floor undo - within 1800 s: end the instances of shop-web-4f2a91
    Retire delete guard - undo - within 1800 s: delete shop-web-4f2a91
    ");
}

#[test]
fn a_roll_stays_in_its_group() {
    let block = serde_json::json!({ "name": "shop-web-4f2a91", "swap": { "on_failure": "rollback" } });
    let change = of_three(Action::Swap, &["launch", "tags", "min_size"], 3, block);
    insta::assert_snapshot!(lowered(&change), @r#"
    Establish update(["tags"]) guard - undo - within 690 s: change tags
    Establish pin guard - undo unroll within 7800 s: hold shop-web-4f2a91 at its size
    Establish surge guard - undo - within 990 s: launch 1 instance of the new settings
    Establish roll guard - undo - within 7800 s: replace the instances of the old settings
    Establish watch guard - undo - within 600 s: bake for 5m
    Establish restore guard - undo - within 300 s: give the group the sizes of the file
    "#);
    let prior = change.prior.as_ref().expect("a group");
    assert!(keeps_identity(&change.desired, prior));
    assert!(
        !keeps_identity(&desired(serde_json::json!({ "name": "web" })), prior),
        "another name, another group"
    );
    assert!(!keeps_identity(&desired(serde_json::json!({ "name_prefix": "shop-" })), prior));
}

#[test]
fn a_swap_pauses_if_the_block_says_so() {
    let change = |on_failure| {
        let swap = serde_json::json!({ "swap": { "on_failure": on_failure } });
        of_three(Action::Swap, &["launch"], 3, swap)
    };
    assert!(pauses(&change("pause")) && !pauses(&change("rollback")));
    assert_eq!(lowered(&change("pause")), lowered(&change("rollback")), "there is a way back all the same");
}

#[test]
fn a_first_group_is_made_empty_and_then_boots() {
    insta::assert_snapshot!(lowered(&of_three(Action::Create, &[], 0, serde_json::json!({}))), @r"
    Prepare create guard - undo - within 300 s: make the group, empty
    Establish boot guard - undo - within 690 s: boot its instances
    ");
}

#[test]
fn what_triggers_a_replacement_swaps_too() {
    let replaced = of_three(Action::Replace(ReplaceOrder::NewFirst), &[], 3, serde_json::json!({}));
    assert_eq!(lower(&replaced).len(), lower(&of_three(Action::Swap, &[], 3, serde_json::json!({}))).len());
    let unwatched = serde_json::json!({ "target_group_arns": { "$set": ["arn:1"] } });
    let unwatched = of_three(Action::Replace(ReplaceOrder::NewFirst), &[], 3, unwatched);
    insta::assert_snapshot!(lowered(&unwatched), @r"
    Prepare create guard - undo - within 300 s: make the group, empty
    Retire delete guard - undo - within 690 s: delete shop-web-4f2a91
    Establish boot guard - undo - within 690 s: boot its instances
    ");
}

#[test]
fn an_older_group_goes_only_when_it_is_not_needed() {
    let mut update = of_three(Action::Update, &["max_size"], 3, serde_json::json!({}));
    update.retires = vec![RemoteId::from("shop-web-000000")];
    insta::assert_snapshot!(lowered(&update), @r#"
    Establish update(["max_size"]) guard - undo - within 690 s: update
    Retire delete guard outserved undo - within 690 s: delete shop-web-000000
    "#);
}

fn moving(act: Action, changed: &[&str], json: serde_json::Value) -> Change {
    let rollout = infra_engine::change::Rollout {
        of: infra_lang::address::Address::managed("elb", "web"),
        role: infra_engine::change::Role::Serves,
        settings: Attributes::new(),
    };
    Change { rollout: Some(rollout), ..of_three(act, changed, 3, json) }
}

#[test]
fn a_second_group_serves_behind_the_new_balancer_before_users_move() {
    let change = moving(Action::Swap, &["launch", "load_balancers"], serde_json::json!({}));
    insta::assert_snapshot!(consequence(&change).unwrap_or_default(), @"3 of 3 running instances replaced: as many boot behind the new load balancer before users move there, and both serve until users have moved");
    insta::assert_snapshot!(lowered(&change), @r"
    Establish pin guard - undo unpin within 300 s: hold shop-web-4f2a91 at its size
    Establish create guard - undo remove within 300 s: make the new group, empty
    Establish carry guard - undo - within 300 s: carry over what belongs to shop-web-4f2a91
    Establish scale guard - undo shrink within 690 s: boot as many instances as run now
    Establish attach guard - undo leave within 690 s: attach the new group to the new load balancers
    Establish match guard - undo - within 690 s: match the size that the old group has by then
    Retire signal guard - undo - within 300 s: have alarms follow to the new group
    Retire finalise guard - undo - within 300 s: give the new group the sizes of the file
    Retire retire guard floor undo - within 1800 s: end the instances of shop-web-4f2a91
    Retire delete guard - undo - within 1800 s: delete shop-web-4f2a91
    ");
}

#[test]
fn a_group_that_only_changes_its_balancer_stays() {
    let change =
        moving(Action::Update, &["load_balancers", "max_size"], serde_json::json!({ "name": "web" }));
    insta::assert_snapshot!(consequence(&change).unwrap_or_default(), @"3 running instances stay, and serve behind the new load balancer too before users move there");
    insta::assert_snapshot!(lowered(&change), @r#"
    Establish join guard - undo unjoin within 690 s: have its instances serve behind the new load balancers too
    Establish update(["max_size"]) guard - undo - within 690 s: update
    Retire depart guard - undo - within 3660 s: leave the old load balancers
    "#);
    assert_eq!(objection(&change), None);
}

#[test]
fn a_fixed_name_leaves_no_room_beside_the_old_group() {
    let why =
        |change: &Change| objection(change).map(|(name, why)| format!("{name}: {why}")).unwrap_or_default();
    let fixed = serde_json::json!({ "name": "web" });
    insta::assert_snapshot!(why(&moving(Action::Swap, &["launch"], fixed.clone())), @"name: the group's `name` is fixed, so no second one can serve behind the new load balancer: apply the change of the load balancer first, and that of `launch` after it, or write `name_prefix`");
    assert_eq!(why(&moving(Action::Swap, &["launch", "name"], fixed)), "", "another name does");
}
