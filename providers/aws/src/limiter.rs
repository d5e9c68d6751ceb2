//! How often a service may be called: a token bucket that learns from being throttled.
//!
//! Starts at the documented rates, halves on a throttling answer and recovers slowly (additive increase,
//! multiplicative decrease). One per service and account, so that waiting loops and writes share what AWS allows.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// The slowest we ever get: one call in two seconds.
const SLOWEST: f64 = 0.5;
/// What a call that went through adds to the rate, as a share of the documented rate.
const RECOVERY: f64 = 0.02;

/// A documented rate: `burst` calls at once, then `rate` per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) burst: f64,
    pub(crate) rate: f64,
}

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Limiter {
    documented: Rate,
    state: Mutex<Option<State>>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    tokens: f64,
    rate: f64,
    at: Instant,
}

impl Limiter {
    /// A full bucket.
    pub(crate) fn new(documented: Rate) -> Self {
        // The clock may be a paused one that starts later: the first call fills the bucket.
        Self { documented, state: Mutex::new(None) }
    }

    /// Waits until one more call is allowed.
    pub(crate) async fn acquire(&self) {
        let wait = self.take(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a token, in advance if there is none, and tells how long to wait for it.
    fn take(&self, now: Instant) -> Duration {
        self.change(now, |state| {
            state.tokens -= 1.0;
            Duration::from_secs_f64((-state.tokens / state.rate).max(0.0))
        })
    }

    /// Learns from an answer.
    pub(crate) fn learn(&self, throttled: bool) {
        let documented = self.documented.rate;
        self.change(Instant::now(), |state| match throttled {
            true => {
                state.rate = (state.rate / 2.0).max(SLOWEST);
                state.tokens = state.tokens.min(0.0);
            }
            false => state.rate = (state.rate + documented * RECOVERY).min(documented),
        });
    }

    fn change<T>(&self, now: Instant, change: impl FnOnce(&mut State) -> T) -> T {
        // A poisoned lock holds plain numbers, which are as good as any.
        let mut guard = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Rate { burst, rate } = self.documented;
        let state = guard.get_or_insert(State { tokens: burst, rate, at: now });
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.tokens = (state.tokens + passed * state.rate).min(burst);
        state.at = now;
        change(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(Rate { burst: 2.0, rate: 4.0 })
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_then_the_rate_holds() {
        let limiter = limiter();
        let start = Instant::now();
        for _ in 0..6 {
            limiter.acquire().await;
        }
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_rate_and_success_restores_it() {
        let limiter = limiter();
        let now = Instant::now();
        limiter.take(now);
        limiter.learn(true);
        assert_eq!(limiter.take(now), Duration::from_millis(500));
        for _ in 0..50 {
            limiter.learn(false);
        }
        assert_eq!(limiter.take(now), Duration::from_millis(500), "two tokens owed at four per second");
    }
}
