//! The steps of a roll, each after the one before.

use std::time::Duration;

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::name::AttributeName;
use infra_lang::residual::Attributes;

use super::super::lower::{DRAINING, Phases, SETTING, live_size, phase, serving_limit};
use super::super::settings::Launch;
use super::super::swap::{Swap, baking, pace};

/// What the roll itself brings to what the file says.
const ITS_OWN: [&str; 8] = [
    "launch",
    "mixed_instances_policy",
    "min_size",
    "max_size",
    "desired_capacity",
    "name",
    "name_prefix",
    "swap",
];

/// What is wrong with a group that is to roll.
pub(super) fn problems(desired: &Attributes) -> Vec<String> {
    let launch = desired.get("launch").and_then(|launch| launch.known()?.as_str().map(Launch::parse));
    let floating = matches!(&launch, Some(Launch::Template { version, .. }) if version.starts_with('$'));
    Vec::from_iter(floating.then(|| {
        "`rolling` has to tell old instances from new ones by the version of their template: write \
         `launch = launch_template.NAME`"
            .to_owned()
    }))
}

/// How many go at a time, and what a way back costs.
pub(super) fn manner(desired: &Attributes, size: i32) -> String {
    let pace = pace(desired);
    let at_once = pace.at_once(size, pace.surge.of(size)).min(size);
    format!(" in place, {at_once} at a time; a way back boots instances too")
}

/// The steps.
pub(super) fn lower(change: &Change, old: &RemoteId) -> Vec<LoweredStep> {
    let swap = Swap::of(&change.desired);
    let (serving, rolling) = (serving_limit(&change.desired), rolling_limit(change));
    let surge = pace(&change.desired).surge.of(live_size(change));
    let instances = if surge == 1 { "instance" } else { "instances" };
    let mut phases = Phases::new(old);
    let others = others(change);
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(AttributeName::as_str).collect();
        let step = phase("", &format!("change {}", names.join(", ")), phases.on_old(), serving);
        phases.add(LoweredStep { effect: Effect::Update(others.clone()), ..step }, None);
    }
    // The way back has the time of the step it takes back, and it has to roll too.
    let hold = format!("hold {old} at its size");
    phases.add(phase("pin", &hold, phases.on_old(), rolling), Some("unroll"));
    let grow = format!("launch {surge} {instances} of the new settings");
    // The phase itself knows when new instances take too long, and says which.
    phases.add(phase("surge", &grow, phases.on_old(), serving + SETTING), None);
    phases.add(phase("roll", "replace the instances of the old settings", phases.on_old(), rolling), None);
    let bake = Duration::from_secs(swap.bake());
    phases.add(phase("watch", &baking(&swap), phases.on_old(), bake + SETTING), None);
    phases.add(phase("restore", "give the group the sizes of the file", phases.on_old(), SETTING), None);
    phases.steps
}

/// The attributes that change in place before anything is launched, so that new instances have them.
fn others(change: &Change) -> Vec<AttributeName> {
    let names = change.attributes.iter().map(|attribute| attribute.name.clone());
    names.filter(|name| !ITS_OWN.contains(&name.as_str())).collect()
}

/// Time for every batch to serve, for three more because groups grow, and for the last to drain.
fn rolling_limit(change: &Change) -> Duration {
    let (pace, size) = (pace(&change.desired), live_size(change));
    let batches = size / pace.at_once(size, pace.surge.of(size)) + 3;
    serving_limit(&change.desired) * u32::try_from(batches).unwrap_or(3) + DRAINING
}
