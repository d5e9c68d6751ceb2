//! Whom a client asks: what it is connected to, what it still believes of the name servers' answers, or a new answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stream;
use crate::model::ec2::InstanceId;
use crate::model::{Model, Random, Time};
use crate::traffic::flight::Micros;
use crate::traffic::names::{self, Answer};

/// Somebody who asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Client {
    /// The node that it asks.
    node: Option<Node>,
    /// Until when it believes the name servers' answer.
    believes_until: Time,
    /// Until when its connection was in use.
    pub(super) connected: Option<Micros>,
    /// Whether it keeps answers longer than it should.
    overruns: bool,
    /// The instance its session is on, behind a sticky listener.
    pub(super) session: Option<InstanceId>,
}

impl Client {
    /// One that has not asked yet.
    pub fn new(overruns: bool) -> Self {
        Self { overruns, ..Self::default() }
    }
}

/// A load balancer's own name and the zone of one of its nodes.
pub(super) type Node = (String, String);

impl Stream {
    /// The node a client asks: the one it is connected to, the one it believes in, or a new one.
    pub(super) fn node(&mut self, model: &Model, client: usize, at: Micros) -> Option<Node> {
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
