//! What the steps of one change are to the order among changes.

use crate::steps::{LoweredStep, Part};

/// The steps of one change by what they are to others; positions in the plan's table.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Steps that make it, not in use yet; most objects are in use as soon as they are made, and have none.
    pub(super) prepare: Vec<usize>,
    /// Steps that put to use what was prepared.
    pub(super) employ: Vec<usize>,
    /// Steps that begin to bring the new about: they wait for what the object refers to.
    pub(super) first: Vec<usize>,
    /// Steps that finish it: others wait for them.
    pub(super) last: Vec<usize>,
    /// Steps that take the old away before the new can come.
    pub(super) early: Vec<usize>,
    /// Steps that take the old away after the new has come.
    pub(super) late: Vec<usize>,
}

impl Parts {
    /// Sorts the steps of a change that stand from `offset` on in the table.
    pub(super) fn new(lowered: &[LoweredStep], offset: usize) -> Self {
        let before = |at: usize| transitive(lowered, at);
        let is = |at: usize, part: Part| lowered[at].part == part;
        let all = |part: Part| (0..lowered.len()).filter(move |at| is(*at, part));
        let new = || (0..lowered.len()).filter(|at| !is(*at, Part::Retire));
        let is_before_any = |at: usize| new().any(|later| before(later).contains(&at));
        let place = |steps: Vec<usize>| steps.into_iter().map(|at| at + offset).collect();
        let follows = |at: usize| before(at).into_iter().any(|earlier| !is(earlier, Part::Retire));
        let prepared = |at: usize| before(at).into_iter().any(|earlier| is(earlier, Part::Prepare));
        Self {
            prepare: place(all(Part::Prepare).collect()),
            employ: place(all(Part::Establish).filter(|at| prepared(*at)).collect()),
            first: place(new().filter(|at| !follows(*at)).collect()),
            last: place(new().filter(|at| !is_before_any(*at)).collect()),
            early: place(all(Part::Retire).filter(|at| is_before_any(*at)).collect()),
            late: place(all(Part::Retire).filter(|at| !is_before_any(*at)).collect()),
        }
    }

    /// The steps after which the object is there, perhaps not in use yet.
    pub(super) fn made(&self) -> &[usize] {
        if self.prepare.is_empty() { &self.last } else { &self.prepare }
    }
}

/// The steps that come before one, at any distance.
fn transitive(lowered: &[LoweredStep], at: usize) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut open = lowered[at].after.clone();
    while let Some(next) = open.pop() {
        if !found.contains(&next) {
            found.push(next);
            open.extend(&lowered[next].after);
        }
    }
    found
}
