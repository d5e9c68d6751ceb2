//! Counting what became of requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cause, Moment, TrafficReport};
use crate::model::Time;

/// Counts of one stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    pub requests: u64,
    answered: u64,
    moments: BTreeMap<Time, BTreeMap<Cause, u64>>,
    pub sessions_lost: u64,
    fewest: Option<u64>,
    served: u64,
    /// Requests under way for each instance in service, in thousandths, one for each second looked at.
    loads: Vec<u64>,
}

/// The second a moment is in.
pub fn second(moment: Time) -> Time {
    Time(moment.0 / 1000 * 1000)
}

impl Tally {
    /// A request was answered well.
    pub fn answered(&mut self) {
        self.answered += 1;
    }

    /// A request was struck.
    pub fn strike(&mut self, moment: Time, cause: Cause) {
        *self.moments.entry(second(moment)).or_default().entry(cause).or_default() += 1;
    }

    /// Once a second: how many instances serve, how many requests are under way, how many one instance can work on.
    pub fn sample(&mut self, in_service: u64, under_way: u64, concurrency: Option<u32>) {
        self.fewest = Some(self.fewest.map_or(in_service, |fewest| fewest.min(in_service)));
        self.served += in_service;
        let room = in_service.max(1) * u64::from(concurrency.unwrap_or(1)).max(1);
        self.loads.push(under_way * 1000 / room);
    }

    /// The counts so far, with so many requests not finished yet.
    pub fn report(&self, target: &str, from: Time, to: Time, open: u64) -> TrafficReport {
        let moments: Vec<Moment> = self
            .moments
            .iter()
            .flat_map(|(second, causes)| {
                causes.iter().map(|(cause, count)| Moment { second: *second, cause: *cause, count: *count })
            })
            .collect();
        let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
        for moment in &moments {
            *causes.entry(moment.cause).or_default() += moment.count;
        }
        let bad = causes.get(&Cause::ServerError).copied().unwrap_or_default();
        TrafficReport {
            target: target.to_owned(),
            from,
            to,
            requests: self.requests,
            answered: self.answered,
            bad,
            dropped: causes.values().sum::<u64>() - bad,
            open,
            causes,
            moments,
            sessions_lost: self.sessions_lost,
            fewest_in_service: self.fewest.unwrap_or_default(),
            mean_in_service: mean(self.served, self.loads.len()),
            p99_load: percentile(&self.loads) / 1000.0,
        }
    }
}

fn mean(sum: u64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { float(sum) / float(count as u64) }
}

/// The value that 99 of 100 do not exceed.
fn percentile(values: &[u64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().map_or(0.0, float)
}

/// Counts are far below the 2⁵³ up to which this is exact.
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_adds_up() {
        let mut tally = Tally { requests: 5, ..Tally::default() };
        tally.answered();
        tally.strike(Time(1_700), Cause::TimedOut);
        tally.strike(Time(900), Cause::NobodyInService);
        tally.strike(Time(1_200), Cause::TimedOut);
        tally.strike(Time(1_300), Cause::ServerError);
        tally.sample(4, 2, None);
        tally.sample(2, 3, None);
        let report = tally.report("web", Time(0), Time(2_000), 0);
        assert_eq!((report.answered, report.bad, report.dropped, report.open), (1, 1, 3, 0));
        assert_eq!(report.causes[&Cause::TimedOut], 2);
        let seconds: Vec<(u64, Cause, u64)> =
            report.moments.iter().map(|moment| (moment.second.0, moment.cause, moment.count)).collect();
        assert_eq!(
            seconds,
            [(0, Cause::NobodyInService, 1), (1_000, Cause::TimedOut, 2), (1_000, Cause::ServerError, 1)]
        );
        assert_eq!((report.fewest_in_service, report.mean_in_service, report.p99_load), (2, 3.0, 1.5));
    }
}
