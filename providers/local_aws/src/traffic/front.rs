//! A load balancer as requests meet it: its nodes, one in each zone, and the instances they send to.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::flight::{Flights, Waiting};
use crate::ec2::fleet;
use crate::elb;
use crate::model::ec2::InstanceId;
use crate::model::elb::{Balancer, Listener};
use crate::model::{Model, Time};

/// Requests that a node holds while no instance takes more (Classic Load Balancer metrics, `SurgeQueueLength`).
const SURGE_QUEUE: usize = 1024;
/// What a node remembers from request to request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Node {
    /// Whose turn it is.
    turn: usize,
    /// Requests that wait for an instance.
    pub surge: VecDeque<Waiting>,
}

/// The nodes of a load balancer, by zone.
pub type Nodes = BTreeMap<String, Node>;

/// What a load balancer does with requests, as of a moment.
#[derive(Clone, Debug)]
pub struct Front {
    /// The load balancer.
    pub name: String,
    /// How many milliseconds without a byte are too many.
    pub idle_ms: u64,
    /// Whether open requests end with their instance's health, because nothing drains.
    pub severs: bool,
    /// Whether a client stays with its instance.
    pub sticky: bool,
    /// Least outstanding requests; otherwise each in turn.
    least: bool,
    /// In the order of their ids.
    targets: Vec<Target>,
    /// By zone: the zone's node sends to those of `targets`.
    nodes: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Target {
    id: InstanceId,
    open: u32,
}

/// Where a node sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// To the instance at this place.
    Instance(usize),
    /// Nowhere: nobody is in service.
    Nobody,
    /// Nowhere yet: all work on as many requests as they can.
    Busy,
    /// Nowhere: and as many wait already as may.
    Full,
}

impl Front {
    /// The load balancer with this name of its own and a listener at this port, as its nodes know it at `moment`.
    pub fn of(model: &Model, dns_name: &str, port: u16, moment: Time, flights: &Flights) -> Option<Self> {
        let named = |balancer: &&Balancer| balancer.dns_name == dns_name && balancer.resolvable <= moment;
        let balancer = model.elb.balancers.values().find(named)?;
        let listener = balancer.listeners.get(&port)?;
        let open = flights.by_instance(&balancer.name);
        let mut targets = Vec::new();
        let mut nodes: BTreeMap<String, Vec<usize>> =
            balancer.zones.iter().map(|zone| (zone.clone(), Vec::new())).collect();
        for id in balancer.registrations.keys().filter(|id| elb::routes(model, balancer, id, moment)) {
            let zone = fleet::instance(model, id.as_str()).map(|instance| instance.zone.as_str());
            for (_, sends) in nodes
                .iter_mut()
                .filter(|(node, _)| balancer.attributes.cross_zone || zone == Some(node.as_str()))
            {
                sends.push(targets.len());
            }
            targets.push(Target { id: id.clone(), open: open.get(id).copied().unwrap_or_default() });
        }
        Some(Self {
            name: balancer.name.clone(),
            idle_ms: balancer.attributes.idle_timeout * 1000,
            severs: !balancer.attributes.draining,
            sticky: is_sticky(balancer, listener),
            least: listener.protocol.starts_with("HTTP"),
            targets,
            nodes,
        })
    }

    /// How many instances take requests.
    pub fn in_service(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is a node in a zone.
    pub fn has_node(&self, zone: &str) -> bool {
        self.nodes.contains_key(zone)
    }

    /// Whether an instance is one of them.
    pub fn serves(&self, id: &InstanceId) -> bool {
        self.place(id).is_some()
    }

    /// The zones whose nodes the name servers name: those that have somebody to send to; if there are none, all.
    pub fn named_zones(&self) -> Vec<&str> {
        let able = self.nodes.iter().filter(|(_, sends)| !sends.is_empty());
        let named: Vec<&str> = able.map(|(zone, _)| zone.as_str()).collect();
        if named.is_empty() { self.nodes.keys().map(String::as_str).collect() } else { named }
    }

    /// Where the node of a zone sends the next request. `session` is the instance that the client is bound to.
    pub fn choose(
        &self,
        nodes: &mut Nodes,
        zone: &str,
        concurrency: Option<u32>,
        session: Option<&InstanceId>,
    ) -> Choice {
        let sends = self.nodes.get(zone).map(Vec::as_slice).unwrap_or_default();
        let node = nodes.entry(zone.to_owned()).or_default();
        if sends.is_empty() {
            return Choice::Nobody;
        }
        let bound = session.and_then(|id| self.place(id)).filter(|at| sends.contains(at));
        if let Some(at) = bound {
            return Choice::Instance(at);
        }
        let open = |turn: &usize| self.targets[sends[*turn]].open;
        let turned = (0..sends.len()).map(|step| (node.turn + step) % sends.len());
        let mut able = turned.filter(|turn| concurrency.is_none_or(|most| open(turn) < most));
        let chosen = match self.least {
            true => able.clone().find(|turn| open(turn) == 0).or_else(|| able.min_by_key(open)),
            false => able.next(),
        };
        match chosen {
            Some(turn) => {
                node.turn = turn + 1;
                Choice::Instance(sends[turn])
            }
            None if node.surge.len() < SURGE_QUEUE => Choice::Busy,
            None => Choice::Full,
        }
    }

    /// The instance at a place.
    pub fn instance(&self, at: usize) -> &InstanceId {
        &self.targets[at].id
    }

    fn place(&self, id: &InstanceId) -> Option<usize> {
        self.targets.binary_search_by(|target| target.id.cmp(id)).ok()
    }

    /// An instance has one more request to work on, or one less.
    pub fn count(&mut self, id: &InstanceId, more: bool) {
        if let Some(at) = self.place(id) {
            let target = &mut self.targets[at];
            target.open = if more { target.open + 1 } else { target.open.saturating_sub(1) };
        }
    }
}

fn is_sticky(balancer: &Balancer, listener: &Listener) -> bool {
    let policies = listener.policies.iter().filter_map(|name| balancer.policies.get(name));
    policies.into_iter().any(|policy| policy.kind.contains("CookieStickiness"))
}
