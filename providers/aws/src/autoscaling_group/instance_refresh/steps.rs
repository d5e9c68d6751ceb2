//! The steps of a swap that AWS carries out.

use std::time::Duration;

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::name::AttributeName;
use infra_lang::residual::Attributes;

use super::super::lower::{DRAINING, Phases, live_size, phase, serving_limit};
use super::super::settings::Launch;
use super::super::swap::{Swap, pace};
use super::{REFRESH, UNREFRESH};

/// What is no setting of the group in AWS, or what a refresh brings by itself.
const NOT_UPDATED: [&str; 4] = ["swap", "desired_capacity", "name", "name_prefix"];
/// What a refresh brings if instances are launched from a template.
const BROUGHT: [&str; 2] = ["launch", "mixed_instances_policy"];

/// AWS tries for an hour before it gives a refresh up.
const GIVING_UP: Duration = Duration::from_secs(3600);

/// What is wrong with a group that is to be refreshed.
pub(super) fn problems(desired: &Attributes) -> Vec<String> {
    let percent = Swap::of(desired).min_in_service();
    let surge = f64::from(pace(desired).surge.of(100));
    Vec::from_iter((surge > percent).then(|| {
        format!(
            "AWS takes no refresh whose `surge` of {surge}% lies more than 100 above what is left of the group at \
             `min_in_service` {percent}%: write less of it"
        )
    }))
}

/// That nobody of ours keeps the floor.
pub(super) fn manner(_: &Attributes, _: i32) -> String {
    " by AWS, which counts what is healthy in the group; a dip behind the load balancers can only be noticed"
        .to_owned()
}

/// The steps.
pub(super) fn lower(change: &Change, old: &RemoteId) -> Vec<LoweredStep> {
    let mut phases = Phases::new(old);
    let settings = settings(change);
    if !settings.is_empty() {
        let names: Vec<&str> = settings.iter().map(AttributeName::as_str).collect();
        let title = format!("change {}", names.join(", "));
        let step = phase("", &title, phases.on_old(), serving_limit(&change.desired));
        phases.add(LoweredStep { effect: Effect::Update(settings.clone()), ..step }, None);
    }
    let title = "have AWS replace the instances, and watch";
    phases.add(phase(REFRESH, title, phases.on_old(), limit(change)), Some(UNREFRESH));
    phases.steps
}

/// What changes before: all but what the refresh brings.
fn settings(change: &Change) -> Vec<AttributeName> {
    let launch = change.desired.get("launch").and_then(|launch| launch.known()?.as_str().map(Launch::parse));
    // What is not known yet is a template's version.
    let configuration = matches!(launch, Some(Launch::Configuration(_)));
    let names = change.attributes.iter().map(|attribute| attribute.name.clone());
    let left_out = |name: &str| NOT_UPDATED.contains(&name) || (!configuration && BROUGHT.contains(&name));
    names.filter(|name| !left_out(name.as_str())).collect()
}

/// Time for every instance by itself, for each stage to hold, and for AWS to give up.
fn limit(change: &Change) -> Duration {
    let swap = Swap::of(&change.desired);
    let one = serving_limit(&change.desired);
    let instances = u32::try_from(live_size(change)).unwrap_or(0) + 1;
    let stages = u32::try_from(swap.stages.as_ref().map_or(0, Vec::len)).unwrap_or(0) + 1;
    one * instances + Duration::from_secs(swap.bake()) * stages + DRAINING + GIVING_UP
}
