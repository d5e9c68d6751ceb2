//! The phases of a swap and of the way back, by the names that stand in plans.

use std::fmt;

/// A phase of the swap, or of the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The old group is held at its size.
    Pin,
    /// The new group boots.
    Scale,
    /// The new group joins the load balancers.
    Attach,
    /// The new group catches up with what scaling did meanwhile.
    Match,
    /// The old group leaves the load balancers: the cutover.
    Detach,
    /// The new group serves alone while the old one stands by.
    Bake,
    /// The new group gets the sizes of the file.
    Finalise,
    /// The old group's instances end.
    Retire,
    /// Way back: the new group is held at its size.
    Repin,
    /// Way back: the old group joins its load balancers again.
    Return,
    /// Way back: the new group leaves the load balancers.
    Leave,
    /// Way back: the new group's instances end.
    Shrink,
    /// Way back: the new group goes.
    Remove,
    /// Way back: the old group is as it was.
    Unpin,
}

/// All phases by the names of their operations.
pub(crate) const NAMES: [(Phase, &str); 14] = [
    (Phase::Pin, "pin"),
    (Phase::Scale, "scale"),
    (Phase::Attach, "attach"),
    (Phase::Match, "match"),
    (Phase::Detach, "detach"),
    (Phase::Bake, "bake"),
    (Phase::Finalise, "finalise"),
    (Phase::Retire, "retire"),
    (Phase::Repin, "repin"),
    (Phase::Return, "return"),
    (Phase::Leave, "leave"),
    (Phase::Shrink, "shrink"),
    (Phase::Remove, "remove"),
    (Phase::Unpin, "unpin"),
];

impl Phase {
    /// The phase that an operation runs.
    pub(crate) fn named(operation: &str) -> Option<Self> {
        NAMES.iter().find(|(_, name)| *name == operation).map(|(phase, _)| *phase)
    }

    /// Whether load balancers have to be asked about instances.
    pub(crate) fn looks_at_health(self) -> bool {
        !matches!(self, Self::Scale | Self::Finalise | Self::Retire | Self::Repin)
    }

    /// Whether the new group's activities tell why it does not come up.
    pub(crate) fn looks_at_activities(self) -> bool {
        matches!(self, Self::Scale | Self::Attach | Self::Match)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(phase, _)| phase == self).map_or("", |(_, name)| *name);
        f.write_str(name)
    }
}
