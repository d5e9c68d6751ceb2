//! What load balancers and instances do with requests.

use super::Stream;
use super::client::Node;
use crate::ec2::fleet;
use crate::model::behaviour::Condition;
use crate::model::ec2::InstanceId;
use crate::model::{Model, Time};
use crate::traffic::Cause;
use crate::traffic::flight::{End, Flight, Micros, Waiting};
use crate::traffic::front::{Choice, Front, Nodes};

impl Stream {
    /// A node sends a request on, or has it wait.
    pub(super) fn send(&mut self, model: &Model, (name, zone): &Node, request: Waiting) -> Result<(), Cause> {
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
    pub(super) fn finish(&mut self, model: &Model) {
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
    pub(super) fn admit(&mut self, model: &Model, at: Micros) {
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
pub(super) fn died(model: &Model, flight: &Flight, now: Time) -> Option<(Time, Cause)> {
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
