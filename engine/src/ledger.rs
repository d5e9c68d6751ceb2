//! What an apply has brought about so far: the journal, with what follows from it for attributes.

use std::collections::BTreeMap;

use infra_lang::name::AttributeName;
use infra_lang::residual::{Unresolved, Values};

use crate::change::{Action, Change};
use crate::ephemeral::kept;
use crate::id::{ChangeId, RemoteId};
use crate::journal::{IllegalEvent, JournalEvent};
use crate::known::{Known, merged};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::steps::{Part, Step};

/// A plan, and the journal of carrying it out so far.
pub(crate) struct Ledger<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) schedule: Schedule<'p>,
    /// The attributes of what is finished.
    pub(crate) known: Known,
}

impl<'p> Ledger<'p> {
    /// The ledger after these events.
    pub(crate) fn replay(plan: &'p Plan, events: &[JournalEvent]) -> Result<Self, IllegalEvent> {
        let schedule = Schedule::replay(&plan.steps, [])?;
        let mut ledger = Self { plan, schedule, known: Known::default() };
        events.iter().try_for_each(|event| ledger.record(event))?;
        Ok(ledger)
    }

    /// Takes an event in.
    pub(crate) fn record(&mut self, event: &JournalEvent) -> Result<(), IllegalEvent> {
        self.schedule.record(event)?;
        match event {
            JournalEvent::LookedUp { lookup, answer } => self.known.insert(lookup.clone(), answer.clone()),
            JournalEvent::Succeeded { step, .. } => self.learn(self.plan.steps.steps[step.0].change),
            JournalEvent::UndoDone { step } => {
                self.known.remove(&self.change_of(&self.plan.steps.steps[step.0]).address);
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn change_of(&self, step: &Step) -> &'p Change {
        &self.plan.changes[step.change.0]
    }

    /// The desired attributes of a change as far as they may be kept, all of which must be known by now.
    fn desired(&self, change: ChangeId) -> Result<Values, (AttributeName, Unresolved)> {
        self.known.resolve_all(&kept(&self.plan.changes[change.0].desired))
    }

    /// Makes the attributes of a change's object known once all that is new of it stands, or once it is prepared:
    /// its parts refer to it before it is put to use.
    fn learn(&mut self, id: ChangeId) {
        let change = &self.plan.changes[id.0];
        let removed = matches!(change.action, Action::Delete | Action::Forget | Action::Prune);
        if removed || !(self.schedule.is_established(id) || self.schedule.is_prepared(id)) {
            return;
        }
        let Ok(desired) = self.desired(id) else { return };
        let Some((object, observed)) = self.object_of(id, change) else { return };
        self.known.insert(change.address.clone(), merged(&observed, &desired, &object));
    }

    /// The object an established change leaves as the address's own, with what was last read of it.
    fn object_of(&self, id: ChangeId, change: &Change) -> Option<(RemoteId, Values)> {
        let made = self.schedule.of_change(id).find(|step| {
            let step = &self.plan.steps.steps[step.0];
            step.target.is_none() && step.part != Part::Retire
        });
        let (object, mut observed) = match (made, &change.prior) {
            (Some(step), _) => (self.schedule.made(step)?, Values::new()),
            (None, Some(prior)) => (prior.id.clone(), prior.observed.clone()),
            (None, None) => return None,
        };
        let steps =
            self.schedule.of_change(id).filter(|step| self.schedule.target(*step).as_ref() == Some(&object));
        let read: BTreeMap<_, _> =
            steps.filter_map(|step| self.schedule.outcome(step)?.observed.clone()).flatten().collect();
        observed.extend(read);
        Some((object, observed))
    }
}
