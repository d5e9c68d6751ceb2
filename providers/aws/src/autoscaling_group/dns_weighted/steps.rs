//! The steps of a group that users move to, or that stays where they move.

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Part};

use super::super::carry::CARRY;
use super::super::lower::{DRAINING, Phases, SETTING, ending, operation, phase, serving_limit};
use super::super::signal::SIGNAL;
use super::super::swap::Swap;

/// The position of the step that makes the new group.
const MAKE: usize = 1;

/// A second group serves behind the new load balancers; once users have left the old ones, the old group goes.
pub(super) fn swap(change: &Change, old: &RemoteId) -> Vec<LoweredStep> {
    let (serving, ending) = (serving_limit(&change.desired), ending(change));
    let new = || LoweredTarget::MadeBy(MAKE);
    let mut phases = Phases::new(old);
    phases.add(phase("pin", &format!("hold {old} at its size"), phases.on_old(), SETTING), Some("unpin"));
    let make = phase("", "make the new group, empty", LoweredTarget::None, SETTING);
    phases.add(LoweredStep { effect: Effect::Create, ..make }, Some("remove"));
    phases.add(phase(CARRY, &format!("carry over what belongs to {old}"), new(), SETTING), None);
    phases.add(phase("scale", "boot as many instances as run now", new(), serving), Some("shrink"));
    let join = "attach the new group to the new load balancers";
    phases.add(phase("attach", join, new(), serving), Some("leave"));
    phases.add(phase("match", "match the size that the old group has by then", new(), serving), None);
    let retire = |step: LoweredStep| LoweredStep { part: Part::Retire, ..step };
    phases.add(retire(phase(SIGNAL, "have alarms follow to the new group", new(), SETTING)), None);
    phases.add(retire(phase("finalise", "give the new group the sizes of the file", new(), SETTING)), None);
    let end = phase("retire", &format!("end the instances of {old}"), phases.on_old(), ending);
    phases.add(retire(LoweredStep { guard: Some(operation("floor", &["alone"])), ..end }), None);
    let delete = phase("", &format!("delete {old}"), phases.on_old(), ending);
    phases.add(retire(LoweredStep { effect: Effect::Delete, ..delete }), None);
    phases.steps
}

/// The instances stay and serve behind the new load balancers too; once users have left the old ones, so do they.
pub(crate) fn stay(change: &Change, group: &RemoteId) -> Vec<LoweredStep> {
    let drain = Swap::of(&change.desired)
        .drain
        .map_or(DRAINING, |seconds| std::time::Duration::from_secs(seconds + 60));
    let mut phases = Phases::new(group);
    let join = "have its instances serve behind the new load balancers too";
    phases.add(phase("join", join, phases.on_old(), serving_limit(&change.desired)), Some("unjoin"));
    let others = change.attributes.iter().map(|attribute| attribute.name.clone());
    let others: Vec<_> = others.filter(|name| *name != *"load_balancers").collect();
    if !others.is_empty() {
        let update = phase("", "update", phases.on_old(), serving_limit(&change.desired));
        phases.add(LoweredStep { effect: Effect::Update(others), ..update }, None);
    }
    let leave = phase("depart", "leave the old load balancers", phases.on_old(), drain);
    phases.add(LoweredStep { part: Part::Retire, ..leave }, None);
    phases.steps
}
