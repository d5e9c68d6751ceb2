//! Seeded randomness that survives a snapshot.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timing::Delay;

/// The model's only source of chance: ids and delays. Its state is one number, so a restored model goes on
/// exactly as the saved one would have.
///
/// Requests that only read must not draw from it, so that looking at the cloud never changes its future.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number in `0..bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.draw(|rng| rng.u64(0..bound)) }
    }

    /// A number in `0.0..1.0`.
    pub fn share(&mut self) -> f64 {
        self.draw(fastrand::Rng::f64)
    }

    /// A delay from its range.
    pub fn delay(&mut self, delay: Delay) -> Duration {
        let spread = delay.high_ms.saturating_sub(delay.low_ms);
        Duration::from_millis(delay.low_ms + self.below(spread.saturating_add(1)))
    }

    /// An id in AWS's long form: the prefix, a hyphen and 17 hexadecimal digits (`i-0f3a…`).
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// `digits` hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        self.draw(|rng| (0..digits).map(|_| rng.digit(16)).collect())
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let hex = self.hex(30);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
    }

    fn draw<T>(&mut self, take: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        let mut rng = fastrand::Rng::with_seed(self.state);
        let drawn = take(&mut rng);
        self.state = rng.get_seed();
        drawn
    }
}
