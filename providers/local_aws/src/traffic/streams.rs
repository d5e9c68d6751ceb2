//! The streams of a model, and where the rest of the model touches them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::meter::Minute;
use super::stream::Stream;
use super::{Cause, names};
use crate::model::ec2::InstanceId;
use crate::model::route53::Route53;
use crate::model::{Model, Time};

/// All streams of requests of a model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Traffic(pub(super) Vec<Stream>);

impl Traffic {
    /// Whether nobody asks anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Learns what Route 53 holds now, and that name servers know it when all its changes are in sync.
    pub(crate) fn publish(&mut self, route53: &Route53) {
        for stream in &mut self.0 {
            stream.publish(names::in_sync(route53), names::resolve(route53, &stream.spec.target));
        }
    }
}

/// Lets requests arrive and end until `to`, at which something else may happen.
pub(crate) fn run(model: &mut Model, to: Time) {
    with(model, |streams, model| streams.iter_mut().for_each(|stream| stream.advance(model, to)));
}

/// A load balancer, or what is registered with one, has changed.
pub(crate) fn stir(model: &mut Model) {
    model.traffic.0.iter_mut().for_each(Stream::stir);
}

/// Requests that came through a load balancer to an instance end now.
pub(crate) fn cut(model: &mut Model, balancer: &str, id: &InstanceId, cause: Cause) {
    with(model, |streams, model| {
        streams.iter_mut().for_each(|stream| stream.cut(model, balancer, id, cause));
    });
}

/// A load balancer is gone.
pub(crate) fn close(model: &mut Model, balancer: &str) {
    with(model, |streams, model| streams.iter_mut().for_each(|stream| stream.close(model.now, balancer)));
}

/// How long the last open request will go on that came through a load balancer to an instance; `None` if no requests
/// come through it, so that there is nothing to go by.
pub(crate) fn longest_open(model: &Model, balancer: &str, id: &InstanceId) -> Option<Duration> {
    let mut streams = model.traffic.0.iter().filter(|stream| stream.uses(balancer)).peekable();
    streams.peek()?;
    let last = streams.filter_map(|stream| stream.last_end(balancer, id)).max();
    Some(last.map_or(Duration::ZERO, |last| last.since(model.now)))
}

/// What a load balancer saw in the minute that began `at`, of all streams together; `None` if no request came.
pub(crate) fn metered(model: &Model, balancer: &str, at: Time) -> Option<Minute> {
    let minutes = model.traffic.0.iter().filter_map(|stream| stream.metered(balancer, at));
    minutes.cloned().reduce(|one, other| one.and(&other))
}

fn with(model: &mut Model, act: impl FnOnce(&mut Vec<Stream>, &Model)) {
    if model.traffic.is_empty() {
        return;
    }
    let mut streams = std::mem::take(&mut model.traffic.0);
    act(&mut streams, model);
    model.traffic.0 = streams;
}
