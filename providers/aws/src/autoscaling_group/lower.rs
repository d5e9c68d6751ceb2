//! What a change of a group means: the action, its consequence for instances, and its steps.

use std::time::Duration;

use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Operation, Part};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual};
use infra_lang::value::Value;

use super::dns_weighted;
use super::strategy::{Choice, Strategy, USUAL, choice};
use super::swap::{Swap, watchable};
use crate::kind::simple;

/// The attributes that instances are launched from.
pub(super) const LAUNCHING: [&str; 2] = ["launch", "mixed_instances_policy"];
/// The attributes that a group cannot change.
const NAMING: [&str; 2] = ["name", "name_prefix"];

fn has(changed: &[AttributeName], names: &[&str]) -> bool {
    changed.iter().any(|name| names.contains(&name.as_str()))
}

/// What happens to a group whose `changed` attributes differ. A new name is a new group, which users move to by a
/// swap whatever the strategy.
pub(crate) fn action(changed: &[AttributeName], desired: &Attributes) -> Action {
    match has(changed, &NAMING) {
        true if watchable(desired) => Action::Swap,
        true => Action::Replace(replace_order(desired)),
        false if has(changed, &LAUNCHING) && matches!(choice(desired), Choice::Roll(_)) => Action::Swap,
        false => Action::Update,
    }
}

/// Whether the load balancers are replaced with the group, and what to do where they cannot be.
pub(crate) fn takes_along(desired: &Attributes) -> Option<&'static str> {
    let by_weight = matches!(choice(desired), Choice::Roll(it) if it.name == dns_weighted::STRATEGY.name);
    by_weight.then_some(dns_weighted::INSTEAD)
}

/// Why a group cannot swap while users move to another load balancer. One that stays can follow in any case.
pub(crate) fn objection(change: &Change) -> Option<(AttributeName, String)> {
    let renamed = change.attributes.iter().any(|attribute| NAMING.contains(&attribute.name.as_str()));
    let (name, why) = match change.action {
        Action::Swap | Action::Replace(_) if !watchable(&change.desired) => ("target_group_arns", UNWATCHED),
        Action::Swap | Action::Replace(_) if fixed(&change.desired) && !renamed => ("name", TWO_AT_ONCE),
        _ => return None,
    };
    Some((AttributeName::new(name), why.to_owned()))
}

const UNWATCHED: &str = "targets of target groups cannot be watched, so nobody could tell when users may move to the new \
                         load balancer: change one thing at a time";
const TWO_AT_ONCE: &str = "the group's `name` is fixed, so no second one can serve behind the new load balancer: apply \
                           the change of the load balancer first, and that of `launch` after it, or write `name_prefix`";

fn fixed(desired: &Attributes) -> bool {
    desired.get("name").is_some_and(|name| name.known() != Some(&Value::Null))
}

/// New first, unless the name is fixed.
pub(crate) fn replace_order(desired: &Attributes) -> ReplaceOrder {
    if fixed(desired) { ReplaceOrder::OldFirst } else { ReplaceOrder::NewFirst }
}

fn observed(prior: &Prior, name: &str) -> Option<i64> {
    match prior.observed.get(name) {
        Some(Value::Number(number)) => number.to_i64(),
        _ => None,
    }
}

/// What a change means for running instances, in one sentence.
pub(crate) fn consequence(change: &Change) -> Option<String> {
    let prior = change.prior.as_ref()?;
    let running = observed(prior, "instance_count").unwrap_or(0);
    let instances = if running == 1 { "instance" } else { "instances" };
    let changed: Vec<AttributeName> =
        change.attributes.iter().map(|attribute| attribute.name.clone()).collect();
    match change.action {
        Action::Swap | Action::Replace(_) if running == 0 => None,
        Action::Swap if change.rollout.is_some() => Some(format!(
            "{running} of {running} running {instances} replaced: as many boot behind the new load balancer before \
             users move there, and both serve until users have moved{}",
            degraded(change, prior)
        )),
        Action::Swap => {
            let manner = (rolling_by(&change.desired, prior).manner)(&change.desired, live_size(change));
            let degraded = degraded(change, prior);
            Some(format!("{running} of {running} running {instances} replaced{manner}{degraded}"))
        }
        Action::Replace(_) => {
            Some(format!("{running} running {instances} replaced, and nobody watches the capacity"))
        }
        Action::Delete if running > 0 => Some(format!("{running} running {instances} end")),
        Action::Update if change.rollout.is_some() && running > 0 => Some(format!(
            "{running} running {instances} stay, and serve behind the new load balancer too before users move there"
        )),
        Action::Update if has(&changed, &LAUNCHING) => {
            let why = match choice(&change.desired) {
                Choice::Unavailable(why) => format!(": {why}"),
                Choice::Roll(_) | Choice::Keep => String::new(),
            };
            Some(format!("0 of {running} running {instances} will change{why}"))
        }
        _ => None,
    }
}

/// A group that serves less than its floor already is swapped with the floor at what it serves.
fn degraded(change: &Change, prior: &Prior) -> String {
    let sizes = (observed(prior, "desired_capacity"), observed(prior, "in_service_count"));
    let (Some(desired), Some(serving)) = sizes else { return String::new() };
    let percent = Swap::of(&change.desired).min_in_service();
    match (serving as f64) < (desired as f64 * percent / 100.0).ceil() {
        true => format!("; only {serving} of {desired} serve now, so the floor is {serving}"),
        false => String::new(),
    }
}

/// Whether a change runs as a swap: what triggers a replacement may be something else, and users need not notice.
fn swaps(change: &Change) -> bool {
    match change.action {
        Action::Swap => true,
        Action::Replace(ReplaceOrder::NewFirst) => watchable(&change.desired),
        _ => false,
    }
}

/// Whether a swap that fails waits as it is, capacity held, until somebody says how to go on.
pub(crate) fn pauses(change: &Change) -> bool {
    let rolls_back = |prior| Swap::of(&change.desired).rolls_back(strategy(change, prior).rolls_back);
    let moves = swaps(change) || change.rollout.is_some();
    moves && change.prior.as_ref().is_some_and(|prior| !rolls_back(prior))
}

/// The steps of a change.
pub(crate) fn lower(change: &Change) -> Vec<LoweredStep> {
    let mut steps = match &change.prior {
        Some(prior) if swaps(change) => swapped(change, prior),
        Some(prior) if change.action == Action::Update && change.rollout.is_some() => {
            let older = change.retires.iter().map(|id| crate::kind::retire(change, ending(change), id));
            dns_weighted::steps::stay(change, &prior.id).into_iter().chain(older).collect()
        }
        _ => booted(simple(change, serving_limit(&change.desired))),
    };
    let older = |step: &&mut LoweredStep| matches!(&step.target, LoweredTarget::Existing(id) if change.retires.contains(id));
    if change.action != Action::Delete {
        steps.iter_mut().filter(older).for_each(|step| step.guard = Some(operation("outserved", &[])));
    }
    steps
}

/// The operation that gives a group which was made empty its sizes.
pub(crate) const BOOT: &str = "boot";

/// A group is made empty and boots once its hooks, policies and schedules are there.
fn booted(mut steps: Vec<LoweredStep>) -> Vec<LoweredStep> {
    let Some(make) = steps.iter().position(|step| step.effect == Effect::Create) else { return steps };
    let boot = steps.len();
    for after in steps.iter_mut().filter(|step| step.part == Part::Retire).map(|step| &mut step.after) {
        after.iter_mut().filter(|at| **at == make).for_each(|at| *at = boot);
    }
    let timeout = steps[make].timeout;
    let made = &mut steps[make];
    (made.part, made.title, made.timeout) = (Part::Prepare, "make the group, empty".to_owned(), SETTING);
    let title = "boot its instances";
    steps.push(LoweredStep { after: vec![make], ..phase(BOOT, title, LoweredTarget::MadeBy(make), timeout) });
    steps
}

/// An operation with flags.
pub(super) fn operation(name: &str, arguments: &[&str]) -> Operation {
    let flag = |name: &&str| (AttributeName::new(name), Residual::Known(Value::Bool(true)));
    Operation { name: name.to_owned(), arguments: arguments.iter().map(flag).collect() }
}

/// Whether a swap leaves the group as it is and replaces only its instances.
pub(crate) fn keeps_identity(desired: &Attributes, prior: &Prior) -> bool {
    !rolling_by(desired, prior).second_group
}

/// The strategy of a swap. A new name is a new group, which users move to by the usual strategy even if launches
/// alone change nothing.
fn rolling_by(desired: &Attributes, prior: &Prior) -> &'static Strategy {
    match choice(desired) {
        Choice::Roll(strategy) if strategy.second_group || keeps_name(desired, &prior.id) => strategy,
        _ => USUAL,
    }
}

fn keeps_name(desired: &Attributes, id: &RemoteId) -> bool {
    let known = |name: &str| desired.get(name).and_then(|value| value.known()?.as_str());
    match (known("name"), known("name_prefix")) {
        (Some(name), _) => name == id.0,
        (None, Some(prefix)) => id.0.starts_with(prefix),
        (None, None) => !super::swap::given(desired, "name") && !super::swap::given(desired, "name_prefix"),
    }
}

/// The strategy of a change. What takes the place of a group is always another one.
fn strategy(change: &Change, prior: &Prior) -> &'static Strategy {
    match rolling_by(&change.desired, prior) {
        _ if change.rollout.is_some() => &dns_weighted::STRATEGY,
        strategy if strategy.second_group || change.action == Action::Swap => strategy,
        _ => USUAL,
    }
}

fn swapped(change: &Change, prior: &Prior) -> Vec<LoweredStep> {
    let older = change.retires.iter().map(|id| crate::kind::retire(change, ending(change), id));
    (strategy(change, prior).lower)(change, &prior.id).into_iter().chain(older).collect()
}

fn seconds(desired: &Attributes, name: &str) -> Option<u64> {
    match desired.get(name)?.known()? {
        Value::Quantity(quantity) => {
            quantity.amount.ceil().to_i64().and_then(|seconds| u64::try_from(seconds).ok())
        }
        _ => None,
    }
}

/// The longest wait for new instances to serve: the grace period, the longest health check of a load balancer's
/// defaults (10 times 30 s), and some.
pub(super) fn serving_limit(desired: &Attributes) -> Duration {
    let grace = seconds(desired, "health_check_grace_period").unwrap_or(300);
    Duration::from_secs(Swap::of(desired).timeout.unwrap_or(grace + 300 + 90))
}

/// How many instances the group is to have now, as far as AWS has said.
pub(super) fn live_size(change: &Change) -> i32 {
    let live = change.prior.as_ref().and_then(|prior| observed(prior, "desired_capacity"));
    live.and_then(|size| i32::try_from(size).ok()).unwrap_or(0)
}

/// A setting takes effect at once; what may take time is AWS showing it.
pub(super) const SETTING: Duration = Duration::from_secs(300);
/// Instances drain, and hooks may take a while to say goodbye.
const ENDING: Duration = Duration::from_secs(1800);

/// How long the instances of a group may take to end.
pub(super) fn ending(change: &Change) -> Duration {
    change.timeouts.get("delete").copied().unwrap_or(ENDING)
}

/// The longest a load balancer lets open connections finish (ConnectionDraining, Timeout), and a minute.
pub(super) const DRAINING: Duration = Duration::from_secs(3600 + 60);

/// The steps of a swap, each after the one before.
pub(super) struct Phases<'a> {
    old: &'a RemoteId,
    /// In their order.
    pub(super) steps: Vec<LoweredStep>,
}

impl<'a> Phases<'a> {
    /// No steps yet.
    pub(super) fn new(old: &'a RemoteId) -> Self {
        Self { old, steps: Vec::new() }
    }

    /// The old group.
    pub(super) fn on_old(&self) -> LoweredTarget {
        LoweredTarget::Existing(self.old.clone())
    }

    /// Adds a step, and the operation that takes it back.
    pub(super) fn add(&mut self, step: LoweredStep, undo: Option<&str>) {
        let after = Vec::from_iter(self.steps.len().checked_sub(1));
        let undo = undo.map(|name| operation(name, &[]));
        self.steps.push(LoweredStep { after, undo, ..step });
    }
}

/// The same step at a stage: with so much of the new capacity, in percent.
pub(super) fn at_stage(step: LoweredStep, percent: f64) -> LoweredStep {
    match step.effect {
        Effect::Operate(mut operation) => {
            let stage = Residual::Known(crate::codec::percent(percent));
            operation.arguments.insert(AttributeName::new("stage"), stage);
            LoweredStep { effect: Effect::Operate(operation), ..step }
        }
        effect => LoweredStep { effect, ..step },
    }
}

/// A step that runs a phase.
pub(super) fn phase(name: &str, title: &str, target: LoweredTarget, timeout: Duration) -> LoweredStep {
    LoweredStep {
        effect: Effect::Operate(operation(name, &[])),
        target,
        part: Part::Establish,
        title: title.to_owned(),
        guard: None,
        undo: None,
        timeout,
        after: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
