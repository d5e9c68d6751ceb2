//! Requests of clients through a load balancer, under the model's clock: which of them are answered, and why the
//! others are not.
//!
//! What a load balancer does with requests follows the Classic Load Balancer guide ("How Elastic Load Balancing
//! works", "Connection draining", "HTTP 503 and 504"). Times are in milliseconds, shares in `0.0..=1.0`.
//!
//! Two things are simpler than AWS. Behind a TCP listener, too, each request is sent on by itself: a connection that a
//! client keeps open is not bound to its instance. And each stream counts outstanding requests for itself.

mod flight;
mod front;
mod meter;
mod names;
mod stream;
mod streams;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::LocalAws;
use crate::model::Time;
use crate::timing::Delay;

pub(crate) use meter::Minute;
pub use streams::Traffic;
pub(crate) use streams::{close, cut, longest_open, metered, run, stir};

/// A stream of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrafficSpec {
    /// The DNS name of a load balancer, or of a record that stands for one or more.
    pub target: String,
    /// The port of the listener.
    pub port: u16,
    /// Requests arrive at random, on average so many a second.
    pub rate: f64,
    /// How long an instance works on a request.
    pub service: Service,
    /// How many requests an instance works on at once; the rest wait at the load balancer. No limit if absent.
    pub concurrency: Option<u32>,
    /// How many clients the requests come from. Each keeps its own answer of the name servers.
    pub clients: u32,
    /// The share of requests that come over a connection which the client still has open.
    pub keep_alive: f64,
    /// The share of clients that keep an answer of the name servers for `overrun` instead of its TTL.
    pub overrun_share: f64,
    /// How long those keep it.
    pub overrun: Delay,
    /// After this time a client gives a request up.
    pub patience_ms: u64,
    /// Two streams with the same seed ask the same.
    pub seed: u64,
}

/// How long requests take: spread exponentially about a mean, and a share of them, such as downloads and long polls,
/// evenly up to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Of the usual ones.
    pub mean_ms: u64,
    /// Nothing takes longer.
    pub longest_ms: u64,
    /// How many are unusual.
    pub slow_share: f64,
}

impl Default for TrafficSpec {
    fn default() -> Self {
        Self {
            target: String::new(),
            port: 80,
            rate: 200.0,
            service: Service::default(),
            concurrency: None,
            clients: 100,
            keep_alive: 0.8,
            overrun_share: 0.0,
            overrun: Delay::secs(600, 3600),
            patience_ms: 60_000,
            seed: 1,
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self { mean_ms: 50, longest_ms: 10_000, slow_share: 0.001 }
    }
}

/// Why a request was not answered by an instance's application as it should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No instance in service behind the node: 503.
    NobodyInService,
    /// The node's surge queue is full: 503.
    QueueFull,
    /// The chosen instance is gone, or nothing listens in it; its checks have not noticed yet: 504.
    NotListening,
    /// Its instance was taken out of a load balancer that does not drain.
    CutByDeregistration,
    /// Draining took longer than it may.
    CutByDrainTimeout,
    /// Its instance was stopped or terminated under it.
    CutByTermination,
    /// The application died under it.
    CutByCrash,
    /// Its instance failed its checks behind a load balancer that does not drain.
    CutByHealthCheck,
    /// The load balancer or its listener is not there (any more).
    NoListener,
    /// The name servers know no answer.
    NoAnswer,
    /// It took longer than the client or the load balancer waits: 504.
    TimedOut,
    /// The application answered 5xx. Not a dropped request: it is counted apart.
    ServerError,
}

/// What became of a stream of requests up to a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrafficReport {
    /// What was asked.
    pub target: String,
    /// From here.
    pub from: Time,
    /// To here.
    pub to: Time,
    /// Requests made.
    pub requests: u64,
    /// Answered as they should be.
    pub answered: u64,
    /// Answered with 5xx by the application.
    pub bad: u64,
    /// Not answered: all causes but [`Cause::ServerError`].
    pub dropped: u64,
    /// Made, but not finished yet. Together with the three above, all requests.
    pub open: u64,
    /// How often each cause struck.
    pub causes: BTreeMap<Cause, u64>,
    /// When: in which second of the model's clock, in order.
    pub moments: Vec<Moment>,
    /// Sessions whose instance was taken away, behind sticky listeners. Not dropped requests.
    pub sessions_lost: u64,
    /// Instances that took requests, seen once a second: the fewest, and the mean.
    pub fewest_in_service: u64,
    /// See `fewest_in_service`.
    pub mean_in_service: f64,
    /// Requests under way for each instance in service (of the concurrency, if there is one: then 1.0 is full), seen
    /// once a second: 99 of 100 seconds were below.
    pub p99_load: f64,
}

/// Requests that one cause struck in one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The beginning of the second.
    pub second: Time,
    /// Why.
    pub cause: Cause,
    /// How many.
    pub count: u64,
}

impl LocalAws {
    /// Lets clients ask from `now` on, in a region in which the load balancers are. What name servers answer is taken
    /// from the account's hosted zones, and follows them.
    ///
    /// While requests come through a load balancer, draining takes as long as the last open one, not as long as
    /// [`ElbTiming::open_requests`](crate::timing::ElbTiming) says.
    pub fn start_traffic(&self, account: &str, region: &str, now: Time, spec: TrafficSpec) {
        let route53 = |model: &mut crate::model::Model| names::resolve(&model.route53, &spec.target);
        let answers = self.with_model(account, ROUTE53_HOME, now, route53);
        self.with_model(account, region, now, |model| {
            model.traffic.0.push(stream::Stream::new(spec, answers, now));
        });
    }

    /// Lets no more requests arrive. Those under way end as time passes.
    pub fn stop_traffic(&self, account: &str, region: &str, now: Time) {
        self.with_model(account, region, now, |model| {
            model.traffic.0.iter_mut().for_each(stream::Stream::stop);
        });
    }

    /// What became of all requests up to `now`: a report for each stream, in the order in which they were started.
    pub fn traffic_report(&self, account: &str, region: &str, now: Time) -> Vec<TrafficReport> {
        self.with_model(account, region, now, |model| {
            model.traffic.0.iter().map(|stream| stream.report(now)).collect()
        })
    }
}

/// Where Route 53 is modelled.
const ROUTE53_HOME: &str = "us-east-1";
