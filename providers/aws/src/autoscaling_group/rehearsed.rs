//! What a rehearsal of a plan has to know of its groups: how many instances must serve, and how one gets back.

use infra_engine::change::{Action, Change};
use infra_engine::plan::Plan;
use infra_engine::rehearse::Watched;
use infra_lang::address::Address;
use infra_lang::residual::Attributes;
use infra_lang::value::Value;

use super::strategy::{Choice, choice};
use super::swap::Swap;

const GROUP: &str = "autoscaling_group";

/// The kinds whose changes users may notice: what serves, and what stands before it.
const SERVING: [&str; 2] = [GROUP, "elb"];

/// Whether users may notice if the plan goes wrong, so that it is worth a rehearsal. Nobody is served yet by what is
/// only made, and nobody is to be served any more where everything goes.
pub fn is_noticeable(plan: &Plan) -> bool {
    let noticeable = |change: &Change| {
        let serves = SERVING.contains(&change.kind.as_str()) && change.prior.is_some();
        serves && !matches!(change.action, Action::Create | Action::Adopt | Action::Forget)
    };
    !plan.header.destroy && plan.changes.iter().any(noticeable)
}

/// The groups of a plan that have served so far, changed or not.
pub fn watched(plan: &Plan) -> Vec<Watched> {
    let is_group = |address: &&Address| address.kind.as_str() == GROUP;
    plan.records.keys().filter(is_group).filter_map(|address| one(plan, address)).collect()
}

fn one(plan: &Plan, address: &Address) -> Option<Watched> {
    let change = plan.change(address);
    let prior = change.and_then(|change| change.prior.as_ref()).map(|prior| prior.id.to_string());
    let kept = plan.records.get(address).and_then(|record| record.refreshed.as_ref());
    let current = Some(prior.or_else(|| kept.map(|kept| kept.id.to_string()))?);
    let (share, at_most, way_back) = change.map_or((1000, None, UNTOUCHED), of_change);
    let advice = change.map_or(LOWER, advice).to_owned();
    Some(Watched { address: address.clone(), current, share, at_most, way_back: way_back.to_owned(), advice })
}

/// The alarms that watch the swap of a group, as far as they are known.
pub(crate) fn alarms(desired: &Attributes) -> Vec<String> {
    Swap::of(desired).alarms.unwrap_or_default()
}

const LOWER: &str = "a lower floor is written as `min_in_service`; `infra rehearse` shows when and why";
const PROVE: &str = "`swap = { strategy = \"blue_green\" }` proves new instances before old ones leave; a lower floor is \
                     written as `min_in_service`";

/// What would keep the floor.
fn advice(change: &Change) -> &'static str {
    match choice(&change.desired) {
        Choice::Roll(strategy) if strategy.second_group => LOWER,
        _ => PROVE,
    }
}

const UNTOUCHED: &str = "the group itself does not change";

fn of_change(change: &Change) -> (u32, Option<u32>, &'static str) {
    match change.action {
        Action::Delete | Action::Forget => {
            (0, None, "the instances are gone: apply the file as it was before")
        }
        _ => (share(&change.desired), at_most(change), way_back(change)),
    }
}

/// The share of the size that must keep serving, in thousandths.
fn share(desired: &Attributes) -> u32 {
    // A percentage of the schema lies between 0 and 100.
    (Swap::of(desired).min_in_service() * 10.0).ceil() as u32
}

/// A smaller size that is asked for is no dip.
fn at_most(change: &Change) -> Option<u32> {
    let changes = |name: &str| change.attributes.iter().any(|attribute| attribute.name.as_str() == name);
    let wanted = number(&change.desired, "desired_capacity").filter(|_| changes("desired_capacity"));
    [wanted, number(&change.desired, "max_size")].into_iter().flatten().min()
}

fn number(desired: &Attributes, name: &str) -> Option<u32> {
    match desired.get(name)?.known()? {
        Value::Number(number) => number.to_i64().and_then(|number| u32::try_from(number).ok()),
        _ => None,
    }
}

fn way_back(change: &Change) -> &'static str {
    let swaps = matches!(change.action, Action::Swap | Action::Replace(_));
    match choice(&change.desired) {
        Choice::Roll(strategy) if swaps => match strategy.name {
            "rolling" => "instances are launched as before, a batch at a time",
            "instance_refresh" => "another refresh, to the launch settings of before",
            _ => "the old instances serve again, and none has to boot",
        },
        _ => "apply the file as it was before",
    }
}
