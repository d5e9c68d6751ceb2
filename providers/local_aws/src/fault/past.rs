//! Reads that lag behind: what the cloud was like before its latest writes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::model::{Model, Time};

/// No read lags further behind than this.
const LONGEST: Duration = Duration::from_secs(600);

/// Models as they were before each recent write, by place.
#[derive(Clone, Debug, Default)]
pub struct Past {
    before: BTreeMap<String, VecDeque<(Time, Model)>>,
}

impl Past {
    /// Keeps what a model is like before it is written to.
    pub fn remember(&mut self, place: &str, model: &Model) {
        let kept = self.before.entry(place.to_owned()).or_default();
        kept.push_back((model.now, model.clone()));
        while kept.front().is_some_and(|(written, _)| *written + LONGEST < model.now) {
            kept.pop_front();
        }
    }

    /// The model without the writes of the last `lag`, with everything else that has happened since; `None` if there
    /// were no such writes.
    pub fn without(&self, place: &str, now: Time, lag: Duration) -> Option<Model> {
        let kept = self.before.get(place)?;
        let (_, model) = kept.iter().find(|(written, _)| now.since(*written) < lag)?;
        let mut model = model.clone();
        model.advance(now);
        Some(model)
    }
}
