//! The steps of a swap to a second group, each after the one before. A strategy that goes another way in between puts
//! the same parts together.

use std::time::Duration;

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Part};

use super::super::carry::CARRY;
use super::super::lower::{DRAINING, Phases, SETTING, at_stage, ending, operation, phase, serving_limit};
use super::super::signal::{SIGNAL, UNSIGNAL};
use super::super::swap::{Swap, baking};

/// The position of the step that makes the new group.
const MAKE: usize = 1;

/// The steps.
pub(super) fn lower(change: &Change, old: &RemoteId) -> Vec<LoweredStep> {
    let mut parts = Parts::new(change, old);
    parts.begin();
    parts.arrive();
    parts.take_over();
    parts.into_steps()
}

/// The steps of a swap as they come together, part by part.
pub(crate) struct Parts<'a> {
    change: &'a Change,
    old: &'a RemoteId,
    swap: Swap,
    phases: Phases<'a>,
}

impl<'a> Parts<'a> {
    /// No steps yet.
    pub(crate) fn new(change: &'a Change, old: &'a RemoteId) -> Self {
        Self { change, old, swap: Swap::of(&change.desired), phases: Phases::new(old) }
    }

    /// All of them.
    pub(crate) fn into_steps(self) -> Vec<LoweredStep> {
        self.phases.steps
    }

    fn on_new() -> LoweredTarget {
        LoweredTarget::MadeBy(MAKE)
    }

    /// The old group is held, and the new one is made.
    pub(crate) fn begin(&mut self) {
        let hold = format!("hold {} at its size", self.old);
        self.phases.add(phase("pin", &hold, self.phases.on_old(), SETTING), Some("unpin"));
        let make = phase("", "make the new group, empty", LoweredTarget::None, SETTING);
        self.phases.add(LoweredStep { effect: Effect::Create, ..make }, Some("remove"));
        let carry = format!("carry over what belongs to {}", self.old);
        self.phases.add(phase(CARRY, &carry, Self::on_new(), SETTING), None);
    }

    /// The new group boots and joins the load balancers.
    pub(crate) fn arrive(&mut self) {
        let serving = serving_limit(&self.change.desired);
        let boot = phase("scale", "boot as many instances as run now", Self::on_new(), serving);
        self.phases.add(boot, Some("shrink"));
        let join = phase("attach", "attach the new group to its load balancers", Self::on_new(), serving);
        self.phases.add(join, Some("leave"));
    }

    /// A share of the new group, in percent, boots, joins the load balancers and holds.
    pub(crate) fn arrive_by(&mut self, stage: f64) {
        let serving = serving_limit(&self.change.desired);
        let boot = format!("boot {stage}% of the instances that run now");
        self.phases.add(at_stage(phase("scale", &boot, Self::on_new(), serving), stage), Some("shrink"));
        let join = format!("have {stage}% serve behind the load balancers");
        self.phases.add(at_stage(phase("attach", &join, Self::on_new(), serving), stage), Some("leave"));
        let bake = Duration::from_secs(self.swap.bake());
        let hold = format!("{} at {stage}%", baking(&self.swap));
        self.phases.add(at_stage(phase("try", &hold, Self::on_new(), bake + SETTING), stage), None);
    }

    /// The old group leaves, and goes once the new one has held alone.
    pub(crate) fn take_over(&mut self) {
        let (old, serving, ending) = (self.old, serving_limit(&self.change.desired), ending(self.change));
        let drain = self.swap.drain.map_or(DRAINING, |seconds| Duration::from_secs(seconds + 60));
        let bake = Duration::from_secs(self.swap.bake());
        let on_old = || LoweredTarget::Existing(old.clone());
        let grow = phase("match", "match the size that the old group has by then", Self::on_new(), serving);
        self.phases.add(grow, None);
        let leave =
            phase("detach", &format!("cut over: detach {old} from its load balancers"), on_old(), drain);
        let leave = LoweredStep { guard: Some(operation("floor", &[])), ..leave };
        self.phases.add(leave, Some("return"));
        let follow = phase(SIGNAL, "have alarms follow to the new group", Self::on_new(), SETTING);
        self.phases.add(follow, Some(UNSIGNAL));
        self.phases.add(phase("bake", &baking(&self.swap), Self::on_new(), bake + SETTING), None);
        let sizes = phase("finalise", "give the new group the sizes of the file", Self::on_new(), SETTING);
        self.phases.add(sizes, Some("repin"));
        let end = phase("retire", &format!("end the instances of {old}"), on_old(), ending);
        let guard = Some(operation("floor", &["alone"]));
        self.phases.add(LoweredStep { part: Part::Retire, guard, ..end }, None);
        let delete = phase("", &format!("delete {old}"), on_old(), ending);
        self.phases.add(LoweredStep { effect: Effect::Delete, part: Part::Retire, ..delete }, None);
    }
}
