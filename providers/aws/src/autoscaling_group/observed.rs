//! Everything the phases of a swap decide from, and what follows from it: sizes, floors, who serves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::alarm::Alarms;
use super::group::{Activities, Group, Health, Pinned, count};
use super::launching::Launching;
use super::memory::Held;
use super::pace::{Pace, Portion, share};
#[cfg(doc)]
use super::phase::Phase;

/// What the file wants of the new group.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Wanted {
    /// Never fewer instances.
    pub(crate) min: i32,
    /// Never more instances.
    pub(crate) max: i32,
    /// `EC2` or `ELB`.
    pub(crate) health_check_type: String,
    /// Its load balancers.
    pub(crate) balancers: BTreeSet<String>,
    /// Its suspended processes.
    pub(crate) suspended: BTreeSet<String>,
    /// The share of the live desired size that keeps serving, in percent.
    pub(crate) min_in_service: f64,
    /// How long the new must hold.
    pub(crate) bake: Duration,
    /// What it launches instances from.
    pub(crate) launching: Launching,
    /// For how many seconds after coming into service an instance's health does not count.
    pub(crate) grace: i32,
    /// How fast a group rolls.
    pub(crate) pace: Pace,
    /// How long new instances may take to serve.
    pub(crate) budget: Duration,
    /// The alarms that watch the swap.
    pub(crate) alarms: Vec<String>,
    /// Whether open connections of what leaves are to be waited for, in the words of the file.
    pub(crate) drains: bool,
}

/// What is asked once, before anything is touched.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Preflight {
    /// The instance refresh that is under way.
    pub(crate) refresh: Option<String>,
    /// The load balancers that cut open connections off.
    pub(crate) cutting: Vec<String>,
    /// Whether a load balancer keeps to its zones.
    pub(crate) zoned: bool,
    /// The latest thing that the group has done.
    pub(crate) latest: Option<String>,
}

/// Everything a phase decides from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Observed {
    /// The old group, unless it is gone.
    pub(crate) old: Option<Group>,
    /// The new group, if it is there.
    pub(crate) new: Option<Group>,
    /// What load balancers say, if the phase asks.
    pub(crate) health: Health,
    /// What the new group has done, if the phase asks; what the old one has since it was pinned, if there is no other.
    pub(crate) activities: Activities,
    /// What the alarms say that watch the swap, if the phase asks.
    pub(crate) alarms: Alarms,
    /// What was found before anything was touched.
    pub(crate) preflight: Preflight,
    /// The mark of this swap.
    pub(crate) claim: String,
    /// The share of new capacity that is tried now, in percent; all of it if nothing is said.
    pub(crate) stage: Option<f64>,
    /// Whether a load balancer keeps to its zones, so that each zone has to serve by itself.
    pub(crate) zoned: bool,
    /// How the old group was, once that is written down.
    pub(crate) pinned: Option<Pinned>,
    /// What the file wants.
    pub(crate) wanted: Wanted,
    /// For how long [`Phase::steady`] has been true.
    pub(crate) held: Held,
}

impl Observed {
    /// The live size that carries over: the old group's, never less than when it was pinned.
    pub(crate) fn carried(&self) -> i32 {
        let live = self.old.as_ref().map_or(0, |old| old.desired);
        live.max(self.pinned.as_ref().map_or(0, |pinned| pinned.desired))
    }

    /// How many instances the new group must have ready: at a stage its share of what carries over, in the end all,
    /// before the old one may leave.
    pub(crate) fn target(&self) -> i32 {
        match self.stage.filter(|percent| *percent < 100.0) {
            Some(percent) => Portion::Percent(percent).of(self.carried()),
            None => self.carried().max(self.wanted.min),
        }
    }

    /// The share of a size that keeps serving, rounded up.
    pub(crate) fn share(&self, size: i32) -> i32 {
        share(size, self.wanted.min_in_service)
    }

    /// How many instances above its size a group runs with while it rolls. Where each zone has to serve by itself and
    /// one has but a single instance, there is one more for each. Never more than the group has.
    pub(crate) fn surge(&self, group: &Group) -> i32 {
        let mut zones: BTreeMap<&str, i32> = BTreeMap::new();
        group.ready().for_each(|member| *zones.entry(&member.zone).or_default() += 1);
        let bare = self.preflight.zoned && zones.values().any(|instances| *instances == 1);
        let each = if bare { count(zones.len()) } else { 0 };
        self.wanted.pace.surge.of(group.desired).max(each).min(group.desired)
    }

    /// How many instances must serve at any time: the share of the live size; of a group that served less than
    /// that to begin with, what it served.
    pub(crate) fn floor(&self) -> i32 {
        match &self.pinned {
            Some(pinned) if pinned.serving < self.share(pinned.desired) => pinned.serving,
            _ => self.share(self.carried()),
        }
    }

    /// The floor once the old group has left: whatever that one scales to, the new one's own desired size is what
    /// counts, and it may be smaller than what was carried.
    pub(crate) fn floor_alone(&self) -> i32 {
        let own = self.new.as_ref().map_or(0, |new| self.share(new.desired));
        self.floor().min(own)
    }

    /// How many instances of the new group serve.
    pub(crate) fn new_serving(&self) -> i32 {
        self.new.as_ref().map_or(0, |new| new.serving(&self.wanted.balancers, &self.health))
    }

    /// How many instances of the old group serve, by the load balancers it had when it was pinned.
    pub(crate) fn old_serving(&self) -> i32 {
        let Some(old) = &self.old else { return 0 };
        let balancers = self.pinned.as_ref().map_or(&old.balancers, |pinned| &pinned.balancers);
        old.serving(balancers, &self.health)
    }

    /// Whether enough instances of the new group serve, with `alone` once the old one has left; otherwise what is
    /// missing.
    pub(crate) fn guard(&self, alone: bool) -> Result<(), String> {
        let floor = if alone { self.floor_alone() } else { self.floor() };
        let (serving, bare) = (self.new_serving(), self.bare_zones());
        if serving < floor {
            return Err(format!("the new group serves with {serving} instances, and the floor is {floor}"));
        }
        match !alone && self.zoned && !bare.is_empty() {
            true => Err(format!(
                "no instance of the new group serves in {}, and the load balancer keeps to its zones",
                bare.join(", ")
            )),
            false => Ok(()),
        }
    }

    /// The zones in which instances of the old group are in service and none of the new one serves.
    fn bare_zones(&self) -> Vec<&str> {
        let serves = |id: &str| self.wanted.balancers.iter().all(|name| self.health.passes(name, id));
        let old = self.old.iter().flat_map(Group::ready).map(|member| member.zone.as_str());
        let new = self.new.iter().flat_map(Group::ready).filter(|member| serves(&member.id));
        let covered: BTreeSet<&str> = new.map(|member| member.zone.as_str()).collect();
        old.collect::<BTreeSet<&str>>().difference(&covered).copied().collect()
    }
}
