//! Instances behind a load balancer, and how they are.
//!
//! Health is not stored. It follows from when an instance was registered, when its application began to listen, and
//! the health check, so a model that nobody looks at costs nothing.

use crate::ec2::fleet;
use crate::model::ec2::{InstanceId, InstanceState};
use crate::model::elb::{Balancer, HealthCheck, Registration};
use crate::model::{Event, Model};
use crate::wire::{ApiError, Node, Params};

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

/// How an instance of a load balancer is now; `None` once it is terminated, which is when AWS stops listing it.
pub fn of(model: &Model, balancer: &Balancer, id: &InstanceId) -> Option<Health> {
    let instance = fleet::instance(model, id.as_str())?;
    match instance.state {
        InstanceState::Terminated => return None,
        InstanceState::Pending => return Some(out("Instance", "Instance is in pending state.")),
        InstanceState::Stopped | InstanceState::Stopping => {
            return Some(out("Instance", "Instance is in stopped state."));
        }
        InstanceState::ShuttingDown => return Some(out("Instance", "Instance is in terminated state.")),
        InstanceState::Running => {}
    }
    let Some(registration) = balancer.registrations.get(id) else { return Some(NOT_REGISTERED) };
    if registration.leaves.is_some() {
        return Some(DRAINING);
    }
    if !balancer.zones.contains(&instance.zone) {
        return Some(FOREIGN_ZONE);
    }
    Some(probed(model, &balancer.health_check, registration, id))
}

fn probed(model: &Model, check: &HealthCheck, registration: &Registration, id: &InstanceId) -> Health {
    if model.now < registration.first_probe {
        return REGISTERING;
    }
    let listening = fleet::instance(model, id.as_str()).and_then(|instance| instance.life.opens());
    let Some(listening) = listening else { return FAILING };
    let passes = u64::from(model.timing.elb.initial_passes);
    if model.now >= check.in_service_from(registration.first_probe, listening, passes) {
        return IN_SERVICE;
    }
    if model.now >= listening { CLIMBING } else { FAILING }
}

/// Whether the load balancer sends new requests to the instance now.
pub fn takes_requests(model: &Model, balancer: &str, id: &InstanceId) -> bool {
    let balancer = model.elb.balancers.get(balancer);
    balancer.and_then(|balancer| of(model, balancer, id)).is_some_and(|health| health == IN_SERVICE)
}

/// Whether the instance is leaving the load balancer now.
pub fn is_draining(model: &Model, balancer: &str, id: &InstanceId) -> bool {
    let registration = model.elb.balancers.get(balancer).and_then(|balancer| balancer.registrations.get(id));
    registration.is_some_and(|registration| registration.leaves.is_some())
}

/// Registers an instance; one that is leaving comes back.
pub fn enlist(model: &mut Model, balancer: &str, id: &InstanceId) {
    let first_probe = model.now + model.random.delay(model.timing.elb.registration_lag);
    let registration = Registration { since: model.now, first_probe, leaves: None };
    let Some(found) = model.elb.balancers.get_mut(balancer) else { return };
    if found.registrations.get(id).is_some_and(|old| old.leaves.is_none()) {
        return;
    }
    found.registrations.insert(id.clone(), registration);
    model.queue.cancel(|event| is_left(event, balancer, id));
}

/// Begins to take an instance out; gives the moment it is gone.
pub fn dismiss(model: &mut Model, balancer: &str, id: &InstanceId) -> Option<crate::model::Time> {
    let open = model.random.delay(model.timing.elb.open_requests);
    let found = model.elb.balancers.get_mut(balancer)?;
    let registration = found.registrations.get_mut(id)?;
    if let Some(leaves) = registration.leaves {
        return Some(leaves);
    }
    if !found.attributes.draining {
        found.registrations.remove(id);
        return Some(model.now);
    }
    let wait = open.min(std::time::Duration::from_secs(found.attributes.draining_timeout));
    registration.leaves = Some(model.now + wait);
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
    }
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

pub fn configure(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let seconds = |name: &str, low: i64, high: i64| -> Result<u64, ApiError> {
        params.required(&format!("HealthCheck.{name}"))?;
        let given = params.int(&format!("HealthCheck.{name}"))?.unwrap_or_default();
        let refused = || ApiError::validation(format!("HealthCheck {name} must be between {low} and {high}"));
        u64::try_from(given).ok().filter(|_| (low..=high).contains(&given)).ok_or_else(refused)
    };
    let check = HealthCheck {
        target: target(params.required("HealthCheck.Target")?)?,
        interval: seconds("Interval", 5, 300)?,
        timeout: seconds("Timeout", 2, 60)?,
        unhealthy: seconds("UnhealthyThreshold", 2, 10)?,
        healthy: seconds("HealthyThreshold", 2, 10)?,
    };
    if check.timeout >= check.interval {
        return Err(ApiError::validation("HealthCheck timeout must be less than interval"));
    }
    let answer = check_node(&check);
    named(model, params)?.health_check = check;
    Ok(Node::body().child("HealthCheck", answer))
}

/// `TCP:port`, `SSL:port`, `HTTP:port/path` or `HTTPS:port/path` (HealthCheck, `Target`).
fn target(given: &str) -> Result<String, ApiError> {
    let refused = || ApiError::validation(format!("HealthCheck Target '{given}' is not valid"));
    let (protocol, rest) = given.split_once(':').ok_or_else(refused)?;
    let (port, path) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(&rest[at..])),
        None => (rest, None),
    };
    let has_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    let fits = match protocol.to_uppercase().as_str() {
        "TCP" | "SSL" => path.is_none(),
        "HTTP" | "HTTPS" => path.is_some(),
        _ => false,
    };
    if has_port && fits { Ok(given.to_owned()) } else { Err(refused()) }
}

/// How a describe shows the health check.
pub fn check_node(check: &HealthCheck) -> Node {
    Node::body()
        .field("Target", &check.target)
        .field("Interval", check.interval)
        .field("Timeout", check.timeout)
        .field("UnhealthyThreshold", check.unhealthy)
        .field("HealthyThreshold", check.healthy)
}
