//! One stream of requests: they arrive, are sent somewhere, and end.
//!
//! Nothing here is an event of the model, and chance comes from the stream's own generator: the model's future is the
//! same with and without requests. What nodes know of their instances is looked up once in each second of the model,
//! and anew after each change of a load balancer; so it makes no difference in how many steps time passes.

mod client;
mod work;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::client::Client;
use self::work::died;
use super::flight::{Flight, Flights, Micros, Waiting};
use super::front::{Front, Nodes};
use super::meter::{Meters, Minute};
use super::names::{Answer, Answers};
use super::tally::{Tally, second};
use super::{Cause, Service, TrafficReport, TrafficSpec};
use crate::elb;
use crate::model::ec2::InstanceId;
use crate::model::{Model, Random, Time};

/// A stream of requests, its clients, and what became of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    pub spec: TrafficSpec,
    from: Time,
    random: Random,
    /// When the next request arrives; none once the stream was stopped.
    next: Option<Micros>,
    answers: Answers,
    clients: Vec<Client>,
    /// By load balancer.
    nodes: BTreeMap<String, Nodes>,
    flights: Flights,
    tally: Tally,
    /// What the load balancers saw.
    #[serde(default)]
    meters: Meters,
    #[serde(skip)]
    view: View,
}

/// What is known of load balancers in a second, by their own names.
#[derive(Clone, Debug, Default)]
struct View {
    second: Time,
    fronts: BTreeMap<String, Option<Front>>,
}

impl Stream {
    /// A stream that begins at `now`, for a name that has these answers.
    pub fn new(spec: TrafficSpec, answers: Vec<Answer>, now: Time) -> Self {
        let mut random = Random::new(spec.seed);
        let clients = (0..spec.clients.max(1)).map(|_| Client::new(random.share() < spec.overrun_share));
        let clients = clients.collect();
        let mut stream = Self {
            spec,
            from: now,
            next: None,
            answers: Answers::default(),
            clients,
            nodes: BTreeMap::new(),
            flights: Flights::default(),
            tally: Tally::default(),
            meters: Meters::default(),
            view: View::default(),
            random,
        };
        stream.answers.publish(Time(0), answers);
        stream.next = stream.gap(Micros::of(now));
        stream
    }

    /// Learns that from a moment on its name has other answers.
    pub fn publish(&mut self, from: Time, answers: Vec<Answer>) {
        self.answers.publish(from, answers);
    }

    /// No more requests arrive; those under way end.
    pub fn stop(&mut self) {
        self.next = None;
    }

    /// What became of its requests up to now.
    pub fn report(&self, now: Time) -> TrafficReport {
        let waiting: usize = self.nodes.values().flatten().map(|(_, node)| node.surge.len()).sum();
        let open = (self.flights.len() + waiting) as u64;
        self.tally.report(&self.spec.target, self.from, now, open)
    }

    /// What a load balancer saw in the minute that began `at`.
    pub fn metered(&self, balancer: &str, at: Time) -> Option<&Minute> {
        self.meters.of(balancer, at)
    }

    /// Lets requests arrive and end until `to`. In between the model stands still.
    pub fn advance(&mut self, model: &Model, to: Time) {
        while let Some(moment) = self.due().filter(|moment| *moment <= Micros::of(to)) {
            if self.flights.next() == Some(moment) {
                self.finish(model);
            } else {
                self.arrive(model, moment);
            }
        }
    }

    /// Something about load balancers has changed: what is known of them is looked up anew.
    pub fn stir(&mut self) {
        self.view.fronts.clear();
    }

    fn due(&self) -> Option<Micros> {
        [self.next, self.flights.next()].into_iter().flatten().min()
    }

    /// Whether requests have come to a load balancer.
    pub fn uses(&self, balancer: &str) -> bool {
        self.nodes.contains_key(balancer)
    }

    /// When the last request ends that came through a load balancer to an instance.
    pub fn last_end(&self, balancer: &str, id: &InstanceId) -> Option<Time> {
        self.flights.last_end(balancer, id).map(Micros::time_up)
    }

    /// Requests that came through a load balancer to an instance end now.
    pub fn cut(&mut self, model: &Model, balancer: &str, id: &InstanceId, cause: Cause) {
        self.stir();
        for flight in self.flights.take(|flight| flight.balancer == balancer && flight.instance == *id) {
            self.strike(model, &flight, model.now, cause);
        }
    }

    /// A load balancer is gone, and all that came through it.
    pub fn close(&mut self, now: Time, balancer: &str) {
        self.stir();
        let waiting: usize =
            self.nodes.remove(balancer).into_iter().flatten().map(|(_, node)| node.surge.len()).sum();
        let cut = self.flights.take(|flight| flight.balancer == balancer).len();
        (0..waiting + cut).for_each(|_| self.tally.strike(now, Cause::NoListener));
    }

    /// A request is cut, unless its instance had ended it before.
    fn strike(&mut self, model: &Model, flight: &Flight, at: Time, cause: Cause) {
        let (moment, cause) = died(model, flight, at).unwrap_or((at, cause));
        self.fail(&flight.balancer, moment, cause);
    }

    /// A request that came to a load balancer fails.
    fn fail(&mut self, balancer: &str, at: Time, cause: Cause) {
        self.tally.strike(at, cause);
        self.meters.failed(balancer, at, cause);
    }

    fn arrive(&mut self, model: &Model, at: Micros) {
        self.next = self.gap(at);
        self.tally.requests += 1;
        self.look(model, at);
        let client = usize::try_from(self.random.below(self.clients.len() as u64)).unwrap_or_default();
        let service_ms = service_time(&mut self.random, &self.spec.service);
        let request = Waiting { since: at, service_ms, client };
        let node = self.node(model, client, at);
        let sent = match &node {
            Some(node) => self.send(model, node, request),
            None => Err(Cause::NoAnswer),
        };
        if let Err(cause) = sent {
            self.clients[client].connected = None;
            let front = node.and_then(|(dns_name, _)| self.view.fronts.get(&dns_name)?.as_ref());
            let balancer = front.map(|front| front.name.clone()).unwrap_or_default();
            self.fail(&balancer, at.time(), cause);
        }
    }

    /// When the next request arrives after one at `at`.
    fn gap(&mut self, at: Micros) -> Option<Micros> {
        let wait = exponential(&mut self.random) * 1e6 / self.spec.rate;
        wait.is_finite().then(|| Micros(at.0.saturating_add((wait as u64).max(1))))
    }

    /// Looks anew at the load balancers once a second.
    fn look(&mut self, model: &Model, at: Micros) {
        let now = at.time();
        if self.view.second != second(now) {
            self.view = View { second: second(now), fronts: BTreeMap::new() };
            let balancers = self.answers.at(now).iter().filter(|answer| answer.weight > 0);
            let mut names: Vec<String> = balancers.map(|answer| answer.balancer.clone()).collect();
            names.sort_unstable();
            names.dedup();
            let serve = |name: &String| self.front(model, name).map_or(0, |front| front.in_service());
            let in_service: usize = names.iter().map(serve).sum();
            self.tally.sample(in_service as u64, self.flights.len() as u64, self.spec.concurrency);
        }
        if self.spec.concurrency.is_some() {
            self.admit(model, at);
        }
    }

    /// A load balancer by its own name, as its nodes know it in this second.
    fn front(&mut self, model: &Model, dns_name: &str) -> Option<&mut Front> {
        if !self.view.fronts.contains_key(dns_name) {
            let front = Front::of(model, dns_name, self.spec.port, self.view.second, &self.flights);
            if let Some(front) = front.as_ref().filter(|front| front.severs) {
                self.sever(model, front);
            }
            self.view.fronts.insert(dns_name.to_owned(), front);
        }
        self.view.fronts.get_mut(dns_name).and_then(Option::as_mut)
    }

    /// Without draining, what fails its checks loses its open requests, too (guide, "Connection draining").
    fn sever(&mut self, model: &Model, front: &Front) {
        let second = self.view.second;
        let leaves = |id: &InstanceId| elb::is_draining(model, &front.name, id);
        let lost = self.flights.take(|flight| {
            flight.balancer == front.name && !front.serves(&flight.instance) && !leaves(&flight.instance)
        });
        for flight in lost {
            self.strike(model, &flight, second.max(flight.began.time()), Cause::CutByHealthCheck);
        }
    }
}

/// Spread exponentially about 1.
fn exponential(random: &mut Random) -> f64 {
    -(1.0 - random.share()).ln()
}

/// How long a request takes, in milliseconds; at least one.
fn service_time(random: &mut Random, service: &Service) -> u64 {
    let slow = random.share() < service.slow_share;
    let (mean, longest) = (service.mean_ms as f64, service.longest_ms as f64);
    let drawn = match slow {
        true => mean + random.share() * (longest - mean),
        false => exponential(random) * mean,
    };
    (drawn.min(longest).round() as u64).max(1)
}
