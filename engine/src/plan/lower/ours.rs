//! Steps that concern the state alone, and no kind.

use std::time::Duration;

use crate::change::Change;
use crate::id::RemoteId;
use crate::steps::{Effect, LoweredStep, LoweredTarget, Part};

/// How long a step may take that asks nobody.
const AT_ONCE: Duration = Duration::from_secs(60);

/// Drops all objects of an address from the state.
pub(super) fn forget(change: &Change) -> Vec<LoweredStep> {
    let own = change.prior.iter().map(|prior| &prior.id);
    own.chain(&change.retires).map(|id| step(Effect::Forget, id, format!("forget {id}"))).collect()
}

fn step(effect: Effect, id: &RemoteId, title: String) -> LoweredStep {
    LoweredStep {
        effect,
        target: LoweredTarget::Existing(id.clone()),
        part: Part::Establish,
        title,
        guard: None,
        undo: None,
        timeout: AT_ONCE,
        after: Vec::new(),
    }
}
