use std::collections::BTreeMap;

use super::*;
use crate::autoscaling_group::group::{Check, Health, Member};
use crate::autoscaling_group::memory::Held;
use crate::autoscaling_group::observed::Wanted;

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

/// A group of two behind `balancers`, whose word counts if `by` says so.
fn group(balancers: &[&str], by: &str) -> Group {
    let member = |id: &str| Member { id: id.into(), ready: true, ..Member::default() };
    Group {
        name: "web".into(),
        desired: 2,
        health_check_type: by.into(),
        balancers: names(balancers),
        members: vec![member("i-1"), member("i-2")],
        ..Group::default()
    }
}

/// What the balancers say: how many of the two get requests from each, the rest being on its list.
fn health(passing: &[(&str, usize)]) -> Health {
    let told = |count: usize| -> BTreeMap<String, Check> {
        let check = |at: usize| if at < count { Check::Passes } else { Check::Registered };
        ["i-1", "i-2"].iter().enumerate().map(|(at, id)| ((*id).to_owned(), check(at))).collect()
    };
    Health(passing.iter().map(|(name, count)| ((*name).to_owned(), told(*count))).collect())
}

fn observed(group: Group, health: Health) -> Observed {
    let pinned = originals(&Observed::default(), &self::group(&["blue"], "ELB"));
    let wanted = Wanted {
        balancers: names(&["green"]),
        health_check_type: "ELB".into(),
        min_in_service: 100.0,
        ..Wanted::default()
    };
    let held = Held { polls: STABLE_POLLS, ..Held::default() };
    Observed { old: Some(group), health, pinned: Some(pinned), wanted, held, ..Observed::default() }
}

fn said(next: &Next) -> String {
    match next {
        Next::Act(act) => act.to_string(),
        Next::Wait(on) => format!("wait: {on}"),
        other => format!("{other:?}"),
    }
}

fn table(phase: fn(&Observed) -> Next, worlds: Vec<(Group, Health)>) -> String {
    let lines = worlds.into_iter().map(|(group, health)| said(&phase(&observed(group, health))));
    lines.collect::<Vec<_>>().join("\n")
}

/// One look after the other, and a killed run goes on at any of them.
#[test]
fn the_new_balancer_has_no_say_before_all_pass() {
    let (blue, both) = (["blue"], ["blue", "green"]);
    let worlds = vec![
        (group(&blue, "ELB"), health(&[("blue", 2)])),
        (group(&blue, "EC2"), health(&[("blue", 2)])),
        (group(&both, "EC2"), health(&[("blue", 2), ("green", 1)])),
        (group(&both, "EC2"), health(&[("blue", 2), ("green", 2)])),
        (group(&both, "ELB"), health(&[("blue", 2), ("green", 2)])),
    ];
    insta::assert_snapshot!(table(join, worlds), @r"
    have web judge health by EC2
    attach web to green
    wait: 1 of 2 instances serve behind the new load balancers
    have web judge health by ELB
    Done
    ");
    let unwritten = Observed { pinned: None, ..observed(group(&blue, "ELB"), health(&[("blue", 2)])) };
    assert!(matches!(join(&unwritten), Next::Act(Act::Note(_))), "how it was is written down first");
}

#[test]
fn a_group_that_goes_back_leaves_the_new_balancer_only() {
    let (blue, both) = (["blue"], ["blue", "green"]);
    let worlds = vec![
        (group(&both, "ELB"), health(&[("blue", 2), ("green", 2)])),
        (group(&both, "EC2"), health(&[("blue", 2), ("green", 2)])),
        (group(&blue, "EC2"), health(&[("blue", 2), ("green", 0)])),
        (group(&blue, "EC2"), health(&[("blue", 2)])),
        (group(&blue, "ELB"), health(&[("blue", 2)])),
    ];
    insta::assert_snapshot!(table(unjoin, worlds), @r"
    have web judge health by EC2
    detach web from green
    wait: 2 instances to finish their open connections
    have web judge health by ELB
    Done
    ");
}

#[test]
fn the_old_balancer_is_left_only_while_the_new_one_serves() {
    let (both, green) = (["blue", "green"], ["green"]);
    let worlds = vec![
        (group(&both, "ELB"), health(&[("blue", 2), ("green", 1)])),
        (group(&both, "ELB"), health(&[("blue", 2), ("green", 2)])),
        (group(&both, "EC2"), health(&[("blue", 2), ("green", 2)])),
        (group(&green, "EC2"), health(&[("blue", 0), ("green", 2)])),
        (group(&green, "EC2"), health(&[("green", 2)])),
        (group(&green, "ELB"), health(&[("green", 2)])),
    ];
    insta::assert_snapshot!(table(depart, worlds), @r"
    wait: 1 of 2 instances serve behind the new load balancers
    have web judge health by EC2
    detach web from blue
    wait: 2 instances to finish their open connections
    have web judge health by ELB
    Done
    ");
}

#[test]
fn the_block_says_how_users_move() {
    let settings = |json: serde_json::Value| {
        let desired: BTreeMap<AttributeName, Value> = serde_json::from_value(json).expect("values");
        let desired = desired.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect();
        settings(&desired).keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let block =
        |strategy: &str| serde_json::json!({ "swap": { "strategy": strategy, "stages": [100], "bake": 60 } });
    assert_eq!(settings(block("dns_weighted")), "bake stages");
    assert_eq!(settings(block("canary")), "bake", "whose stages are shares of instances");
    assert_eq!(settings(serde_json::json!({})), "");
}
