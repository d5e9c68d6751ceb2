//! What a load balancer does with an instance, from one look to the next.

use std::time::Duration;

use crate::model::Time;

/// How a load balancer stands to an instance that is registered with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It sends new requests to it.
    Takes,
    /// It sends none, for want of health.
    Rests,
    /// It sends none, for the instance is leaving.
    Leaves,
}

/// What becomes of requests to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// It gets new ones.
    Open,
    /// It gets none; open ones go on.
    Resting,
    /// It gets none; open ones go on until a moment.
    Draining(Time),
    /// It gets none, and open ones are cut.
    Cut,
}

/// The route of an instance at `now`. `standing` is none once it is not registered any more; `drain` is the timeout, if
/// open requests may finish at all (user guide, "connection draining").
pub fn next(before: Option<Route>, standing: Option<Standing>, drain: Option<Duration>, now: Time) -> Route {
    match (standing, drain) {
        (Some(Standing::Takes), _) => Route::Open,
        (Some(Standing::Rests), Some(_)) => Route::Resting,
        (Some(Standing::Leaves) | None, Some(timeout)) => match before {
            Some(Route::Cut) => Route::Cut,
            Some(Route::Draining(until)) if now >= until => Route::Cut,
            Some(Route::Draining(until)) => Route::Draining(until),
            _ => Route::Draining(now + timeout),
        },
        (_, None) => Route::Cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_requests_finish_as_long_as_draining_lets_them() {
        use Standing::{Leaves, Rests, Takes};
        let drain = Some(Duration::from_secs(60));
        let (now, until) = (Time(5_000), Time(65_000));
        let table = [
            (None, Some(Takes), None, Route::Open),
            (Some(Route::Draining(until)), Some(Takes), drain, Route::Open),
            (Some(Route::Open), Some(Rests), drain, Route::Resting),
            (Some(Route::Open), Some(Rests), None, Route::Cut),
            (Some(Route::Open), Some(Leaves), drain, Route::Draining(until)),
            (Some(Route::Open), None, drain, Route::Draining(until)),
            (Some(Route::Draining(Time(5_001))), None, drain, Route::Draining(Time(5_001))),
            (Some(Route::Draining(now)), None, drain, Route::Cut),
            (Some(Route::Cut), None, drain, Route::Cut),
            (Some(Route::Open), None, None, Route::Cut),
        ];
        for (before, standing, drain, expected) in table {
            assert_eq!(next(before, standing, drain, now), expected, "{before:?} {standing:?} {drain:?}");
        }
    }
}
