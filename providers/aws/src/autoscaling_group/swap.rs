//! The `swap` block: which strategy rolls a group, and what is wrong with a block.

use infra_derive::Block;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use super::pace::Pace;
use super::settings::Launch;
use super::strategy::{Choice, choice};
use crate::codec::decode;

/// How running instances follow a change of `launch`. An attribute that the strategy does not use is an error.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Swap {
    /// `blue_green` if nothing is said, `rolling` where the group's name is fixed.
    #[attribute(
        ty = r#"enum("blue_green", "canary", "rolling", "dns_weighted", "instance_refresh", "none")"#
    )]
    pub(crate) strategy: Option<String>,
    /// The floor: the share of the live desired size that keeps serving; `100%` if nothing is said.
    #[attribute(ty = "percent(0%, 100%)")]
    pub(crate) min_in_service: Option<f64>,
    /// Instances above the desired size; `10%`, at least 1, if nothing is said.
    #[attribute(ty = "one_of(int(1, null), percent)")]
    pub(crate) surge: Option<serde_json::Value>,
    /// Instances replaced at once; as `surge` if nothing is said.
    #[attribute(ty = "one_of(int(1, null), percent)")]
    pub(crate) batch: Option<serde_json::Value>,
    /// The shares of new capacity, or of weight, that are tried one after the other.
    #[attribute(ty = "list(percent)")]
    pub(crate) stages: Option<Vec<f64>>,
    /// How long the new instances must hold before the old ones go; `5m` if nothing is said.
    #[attribute(ty = "duration")]
    pub(crate) bake: Option<u64>,
    /// The longest wait for open connections of what leaves; the load balancer's own limit if nothing is said.
    #[attribute(ty = "duration")]
    pub(crate) drain: Option<u64>,
    /// How long the old side serves on for clients that ignore the records' time to live; `1h` if nothing is said.
    #[attribute(ty = "duration")]
    pub(crate) dns_grace: Option<u64>,
    /// The longest wait for new instances to serve; from the health check's settings if nothing is said.
    #[attribute(ty = "duration")]
    pub(crate) timeout: Option<u64>,
    /// Alarms that fail the swap when they fire.
    #[attribute(ty = "set(id(metric_alarm))")]
    pub(crate) alarms: Option<Vec<String>>,
    /// `rollback` to the old, or `pause` with capacity held.
    #[attribute(ty = r#"enum("rollback", "pause")"#)]
    pub(crate) on_failure: Option<String>,
}

impl Swap {
    /// The block of a group as far as it is known; what is left out reads as left out.
    pub(crate) fn of(desired: &Attributes) -> Self {
        decode(&known_fields(desired)).unwrap_or_default()
    }

    /// The share of the live desired size that keeps serving, in percent.
    pub(crate) fn min_in_service(&self) -> f64 {
        self.min_in_service.unwrap_or(100.0)
    }

    /// Seconds that the new must hold.
    pub(crate) fn bake(&self) -> u64 {
        self.bake.unwrap_or(300)
    }

    /// Whether a failed swap is taken back, `usually` unless the block says.
    pub(crate) fn rolls_back(&self, usually: bool) -> bool {
        self.on_failure.as_deref().map_or(usually, |said| said == "rollback")
    }
}

fn known_fields(desired: &Attributes) -> Values {
    let field = |(name, value): (&String, &Value)| (AttributeName::new(name), value.clone());
    match desired.get("swap") {
        Some(Residual::Known(Value::Map(fields))) => fields.iter().map(field).collect(),
        Some(Residual::Map(fields)) => {
            fields.iter().filter_map(|(name, value)| Some((name, value.known()?))).map(field).collect()
        }
        _ => Values::new(),
    }
}

/// How fast a group rolls, as far as its block is known.
pub(crate) fn pace(desired: &Attributes) -> Pace {
    Pace::read(&known_fields(desired))
}

/// "bake for 5m".
pub(super) fn baking(swap: &Swap) -> String {
    format!("bake for {}", Value::seconds(i64::try_from(swap.bake()).unwrap_or(i64::MAX)))
}

/// Whether a swap can see which instances serve.
pub(crate) fn watchable(desired: &Attributes) -> bool {
    !given(desired, "target_group_arns")
}

/// Whether an attribute is set to something, perhaps not known yet.
pub(super) fn given(desired: &Attributes, name: &str) -> bool {
    match desired.get(name) {
        None | Some(Residual::Known(Value::Null)) => false,
        Some(Residual::Known(Value::Set(items))) => !items.is_empty(),
        Some(Residual::Known(Value::List(items))) => !items.is_empty(),
        Some(_) => true,
    }
}

fn int(desired: &Attributes, name: &str) -> Option<i64> {
    match desired.get(name)?.known()? {
        Value::Number(number) => number.to_i64(),
        _ => None,
    }
}

/// What is wrong with a group's attributes, beyond what the schema says.
pub(crate) fn problems(desired: &Attributes) -> Vec<(AttributeName, String)> {
    let swap = block_problems(desired).into_iter().map(|text| (AttributeName::new("swap"), text));
    swap.chain(capacity_problem(desired)).chain(template_problem(desired)).collect()
}

fn block_problems(desired: &Attributes) -> Vec<String> {
    let named = Swap::of(desired).strategy;
    match choice(desired) {
        Choice::Keep => unused(desired, "none", &[]),
        Choice::Roll(strategy) => {
            let unused = unused(desired, strategy.name, strategy.uses);
            unused.into_iter().chain((strategy.problems)(desired)).collect()
        }
        Choice::Unavailable(why) => Vec::from_iter(named.map(|name| format!("`{name}` cannot be: {why}"))),
    }
}

fn unused(desired: &Attributes, strategy: &str, used: &[&str]) -> Vec<String> {
    let fields = known_fields(desired);
    let written = fields.iter().filter(|(_, value)| **value != Value::Null);
    let unused = written.filter(|(name, _)| name.as_str() != "strategy" && !used.contains(&name.as_str()));
    unused.map(|(name, _)| format!("the strategy `{strategy}` does not use `{name}`; leave it out")).collect()
}

fn capacity_problem(desired: &Attributes) -> Option<(AttributeName, String)> {
    let (min, max) = (int(desired, "min_size")?, int(desired, "max_size")?);
    let wanted = int(desired, "desired_capacity").filter(|wanted| !(min..=max).contains(wanted))?;
    let text =
        format!("desired_capacity is {wanted}, and must lie between min_size {min} and max_size {max}");
    (min <= max).then(|| (AttributeName::new("desired_capacity"), text))
}

fn template_problem(desired: &Attributes) -> Option<(AttributeName, String)> {
    let launch = desired.get("launch")?.known()?.as_str()?;
    let configuration = matches!(Launch::parse(launch), Launch::Configuration(_));
    let text = "a mixed_instances_policy needs a launch template, and `launch` is a launch configuration";
    (configuration && given(desired, "mixed_instances_policy"))
        .then(|| (AttributeName::new("mixed_instances_policy"), text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn desired(json: serde_json::Value) -> Attributes {
        let values: BTreeMap<AttributeName, Value> = serde_json::from_value(json).expect("values");
        values.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect()
    }

    fn sentences(json: serde_json::Value) -> String {
        let found: Vec<String> =
            problems(&desired(json)).into_iter().map(|(name, text)| format!("{name}: {text}")).collect();
        found.join("\n")
    }

    #[test]
    fn users_move_between_load_balancers_only_where_there_is_one() {
        insta::assert_snapshot!(
            sentences(serde_json::json!({ "swap": { "strategy": "dns_weighted" } })),
            @"swap: `dns_weighted` moves users from one load balancer to another, and `load_balancers` names none"
        );
    }

    #[test]
    fn stages_rise_to_the_whole() {
        let canary = |stages: serde_json::Value| {
            sentences(serde_json::json!({ "swap": { "strategy": "canary", "stages": stages } }))
        };
        assert_eq!(canary(serde_json::json!([5, 100])), "");
        insta::assert_snapshot!(canary(serde_json::json!([5, 50])), @"swap: the `stages` of `canary` are 5 and 50%: the last one has to be 100%");
        insta::assert_snapshot!(canary(serde_json::json!([50, 5, 100])), @"swap: the `stages` of `canary` are 50, 5 and 100%: they have to rise from above 0%");
        insta::assert_snapshot!(canary(serde_json::json!([0, 100])), @"swap: the `stages` of `canary` are 0 and 100%: they have to rise from above 0%");
    }

    #[test]
    fn a_roll_knows_new_instances_by_an_exact_version() {
        let rolling = |launch: &str| {
            sentences(serde_json::json!({ "launch": launch, "swap": { "strategy": "rolling", "surge": 2 } }))
        };
        assert_eq!(rolling("lt-0123456789abcdef0:7"), "");
        insta::assert_snapshot!(rolling("lt-0123456789abcdef0"), @"swap: `rolling` has to tell old instances from new ones by the version of their template: write `launch = launch_template.NAME`");
    }

    #[test]
    fn what_the_strategy_does_not_use_is_refused() {
        insta::assert_snapshot!(
            sentences(serde_json::json!({ "swap": { "surge": 2, "bake": { "$seconds": 60 } } })),
            @"swap: the strategy `blue_green` does not use `surge`; leave it out"
        );
        insta::assert_snapshot!(
            sentences(serde_json::json!({ "swap": { "strategy": "none", "bake": { "$seconds": 60 } } })),
            @"swap: the strategy `none` does not use `bake`; leave it out"
        );
    }

    #[test]
    fn a_fixed_name_leaves_no_room_for_a_second_group() {
        insta::assert_snapshot!(
            sentences(serde_json::json!({ "name": "web", "swap": { "strategy": "blue_green" } })),
            @"swap: `blue_green` cannot be: its `name` is fixed, and two groups cannot share one: use `rolling`, or write `name_prefix`"
        );
        assert_eq!(sentences(serde_json::json!({ "name": "web" })), "");
    }

    #[test]
    fn sizes_and_templates_must_fit() {
        insta::assert_snapshot!(
            sentences(serde_json::json!({ "min_size": 2, "max_size": 4, "desired_capacity": 5 })),
            @"desired_capacity: desired_capacity is 5, and must lie between min_size 2 and max_size 4"
        );
        insta::assert_snapshot!(
            sentences(serde_json::json!({ "launch": "web-4f2a", "mixed_instances_policy": {} })),
            @"mixed_instances_policy: a mixed_instances_policy needs a launch template, and `launch` is a launch configuration"
        );
    }
}
