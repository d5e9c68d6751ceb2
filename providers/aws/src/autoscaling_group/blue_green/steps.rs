//! The steps of a swap by blue_green, each after the one before.

use std::time::Duration;

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Part};
use infra_lang::value::Value;

use super::super::lower::{DRAINING, Phases, SETTING, ending, operation, phase, serving_limit};
use super::super::swap::Swap;
use super::STRATEGY;

/// The position of the step that makes the new group.
const MAKE: usize = 1;

/// The steps.
pub(super) fn lower(change: &Change, old: &RemoteId) -> Vec<LoweredStep> {
    let swap = Swap::of(&change.desired);
    let serving = serving_limit(change);
    let drain = swap.drain.map_or(DRAINING, |seconds| Duration::from_secs(seconds + 60));
    let bake = Duration::from_secs(swap.bake());
    let ending = ending(change);
    let new = || LoweredTarget::MadeBy(MAKE);
    let mut phases = Phases::new(old, swap.rolls_back(STRATEGY.rolls_back));
    let hold = format!("hold {old} at its size");
    phases.add(phase("pin", &hold, phases.on_old(), SETTING), Some("unpin"));
    let make = phase("", "make the new group, empty", LoweredTarget::None, SETTING);
    phases.add(LoweredStep { effect: Effect::Create, ..make }, Some("remove"));
    phases.add(phase("scale", "boot as many instances as run now", new(), serving), Some("shrink"));
    phases.add(phase("attach", "attach the new group to its load balancers", new(), serving), Some("leave"));
    phases.add(phase("match", "match the size that the old group has by then", new(), serving), None);
    let leave = format!("cut over: detach {old} from its load balancers");
    let leave = phase("detach", &leave, phases.on_old(), drain);
    phases.add(LoweredStep { guard: Some(operation("floor", &[])), ..leave }, Some("return"));
    let hold = format!("bake for {}", Value::seconds(i64::try_from(swap.bake()).unwrap_or(i64::MAX)));
    phases.add(phase("bake", &hold, new(), bake + SETTING), None);
    phases.add(phase("finalise", "give the new group the sizes of the file", new(), SETTING), Some("repin"));
    let end = phase("retire", &format!("end the instances of {old}"), phases.on_old(), ending);
    phases.add(LoweredStep { part: Part::Retire, guard: Some(operation("floor", &["alone"])), ..end }, None);
    let delete = phase("", &format!("delete {old}"), phases.on_old(), ending);
    phases.add(LoweredStep { effect: Effect::Delete, part: Part::Retire, ..delete }, None);
    phases.steps
}
