//! The faults that a cloud still has before it.

use serde::{Deserialize, Serialize};

use super::past::Past;
use super::{CallFault, Effect, Fault, Mishap, Start};
use crate::ec2::pattern_matches;
use crate::model::{Event, Model, Random, Time};

/// What has yet to go wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Faults {
    armed: Vec<Armed>,
    /// With the moment it happens: for places that are made later.
    mishaps: Vec<(Time, Mishap)>,
    /// Of its own: whether a request is struck changes no id and no delay.
    random: Random,
    #[serde(skip)]
    past: Past,
}

/// A fault of requests, and what it has met so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Armed {
    fault: Fault,
    since: Time,
    seen: u32,
    struck: u32,
}

impl Armed {
    fn call(&self) -> Option<&CallFault> {
        match &self.fault {
            Fault::Call(call) => Some(call),
            Fault::Mishap { .. } => None,
        }
    }

    /// Whether a request meets the fault.
    fn strikes(&mut self, now: Time, service: &str, action: &str, random: &mut Random) -> bool {
        let Some(call) = self.call().cloned() else { return false };
        if !pattern_matches(&call.service, service) || !pattern_matches(&call.action, action) {
            return false;
        }
        self.seen = self.seen.saturating_add(1);
        let begun = match call.start {
            Start::Request(number) => self.seen >= number,
            Start::After(wait) => now >= self.since + wait,
        };
        let strikes = begun && call.per_mille.is_none_or(|chance| random.below(1000) < u64::from(chance));
        self.struck = self.struck.saturating_add(u32::from(strikes));
        strikes
    }

    fn is_worn(&self) -> bool {
        self.call().is_none_or(|call| call.times.is_some_and(|times| self.struck >= times))
    }

    /// What is left of it.
    fn rest(&self, now: Time) -> Option<Fault> {
        let mut call = self.call()?.clone();
        call.times = call.times.map(|times| times.saturating_sub(self.struck));
        call.start = match call.start {
            Start::Request(number) => Start::Request(number.saturating_sub(self.seen).max(1)),
            Start::After(wait) => match (self.since + wait).since(now) {
                left if left.is_zero() => Start::Request(1),
                left => Start::After(left),
            },
        };
        Some(Fault::Call(call))
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Faults {
    /// None yet; chance goes by `seed`.
    pub fn new(seed: u64) -> Self {
        Self { armed: Vec::new(), mishaps: Vec::new(), random: Random::new(seed), past: Past::default() }
    }

    /// Adds a fault of requests, or has a mishap happen in each of `models`.
    pub fn add<'m>(&mut self, now: Time, fault: Fault, models: impl Iterator<Item = &'m mut Model>) {
        match fault {
            Fault::Call(_) => self.armed.push(Armed { fault, since: now, seen: 0, struck: 0 }),
            Fault::Mishap { after, what } => {
                for model in models {
                    model.queue.push(now + after, Event::Mishap(what.clone()));
                    model.advance(now);
                }
                self.mishaps.push((now + after, what));
            }
        }
    }

    /// Has the mishaps of a cloud happen in a new part of it, too.
    pub fn befall(&self, model: &mut Model) {
        for (due, what) in &self.mishaps {
            model.queue.push((*due).max(model.now), Event::Mishap(what.clone()));
        }
    }

    /// What the next request of an operation meets, if anything. Counts the request against every fault that it
    /// matches up to the one that strikes.
    pub fn strike(&mut self, now: Time, service: &str, action: &str) -> Option<Effect> {
        let random = &mut self.random;
        let struck = self.armed.iter_mut().find_map(|armed| {
            let strikes = armed.strikes(now, service, action, random);
            armed.call().filter(|_| strikes).map(|call| call.effect.clone())
        });
        self.armed.retain(|armed| !armed.is_worn());
        struck
    }

    /// What has yet to go wrong, as seen at `now`.
    pub fn rest(&self, now: Time) -> Vec<Fault> {
        let coming = self.mishaps.iter().filter(|(due, _)| *due > now);
        let mishaps = coming.map(|(due, what)| Fault::Mishap { after: due.since(now), what: what.clone() });
        self.armed.iter().filter_map(|armed| armed.rest(now)).chain(mishaps).collect()
    }

    /// Forgets what has yet to go wrong, in each of `models`.
    pub fn clear<'m>(&mut self, models: impl Iterator<Item = &'m mut Model>) {
        models.for_each(|model| model.queue.cancel(|event| matches!(event, Event::Mishap(_))));
        self.armed.clear();
        self.mishaps.clear();
        self.past = Past::default();
    }

    /// Keeps what a model is like before a write, as long as there are faults that need it.
    pub fn before_write(&mut self, place: &str, model: &Model) {
        let lagging =
            |armed: &Armed| armed.call().is_some_and(|call| matches!(call.effect, Effect::Stale(_)));
        if self.armed.iter().any(lagging) {
            self.past.remember(place, model);
        }
    }

    /// The model without its writes of the last `lag`, if there were any.
    pub fn without(&self, place: &str, now: Time, lag: std::time::Duration) -> Option<Model> {
        self.past.without(place, now, lag)
    }
}
