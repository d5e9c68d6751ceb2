//! Users move from what a record stood for to what it is to stand for, by weight. Pure: which batch comes next, and
//! whether what was sent has held for long enough.
//!
//! A plain record and weighted ones cannot share a name, so the first batch deletes the one and creates the others
//! and the last one does the reverse; a batch takes effect as a whole (ChangeResourceRecordSets).

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};

use super::name::RecordId;
use crate::autoscaling_group::memory::Held;

/// Records by what they are known by.
pub(super) type Told = BTreeMap<RecordId, ResourceRecordSet>;
/// A batch.
pub(super) type Changes = Vec<(ChangeAction, ResourceRecordSet)>;

/// Names the member of a weighted set that leads to the old.
pub(super) const OLD: &str = "infra:old";
/// Names the one that leads to the new.
pub(super) const NEW: &str = "infra:new";

/// The sum of the two weights; more than 255 no member may have.
const WHOLE: i64 = 255;

/// So many looks in a row find too few serving before that is taken for how it is.
const PATIENCE: u32 = 2;

/// What a record stood for before, and what it is to stand for.
pub(super) struct Sides {
    /// What it is known by, before and after.
    pub(super) id: RecordId,
    /// As it was.
    pub(super) old: ResourceRecordSet,
    /// As it is to be.
    pub(super) new: ResourceRecordSet,
}

/// The weight of the new side for a share in percent. Any share is something, and all of it is only 100%.
pub(super) fn weight(percent: f64) -> i64 {
    let share = (percent.clamp(0.0, 100.0) / 100.0 * WHOLE as f64).round() as i64;
    match percent {
        none if none <= 0.0 => 0,
        all if all >= 100.0 => WHOLE,
        _ => share.clamp(1, WHOLE - 1),
    }
}

/// Whether a record is one of the two that stand for another while users move.
pub(super) fn is_ours(id: &RecordId) -> bool {
    matches!(id.set.as_deref(), Some(OLD | NEW))
}

/// Whether anybody may have been led to the new side.
pub(super) fn is_exposed(told: &Told, sides: &Sides) -> bool {
    told.iter().any(|(id, record)| match id.set.as_deref() {
        Some(NEW) => record.weight().unwrap_or_default() > 0,
        None => {
            record.alias_target() == sides.new.alias_target()
                && record.resource_records() == sides.new.resource_records()
        }
        Some(_) => false,
    })
}

/// The batch after which the new side has this weight and the old one the rest.
///
/// # Errors
/// Somebody else's records share the name: why users cannot be moved by weight.
pub(super) fn weighed(told: &Told, sides: &Sides, weight: i64) -> Result<Changes, String> {
    alone(told, &sides.id)?;
    // All members of a weighted set have the same TTL.
    let ttl = sides.new.ttl().or(sides.old.ttl());
    let old = member(&sides.old, OLD, WHOLE - weight, ttl);
    let new = member(&sides.new, NEW, weight, ttl);
    let plain = told.get(&sides.id).map(|plain| (ChangeAction::Delete, plain.clone()));
    let members = [old, new].map(|member| (ChangeAction::Upsert, member));
    Ok(plain.into_iter().chain(members).collect())
}

fn member(side: &ResourceRecordSet, set: &str, weight: i64, ttl: Option<i64>) -> ResourceRecordSet {
    let mut member = side.clone();
    member.set_identifier = Some(set.to_owned());
    member.weight = Some(weight);
    member.ttl = member.ttl.and(ttl);
    member
}

/// The batch after which one record stands alone.
///
/// # Errors
/// Somebody else's records share the name.
pub(super) fn joined(told: &Told, id: &RecordId, record: &ResourceRecordSet) -> Result<Changes, String> {
    alone(told, id)?;
    let members = told.iter().filter(|(other, _)| is_ours(other));
    let members = members.map(|(_, member)| (ChangeAction::Delete, member.clone()));
    Ok(members.chain([(ChangeAction::Upsert, record.clone())]).collect())
}

fn alone(told: &Told, id: &RecordId) -> Result<(), String> {
    let others: Vec<&str> =
        told.keys().filter(|other| !is_ours(other)).filter_map(|other| other.set.as_deref()).collect();
    match others.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "other {} records of {} have routing policies ({}), so users cannot be moved by weight",
            id.kind,
            id.name,
            others.join(", ")
        )),
    }
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is not sent, or nobody knows whether it was: sending it again does no harm.
    Not,
    /// Not all servers know it yet.
    Pending,
    /// All of Route53's servers know it.
    Known,
}

/// What a step decides from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// How far its batch has come.
    pub(super) sent: Sent,
    /// How many instances get requests on the new side; unknown if it is no load balancer of ours.
    pub(super) serving: Option<usize>,
    /// How many have to.
    pub(super) floor: usize,
    /// For how long they have, since the batch is known.
    pub(super) held: Held,
}

impl Seen {
    /// Whether enough serve on the new side.
    pub(super) fn is_sound(&self) -> bool {
        self.serving.is_none_or(|serving| serving >= self.floor)
    }

    fn count(&self) -> String {
        format!("{} of {}", self.serving.unwrap_or_default().min(self.floor), self.floor)
    }
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Send the batch.
    Send,
    /// Look again in so many seconds; for what.
    Wait(u64, String),
    /// The step is over.
    Done,
    /// It cannot go on, and why.
    Stuck(String),
}

/// What comes next for a step that leads users to the new side, or leaves them there for `hold`.
pub(super) fn forward(seen: &Seen, hold: Duration) -> Next {
    let left = hold.saturating_sub(seen.held.time);
    match (seen.sent, seen.is_sound()) {
        (Sent::Not, false) => {
            Next::Wait(5, format!("{} instances serve behind the new load balancer", seen.count()))
        }
        (Sent::Not, true) => Next::Send,
        (Sent::Pending, _) => Next::Wait(5, "all of Route53's servers to know the change".to_owned()),
        (Sent::Known, false) if seen.held.broken >= PATIENCE => {
            Next::Stuck(format!("only {} instances serve behind the new load balancer", seen.count()))
        }
        (Sent::Known, false) => Next::Wait(
            5,
            format!("another look: {} instances serve behind the new load balancer", seen.count()),
        ),
        (Sent::Known, true) if left.is_zero() => Next::Done,
        (Sent::Known, true) => {
            Next::Wait(again(left), format!("this to hold for {} min more", left.as_secs().div_ceil(60)))
        }
    }
}

/// What comes next for a step that leads users back: those that have the new side's address keep being served for
/// `hold`, unless nobody is there to serve them.
pub(super) fn back(seen: &Seen, hold: Duration) -> Next {
    let left = hold.saturating_sub(seen.held.time);
    match seen.sent {
        Sent::Not => Next::Send,
        Sent::Pending => Next::Wait(5, "all of Route53's servers to know the change".to_owned()),
        Sent::Known if left.is_zero() || seen.serving == Some(0) => Next::Done,
        Sent::Known => Next::Wait(
            again(left),
            format!("clients to forget the new load balancer, {} min more", left.as_secs().div_ceil(60)),
        ),
    }
}

/// Seconds until the next look at what has to hold for so long: an hour of looks must not use up what Route53 answers.
fn again(left: Duration) -> u64 {
    left.as_secs().clamp(1, 15)
}

#[cfg(test)]
#[path = "shift_tests.rs"]
mod tests;
