use infra_engine::change::{AttributeChange, Cause, Rollout};
use infra_lang::address::Address;
use infra_lang::residual::Values;

use super::*;
use crate::kind::tests::change;

/// A change of these attributes of a record that leads to what is replaced.
fn leading(changed: &[&str], set: Option<&str>, settings: serde_json::Value) -> Change {
    let mut change = change("route53_record", Action::Update, Some("Z1/www.example.com/A"));
    let settings: Values = serde_json::from_value(settings).expect("values");
    let settings = settings.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect();
    change.rollout = Some(Rollout { of: Address::managed("elb", "web"), role: Role::Leads, settings });
    if let (Some(prior), Some(set)) = (&mut change.prior, set) {
        prior.observed.insert(AttributeName::new("set_identifier"), Value::string(set));
    }
    let attribute = |name: &&str| AttributeChange {
        name: AttributeName::new(name),
        before: None,
        after: None,
        cause: Cause::Upstream,
        forces_new: false,
        location: None,
    };
    change.attributes = changed.iter().map(attribute).collect();
    change
}

fn told(change: &Change) -> String {
    let line = |step: &LoweredStep| {
        let undo = step.undo.as_ref().map_or("-", |undo| undo.name.as_str());
        let weight = match &step.effect {
            Effect::Operate(operation) => operation.arguments.get("weight").and_then(Residual::known),
            _ => None,
        };
        let weight = weight.map(|weight| format!(" [{weight}]")).unwrap_or_default();
        format!("{}{weight}, undo {undo}, within {} s", step.title, step.timeout.as_secs())
    };
    let consequence = consequence(change).unwrap_or_else(|| "-".to_owned());
    let lines: Vec<String> = lower(change).iter().map(line).collect();
    format!("{consequence}\n{}", lines.join("\n"))
}

#[test]
fn users_move_by_weight() {
    let usual = leading(&["alias"], None, serde_json::json!({}));
    insta::assert_snapshot!(told(&usual), @r"
    users move in stages of 1, 10, 50 and 100%, each held for 5m; the old side serves on for 1h
    see that as many serve on the new side, undo -, within 600 s
    make two weighted records of it, all weight on the old side, undo unsplit, within 4800 s
    lead 1% of users to the new side; hold for 5m [3], undo -, within 900 s
    lead 10% of users to the new side; hold for 5m [26], undo -, within 900 s
    lead 50% of users to the new side; hold for 5m [128], undo -, within 900 s
    lead 100% of users to the new side; hold for 5m [255], undo -, within 900 s
    serve clients that keep the old answer for 1h, undo -, within 4200 s
    make one record of them, leading to the new side, undo -, within 600 s
    ");
    let chained = lower(&usual).iter().enumerate().skip(1).all(|(at, step)| step.after == [at - 1]);
    assert!(chained, "each step comes after the one before");
}

#[test]
fn the_block_of_the_group_says_how() {
    let settings = serde_json::json!({
        "stages": [{ "$percent": 25 }, { "$percent": 100 }],
        "bake": { "$seconds": 60 },
        "dns_grace": { "$seconds": 600 },
        "on_failure": "pause",
    });
    let paused = leading(&["alias"], None, settings);
    assert!(crate::kind::pauses(&paused));
    insta::assert_snapshot!(told(&paused), @r"
    users move in stages of 25 and 100%, each held for 1m; the old side serves on for 10m
    see that as many serve on the new side, undo -, within 600 s
    make two weighted records of it, all weight on the old side, undo unsplit, within 1800 s
    lead 25% of users to the new side; hold for 1m [64], undo -, within 660 s
    lead 100% of users to the new side; hold for 1m [255], undo -, within 660 s
    serve clients that keep the old answer for 10m, undo -, within 1200 s
    make one record of them, leading to the new side, undo -, within 600 s
    ");
}

#[test]
fn a_record_with_a_policy_of_its_own_moves_in_one_go() {
    insta::assert_snapshot!(told(&leading(&["alias"], Some("eu"), serde_json::json!({}))), @r"
    users move in one go, for the record has a routing policy of its own; the old side serves on for 1h
    see that as many serve on the new side, undo -, within 600 s
    lead all users to the new side; hold for 5m, undo unswitch, within 5100 s
    serve clients that keep the old answer for 1h, undo -, within 4200 s
    ");
}

#[test]
fn two_records_that_were_left_half_way_become_one() {
    let mut left = leading(&["alias", "set_identifier"], Some(OLD), serde_json::json!({}));
    left.rollout = None;
    insta::assert_snapshot!(told(&left), @r"
    users move in one go; the old side serves on for 1h
    update, undo -, within 600 s
    serve clients that keep the old answer for 1h, undo -, within 4200 s
    ");
}

#[test]
fn what_leads_nowhere_new_is_written_at_once() {
    let mut update = leading(&["ttl"], None, serde_json::json!({}));
    update.rollout = None;
    insta::assert_snapshot!(told(&update), @r"
    -
    update, undo -, within 600 s
    ");
}
