//! From changes to one table of steps. The kinds give the steps of each change; here they find their order among
//! the steps of other changes.
//!
//! What is new is brought about after the new of everything it refers to. What is old goes once everything that
//! referred to it has brought its own new about and let its own old go.

mod ours;
mod owned;
mod parts;
mod rollouts;

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::residual::references;

use super::draft::Draft;
use super::keep::Fates;
use super::{PlanError, Problem, ProblemKind};
use crate::change::{Action, AttributeChange, Change, Reason};
use crate::graph::DependencyGraph;
use crate::id::{ChangeId, StepId};
use crate::links::{self, Links, reach};
use crate::provider::Kind;
use crate::steps::{Effect, LoweredStep, LoweredTarget, Part, Step, StepGraph, Target};

use owned::Owned;
use parts::Parts;

/// What each step of the table waits for, by position.
type After = Vec<BTreeSet<usize>>;

/// The steps of all changes, numbered so that each comes after those it waits for.
pub(super) fn lower(draft: &Draft<'_>, fates: &Fates) -> Result<StepGraph, PlanError> {
    let mut steps = Vec::new();
    let mut after = After::new();
    let mut parts = BTreeMap::new();
    for (at, change) in draft.changes.values().enumerate() {
        let Some(kind) = draft.input.provider.kind(&change.kind) else { continue };
        let lowered = without_staying(lowered(kind, change), change, fates);
        parts.insert(change.address.clone(), Parts::new(&lowered, steps.len()));
        after.extend(
            lowered.iter().map(|step| step.after.iter().map(|before| before + steps.len()).collect()),
        );
        let offset = steps.len();
        let pauses = kind.pauses(change);
        let placed = lowered.into_iter().map(|step| place(step, ChangeId(at), offset));
        steps.extend(placed.map(|step| Step { pauses, ..step }));
    }
    let owned = Owned::new(draft, &parts);
    order_within(&parts, &mut after);
    order_between(&parts, draft, &owned, &mut after);
    rollouts::order(&parts, draft, &mut after);
    decide_first(&parts, draft, &mut after);
    owned::put_to_use_last(&parts, &owned, &mut after);
    let graph = number(steps, &after).map_err(|ring| ring_problem(draft, &ring))?;
    Ok(paused_together(StepGraph { together: rollouts::together(draft), ..graph }))
}

/// Changes that go back together wait together, too.
fn paused_together(mut graph: StepGraph) -> StepGraph {
    let pausing: BTreeSet<ChangeId> =
        graph.steps.iter().filter(|step| step.pauses).map(|step| step.change).collect();
    let waiting = graph.together.iter().filter(|changes| !changes.is_disjoint(&pausing));
    let waiting: BTreeSet<ChangeId> = waiting.flatten().copied().collect();
    graph.steps.iter_mut().filter(|step| waiting.contains(&step.change)).for_each(|step| step.pauses = true);
    graph
}

/// The kind's steps; those that concern the state alone are ours. An object that is taken over is then brought to what is desired, as far as it can change.
fn lowered(kind: &dyn Kind, change: &Change) -> Vec<LoweredStep> {
    if change.reasons.contains(&Reason::Released) {
        return ours::forget(change);
    }
    let mut steps = kind.lower(change);
    if change.is_import() {
        steps.iter_mut().for_each(|step| step.title = "import".to_owned());
    }
    let changes: Vec<AttributeChange> =
        change.attributes.iter().filter(|attribute| !attribute.forces_new).cloned().collect();
    if change.action == Action::Adopt && !changes.is_empty() {
        let update =
            Change { action: Action::Update, attributes: changes, retires: Vec::new(), ..change.clone() };
        let offset = steps.len();
        let establish: Vec<usize> = (0..offset).filter(|at| steps[*at].part != Part::Retire).collect();
        steps.extend(kind.lower(&update).into_iter().map(|step| shifted(step, offset, &establish)));
    }
    steps
}

/// A step of a second lowering, behind the `before` steps of a first of length `offset`.
fn shifted(mut step: LoweredStep, offset: usize, before: &[usize]) -> LoweredStep {
    step.after = step.after.iter().map(|at| at + offset).chain(before.iter().copied()).collect();
    if let LoweredTarget::MadeBy(maker) = &mut step.target {
        *maker += offset;
    }
    step
}

/// The steps without deletions of objects that stay.
fn without_staying(lowered: Vec<LoweredStep>, change: &Change, fates: &Fates) -> Vec<LoweredStep> {
    let stays = |step: &LoweredStep| match (&step.effect, &step.target) {
        (Effect::Delete, LoweredTarget::Existing(id)) => fates.stays(&change.address, id),
        _ => false,
    };
    let mut left: Vec<LoweredStep> = lowered;
    while let Some(at) = left.iter().position(stays) {
        let taken = left.remove(at);
        left.iter_mut().for_each(|step| splice(step, at, &taken.after));
    }
    left
}

/// Makes a step wait for what the step at `taken`, which is no more, has waited for.
fn splice(step: &mut LoweredStep, taken: usize, waited_for: &[usize]) {
    let shift = |at: usize| if at > taken { at - 1 } else { at };
    let through: &[usize] = if step.after.contains(&taken) { waited_for } else { &[] };
    let kept = step.after.iter().filter(|at| **at != taken).chain(through);
    step.after = kept.map(|at| shift(*at)).collect();
    if let LoweredTarget::MadeBy(maker) = &mut step.target {
        *maker = shift(*maker);
    }
}

fn place(step: LoweredStep, change: ChangeId, offset: usize) -> Step {
    Step {
        change,
        effect: step.effect,
        target: match step.target {
            LoweredTarget::None => None,
            LoweredTarget::Existing(id) => Some(Target::Existing(id)),
            LoweredTarget::MadeBy(at) => Some(Target::MadeBy(StepId(at + offset))),
        },
        part: step.part,
        title: step.title,
        guard: step.guard,
        undo: step.undo,
        timeout: step.timeout,
        pauses: false,
    }
}

/// An object's old goes after its new has come, unless the kind has it the other way round.
fn order_within(parts: &BTreeMap<Address, Parts>, after: &mut After) {
    for parts in parts.values() {
        for retire in &parts.late {
            after[*retire].extend(&parts.last);
        }
    }
}

fn order_between(parts: &BTreeMap<Address, Parts>, draft: &Draft<'_>, owned: &Owned, after: &mut After) {
    let state_links: Links = links::of_state(draft.input.state);
    let establishes = |address: &Address| parts.get(address).is_some_and(|parts| !parts.last.is_empty());
    let has_steps = |address: &Address| parts.contains_key(address);
    for (address, own) in parts {
        for other in reach(&draft.links, address, &establishes) {
            let made = match owned.is_part(address, &other) {
                true => parts[&other].made(),
                false => &parts[&other].last,
            };
            for first in &own.first {
                after[*first].extend(made);
            }
        }
        for other in reach(&state_links, address, &has_steps) {
            if owned.ends_with(address, &other) {
                end_together(&parts[&other], own, after);
                continue;
            }
            let still = !reach(&draft.links, address, &|found| *found == other).is_empty();
            retire_after(&parts[&other], own, still, after);
        }
    }
}

/// What a part leaves behind goes after what its owner leaves: until then it does its work there.
fn end_together(owner: &Parts, part: &Parts, after: &mut After) {
    for retire in &owner.late {
        after[*retire].extend(&part.last);
    }
    for retire in &part.late {
        after[*retire].extend(&owner.late);
    }
}

/// The old of `referred` goes after everything of `own`, which referred to it. An old that has to go before its own
/// new cannot wait for what needs that new, because `own` refers to it `still`: only for what is taken away.
fn retire_after(referred: &Parts, own: &Parts, still: bool, after: &mut After) {
    for retire in &referred.late {
        after[*retire].extend(own.last.iter().chain(&own.late).chain(&own.early));
    }
    for retire in &referred.early {
        after[*retire].extend(&own.early);
        if !still {
            after[*retire].extend(own.last.iter().chain(&own.late));
        }
    }
}

/// What takes an old away before its new waits for what the preconditions of the change refer to, so that nothing is
/// taken away in vain; unless that waits for it in turn.
fn decide_first(parts: &BTreeMap<Address, Parts>, draft: &Draft<'_>, after: &mut After) {
    for (address, own) in parts {
        let conditions = draft.changes.get(address).map(|change| change.preconditions.as_slice());
        let referred = conditions.unwrap_or_default().iter().flat_map(|it| references(&it.condition));
        let referred: BTreeSet<Address> = referred.map(|reference| reference.object).collect();
        let last: Vec<usize> =
            referred.iter().filter_map(|other| parts.get(other)).flat_map(|it| it.last.clone()).collect();
        for (early, last) in own.early.iter().flat_map(|early| last.iter().map(move |last| (*early, *last))) {
            if !waits_for(after, last, early) {
                after[early].insert(last);
            }
        }
    }
}

/// Whether a step waits for another, at any distance.
fn waits_for(after: &After, step: usize, other: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([step]), vec![step]);
    while let Some(next) = open.pop() {
        open.extend(after[next].iter().filter(|before| seen.insert(**before)));
    }
    seen.contains(&other)
}

/// Numbers the steps in an order in which they could run one by one.
fn number(steps: Vec<Step>, after: &After) -> Result<StepGraph, Vec<ChangeId>> {
    let nodes: BTreeMap<usize, BTreeSet<usize>> = after.iter().cloned().enumerate().collect();
    let order = DependencyGraph::new(&nodes).order();
    let order = order.map_err(|ring| ring.0.iter().map(|at| steps[*at].change).collect::<Vec<_>>())?;
    let new: BTreeMap<usize, StepId> =
        order.iter().enumerate().map(|(new, old)| (*old, StepId(new))).collect();
    let renumbered = |old: &usize| {
        let mut step = steps[*old].clone();
        if let Some(Target::MadeBy(maker)) = &mut step.target {
            *maker = new[&maker.0];
        }
        step
    };
    Ok(StepGraph {
        steps: order.iter().map(renumbered).collect(),
        after: order.iter().map(|old| after[*old].iter().map(|before| new[before]).collect()).collect(),
        together: Vec::new(),
    })
}

fn ring_problem(draft: &Draft<'_>, ring: &[ChangeId]) -> PlanError {
    let mut addresses: Vec<String> =
        ring.iter().filter_map(|change| draft.changes.keys().nth(change.0)).map(Address::to_string).collect();
    addresses.dedup();
    let message = format!("these changes wait for one another: {}", addresses.join(", "));
    let hint = "make them in two applies: first those that take a reference away";
    Problem::new(ProblemKind::Cycle, message).hint(hint).into()
}
