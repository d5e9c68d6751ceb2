//! A group spreads its instances evenly over its zones ("rebalancing activities").
//!
//! New instances come first: for a while there are more than the desired number, by a tenth or by one.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::autoscaling::{Group, Member, MemberState};

use super::{capacity, refresh, scale_in};

/// How many of the group's instances are in each of its zones, and how many are in zones that are no longer its own.
fn spread(group: &Group) -> (BTreeMap<&str, u64>, u64) {
    let mut zones: BTreeMap<&str, u64> = group.zones.iter().map(|zone| (zone.as_str(), 0)).collect();
    let mut strangers = 0;
    for member in group.members.values().filter(|member| member.state.counts()) {
        match zones.get_mut(member.zone.as_str()) {
            Some(count) => *count += 1,
            None => strangers += 1,
        }
    }
    (zones, strangers)
}

/// How many instances are where they should not be: zones may differ by one.
fn misplaced(group: &Group) -> u64 {
    let (zones, strangers) = spread(group);
    let most = zones.values().max().copied().unwrap_or_default();
    let least = zones.values().min().copied().unwrap_or_default();
    strangers + most.saturating_sub(least) / 2
}

/// Has a group at rest launch into its emptier zones if it is uneven and there is room; what is then too much goes
/// once they are in service.
pub fn even_out(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let amount = misplaced(group).min((group.size.desired / 10).max(1));
    if amount == 0 || !at_rest(group) || !has_room(model, group) || !gives_way(model, group) {
        return;
    }
    if let Some(group) = model.autoscaling.groups.get_mut(name) {
        group.balancing = amount;
        capacity::poke(model, name);
    }
}

fn at_rest(group: &Group) -> bool {
    let calm = |member: &Member| member.state == MemberState::InService && !member.outgoing && member.healthy;
    let runs = ["AZRebalance", "Launch"].iter().all(|process| group.runs(process));
    let mut counted = group.members.values().filter(|member| member.state.counts());
    runs && group.balancing == 0
        && group.counted() == group.size.desired
        && counted.all(calm)
        && refresh::active(group).is_none()
}

/// Whether scale-in would then end an instance where there are too many: it may be that all of those are protected.
fn gives_way(model: &Model, group: &Group) -> bool {
    let (zones, _) = spread(group);
    let most = zones.values().max();
    let victim = scale_in::victims(model, group, 1).into_iter().next();
    let zone = victim.and_then(|id| group.members.get(&id)).map(|member| member.zone.as_str());
    zone.is_some_and(|zone| zones.get(zone).is_none_or(|count| Some(count) == most))
}

/// Whether the emptiest zone can take an instance like those the group has.
fn has_room(model: &Model, group: &Group) -> bool {
    let (zones, _) = spread(group);
    let emptiest = zones.iter().min_by_key(|(_, count)| **count).map(|(zone, _)| *zone);
    let kind = group.members.values().next().map(|member| member.instance_type.as_str());
    match (emptiest, kind) {
        (Some(zone), Some(kind)) => model.ec2.capacity.has(zone, kind, 1),
        _ => false,
    }
}
