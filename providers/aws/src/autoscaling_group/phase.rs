//! Phases: what a step of a swap is to a group. Each strategy lists its own; plans hold their names.

use std::fmt;

use super::act::Act;
use super::observed::Observed;
use super::{back, blue_green, canary, dns_weighted, rolling};

/// A phase of a swap, or of the way back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// The name of its operation, as it stands in plans.
    pub(crate) name: &'static str,
    /// What has to be asked beside the groups themselves.
    pub(crate) looks: Looks,
    /// The condition that it wants to hold for a while.
    pub(crate) steady: fn(&Observed) -> bool,
    /// What it does next, from what is observed now.
    pub(crate) next: fn(&Observed) -> Next,
}

/// What a phase decides from beside the groups. Each costs calls, so it is asked for only where it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Looks {
    /// What load balancers say of instances.
    pub(crate) health: bool,
    /// What the new group has done: it tells why one does not come up.
    pub(crate) activities: bool,
    /// What the alarms say that watch the swap.
    pub(crate) alarms: bool,
    /// What could keep the swap from beginning.
    pub(crate) preflight: bool,
}

impl Looks {
    /// The groups say it all.
    pub(crate) const NOTHING: Self =
        Self { health: false, activities: false, alarms: false, preflight: false };
    /// What load balancers say.
    pub(crate) const HEALTH: Self = Self { health: true, ..Self::NOTHING };
    /// What the new group has done, and the alarms.
    pub(crate) const ACTIVITIES: Self = Self { activities: true, alarms: true, ..Self::NOTHING };
    /// Whether the new group comes up and serves.
    pub(crate) const ARRIVAL: Self = Self { health: true, ..Self::ACTIVITIES };
    /// Whether what serves goes on serving.
    pub(crate) const BAKING: Self = Self { health: true, alarms: true, ..Self::NOTHING };
    /// Whether a swap may begin.
    pub(crate) const BEFORE: Self = Self { preflight: true, ..Self::BAKING };
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next<A = Act> {
    /// This.
    Act(A),
    /// Nothing but looking again: what is waited for.
    Wait(String),
    /// The phase is over.
    Done,
    /// The phase cannot be finished any more, and why.
    Stuck(String),
}

/// The phases of all strategies and of the way back.
const LISTS: [&[Phase]; 5] =
    [&blue_green::PHASES, &canary::PHASES, &dns_weighted::PHASES, &rolling::PHASES, &back::PHASES];

/// All phases.
pub(crate) fn all() -> impl Iterator<Item = &'static Phase> {
    LISTS.into_iter().flatten()
}

impl Phase {
    /// The phase that an operation runs.
    pub(crate) fn named(operation: &str) -> Option<&'static Self> {
        all().find(|phase| phase.name == operation)
    }

    /// What it does next, unless an alarm says otherwise: it is the first thing that counts.
    pub(crate) fn decide(&self, o: &Observed) -> Next {
        let alarmed = if o.pinned.is_some() { o.alarms.gone_off() } else { o.alarms.unfit() };
        alarmed.map_or_else(|| (self.next)(o), Next::Stuck)
    }
}

/// For phases that wait for nothing to last.
pub(crate) fn always(_: &Observed) -> bool {
    true
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_phases_share_a_name() {
        let names: BTreeSet<&str> = all().map(|phase| phase.name).collect();
        assert_eq!(names.len(), all().count());
        assert!(all().all(|phase| Phase::named(phase.name).is_some_and(|found| found.name == phase.name)));
    }
}
