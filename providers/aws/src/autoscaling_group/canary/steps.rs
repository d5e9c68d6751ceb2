//! The steps of a swap by canary: those of blue_green, with an arrival for each stage.

use infra_engine::change::Change;
use infra_engine::id::RemoteId;
use infra_engine::steps::LoweredStep;

use super::super::blue_green::steps::Parts;
use super::super::swap::Swap;
use super::stages;

/// The steps.
pub(super) fn lower(change: &Change, old: &RemoteId) -> Vec<LoweredStep> {
    let swap = Swap::of(&change.desired);
    let mut parts = Parts::new(change, old);
    parts.begin();
    for stage in stages(&swap) {
        parts.arrive_by(stage);
    }
    parts.take_over();
    parts.into_steps()
}
