//! Requests under way.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::model::ec2::InstanceId;

/// Microseconds since the Unix epoch: requests come closer together than the model's milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// A moment of the model.
    pub fn of(time: Time) -> Self {
        Self(time.0.saturating_mul(1000))
    }

    /// The moment of the model that it is in.
    pub fn time(self) -> Time {
        Time(self.0 / 1000)
    }

    /// The first moment of the model that is not before it.
    pub fn time_up(self) -> Time {
        Time(self.0.div_ceil(1000))
    }

    /// So many milliseconds later.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1000)))
    }
}

/// A request that an instance works on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flight {
    /// When it ends, if nothing comes between.
    pub ends: Micros,
    /// When the instance got it.
    pub began: Micros,
    /// The load balancer it came through, by name.
    pub balancer: String,
    /// The node it came through.
    pub zone: String,
    /// The instance.
    pub instance: InstanceId,
    /// How it ends, if nothing comes between.
    pub end: End,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Answered.
    Well,
    /// Answered with 5xx.
    Badly,
    /// Given up.
    Late,
}

/// A request that waits at a node for an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when.
    pub since: Micros,
    /// How long an instance will work on it.
    pub service_ms: u64,
    /// Whose it is.
    pub client: usize,
}

/// All requests under way, the next to end first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flights(VecDeque<Flight>);

impl Flights {
    /// One more.
    pub fn push(&mut self, flight: Flight) {
        let place = self.0.partition_point(|other| other.ends <= flight.ends);
        self.0.insert(place, flight);
    }

    /// When the next ends.
    pub fn next(&self) -> Option<Micros> {
        self.0.front().map(|flight| flight.ends)
    }

    /// Takes the next to end.
    pub fn pop(&mut self) -> Option<Flight> {
        self.0.pop_front()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many requests each instance works on, of those that came through a load balancer.
    pub fn by_instance(&self, balancer: &str) -> BTreeMap<InstanceId, u32> {
        let mut counts = BTreeMap::new();
        for flight in self.0.iter().filter(|flight| flight.balancer == balancer) {
            match counts.get_mut(&flight.instance) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(flight.instance.clone(), 1);
                }
            }
        }
        counts
    }

    /// When the last request ends that came through a load balancer to an instance.
    pub fn last_end(&self, balancer: &str, instance: &InstanceId) -> Option<Micros> {
        let through = |flight: &&Flight| flight.balancer == balancer && flight.instance == *instance;
        self.0.iter().rev().find(through).map(|flight| flight.ends)
    }

    /// Takes out those that `struck` picks.
    pub fn take(&mut self, struck: impl Fn(&Flight) -> bool) -> Vec<Flight> {
        let (out, stay): (Vec<Flight>, Vec<Flight>) =
            std::mem::take(&mut self.0).into_iter().partition(struck);
        self.0 = stay.into();
        out
    }
}
