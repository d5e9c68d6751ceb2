//! Instances behind a load balancer, and how they are.
//!
//! Health is not stored. It follows from when an instance was registered, how its application was since, and the health
//! check ([`probes`](super::probes)).

use std::time::Duration;

use crate::ec2::fleet;
use crate::model::ec2::{Instance, InstanceId, InstanceState};
use crate::model::elb::{Balancer, HealthCheck, Registration, Standing};
use crate::model::{Event, Model, Time};
use crate::traffic::{self, Cause};
use crate::wire::{ApiError, Node, Params};

use super::probes::{self, Admission, Verdict};
use super::{ElbEvent, named, not_found};

/// How an instance is, in the words of DescribeInstanceHealth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `InService` or `OutOfService`; a draining instance is still `InService`.
    pub state: &'static str,
    /// `N/A`, `ELB` or `Instance`: on whose side the cause is.
    pub reason: &'static str,
    /// One of AWS's sentences.
    pub description: &'static str,
}

const fn out(reason: &'static str, description: &'static str) -> Health {
    Health { state: "OutOfService", reason, description }
}

impl Health {
    /// Whether new requests are sent to it.
    pub fn takes_requests(&self) -> bool {
        *self == IN_SERVICE
    }
}

/// Takes requests.
const IN_SERVICE: Health = Health { state: "InService", reason: "N/A", description: "N/A" };
/// Takes no new requests; open ones may finish. AWS still says `InService`.
const DRAINING: Health = Health {
    state: "InService",
    reason: "N/A",
    description: "Instance deregistration currently in progress.",
};
const REGISTERING: Health = out("ELB", "Instance registration is still in progress.");
const FAILING: Health = out(
    "Instance",
    "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
);
const CLIMBING: Health = out(
    "Instance",
    "Instance has not passed the configured HealthyThreshold number of health checks consecutively.",
);
const NOT_REGISTERED: Health = out("Instance", "Instance is not currently registered with the LoadBalancer.");
const FOREIGN_ZONE: Health = out(
    "ELB",
    "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.",
);
const LEAVING_ZONE: Health = out("ELB", "Disable Availability Zone is currently in progress.");

/// How an instance of a load balancer is now; `None` once it is terminated, which is when AWS stops listing it.
pub fn of(model: &Model, balancer: &Balancer, id: &InstanceId) -> Option<Health> {
    let instance = fleet::instance(model, id.as_str())?;
    judge(model, balancer, balancer.registrations.get(id), instance)
}

/// The same of an instance and its registration that have been looked up.
pub fn judge(
    model: &Model,
    balancer: &Balancer,
    seat: Option<&Registration>,
    instance: &Instance,
) -> Option<Health> {
    match instance.state {
        InstanceState::Terminated => return None,
        InstanceState::Pending => return Some(out("Instance", "Instance is in pending state.")),
        InstanceState::Stopped | InstanceState::Stopping => {
            return Some(out("Instance", "Instance is in stopped state."));
        }
        InstanceState::ShuttingDown => return Some(out("Instance", "Instance is in terminated state.")),
        InstanceState::Running => {}
    }
    let Some(seat) = seat else { return Some(NOT_REGISTERED) };
    if seat.leaves.is_some() {
        return Some(DRAINING);
    }
    if !balancer.zones.contains(&instance.zone) {
        let leaving = balancer.leaving.get(&instance.zone).is_some_and(|until| model.now < *until);
        return Some(if leaving { LEAVING_ZONE } else { FOREIGN_ZONE });
    }
    if model.now < seat.first_probe && seat.standing == Standing::New {
        return Some(REGISTERING);
    }
    Some(worded(verdict(model, balancer, seat, instance, model.now), &balancer.health_check))
}

fn worded(verdict: Verdict, check: &HealthCheck) -> Health {
    match verdict.standing {
        Standing::In => IN_SERVICE,
        Standing::New | Standing::Out if verdict.failures >= check.unhealthy => FAILING,
        Standing::New | Standing::Out => CLIMBING,
    }
}

fn verdict(model: &Model, balancer: &Balancer, seat: &Registration, who: &Instance, now: Time) -> Verdict {
    let new = Admission { passes: u64::from(model.timing.elb.initial_passes), lapses: false };
    probes::verdict(&balancer.health_check, seat, &who.life, new, now)
}

/// Whether the load balancer says that the instance takes requests now.
pub fn takes_requests(model: &Model, balancer: &str, id: &InstanceId) -> bool {
    let balancer = model.elb.balancers.get(balancer);
    balancer.and_then(|balancer| of(model, balancer, id)).is_some_and(|health| health.takes_requests())
}

/// Whether the load balancer takes requests to the instance now, and the next probes will not change that.
pub fn stays(model: &Model, balancer: &str, id: &InstanceId) -> bool {
    let check = model.elb.balancers.get(balancer).map(|balancer| &balancer.health_check);
    let condition = fleet::condition(model, id.as_str(), model.now);
    takes_requests(model, balancer, id) && check.is_some_and(|check| probes::passes_check(check, condition))
}

/// Whether the load balancer's nodes send new requests to the instance at a moment. They know only what their probes
/// have found: an instance that was terminated is sent to until enough probes of it have failed.
pub fn routes(model: &Model, balancer: &Balancer, id: &InstanceId, moment: Time) -> bool {
    let seat = balancer.registrations.get(id).filter(|seat| seat.leaves.is_none());
    let (Some(seat), Some(instance)) = (seat, fleet::instance(model, id.as_str())) else { return false };
    balancer.zones.contains(&instance.zone)
        && verdict(model, balancer, seat, instance, moment).standing == Standing::In
}

/// Has the verdicts up to now stand, before the health check changes: from now on the new one is probed.
pub fn reseat(model: &mut Model, balancer: &str, interval: u64) {
    let Some(found) = model.elb.balancers.get(balancer) else { return };
    let now = model.now;
    let first = |seat: &Registration| match seat.first_probe > now {
        true => seat.first_probe,
        false => now + Duration::from_secs(interval),
    };
    let seats: Vec<(InstanceId, Standing, Time)> = found
        .registrations
        .iter()
        .filter_map(|(id, seat)| {
            let instance = fleet::instance(model, id.as_str())?;
            Some((id.clone(), verdict(model, found, seat, instance, now).standing, first(seat)))
        })
        .collect();
    let Some(found) = model.elb.balancers.get_mut(balancer) else { return };
    for (id, standing, first_probe) in seats {
        found
            .registrations
            .entry(id)
            .and_modify(|seat| (seat.standing, seat.first_probe) = (standing, first_probe));
    }
}

/// Whether the instance is leaving the load balancer now.
pub fn is_draining(model: &Model, balancer: &str, id: &InstanceId) -> bool {
    let registration = model.elb.balancers.get(balancer).and_then(|balancer| balancer.registrations.get(id));
    registration.is_some_and(|registration| registration.leaves.is_some())
}

/// Registers an instance; one that is leaving comes back.
pub fn enlist(model: &mut Model, balancer: &str, id: &InstanceId) {
    let first_probe = model.now + model.random.delay(model.timing.elb.registration_lag);
    let registration = Registration { since: model.now, first_probe, ..Registration::default() };
    let Some(found) = model.elb.balancers.get_mut(balancer) else { return };
    if found.registrations.get(id).is_some_and(|old| old.leaves.is_none()) {
        return;
    }
    found.registrations.insert(id.clone(), registration);
    model.queue.cancel(|event| is_left(event, balancer, id));
    traffic::stir(model);
}

/// Begins to take an instance out; gives the moment it is gone.
pub fn dismiss(model: &mut Model, balancer: &str, id: &InstanceId) -> Option<Time> {
    let open = model.random.delay(model.timing.elb.open_requests);
    let requests = traffic::longest_open(model, balancer, id);
    let found = model.elb.balancers.get_mut(balancer)?;
    let registration = found.registrations.get_mut(id)?;
    if let Some(leaves) = registration.leaves {
        return Some(leaves);
    }
    if !found.attributes.draining {
        found.registrations.remove(id);
        traffic::cut(model, balancer, id, Cause::CutByDeregistration);
        return Some(model.now);
    }
    let open = requests.unwrap_or(open);
    let wait = open.min(Duration::from_secs(found.attributes.draining_timeout));
    registration.leaves = Some(model.now + wait);
    traffic::stir(model);
    let event = ElbEvent::Left { balancer: balancer.to_owned(), instance: id.clone() };
    model.schedule_in(wait, Event::Elb(event));
    Some(model.now + wait)
}

/// An instance has finished leaving.
pub fn left(model: &mut Model, balancer: &str, id: &InstanceId) {
    if let Some(found) = model.elb.balancers.get_mut(balancer)
        && found.registrations.get(id).is_some_and(|registration| registration.leaves.is_some())
    {
        found.registrations.remove(id);
        traffic::cut(model, balancer, id, Cause::CutByDrainTimeout);
    }
}

/// A terminated instance is no longer registered with any load balancer.
pub fn forget(model: &mut Model, id: &InstanceId) {
    for balancer in model.elb.balancers.values_mut() {
        balancer.registrations.remove(id);
    }
    traffic::stir(model);
    model
        .queue
        .cancel(|event| matches!(event, Event::Elb(ElbEvent::Left { instance, .. }) if instance == id));
}

fn is_left(event: &Event, balancer: &str, id: &InstanceId) -> bool {
    matches!(event, Event::Elb(ElbEvent::Left { balancer: b, instance }) if b == balancer && instance == id)
}

/// The ids of a request's `Instances`, each of an instance that exists.
fn instances(model: &Model, params: &Params) -> Result<Vec<InstanceId>, ApiError> {
    let listed = params.list("Instances");
    let ids = listed.iter().filter_map(|element| element.text("InstanceId"));
    ids.map(|id| match fleet::instance(model, id) {
        Some(_) => Ok(InstanceId::from(id)),
        None => Err(ApiError::new("InvalidInstance", format!("Could not find EC2 instance {id}."))),
    })
    .collect()
}

pub fn register(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = named(model, params)?.name.clone();
    for id in instances(model, params)? {
        enlist(model, &name, &id);
    }
    Ok(listing(model, &name))
}

pub fn deregister(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = named(model, params)?.name.clone();
    for id in instances(model, params)? {
        dismiss(model, &name, &id);
    }
    Ok(listing(model, &name))
}

/// What both answer: the instances that stay.
fn listing(model: &Model, name: &str) -> Node {
    let registrations = model.elb.balancers.get(name).map(|balancer| &balancer.registrations);
    let staying =
        registrations.into_iter().flatten().filter(|(_, registration)| registration.leaves.is_none());
    Node::body().members("Instances", staying.map(|(id, _)| Node::body().field("InstanceId", id)))
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("LoadBalancerName")?;
    let asked = instances(model, params)?;
    let balancer = model.elb.balancers.get(name).ok_or_else(|| not_found(name))?;
    let ids = if asked.is_empty() { balancer.registrations.keys().cloned().collect() } else { asked };
    let states = ids.iter().filter_map(|id| {
        let health = of(model, balancer, id)?;
        let node = Node::body().field("InstanceId", id).field("State", health.state);
        Some(node.field("ReasonCode", health.reason).field("Description", health.description))
    });
    Ok(Node::body().members("InstanceStates", states))
}
