//! From a journal to the state it adds up to.

use infra_lang::name::{AttributeName, Identifier};
use infra_lang::residual::{Residual, Values};
use infra_lang::value::Value;

use crate::assertion::{Judgement, Subject};
use crate::change::{Action, Change};
use crate::ephemeral::kept;
use crate::id::{ChangeId, RemoteId, StepId};
use crate::journal::{IllegalEvent, JournalEvent, StepStatus};
use crate::ledger::Ledger;
use crate::moved::rename;
use crate::plan::{OutputChange, Plan, RecordSketch};
use crate::provider::Outcome;
use crate::seal::{SealKey, seal, seal_values};
use crate::state::{Physical, Record, State};
use crate::steps::Effect;

/// The state after these events of a plan that was made from `state`; its serial is left to whoever saves it.
pub fn settle(state: &State, plan: &Plan, events: &[JournalEvent]) -> Result<State, IllegalEvent> {
    let ledger = Ledger::replay(plan, events)?;
    Ok(Settling { ledger: &ledger, key: &state.key }.run(state))
}

/// An apply on its way into the state.
pub(crate) struct Settling<'a> {
    pub(crate) ledger: &'a Ledger<'a>,
    pub(crate) key: &'a SealKey,
}

impl Settling<'_> {
    pub(crate) fn run(&self, state: &State) -> State {
        let plan = self.ledger.plan;
        let mut state = rename(state, &plan.moves).into_owned();
        for (address, sketch) in &plan.records {
            if let Some(record) = state.records.get_mut(address) {
                refresh(record, sketch);
            }
        }
        for (at, step) in plan.steps.steps.iter().enumerate() {
            let change = self.ledger.change_of(step);
            let empty = || Record::empty(change.kind.clone());
            let record = state.records.entry(change.address.clone()).or_insert_with(empty);
            self.step(record, StepId(at), &step.effect, change);
        }
        for (at, change) in plan.changes.iter().enumerate() {
            if let Some(record) = state.records.get_mut(&change.address) {
                self.finish(record, ChangeId(at), change);
            }
        }
        state.records.retain(|_, record| record.objects().next().is_some());
        for (name, output) in &plan.outputs {
            match self.output(name, output) {
                Some(value) => state.outputs.insert(name.clone(), value),
                None => state.outputs.remove(name),
            };
        }
        state
    }

    fn step(&self, record: &mut Record, id: StepId, effect: &Effect, change: &Change) {
        let schedule = &self.ledger.schedule;
        let status = schedule.status(id);
        let Some(object) = schedule.target(id) else { return };
        match (effect, status) {
            (_, StepStatus::NeverStarted | StepStatus::Undone) => {}
            (Effect::Create, StepStatus::Succeeded(outcome)) => {
                promote(record, self.made(object, change, outcome));
            }
            (Effect::Create, _) => keep_unfinished(record, object),
            (Effect::Adopt, StepStatus::Succeeded(outcome)) => {
                promote(record, self.made(object, change, outcome));
            }
            (Effect::Update(names), StepStatus::Succeeded(outcome)) => {
                let written = self.written(change);
                if let Some(object) = find(record, &object) {
                    write(object, names, &written);
                    read(object, outcome);
                }
            }
            (Effect::Operate(_), StepStatus::Succeeded(outcome)) => {
                if let Some(object) = find(record, &object) {
                    read(object, outcome);
                }
            }
            (Effect::Delete, _) if schedule.is_kept_after_all(id) => {}
            (Effect::Delete | Effect::Forget, StepStatus::Succeeded(_)) => remove(record, &object),
            _ => {}
        }
    }

    /// What was written, as far as it is known, as the state may keep it.
    fn written(&self, change: &Change) -> Values {
        seal_values(&self.ledger.known.resolve_some(&kept(&change.desired)), self.key)
    }

    fn made(&self, id: RemoteId, change: &Change, outcome: &Outcome) -> Physical {
        let read = outcome.observed.clone();
        let before =
            || change.prior.iter().filter(|prior| prior.id == id).map(|prior| prior.observed.clone()).next();
        Physical {
            applied: self.written(change),
            observed: read.or_else(before).unwrap_or_default(),
            identity: change.identity.clone(),
            id,
        }
    }

    /// Once all that is new of a change stands, all of what is wanted is applied.
    fn finish(&self, record: &mut Record, id: ChangeId, change: &Change) {
        let sketch = self.ledger.plan.records.get(&change.address);
        let established = self.ledger.schedule.is_established(id);
        let wanted = !matches!(change.action, Action::Delete | Action::Forget | Action::Prune);
        let (Some(sketch), true) = (sketch, wanted) else { return };
        if !established {
            record.dependencies.extend(sketch.dependencies.iter().cloned());
            return;
        }
        record.dependencies = sketch.dependencies.clone();
        record.protected = sketch.protected;
        if let (Action::Swap, Some(prior)) = (change.action, &change.prior) {
            record.previous = Some(prior.applied.clone());
        }
        if let Some(current) = &mut record.current {
            current.applied = self.written(change);
            current.identity = change.identity.clone();
        }
    }

    /// The value after the apply; that of before if it depends on something that failed, or if a precondition of it is
    /// not known to hold.
    fn output(&self, name: &Identifier, output: &OutputChange) -> Option<Value> {
        let own = self.ledger.plan.assertions.iter().filter(|it| it.subject == Subject::Output(name.clone()));
        if own.into_iter().any(|it| it.condition.judge(&self.ledger.known) != Judgement::Holds) {
            return output.before.clone();
        }
        match self.ledger.known.simplify(output.after.as_ref()?) {
            Residual::Known(value) => Some(seal(&value, self.key)),
            _ => output.before.clone(),
        }
    }
}

/// Brings a record up to what was seen when the plan was made.
fn refresh(record: &mut Record, sketch: &RecordSketch) {
    record.former.retain(|object| !sketch.gone.contains(&object.id));
    record.current.take_if(|object| sketch.gone.contains(&object.id));
    if let Some(refreshed) = &sketch.refreshed {
        record.current = Some(refreshed.clone());
        record.dependencies = sketch.dependencies.clone();
        record.protected = sketch.protected;
    }
}

/// Makes an object the address's own; the one it had becomes an older one.
fn promote(record: &mut Record, object: Physical) {
    remove(record, &object.id);
    record.former.extend(record.current.take());
    record.current = Some(object);
}

/// Remembers an object that was begun and not finished, so that it is not lost. It is the address's own only if
/// there is no other.
fn keep_unfinished(record: &mut Record, id: RemoteId) {
    if record.objects().any(|object| object.id == id) {
        return;
    }
    let object = Physical { id, applied: Values::new(), observed: Values::new(), identity: None };
    match record.current {
        Some(_) => record.former.push(object),
        None => record.current = Some(object),
    }
}

fn remove(record: &mut Record, id: &RemoteId) {
    record.current.take_if(|object| object.id == *id);
    record.former.retain(|object| object.id != *id);
}

fn find<'r>(record: &'r mut Record, id: &RemoteId) -> Option<&'r mut Physical> {
    record.current.iter_mut().chain(&mut record.former).find(|object| object.id == *id)
}

fn write(object: &mut Physical, names: &[AttributeName], written: &Values) {
    for name in names {
        match written.get(name) {
            Some(value) => object.applied.insert(name.clone(), value.clone()),
            None => object.applied.remove(name),
        };
    }
}

fn read(object: &mut Physical, outcome: &Outcome) {
    if let Some(id) = &outcome.id {
        object.id = id.clone();
    }
    object.observed.extend(outcome.observed.clone().into_iter().flatten());
}
