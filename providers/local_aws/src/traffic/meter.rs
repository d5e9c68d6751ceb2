//! What load balancers report of requests each minute (Classic Load Balancer guide, "CloudWatch metrics").

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Cause;
use super::flight::{End, Flight};
use crate::model::Time;

/// What one load balancer saw in a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// When it began.
    pub at: Time,
    /// Answered 2xx by an instance.
    pub well: u64,
    /// Answered 5xx by an instance.
    pub badly: u64,
    /// Answered 5xx by the load balancer itself.
    pub refused: u64,
    /// Those of them that found the surge queue full.
    pub spilled: u64,
    /// Those of them that an instance was to answer.
    pub lost: u64,
    /// How long instances took, in milliseconds of two digits, and how often.
    pub latencies: BTreeMap<u64, u64>,
}

impl Minute {
    /// What another stream brought in the same minute on top.
    pub fn and(mut self, other: &Self) -> Self {
        self.well += other.well;
        self.badly += other.badly;
        self.refused += other.refused;
        self.spilled += other.spilled;
        self.lost += other.lost;
        other.latencies.iter().for_each(|(ms, count)| *self.latencies.entry(*ms).or_default() += count);
        self
    }
}

/// The latest minutes of the load balancers that a stream comes through, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Meters(BTreeMap<String, VecDeque<Minute>>);

/// The one that is under way, and the one before.
const KEPT: usize = 2;

impl Meters {
    /// What a load balancer saw in the minute that began `at`.
    pub fn of(&self, balancer: &str, at: Time) -> Option<&Minute> {
        self.0.get(balancer)?.iter().find(|minute| minute.at == at)
    }

    /// A request has ended as it was going to.
    pub fn ended(&mut self, flight: &Flight) {
        let Some(minute) = self.minute(&flight.balancer, flight.ends.time()) else { return };
        match flight.end {
            End::Well => minute.well += 1,
            End::Badly => minute.badly += 1,
            End::Late => {
                minute.refused += 1;
                minute.lost += 1;
                return;
            }
        }
        let took = flight.ends.0.saturating_sub(flight.began.0) / 1000;
        *minute.latencies.entry(two_digits(took)).or_default() += 1;
    }

    /// A request has got no answer of an instance. Of some the load balancer does not hear either.
    pub fn failed(&mut self, balancer: &str, at: Time, cause: Cause) {
        let (spilled, lost) = match cause {
            Cause::NoListener | Cause::NoAnswer | Cause::ServerError => return,
            Cause::NobodyInService => (0, 0),
            Cause::QueueFull => (1, 0),
            _ => (0, 1),
        };
        let Some(minute) = self.minute(balancer, at) else { return };
        minute.refused += 1;
        minute.spilled += spilled;
        minute.lost += lost;
    }

    /// The minute of a moment; `None` if it is long over.
    fn minute(&mut self, balancer: &str, at: Time) -> Option<&mut Minute> {
        let at = Time(at.0 - at.0 % 60_000);
        if !self.0.contains_key(balancer) {
            self.0.insert(balancer.to_owned(), VecDeque::new());
        }
        let minutes = self.0.get_mut(balancer)?;
        if minutes.back().is_none_or(|last| last.at < at) {
            minutes.push_back(Minute { at, ..Minute::default() });
            minutes.drain(..minutes.len().saturating_sub(KEPT));
        }
        minutes.iter_mut().find(|minute| minute.at == at)
    }
}

fn two_digits(ms: u64) -> u64 {
    let unit = 10_u64.pow(ms.checked_ilog10().unwrap_or(0).saturating_sub(1));
    ms / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_minutes_are_kept() {
        let mut meters = Meters::default();
        for (ms, cause) in [
            (30_000, Cause::NobodyInService),
            (59_999, Cause::QueueFull),
            (60_000, Cause::NotListening),
            (60_001, Cause::NoAnswer),
            (59_000, Cause::CutByCrash),
        ] {
            meters.failed("web", Time(ms), cause);
        }
        let seen = |meters: &Meters, at| {
            meters.of("web", Time(at)).map(|minute| (minute.refused, minute.spilled, minute.lost))
        };
        assert_eq!([0, 60_000].map(|at| seen(&meters, at)), [Some((3, 1, 1)), Some((1, 0, 1))]);
        meters.failed("web", Time(180_000), Cause::TimedOut);
        meters.failed("web", Time(1), Cause::TimedOut);
        assert_eq!(
            [0, 60_000, 180_000].map(|at| seen(&meters, at)),
            [None, Some((1, 0, 1)), Some((1, 0, 1))]
        );
    }

    #[test]
    fn latencies_have_two_digits() {
        assert_eq!([0, 7, 42, 99, 123, 9_876].map(two_digits), [0, 7, 42, 99, 120, 9_800]);
    }
}
