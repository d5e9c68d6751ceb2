//! What a health check has found, read off the life of an application.
//!
//! Probes are not events. Where a probe falls follows from the first one and the interval, so how many passed or failed
//! in a row is counted, not played through: a load balancer that nobody looks at costs nothing.

use crate::model::Time;
use crate::model::behaviour::{Condition, Life};
use crate::model::elb::{HealthCheck, Registration, Standing};

/// What the probes of one instance say at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether new requests are sent to it.
    pub standing: Standing,
    /// Failures in a row, up to now.
    pub failures: u64,
}

/// How a newly registered instance comes into service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Passes in a row that it needs.
    pub passes: u64,
    /// Whether as many failures as take an instance out of service end this: then it has to come back like any other.
    pub lapses: bool,
}

/// The verdict at `now`.
///
/// A probe that is refused or answered badly has failed at once, one that nobody answers when its time is up.
pub fn verdict(check: &HealthCheck, seat: &Registration, life: &Life, new: Admission, now: Time) -> Verdict {
    let mut verdict = Verdict { standing: seat.standing, failures: 0 };
    let mut passes = 0;
    for (from, to, condition) in stretches(life) {
        let count = probes(check, seat.first_probe, (from, to), latest(check, condition, now));
        if count == 0 {
            continue;
        }
        if passes_check(check, condition) {
            (passes, verdict.failures) = (passes + count, 0);
            let needed = if verdict.standing == Standing::New { new.passes } else { check.healthy };
            if passes >= needed.max(1) {
                verdict.standing = Standing::In;
            }
        } else {
            (passes, verdict.failures) = (0, verdict.failures + count);
            let falls = verdict.standing == Standing::In || new.lapses;
            if falls && verdict.failures >= check.unhealthy {
                verdict.standing = Standing::Out;
            }
        }
    }
    verdict
}

/// Whether an application in this condition passes: `TCP` and `SSL` want an open port, `HTTP` and `HTTPS` the answer 200.
pub fn passes_check(check: &HealthCheck, condition: Condition) -> bool {
    let asks = check.target.get(..4).is_some_and(|protocol| protocol.eq_ignore_ascii_case("HTTP"));
    match condition {
        Condition::Down | Condition::Closed => false,
        Condition::Failing => !asks,
        Condition::Faulty | Condition::Well => true,
    }
}

/// Stretches of time in which the condition stays the same, from the beginning of time to its end.
fn stretches(life: &Life) -> impl Iterator<Item = (Time, Time, Condition)> + '_ {
    let changes = life.changes();
    let end = move |index: usize| changes.get(index).map_or(Time(u64::MAX), |(moment, _)| *moment);
    let before = (Time(0), end(0), Condition::default());
    let rest = changes.iter().enumerate().map(move |(index, (from, what))| (*from, end(index + 1), *what));
    std::iter::once(before).chain(rest)
}

/// The moment of the latest probe whose result is known.
fn latest(check: &HealthCheck, condition: Condition, now: Time) -> Option<Time> {
    let wait = if condition == Condition::Down { check.timeout * 1000 } else { 0 };
    now.0.checked_sub(wait).map(Time)
}

/// How many probes fall into `from <= probe < to` and are not later than `latest`.
fn probes(check: &HealthCheck, first: Time, (from, to): (Time, Time), latest: Option<Time>) -> u64 {
    let interval = check.interval.max(1) * 1000;
    let end = latest.map_or(0, |latest| to.0.min(latest.0.saturating_add(1)));
    let before = |moment: u64| moment.saturating_sub(first.0).div_ceil(interval);
    before(end).saturating_sub(before(from.0))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::Condition::{Closed, Down, Failing, Faulty, Well};
    use super::Standing::{In, New, Out};
    use super::*;

    /// Every 10 seconds, 2 failures, 3 passes, registered at 0 and probed first at 5.
    fn at(seconds: u64, target: &str, initial: u64, changes: &[(u64, Condition)]) -> (Standing, u64) {
        let check =
            HealthCheck { target: target.to_owned(), interval: 10, timeout: 4, unhealthy: 2, healthy: 3 };
        let mut life = Life::default();
        for (from, condition) in changes {
            life.turn(Time(from * 1000), *condition);
        }
        let seat = Registration { first_probe: Time(5000), ..Registration::default() };
        let new = Admission { passes: initial, lapses: false };
        let verdict = verdict(&check, &seat, &life, new, Time(seconds * 1000));
        (verdict.standing, verdict.failures)
    }

    #[test]
    fn verdicts_follow_the_probes() {
        let crash = [(0, Well), (40, Closed)];
        let cure = [(0, Well), (40, Closed), (70, Well)];
        type Row<'a> = (&'a str, u64, u64, &'a [(u64, Condition)], (Standing, u64));
        let table: [Row<'_>; 19] = [
            ("TCP:80", 1, 4, &[(0, Well)], (New, 0)),
            ("TCP:80", 1, 5, &[(0, Well)], (In, 0)),
            ("TCP:80", 3, 24, &[(0, Well)], (New, 0)),
            ("TCP:80", 3, 25, &[(0, Well)], (In, 0)),
            ("TCP:80", 1, 24, &[(0, Closed), (20, Well)], (New, 2)),
            ("TCP:80", 1, 25, &[(0, Closed), (20, Well)], (In, 0)),
            ("TCP:80", 1, 54, &crash, (In, 1)),
            ("TCP:80", 1, 55, &crash, (Out, 2)),
            // Nobody answers: the second probe has failed only when its time is up.
            ("TCP:80", 1, 58, &[(0, Well), (40, Down)], (In, 1)),
            ("TCP:80", 1, 59, &[(0, Well), (40, Down)], (Out, 2)),
            // Back after three passes in a row, not after one.
            ("TCP:80", 1, 94, &cure, (Out, 0)),
            ("TCP:80", 1, 95, &cure, (In, 0)),
            // One failure alone does no harm.
            ("TCP:80", 1, 75, &[(0, Well), (40, Closed), (50, Well)], (In, 0)),
            ("TCP:80", 1, 20, &[(0, Failing)], (In, 0)),
            ("SSL:443", 1, 20, &[(0, Failing)], (In, 0)),
            ("HTTP:80/", 1, 20, &[(0, Failing)], (New, 2)),
            ("https:443/", 1, 20, &[(0, Failing)], (New, 2)),
            ("HTTP:80/", 1, 20, &[(0, Faulty)], (In, 0)),
            ("TCP:80", 1, 18, &[], (New, 1)),
        ];
        for (target, initial, seconds, changes, expected) in table {
            assert_eq!(
                at(seconds, target, initial, changes),
                expected,
                "{target} {initial} {seconds} {changes:?}"
            );
        }
    }

    /// The same, probe by probe.
    fn played(check: &HealthCheck, first: u64, life: &Life, new: Admission, now: u64) -> Standing {
        let (mut standing, mut passes, mut failures) = (New, 0, 0);
        for probe in (first..=now).step_by(usize::try_from(check.interval * 1000).unwrap_or(1)) {
            let condition = life.at(Time(probe));
            if condition == Down && probe + check.timeout * 1000 > now {
                break;
            }
            match passes_check(check, condition) {
                true => (passes, failures) = (passes + 1, 0),
                false => (passes, failures) = (0, failures + 1),
            }
            let needed = if standing == New { new.passes } else { check.healthy };
            if passes >= needed {
                standing = In;
            } else if (standing == In || new.lapses) && failures >= check.unhealthy {
                standing = Out;
            }
        }
        standing
    }

    proptest! {
        #[test]
        fn counting_probes_is_playing_them(
            changes in vec((0..200_u64, prop::sample::select(vec![Down, Closed, Failing, Faulty, Well])), 0..6),
            (interval, timeout, unhealthy, healthy) in (5..30_u64, 2..5_u64, 2..5_u64, 2..5_u64),
            (first, passes, now) in (0..40_u64, 1..4_u64, 0..260_u64),
            (http, lapses) in (any::<bool>(), any::<bool>()),
        ) {
            let target = if http { "HTTP:80/" } else { "TCP:80" }.to_owned();
            let check = HealthCheck { target, interval, timeout, unhealthy, healthy };
            let mut changes = changes;
            changes.sort_by_key(|(moment, _)| *moment);
            let mut life = Life::default();
            changes.iter().for_each(|(moment, condition)| life.turn(Time(moment * 1000), *condition));
            let seat = Registration { first_probe: Time(first * 1000), ..Registration::default() };
            let new = Admission { passes, lapses };
            let counted = verdict(&check, &seat, &life, new, Time(now * 1000)).standing;
            prop_assert_eq!(counted, played(&check, first * 1000, &life, new, now * 1000));
        }
    }
}
