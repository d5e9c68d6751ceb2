//! One stream of requests: they arrive, are sent somewhere, and end.
//!
//! Nothing here is an event of the model, and chance comes from the stream's own generator: the model's future is the
//! same with and without requests. What nodes know of their instances is looked up once in each second of the model,
//! and anew whenever the model has moved on; so it makes no difference in how many steps time passes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::flight::{End, Flight, Flights, Micros, Waiting};
use super::front::{Choice, Front, Nodes};
use super::meter::{Meters, Minute};
use super::names::{self, Answer, Answers};
use super::tally::{Tally, second};
use super::{Cause, Service, TrafficReport, TrafficSpec};
use crate::ec2::fleet;
use crate::elb;
use crate::model::behaviour::Condition;
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

/// Somebody who asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Client {
    /// The node that it asks.
    node: Option<Node>,
    /// Until when it believes the name servers' answer.
    believes_until: Time,
    /// Until when its connection was in use.
    connected: Option<Micros>,
    /// Whether it keeps answers longer than it should.
    overruns: bool,
    /// The instance its session is on, behind a sticky listener.
    session: Option<InstanceId>,
}

/// A load balancer's own name and the zone of one of its nodes.
type Node = (String, String);

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
        let clients = (0..spec.clients.max(1))
            .map(|_| Client { overruns: random.share() < spec.overrun_share, ..Client::default() });
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
        self.view.fronts.clear();
        while let Some(moment) = self.due().filter(|moment| *moment <= Micros::of(to)) {
            if self.flights.next() == Some(moment) {
                self.finish(model);
            } else {
                self.arrive(model, moment);
            }
        }
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
        self.view.fronts.clear();
        for flight in self.flights.take(|flight| flight.balancer == balancer && flight.instance == *id) {
            self.strike(model, &flight, model.now, cause);
        }
    }

    /// A load balancer is gone, and all that came through it.
    pub fn close(&mut self, now: Time, balancer: &str) {
        self.view.fronts.clear();
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

    /// The node a client asks: the one it is connected to, the one it believes in, or a new one.
    fn node(&mut self, model: &Model, client: usize, at: Micros) -> Option<Node> {
        let keeps = self.random.share() < self.spec.keep_alive;
        let known = self.clients[client].node.clone();
        let idle = known.as_ref().and_then(|(name, _)| Some(self.front(model, name)?.idle_ms));
        let asks = &self.clients[client];
        let connected = asks.connected.zip(idle).is_some_and(|(last, idle)| at <= last.plus_ms(idle));
        if known.is_some() && ((keeps && connected) || at.time() < asks.believes_until) {
            return known;
        }
        let node = self.resolve(model, client, at.time());
        self.clients[client].node.clone_from(&node);
        node
    }

    /// Asks the name servers.
    fn resolve(&mut self, model: &Model, client: usize, now: Time) -> Option<Node> {
        let answers = self.answers.at(now).to_vec();
        let well: BTreeMap<String, bool> = answers
            .iter()
            .map(|answer| {
                let serves = self.front(model, &answer.balancer).is_some_and(|front| front.in_service() > 0);
                (answer.balancer.clone(), serves)
            })
            .collect();
        let answer = pick(&names::given(&answers, &well), &mut self.random)?;
        let zones: Vec<String> = match self.front(model, &answer.balancer) {
            Some(front) => front.named_zones().into_iter().map(str::to_owned).collect(),
            None => Vec::new(),
        };
        let place = usize::try_from(self.random.below(zones.len() as u64)).unwrap_or_default();
        let overruns = self.clients[client].overruns.then(|| self.random.delay(self.spec.overrun));
        self.clients[client].believes_until = match overruns {
            Some(span) => now + span,
            None => Time(now.0 + answer.ttl_ms),
        };
        Some((answer.balancer.clone(), zones.get(place).cloned().unwrap_or_default()))
    }

    /// A node sends a request on, or has it wait.
    fn send(&mut self, model: &Model, (name, zone): &Node, request: Waiting) -> Result<(), Cause> {
        self.front(model, name).ok_or(Cause::NoListener)?;
        let Some(Some(front)) = self.view.fronts.get(name) else { return Err(Cause::NoListener) };
        let nodes = self.nodes.entry(front.name.clone()).or_default();
        let session = self.clients[request.client].session.as_ref();
        // A client may know a node that has left its zone meanwhile.
        let zone =
            if front.has_node(zone) { zone } else { front.named_zones().first().copied().unwrap_or(zone) };
        match front.choose(nodes, zone, self.spec.concurrency, session) {
            Choice::Instance(at) => {
                let (id, node) = (front.instance(at).clone(), (name.clone(), zone.to_owned()));
                self.begin(model, &node, id, &request, request.since)
            }
            Choice::Nobody => Err(Cause::NobodyInService),
            Choice::Full => Err(Cause::QueueFull),
            Choice::Busy => {
                nodes.entry(zone.to_owned()).or_default().surge.push_back(request);
                Ok(())
            }
        }
    }

    /// An instance begins to work on a request.
    fn begin(
        &mut self,
        model: &Model,
        (name, zone): &Node,
        id: InstanceId,
        request: &Waiting,
        at: Micros,
    ) -> Result<(), Cause> {
        let condition = fleet::condition(model, id.as_str(), at.time());
        let Some(Some(front)) = self.view.fronts.get_mut(name).filter(|_| condition.is_open()) else {
            return Err(Cause::NotListening);
        };
        front.count(&id, true);
        let waited = at.0.saturating_sub(request.since.0) / 1000;
        let longest = front.idle_ms.min(self.spec.patience_ms.saturating_sub(waited));
        let end = match condition {
            _ if request.service_ms > longest => End::Late,
            Condition::Well => End::Well,
            _ => End::Badly,
        };
        let (balancer, sticky) = (front.name.clone(), front.sticky);
        let ends = at.plus_ms(request.service_ms.min(longest));
        let client = &mut self.clients[request.client];
        client.connected = Some(ends);
        if sticky && client.session.replace(id.clone()).is_some_and(|before| before != id) {
            self.tally.sessions_lost += 1;
        }
        self.flights.push(Flight { ends, began: at, balancer, zone: zone.clone(), instance: id, end });
        Ok(())
    }

    /// The next request ends.
    fn finish(&mut self, model: &Model) {
        let Some(flight) = self.flights.pop() else { return };
        let through = |front: &&mut Front| front.name == flight.balancer;
        self.view
            .fronts
            .values_mut()
            .flatten()
            .filter(through)
            .for_each(|front| front.count(&flight.instance, false));
        let ended = died(model, &flight, flight.ends.time());
        match (ended, flight.end) {
            (Some((moment, cause)), _) => self.fail(&flight.balancer, moment, cause),
            (None, End::Well) => self.tally.answered(),
            (None, End::Badly) => self.tally.strike(flight.ends.time(), Cause::ServerError),
            (None, End::Late) => self.tally.strike(flight.ends.time(), Cause::TimedOut),
        }
        if ended.is_none() {
            self.meters.ended(&flight);
        }
        if self.spec.concurrency.is_some() {
            self.look(model, flight.ends);
        }
    }

    /// Nodes send on what waits, as far as instances take it.
    fn admit(&mut self, model: &Model, at: Micros) {
        let waits = |(name, nodes): (&String, &Nodes)| {
            let zones = nodes.iter().filter(|(_, node)| !node.surge.is_empty());
            zones.map(|(zone, _)| (name.clone(), zone.clone())).collect::<Vec<_>>()
        };
        let waiting: Vec<(String, String)> = self.nodes.iter().flat_map(waits).collect();
        for (balancer, zone) in waiting {
            self.admit_at(model, &balancer, &zone, at);
        }
    }

    fn admit_at(&mut self, model: &Model, balancer: &str, zone: &str, at: Micros) {
        let Some(dns_name) = model.elb.balancers.get(balancer).map(|found| found.dns_name.clone()) else {
            return;
        };
        while let Some(request) = self.head(balancer, zone) {
            let late = request.since.plus_ms(self.spec.patience_ms);
            let chosen = if late <= at { None } else { Some(self.free(model, &dns_name, zone)) };
            let failed = match chosen {
                None => Some((late.time(), Cause::TimedOut)),
                Some(None) => return,
                Some(Some(id)) => {
                    let sent = self.begin(model, &(dns_name.clone(), zone.to_owned()), id, &request, at);
                    sent.err().map(|cause| (at.time(), cause))
                }
            };
            if let Some((moment, cause)) = failed {
                self.fail(balancer, moment, cause);
            }
            self.nodes
                .entry(balancer.to_owned())
                .or_default()
                .entry(zone.to_owned())
                .or_default()
                .surge
                .pop_front();
        }
    }

    /// The request that has waited longest at a node.
    fn head(&self, balancer: &str, zone: &str) -> Option<Waiting> {
        self.nodes.get(balancer)?.get(zone)?.surge.front().cloned()
    }

    /// An instance that can work on one more request.
    fn free(&mut self, model: &Model, dns_name: &str, zone: &str) -> Option<InstanceId> {
        self.front(model, dns_name)?;
        let front = self.view.fronts.get(dns_name)?.as_ref()?;
        let nodes = self.nodes.entry(front.name.clone()).or_default();
        match front.choose(nodes, zone, self.spec.concurrency, None) {
            Choice::Instance(at) => Some(front.instance(at).clone()),
            Choice::Nobody | Choice::Busy | Choice::Full => None,
        }
    }
}

/// When and how an instance ended a request by its own end, if it did by `now`.
fn died(model: &Model, flight: &Flight, now: Time) -> Option<(Time, Cause)> {
    let Some(instance) = fleet::instance(model, flight.instance.as_str()) else {
        return Some((now, Cause::CutByTermination));
    };
    let moment = instance.life.closes(flight.began.time(), now)?;
    let cause = match instance.life.at(moment) {
        Condition::Down => Cause::CutByTermination,
        _ => Cause::CutByCrash,
    };
    Some((moment, cause))
}

/// One of the answers, each as often as its weight says; all alike if no weight is above 0.
fn pick<'a>(answers: &[&'a Answer], random: &mut Random) -> Option<&'a Answer> {
    let total: u64 = answers.iter().map(|answer| answer.weight).sum();
    if total == 0 {
        let place = usize::try_from(random.below(answers.len() as u64)).unwrap_or_default();
        return answers.get(place).copied();
    }
    let mut drawn = random.below(total);
    answers.iter().copied().find(|answer| match drawn.checked_sub(answer.weight) {
        Some(rest) => {
            drawn = rest;
            false
        }
        None => true,
    })
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
