//! Which steps may start, which are to be taken back, and which never will. Decides; runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{ChangeId, RemoteId, StepId};
use crate::journal::{IllegalEvent, JournalEvent, StepStatus};
use crate::provider::Outcome;
use crate::steps::{Effect, Part, Step, StepGraph, Target};

/// The notes of the steps of one change, by operation name.
pub type Notes = BTreeMap<String, serde_json::Value>;

/// The steps of a plan and where each stands.
#[derive(Debug, Clone)]
pub struct Schedule<'p> {
    graph: &'p StepGraph,
    by_change: BTreeMap<ChangeId, Vec<StepId>>,
    statuses: Vec<StepStatus>,
    notes: BTreeMap<StepId, (String, serde_json::Value)>,
    outcomes: BTreeMap<StepId, Outcome>,
    failures: BTreeMap<StepId, String>,
    /// The changes that somebody wants back as they were.
    given_up: BTreeSet<ChangeId>,
}

impl<'p> Schedule<'p> {
    /// Where the steps stand after these events; none for a fresh apply.
    pub fn replay<'e>(
        graph: &'p StepGraph,
        events: impl IntoIterator<Item = &'e JournalEvent>,
    ) -> Result<Self, IllegalEvent> {
        let mut schedule = Self {
            graph,
            by_change: by_change(graph),
            statuses: vec![StepStatus::default(); graph.steps.len()],
            notes: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            failures: BTreeMap::new(),
            given_up: BTreeSet::new(),
        };
        events.into_iter().try_for_each(|event| schedule.record(event))?;
        Ok(schedule)
    }

    /// Takes an event in.
    pub fn record(&mut self, event: &JournalEvent) -> Result<(), IllegalEvent> {
        let Some(step) = event.step() else { return Ok(()) };
        let unknown = || IllegalEvent { what: format!("the plan has no step {}", step.0) };
        let status = self.statuses.get_mut(step.0).ok_or_else(unknown)?;
        // What is being made is made first: nobody may know it yet, and then nobody could remove it.
        let made_first = matches!(event, JournalEvent::GivenUp { .. })
            && *status == StepStatus::Started
            && self.graph.steps[step.0].effect == Effect::Create;
        if !made_first {
            *status = status.after(event)?;
        }
        match event {
            JournalEvent::Noted { name, note, .. } => {
                self.notes.insert(step, (name.clone(), note.clone()));
            }
            JournalEvent::Succeeded { outcome, .. } => {
                self.outcomes.insert(step, outcome.clone());
            }
            JournalEvent::Failed { failure, .. } | JournalEvent::Refused { failure, .. } => {
                self.failures.insert(step, failure.clone());
            }
            JournalEvent::Retried { .. } => {
                self.failures.remove(&step);
            }
            JournalEvent::GivenUp { failure, .. } => {
                self.failures.entry(step).or_insert_with(|| failure.clone());
                self.given_up.insert(self.step(step).change);
            }
            _ => {}
        }
        Ok(())
    }

    /// Where a step stands.
    pub fn status(&self, step: StepId) -> &StepStatus {
        &self.statuses[step.0]
    }

    fn step(&self, step: StepId) -> &'p Step {
        &self.graph.steps[step.0]
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = StepId> + use<> {
        (0..self.graph.steps.len()).map(StepId)
    }

    /// The steps of a change, in an order in which they may run.
    pub fn of_change(&self, change: ChangeId) -> impl DoubleEndedIterator<Item = StepId> {
        self.by_change.get(&change).into_iter().flatten().copied()
    }

    /// The steps that may start: all before them is done, and no step of their change has failed.
    pub fn ready(&self) -> impl Iterator<Item = StepId> {
        let may = move |step: &StepId| {
            *self.status(*step) == StepStatus::NeverStarted
                && self.graph.after[step.0].iter().all(|before| self.is_done(*before))
                && !self.is_broken(self.step(*step).change)
        };
        self.all().filter(may)
    }

    /// The steps that have begun and not finished: after a crash, look before you act.
    pub fn in_doubt(&self) -> Vec<StepId> {
        let open = |step: &StepId| matches!(self.status(*step), StepStatus::Started | StepStatus::Undoing);
        self.all().filter(open).collect()
    }

    /// The steps to take back now, at most one of each change: the last one of a failed change first, and only if
    /// nothing of its old has been taken away yet. A failed step is taken back too if it has noted something, for then
    /// it has, or may have, done something. Changes that go back together go back in the reverse of their order.
    pub fn to_undo(&self) -> Vec<StepId> {
        let broken = self.failures.keys().map(|step| self.together(self.step(*step).change));
        let lost = broken.filter(|changes| !self.is_paused(changes)).collect::<BTreeSet<_>>();
        lost.iter().flat_map(|changes| self.next_undos(changes)).collect()
    }

    /// The failed steps whose changes stay as they are until somebody says how to go on.
    pub fn paused(&self) -> Vec<StepId> {
        let failed = self.failures.keys().copied();
        failed.filter(|step| self.is_paused(&self.together(self.step(*step).change))).collect()
    }

    fn is_paused(&self, changes: &BTreeSet<ChangeId>) -> bool {
        let pauses = |step: &StepId| self.step(*step).pauses && changes.contains(&self.step(*step).change);
        self.failures.keys().any(pauses) && self.given_up.is_disjoint(changes)
    }

    /// Whether a step has begun, and what it has done has not been taken back.
    pub fn has_begun(&self, step: StepId) -> bool {
        matches!(self.status(step), StepStatus::Started | StepStatus::Succeeded(_) | StepStatus::Failed(_))
    }

    /// Whether something of a change's old is being taken away, or was.
    pub fn is_retiring(&self, change: ChangeId) -> bool {
        self.of_change(change).any(|step| self.step(step).part == Part::Retire && self.has_begun(step))
    }

    /// A change and those that are taken back with it.
    fn together(&self, change: ChangeId) -> BTreeSet<ChangeId> {
        let found = self.graph.together.iter().find(|changes| changes.contains(&change));
        found.cloned().unwrap_or_else(|| BTreeSet::from([change]))
    }

    fn next_undos(&self, changes: &BTreeSet<ChangeId>) -> Vec<StepId> {
        let blocks = |step: StepId| match self.status(step) {
            StepStatus::Started | StepStatus::UndoFailed(_) => true,
            StepStatus::NeverStarted => false,
            _ => self.step(step).part == Part::Retire,
        };
        let own = || changes.iter().flat_map(|change| self.of_change(*change));
        if own().any(blocks) {
            return Vec::new();
        }
        let standing: Vec<StepId> = own().filter(|step| self.can_go_back(*step)).collect();
        let last = changes
            .iter()
            .filter_map(|change| self.of_change(*change).rev().find(|step| standing.contains(step)));
        let is_first = |step: &StepId| {
            !self.is_undoing(*step) && !standing.iter().any(|other| self.waits_for(*other, *step))
        };
        last.filter(is_first).collect()
    }

    fn is_undoing(&self, step: StepId) -> bool {
        *self.status(step) == StepStatus::Undoing
    }

    /// Whether a step can be taken back, or is just being.
    fn can_go_back(&self, step: StepId) -> bool {
        self.step(step).undo.is_some() && (self.has_acted(step) || self.is_undoing(step))
    }

    /// Whether a step came after another, at any distance.
    fn waits_for(&self, step: StepId, other: StepId) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![step]);
        while let Some(next) = open.pop() {
            open.extend(self.graph.after[next.0].iter().filter(|before| seen.insert(**before)));
        }
        seen.contains(&other)
    }

    fn has_acted(&self, step: StepId) -> bool {
        match self.status(step) {
            StepStatus::Succeeded(_) => true,
            StepStatus::Failed(_) => self.notes.contains_key(&step),
            _ => false,
        }
    }

    /// The steps that never start because of a failure, and the change that is to blame.
    pub fn skipped(&self) -> Vec<(StepId, ChangeId)> {
        let mut blame: BTreeMap<StepId, ChangeId> = BTreeMap::new();
        for step in self.all().filter(|step| *self.status(*step) == StepStatus::NeverStarted) {
            let own = self.step(step).change;
            let inherited = self.graph.after[step.0].iter().find_map(|before| match self.status(*before) {
                StepStatus::Succeeded(_) if self.failures.contains_key(before) => {
                    Some(self.step(*before).change)
                }
                StepStatus::Started | StepStatus::Succeeded(_) => None,
                StepStatus::NeverStarted => blame.get(before).copied(),
                _ => Some(self.step(*before).change),
            });
            let broken = self.broken_beside(own);
            blame.extend(broken.or(inherited).map(|change| (step, change)));
        }
        blame.into_iter().collect()
    }

    /// Whether a step has brought about what it was to, and all that must hold after it does.
    pub fn is_done(&self, step: StepId) -> bool {
        self.stands(step) && !self.failures.contains_key(&step)
    }

    fn stands(&self, step: StepId) -> bool {
        matches!(self.status(step), StepStatus::Succeeded(_))
    }

    /// Whether a step of the change has failed, or what must hold after it does not; or one of a change that is taken
    /// back with it.
    pub fn is_broken(&self, change: ChangeId) -> bool {
        self.broken_beside(change).is_some()
    }

    /// The failed change because of which a change goes no further: itself, or one that is taken back with it.
    fn broken_beside(&self, change: ChangeId) -> Option<ChangeId> {
        if self.failures.is_empty() {
            return None;
        }
        let broken: BTreeSet<ChangeId> = self.failures.keys().map(|step| self.step(*step).change).collect();
        let beside = || broken.intersection(&self.together(change)).next().copied();
        if broken.contains(&change) { Some(change) } else { beside() }
    }

    /// Whether all that is new of a change stands.
    pub fn is_established(&self, change: ChangeId) -> bool {
        self.of_change(change)
            .filter(|step| self.step(*step).part != Part::Retire)
            .all(|step| self.stands(step))
    }

    /// Whether a change has something to prepare, and all of that stands.
    pub fn is_prepared(&self, change: ChangeId) -> bool {
        let prepares = |step: &StepId| self.step(*step).part == Part::Prepare;
        let mut steps = self.of_change(change).filter(prepares).peekable();
        steps.peek().is_some() && steps.all(|step| self.stands(step))
    }

    /// Why a step has failed, also if it has been taken back since.
    pub fn failures(&self) -> &BTreeMap<StepId, String> {
        &self.failures
    }

    /// What a step left behind when it was done, also if it has been taken back since.
    pub fn outcome(&self, step: StepId) -> Option<&Outcome> {
        self.outcomes.get(&step)
    }

    /// The notes of the steps of a change; where two have the same name, that of `own` counts.
    pub fn notes(&self, change: ChangeId, own: StepId) -> Notes {
        let others = self.of_change(change).filter(|step| *step != own);
        others.chain([own]).filter_map(|step| self.notes.get(&step).cloned()).collect()
    }

    /// The id of the object a step has made: as it reported at the end or, before that, noted as `id`.
    pub fn made(&self, step: StepId) -> Option<RemoteId> {
        let reported = self.outcomes.get(&step).and_then(|outcome| outcome.id.clone());
        let noted = || self.notes.get(&step)?.1.get("id")?.as_str().map(RemoteId::from);
        reported.or_else(noted)
    }

    /// Whether a deletion is of an object that the same change has made, or found to be what it was to make: then
    /// nothing may be deleted.
    pub fn is_kept_after_all(&self, step: StepId) -> bool {
        let target = self.target(step);
        let makes =
            |other: &StepId| self.step(*other).effect == Effect::Create && self.made(*other) == target;
        self.step(step).effect == Effect::Delete
            && target.is_some()
            && self.of_change(self.step(step).change).any(|other| makes(&other))
    }

    /// The id of the object a step is about.
    pub fn target(&self, step: StepId) -> Option<RemoteId> {
        match (&self.step(step).target, &self.step(step).effect) {
            (Some(Target::Existing(id)), _) => Some(id.clone()),
            (Some(Target::MadeBy(maker)), _) => self.made(*maker),
            (None, Effect::Create) => self.made(step),
            (None, _) => None,
        }
    }
}

/// The steps of each change, so that nobody looks through all of the plan for the few of one.
fn by_change(graph: &StepGraph) -> BTreeMap<ChangeId, Vec<StepId>> {
    let mut found: BTreeMap<ChangeId, Vec<StepId>> = BTreeMap::new();
    for (at, step) in graph.steps.iter().enumerate() {
        found.entry(step.change).or_default().push(StepId(at));
    }
    found
}
