//! The instances of a rolling group, and which of them goes next.

use std::collections::BTreeMap;

use super::super::act::Act;
use super::super::blue_green::resize;
use super::super::group::{Group, Member, Pinned, count};
use super::super::observed::Observed;
use super::super::phase::Next;

/// The instances of a group that rolls: those that are to go and those that are to stay. What is on its way out or
/// set aside is neither.
pub(super) struct Fleet<'a> {
    o: &'a Observed,
    group: &'a Group,
    pinned: &'a Pinned,
    /// Those that are to go.
    pub(super) wrong: Vec<&'a Member>,
    /// Those that stay, booting ones included.
    pub(super) right: Vec<&'a Member>,
    /// Whether what does not serve may go even below the floor: the way back must not wait for it.
    returning: bool,
}

impl<'a> Fleet<'a> {
    /// The fleet, if the group is there and pinned; `wrong` says which instances are to go.
    pub(super) fn new(o: &'a Observed, wrong: impl Fn(&Member) -> bool) -> Option<Self> {
        let (group, pinned) = (o.old.as_ref()?, o.pinned.as_ref()?);
        let staying = group.members.iter().filter(|member| !member.away);
        let (wrong, right) = staying.partition(|member| wrong(member));
        Some(Self { o, group, pinned, wrong, right, returning: false })
    }

    /// The same on the way back.
    pub(super) fn returning(self) -> Self {
        Self { returning: true, ..self }
    }

    fn serves(&self, member: &Member) -> bool {
        member.ready && self.pinned.balancers.iter().all(|name| self.o.health.passes(name, &member.id))
    }

    /// How many instances of the new settings serve.
    pub(super) fn right_serving(&self) -> i32 {
        count(self.right.iter().filter(|member| self.serves(member)).count())
    }

    /// How many instances serve.
    pub(super) fn serving(&self) -> i32 {
        self.right_serving() + count(self.wrong.iter().filter(|member| self.serves(member)).count())
    }

    /// How many instances are above the size that carries over, as long as there are enough that go without being
    /// replaced.
    pub(super) fn surge(&self) -> i32 {
        let surge = if self.pinned.launching == self.o.wanted.launching { 0 } else { self.pinned.surge };
        surge.min(self.group.desired)
    }

    /// How many of those that are to go will not be replaced.
    pub(super) fn surplus(&self) -> i32 {
        self.surge().min(count(self.wrong.len()))
    }

    /// The size that carries over: the live one without the surge, which policies and people may change meanwhile.
    pub(super) fn size(&self) -> i32 {
        self.group.desired - self.surplus()
    }

    /// How many instances must serve at any time: the share of the size that carries over; of a group that served
    /// less to begin with, what it served.
    pub(super) fn floor(&self) -> i32 {
        match self.pinned.serving < self.o.share(self.pinned.desired) {
            true => self.pinned.serving,
            false => self.o.share(self.size().max(self.pinned.desired)),
        }
    }

    /// How many instances are about to come: not launched yet, or not serving yet. On the way back those that were
    /// there before need not serve, for perhaps they never did.
    pub(super) fn coming(&self) -> i32 {
        let there = count(self.right.len() + self.wrong.len());
        let arrived = match self.returning {
            true => count(self.right.iter().filter(|member| member.ready).count()),
            false => self.right_serving(),
        };
        (self.group.desired - there).max(0) + count(self.right.len()) - arrived
    }

    /// Whether only instances that stay are left, and enough of them serve.
    pub(super) fn is_through(&self) -> bool {
        self.wrong.is_empty() && self.coming() == 0 && self.right_serving() >= self.floor()
    }

    fn batch(&self) -> i32 {
        self.o.wanted.pace.at_once(self.pinned.desired, self.pinned.surge)
    }

    /// What is done next: an instance ends if the floor allows it and not too many are coming already.
    pub(super) fn next(&self) -> Next {
        let seen = self.o.held.polls + self.o.held.broken >= 2;
        if self.size() < self.pinned.desired && seen {
            return self.regrow();
        }
        if self.wrong.is_empty() {
            return Next::Wait(self.progress());
        }
        match self.surplus() == count(self.wrong.len()) {
            true => self.end_surplus(),
            false if self.coming() >= self.batch() => Next::Wait(self.progress()),
            false => self.end(false),
        }
    }

    /// Somebody has taken the surge away, which the floor stands on.
    fn regrow(&self) -> Next {
        let size = self.pinned.desired + self.surplus();
        resize(self.group, Some(size), Some(self.group.max.max(size)), Some(size))
    }

    /// The last ones are not replaced, so all that stay have to be there.
    fn end_surplus(&self) -> Next {
        match self.size() {
            _ if self.coming() > 0 => Next::Wait(self.progress()),
            size if self.group.min > size => resize(self.group, Some(size), None, None),
            _ => self.end(true),
        }
    }

    fn end(&self, shrink: bool) -> Next {
        match self.victim() {
            Some(victim) => {
                Next::Act(Act::End { group: self.group.name.clone(), instance: victim.id.clone(), shrink })
            }
            None => {
                let (serving, floor) = (self.serving(), self.floor());
                Next::Wait(format!("more than the floor of {floor} to serve; {serving} instances do"))
            }
        }
    }

    /// The one that goes next: first what does not serve, then from the zone with most that will be replaced, always the same one
    /// as long as nothing changes, so that what AWS does not show yet is not done to another.
    fn victim(&self) -> Option<&'a Member> {
        let room = self.serving() - self.floor();
        let (crowd, kept) = (zones(&self.wrong), self.kept_for_last());
        let crowd = |zone: &str| {
            crowd.get(zone).copied().unwrap_or_default() - kept.get(zone).copied().unwrap_or_default()
        };
        let order = |member: &&&'a Member| {
            (self.serves(member), std::cmp::Reverse(crowd(&member.zone)), member.id.as_str())
        };
        let may_go = |member: &&&'a Member| match self.serves(member) {
            true => room >= 1 && self.covered(member),
            false => room >= 0 || self.returning,
        };
        self.wrong.iter().filter(may_go).min_by_key(order).copied()
    }

    /// From which zones those go that are not replaced, and how many of each: from the fullest. Otherwise Auto Scaling
    /// would level the zones afterwards, and it does not ask the load balancers who serves.
    fn kept_for_last(&self) -> BTreeMap<&'a str, i32> {
        let (wrong, all) = (zones(&self.wrong), self.filled());
        let mut kept: BTreeMap<&str, i32> = BTreeMap::new();
        for _ in 0..self.surplus() {
            let left = |zone: &str| kept.get(zone).copied().unwrap_or_default();
            let open = wrong.iter().filter(|(zone, there)| left(zone) < **there).map(|(zone, _)| *zone);
            let fullest = open.max_by_key(|zone| all.get(zone).copied().unwrap_or_default() - left(zone));
            fullest.into_iter().for_each(|zone| *kept.entry(zone).or_default() += 1);
        }
        kept
    }

    /// How many instances each zone will have once Auto Scaling has launched what is missing, each where the fewest are.
    fn filled(&self) -> BTreeMap<&'a str, i32> {
        let mut all = zones(&self.wrong);
        zones(&self.right).into_iter().for_each(|(zone, there)| *all.entry(zone).or_default() += there);
        let missing = self.group.desired - all.values().sum::<i32>();
        for _ in 0..missing {
            let emptiest = all.values_mut().min();
            emptiest.into_iter().for_each(|there| *there += 1);
        }
        all
    }

    /// Whether the zone of an instance serves without it, where that counts.
    fn covered(&self, leaving: &Member) -> bool {
        let mut others = self.right.iter().chain(&self.wrong).filter(|other| other.id != leaving.id);
        !self.pinned.zoned || others.any(|other| other.zone == leaving.zone && self.serves(other))
    }

    /// How far it is, in words.
    pub(super) fn progress(&self) -> String {
        let (right, coming) = (self.right_serving(), self.coming());
        let all = count(self.right.len() + self.wrong.len()).max(self.group.desired);
        let are = if self.returning { "are back" } else { "are new" };
        match coming {
            0 => format!("{right} of {all} instances {are}"),
            _ => format!("{right} of {all} instances {are}, {coming} to serve"),
        }
    }
}

/// How many instances are in each zone.
fn zones<'a>(members: &[&'a Member]) -> BTreeMap<&'a str, i32> {
    members.iter().fold(BTreeMap::new(), |mut zones, member| {
        *zones.entry(member.zone.as_str()).or_default() += 1;
        zones
    })
}
