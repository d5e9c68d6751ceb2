//! The ways to roll a group, and which one a group takes.

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::LoweredStep;
use infra_lang::residual::Attributes;

use super::swap::{Swap, given, watchable};
use super::{blue_green, canary, dns_weighted, instance_refresh, rolling};

/// A way to roll a group.
pub(crate) struct Strategy {
    /// Its name in the `swap` block.
    pub(crate) name: &'static str,
    /// What it uses of the block beside `strategy`; the rest is refused.
    pub(crate) uses: &'static [&'static str],
    /// Whether a second group stands beside the old one, so that the name must be free.
    pub(crate) second_group: bool,
    /// Whether a failed swap is taken back unless the block says otherwise.
    pub(crate) rolls_back: bool,
    /// What is wrong with a group that wants it: whatever could not keep the floor, a sentence each.
    pub(crate) problems: fn(&Attributes) -> Vec<String>,
    /// How a group of a size is replaced, where that is worth a word: completes "3 of 3 instances replaced".
    pub(crate) manner: fn(&Attributes, i32) -> String,
    /// The steps of a swap away from the old group.
    pub(crate) lower: fn(&Change, &RemoteId) -> Vec<LoweredStep>,
}

/// All of them.
const STRATEGIES: [&Strategy; 5] = [
    &blue_green::STRATEGY,
    &canary::STRATEGY,
    &dns_weighted::STRATEGY,
    &rolling::STRATEGY,
    &instance_refresh::STRATEGY,
];

/// What a group takes where its block says nothing.
pub(crate) const USUAL: &Strategy = &blue_green::STRATEGY;

/// What a group takes where its block says nothing and its name leaves no room for a second one.
const USUAL_IN_PLACE: &Strategy = &rolling::STRATEGY;

/// For strategies that any group can have.
pub(crate) fn no_problem(_: &Attributes) -> Vec<String> {
    Vec::new()
}

/// For strategies whose manner goes without saying.
pub(crate) fn plainly(_: &Attributes, _: i32) -> String {
    String::new()
}

/// How a group rolls.
#[derive(Clone, Copy)]
pub(crate) enum Choice {
    /// By a strategy.
    Roll(&'static Strategy),
    /// Not at all: running instances stay as they are, as the block says.
    Keep,
    /// Not at all, because what it would roll by cannot be; the sentence says why.
    Unavailable(&'static str),
}

const FIXED_NAME: &str = "its `name` is fixed, and two groups cannot share one: use `rolling`, or \
                          write `name_prefix`";
const TARGET_GROUPS: &str = "targets of target groups cannot be watched yet, and a swap that is not watched may drop \
                             requests; use `none`";
const WEIGHTS: &str = "a swap counts instances, and `weighted_capacity` counts something else; use `none`";
const UNKNOWN: &str = "it is not there yet; use `blue_green`";

/// How a group with these attributes rolls.
pub(crate) fn choice(desired: &Attributes) -> Choice {
    let strategy = match Swap::of(desired).strategy.as_deref() {
        Some("none") => return Choice::Keep,
        Some(name) => STRATEGIES.into_iter().find(|strategy| strategy.name == name),
        None if given(desired, "name") => Some(USUAL_IN_PLACE),
        None => Some(USUAL),
    };
    match strategy {
        None => Choice::Unavailable(UNKNOWN),
        Some(_) if !watchable(desired) => Choice::Unavailable(TARGET_GROUPS),
        Some(_) if weighted(desired) => Choice::Unavailable(WEIGHTS),
        Some(strategy) if strategy.second_group && given(desired, "name") => Choice::Unavailable(FIXED_NAME),
        Some(strategy) => Choice::Roll(strategy),
    }
}

/// Whether a type counts for more than one instance, so that sizes are no numbers of instances.
fn weighted(desired: &Attributes) -> bool {
    let policy = desired.get("mixed_instances_policy").and_then(|policy| super::policy(policy.known()?));
    policy.is_some_and(|policy| {
        policy.r#override.iter().any(|one| one.weighted_capacity.is_some_and(|it| it > 1))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use infra_lang::name::AttributeName;
    use infra_lang::residual::Residual;
    use infra_lang::value::Value;

    use super::*;

    fn chosen(json: serde_json::Value) -> &'static str {
        let values: BTreeMap<AttributeName, Value> = serde_json::from_value(json).expect("values");
        match choice(&values.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect()) {
            Choice::Roll(strategy) => strategy.name,
            Choice::Keep => "none",
            Choice::Unavailable(why) => why,
        }
    }

    #[test]
    fn the_strategy_follows_from_block_name_and_balancers() {
        assert_eq!(chosen(serde_json::json!({ "name_prefix": "web-" })), "blue_green");
        assert_eq!(chosen(serde_json::json!({ "swap": { "strategy": "none" } })), "none");
        assert_eq!(chosen(serde_json::json!({ "name": "web" })), "rolling");
        let forced = serde_json::json!({ "name": "web", "swap": { "strategy": "blue_green" } });
        assert_eq!(chosen(forced), FIXED_NAME);
        assert_eq!(chosen(serde_json::json!({ "swap": { "strategy": "canary" } })), "canary");
        assert_eq!(chosen(serde_json::json!({ "target_group_arns": { "$set": ["arn:1"] } })), TARGET_GROUPS);
    }

    #[test]
    fn what_does_not_count_instances_is_not_rolled() {
        let by = |weight: u32| {
            let types = serde_json::json!([{ "instance_type": "m5.large", "weighted_capacity": weight }]);
            chosen(serde_json::json!({ "mixed_instances_policy": { "override": types } }))
        };
        assert_eq!((by(1), by(2)), ("blue_green", WEIGHTS));
    }

    #[test]
    fn no_two_strategies_share_a_name() {
        let names: std::collections::BTreeSet<&str> =
            STRATEGIES.iter().map(|strategy| strategy.name).collect();
        assert_eq!(names.len(), STRATEGIES.len());
    }
}
