//! What name servers answer for a name, over time.
//!
//! Route 53 is modelled in one region and load balancers in theirs, so a stream of requests keeps what it needs of the
//! records: it is told of every change, and from when the name servers know it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::model::route53::{RecordSet, Route53, Routing};

/// How long an answer is kept that stands for a load balancer: its own name's, and an alias's (Route 53 guide,
/// "Choosing between alias and non-alias records").
const BALANCER_TTL_MS: u64 = 60_000;
/// More aliases in a row than anybody has.
const DEEPEST: usize = 8;

/// One of the answers to a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The load balancer's own name.
    pub balancer: String,
    /// Its share among the answers.
    pub weight: u64,
    /// How long a client keeps it.
    pub ttl_ms: u64,
    /// Whether it is given only as long as the load balancer has an instance in service.
    pub evaluate: bool,
}

/// The answers to a name, each list from its moment to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answers(Vec<(Time, Vec<Answer>)>);

impl Answers {
    /// From a moment on the answers are these.
    pub fn publish(&mut self, from: Time, answers: Vec<Answer>) {
        self.0.retain(|(moment, _)| *moment < from);
        if self.0.last().is_none_or(|(_, before)| *before != answers) {
            self.0.push((from, answers));
        }
    }

    /// The answers at a moment.
    pub fn at(&self, moment: Time) -> &[Answer] {
        let passed = self.0.partition_point(|(from, _)| *from <= moment);
        passed.checked_sub(1).map_or(&[], |last| self.0[last].1.as_slice())
    }
}

/// Without the final dot and `dualstack.`, in lower case.
pub fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase();
    name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
}

/// The answers to a name: the records of that name, or, for a name that has none, the load balancer it belongs to.
pub fn resolve(route53: &Route53, name: &str) -> Vec<Answer> {
    let name = plain(name);
    let found = records(route53, &name);
    match found.is_empty() && !in_a_zone(route53, &name) {
        true => vec![Answer { balancer: name, weight: 1, ttl_ms: BALANCER_TTL_MS, evaluate: false }],
        false => found.into_iter().filter_map(|record| follow(route53, record, DEEPEST)).collect(),
    }
}

fn in_a_zone(route53: &Route53, name: &str) -> bool {
    let within = |zone: &str| name == zone || name.ends_with(&format!(".{zone}"));
    route53.zones.values().any(|zone| within(zone.name.trim_end_matches('.')))
}

/// The record sets of a name that lead to addresses; those of a wildcard if it has none of its own.
fn records<'a>(route53: &'a Route53, name: &str) -> Vec<&'a RecordSet> {
    let all = || route53.zones.values().flat_map(|zone| zone.records.values());
    let leads = |record: &&RecordSet| matches!(record.kind.as_str(), "A" | "CNAME");
    let named = |wanted: &str| -> Vec<&RecordSet> {
        all().filter(leads).filter(|record| record.name.trim_end_matches('.') == wanted).collect()
    };
    let own = named(name);
    match (own.is_empty(), name.split_once('.')) {
        (true, Some((_, parent))) => named(&format!("\\052.{parent}")),
        _ => own,
    }
}

/// What a record stands for in the end. A record of addresses stands for no load balancer.
fn follow(route53: &Route53, record: &RecordSet, depth: usize) -> Option<Answer> {
    let weight = match record.routing {
        Some(Routing::Weight(weight)) => weight,
        _ => 1,
    };
    let (target, evaluate) = match &record.alias {
        Some(alias) => (plain(&alias.dns_name), alias.evaluate),
        None if record.kind == "CNAME" => (plain(record.values.first()?), false),
        None => return None,
    };
    let ttl_ms = record.ttl.map_or(BALANCER_TTL_MS, |seconds| seconds * 1000);
    match records(route53, &target).first() {
        Some(next) if depth > 0 => {
            let end = follow(route53, next, depth - 1)?;
            Some(Answer { weight, ttl_ms: ttl_ms.min(end.ttl_ms), evaluate: evaluate || end.evaluate, ..end })
        }
        _ => Some(Answer { balancer: target, weight, ttl_ms, evaluate }),
    }
}

/// When the name servers know all that was changed so far; the beginning of time if nothing was.
pub fn in_sync(route53: &Route53) -> Time {
    route53.changes.values().map(|change| change.in_sync).max().unwrap_or_default()
}

/// The answers that are given: those whose load balancer is well where that counts; all if that leaves none.
pub fn given<'a>(answers: &'a [Answer], well: &BTreeMap<String, bool>) -> Vec<&'a Answer> {
    let fit = |answer: &&Answer| !answer.evaluate || well.get(&answer.balancer).copied().unwrap_or(false);
    let positive: Vec<&Answer> = answers.iter().filter(|answer| answer.weight > 0).filter(fit).collect();
    let left: Vec<&Answer> =
        if positive.is_empty() { answers.iter().filter(fit).collect() } else { positive };
    if left.is_empty() { answers.iter().collect() } else { left }
}
