//! Users who ask all the time while a plan is rehearsed, and what becomes of their requests.

use std::collections::{BTreeMap, BTreeSet};

use infra_engine::rehearse::{Drops, StepSpan, Traffic, Watched, running};
use infra_local_aws::model::Time;
use infra_local_aws::model::elb::Balancer;
use infra_local_aws::traffic::{Service, TrafficReport, TrafficSpec};

use super::world::World;

/// How much is asked of each load balancer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Requests a second.
    pub rate: f64,
    /// How long a usual request takes, in milliseconds.
    pub service_ms: u64,
}

impl Default for Demand {
    /// Enough that nothing which lasts a second goes by unseen.
    fn default() -> Self {
        Self { rate: 20.0, service_ms: 50 }
    }
}

/// Has users ask every load balancer in front of the groups, by the name that they would use: that of a record, if one
/// leads there.
pub fn start(world: &World, watched: &[Watched], demand: Demand) {
    for (target, port) in targets(world, watched) {
        let service = Service { mean_ms: demand.service_ms, ..Service::default() };
        world.ask(TrafficSpec { target, port, rate: demand.rate, service, ..TrafficSpec::default() });
    }
}

fn targets(world: &World, watched: &[Watched]) -> BTreeSet<(String, u16)> {
    let gauge = world.gauge();
    let groups = watched.iter().filter_map(|watched| gauge.groups.get(watched.current.as_ref()?));
    let names: BTreeSet<&String> = groups.flat_map(|group| &group.balancers).collect();
    let found = world.model(|model| {
        let balancers = names.iter().filter_map(|name| model.elb.balancers.get(*name));
        balancers.filter_map(|balancer| Some((balancer.dns_name.clone(), port(balancer)?))).collect()
    });
    let found: Vec<(String, u16)> = found;
    found.into_iter().map(|(name, port)| (world.record_to(&name).unwrap_or(name), port)).collect()
}

/// Users come by HTTP if they can.
fn port(balancer: &Balancer) -> Option<u16> {
    let by_http = balancer.listeners.iter().find(|(_, listener)| listener.protocol.starts_with("HTTP"));
    by_http.or_else(|| balancer.listeners.iter().next()).map(|(port, _)| *port)
}

/// What became of the requests, by the name that was asked, and in which steps some were not answered.
pub fn told(reports: Vec<TrafficReport>, begun: Time, steps: &[StepSpan]) -> BTreeMap<String, Traffic> {
    let one = |report: TrafficReport| {
        let drops = drops(&report, begun, steps);
        let (requests, dropped, bad) = (report.requests, report.dropped, report.bad);
        (report.target, Traffic { requests, dropped, bad, drops })
    };
    reports.into_iter().map(one).collect()
}

/// One for each cause and step, in the order in which they struck first.
fn drops(report: &TrafficReport, begun: Time, steps: &[StepSpan]) -> Vec<Drops> {
    let mut all: Vec<Drops> = Vec::new();
    for moment in &report.moments {
        let at_ms = u64::try_from(moment.second.since(begun).as_millis()).unwrap_or(u64::MAX);
        let during = running(steps, at_ms).map(|step| format!("{}: {}", step.address, step.title));
        let cause = serde_json::to_value(moment.cause).ok();
        let cause = cause.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
        match all.iter_mut().find(|it| it.cause == cause && it.during == during) {
            Some(known) => known.count += moment.count,
            None => all.push(Drops { cause, during, count: moment.count }),
        }
    }
    all
}
