//! Token buckets: how many requests of a class a client may send.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;
use crate::timing::Rate;

/// A whole token, in the parts that are counted.
const TOKEN: u64 = 1_000_000;

/// The buckets that have been drawn from, by class. Others are full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buckets(BTreeMap<String, Bucket>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    /// Millionths of tokens.
    left: u64,
    at: Time,
}

/// So many tokens of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The class.
    pub class: &'static str,
    /// Tokens.
    pub tokens: u64,
}

impl Buckets {
    /// Takes tokens of all classes, or of none if any has too few. Classes without a rate have no end of them.
    pub fn take(&mut self, now: Time, rates: &BTreeMap<String, Rate>, draws: &[Draw]) -> bool {
        let drawn: Option<Vec<(String, Bucket)>> = draws
            .iter()
            .filter_map(|draw| rates.get(draw.class).map(|rate| (draw, rate)))
            .map(|(draw, rate)| {
                let filled = self.filled(now, draw.class, *rate);
                let left = filled.left.checked_sub(draw.tokens.saturating_mul(TOKEN))?;
                Some((draw.class.to_owned(), Bucket { left, ..filled }))
            })
            .collect();
        let Some(drawn) = drawn else { return false };
        self.0.extend(drawn);
        true
    }

    fn filled(&self, now: Time, class: &str, rate: Rate) -> Bucket {
        let most = u64::from(rate.burst) * TOKEN;
        let Some(bucket) = self.0.get(class) else { return Bucket { left: most, at: now } };
        let passed = u64::try_from(now.since(bucket.at).as_millis()).unwrap_or(u64::MAX);
        // A thousandth of a token a second is a millionth of one a millisecond.
        let gained = passed.saturating_mul(u64::from(rate.per_kilosecond));
        Bucket { left: bucket.left.saturating_add(gained).min(most), at: now.max(bucket.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_then_the_rate_holds_and_a_refusal_costs_nothing() {
        let rates = BTreeMap::from([
            ("all".to_owned(), Rate { burst: 3, per_kilosecond: 1000 }),
            ("rare".to_owned(), Rate { burst: 1, per_kilosecond: 200 }),
        ]);
        let mut buckets = Buckets::default();
        let mut take = |millis: u64, classes: &[&'static str]| {
            let draws: Vec<Draw> = classes.iter().map(|class| Draw { class, tokens: 1 }).collect();
            buckets.take(Time(millis), &rates, &draws)
        };
        assert!(take(0, &["all", "rare"]));
        assert!(!take(0, &["all", "rare"]), "the rare one is empty, and the other was not drawn from");
        assert_eq!([take(0, &["all"]), take(0, &["all"]), take(0, &["all"])], [true, true, false]);
        assert_eq!([take(999, &["all"]), take(1000, &["all"]), take(1001, &["all"])], [false, true, false]);
        assert_eq!([take(4999, &["rare"]), take(5000, &["rare"])], [false, true]);
        assert!(take(0, &["free"]), "what has no rate has no end");
    }
}
