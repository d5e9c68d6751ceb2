//! Many rehearsals with different seeds: what is usual, and what is the worst.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use serde::{Deserialize, Serialize};

use super::{Ending, GroupTimeline, Rehearsal};

/// How many rehearsals of one plan went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many there were.
    pub runs: usize,
    /// How many ended in each way.
    pub endings: BTreeMap<Ending, usize>,
    /// How long they took.
    pub took_ms: Range,
    /// The groups.
    pub groups: BTreeMap<Address, GroupSpread>,
    /// The seeds with which a group fell under its floor.
    pub under_floor: Vec<u64>,
    /// Requests that were not answered.
    pub dropped: Range,
    /// The seed of the run that went worst.
    pub worst_seed: u64,
}

/// One group in many rehearsals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSpread {
    /// The highest floor it had.
    pub floor: u32,
    /// The fewest that served.
    pub fewest: Range,
    /// The most instances.
    pub peak: Range,
    /// How long its steps took.
    pub took_ms: Range,
}

/// The values that a number took, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Range {
    /// The best.
    pub best: u64,
    /// Half of them are no worse.
    pub median: u64,
    /// 95 of 100 are no worse.
    pub p95: u64,
    /// The worst.
    pub worst: u64,
}

impl Range {
    /// Of values that are the better the smaller they are.
    pub fn of_small(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        Self::of_sorted(&values)
    }

    /// Of values that are the better the greater they are.
    pub fn of_great(mut values: Vec<u64>) -> Self {
        values.sort_unstable_by(|one, other| other.cmp(one));
        Self::of_sorted(&values)
    }

    /// Percentiles by the nearest rank.
    fn of_sorted(values: &[u64]) -> Self {
        let Some(last) = values.len().checked_sub(1) else { return Self::default() };
        let at = |percent: usize| values[(values.len() * percent).div_ceil(100).clamp(1, last + 1) - 1];
        Self { best: values[0], median: at(50), p95: at(95), worst: values[last] }
    }
}

impl Spread {
    /// Sums rehearsals up.
    pub fn of(rehearsals: &[Rehearsal]) -> Self {
        let mut endings = BTreeMap::new();
        for rehearsal in rehearsals {
            *endings.entry(rehearsal.ending).or_default() += 1;
        }
        Self {
            runs: rehearsals.len(),
            endings,
            took_ms: Range::of_small(rehearsals.iter().map(|it| it.took_ms).collect()),
            groups: groups(rehearsals),
            under_floor: rehearsals.iter().filter(|it| !it.keeps_floor()).map(|it| it.seed).collect(),
            dropped: Range::of_small(rehearsals.iter().map(dropped).collect()),
            worst_seed: rehearsals.iter().max_by_key(|it| badness(it)).map_or(0, |it| it.seed),
        }
    }
}

fn dropped(rehearsal: &Rehearsal) -> u64 {
    rehearsal.traffic.values().map(|traffic| traffic.dropped).sum()
}

/// How far under the floor, how it ended, how many requests were lost, how long it took.
fn badness(rehearsal: &Rehearsal) -> (u32, Ending, u64, u64) {
    let missing = |group: &GroupTimeline| group.floor.saturating_sub(group.fewest.serving);
    let missing = rehearsal.groups.values().map(missing).max().unwrap_or(0);
    (missing, rehearsal.ending, dropped(rehearsal), rehearsal.took_ms)
}

fn groups(rehearsals: &[Rehearsal]) -> BTreeMap<Address, GroupSpread> {
    let mut timelines: BTreeMap<&Address, Vec<&GroupTimeline>> = BTreeMap::new();
    for (address, group) in rehearsals.iter().flat_map(|rehearsal| &rehearsal.groups) {
        timelines.entry(address).or_default().push(group);
    }
    timelines.into_iter().map(|(address, groups)| (address.clone(), group(&groups))).collect()
}

fn group(timelines: &[&GroupTimeline]) -> GroupSpread {
    let all = |of: fn(&GroupTimeline) -> u64| timelines.iter().map(|it| of(it)).collect();
    GroupSpread {
        floor: timelines.iter().map(|it| it.floor).max().unwrap_or(0),
        fewest: Range::of_great(all(|it| u64::from(it.fewest.serving))),
        peak: Range::of_small(all(|it| u64::from(it.peak))),
        took_ms: Range::of_small(all(|it| it.took_ms)),
    }
}
