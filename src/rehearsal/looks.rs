//! Looking at the groups of a rehearsal, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_engine::rehearse::{self, GroupTimeline, Sample, StepSpan, Watched};
use infra_engine::steps::StepGraph;
use infra_lang::address::Address;
use infra_local_aws::gauge::{Gauge, GroupGauge, MemberGauge};

use super::world::World;

/// What was seen so far. Clones share it.
#[derive(Clone)]
pub struct Looks {
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What was seen of one group.
struct Seen {
    /// The group that stood for it at the beginning.
    current: Option<String>,
    /// Its address, as the tag `infra:address` has it.
    tag: String,
    /// Its size at the beginning.
    desired: u32,
    /// Its instances at the beginning.
    first: BTreeSet<String>,
    samples: Vec<Sample>,
}

impl Looks {
    /// The first look.
    pub fn begin(world: &World, watched: &[Watched]) -> Self {
        let gauge = world.gauge();
        let seen = watched.iter().map(|watched| Seen::begin(&gauge, watched)).collect();
        let looks = Self { seen: Arc::new(Mutex::new(seen)) };
        looks.look(world);
        looks
    }

    /// One more.
    pub fn look(&self, world: &World) {
        let (at_ms, gauge) = (world.elapsed_ms(), world.gauge());
        self.with(|seen| seen.iter_mut().for_each(|seen| seen.look(at_ms, &gauge)));
    }

    /// Looks for ever.
    pub async fn every_second(&self, world: &World) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.look(world);
        }
    }

    /// What the looks add up to.
    pub fn timelines(
        &self,
        watched: &[Watched],
        spans: &[StepSpan],
        steps: &StepGraph,
    ) -> BTreeMap<Address, GroupTimeline> {
        self.with(|seen| {
            let pairs = watched.iter().zip(seen.iter());
            let one = |(watched, seen): (&Watched, &Seen)| {
                let timeline = rehearse::group(watched, seen.desired, &seen.samples, spans, steps);
                (watched.address.clone(), timeline)
            };
            pairs.map(one).collect()
        })
    }

    fn with<T>(&self, then: impl FnOnce(&mut Vec<Seen>) -> T) -> T {
        then(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seen {
    fn begin(gauge: &Gauge, watched: &Watched) -> Self {
        let current = watched.current.as_ref().and_then(|name| gauge.groups.get(name));
        Self {
            current: watched.current.clone(),
            tag: infra_aws::address_tag(&watched.address),
            desired: current.map_or(0, |group| u32::try_from(group.desired).unwrap_or(u32::MAX)),
            first: current.iter().flat_map(|group| group.members.keys().cloned()).collect(),
            samples: Vec::new(),
        }
    }

    /// Adds a sample.
    fn look(&mut self, at_ms: u64, gauge: &Gauge) {
        let mut sample = Sample { at_ms, ..Sample::default() };
        let ours = |(name, group): &(&String, &GroupGauge)| {
            self.current.as_ref() == Some(name) || group.address.as_deref() == Some(self.tag.as_str())
        };
        let members = gauge.groups.iter().filter(ours).flat_map(|(_, group)| &group.members);
        members.for_each(|(id, member)| count(&mut sample, self.first.contains(id), member));
        self.samples.push(sample);
    }
}

fn count(sample: &mut Sample, is_old: bool, member: &MemberGauge) {
    let serving = u32::from(member.serving);
    if is_old {
        sample.old += serving;
    } else {
        sample.new += serving;
    }
    sample.booting += u32::from(member.booting);
    sample.draining += u32::from(member.draining);
    sample.total += 1;
}
