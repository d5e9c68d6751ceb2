//! How targets are.
//!
//! As with classic load balancers, health is not stored: it follows from when a target was registered, how its
//! application was since, and the health check.

use std::collections::BTreeMap;

use crate::ec2::fleet;
use crate::elb::probes::{self, Admission, Verdict};
use crate::model::Model;
use crate::model::behaviour::{Condition, Life};
use crate::model::ec2::{Instance, InstanceId, InstanceState};
use crate::model::elb::{Registration, Standing};
use crate::model::elbv2::TargetGroup;
use crate::wire::{ApiError, Node, Params};

use super::{GROUP, targets};

/// How a target is, in the words of DescribeTargetHealth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `initial`, `healthy`, `unhealthy`, `draining` or `unused`.
    pub state: &'static str,
    /// A code; a healthy target has none.
    pub reason: &'static str,
    /// One of AWS's sentences; a healthy target has none.
    pub description: &'static str,
}

const fn health(state: &'static str, reason: &'static str, description: &'static str) -> Health {
    Health { state, reason, description }
}

const HEALTHY: Health = health("healthy", "", "");
const REGISTERING: Health =
    health("initial", "Elb.RegistrationInProgress", "Target registration is in progress");
const CHECKING: Health = health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress");
const MISMATCH: Health =
    health("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]");
const TIMEOUT: Health = health("unhealthy", "Target.Timeout", "Request timed out");
const FAILING: Health = health("unhealthy", "Target.FailedHealthChecks", "Health checks failed");
const DRAINING: Health =
    health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
const NOT_REGISTERED: Health =
    health("unused", "Target.NotRegistered", "Target is not registered to the target group");
const NOT_IN_USE: Health = health(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
);
const FOREIGN_ZONE: Health = health(
    "unused",
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
);
const STOPPED: Health = health("unused", "Target.InvalidState", "Target is in the stopped state");
const TERMINATED: Health = health("unused", "Target.InvalidState", "Target is in the terminated state");

/// One pass brings a new target into service; too many failures, and it must come back like any other ("health checks
/// for Application Load Balancer target groups").
const ADMISSION: Admission = Admission { passes: 1, lapses: true };

impl Health {
    /// Whether new requests are sent to it.
    pub fn takes_requests(&self) -> bool {
        *self == HEALTHY
    }

    /// Whether a load balancer has to do with it.
    pub fn is_used(&self) -> bool {
        self.state != "unused"
    }
}

/// How a target of a group is now, by its id and its registration.
pub fn judge(model: &Model, group: &TargetGroup, id: &str, seat: Option<&Registration>) -> Health {
    let Some(seat) = seat else { return NOT_REGISTERED };
    if seat.leaves.is_some() {
        return DRAINING;
    }
    if group.balancers.is_empty() {
        return NOT_IN_USE;
    }
    let instance = behind(model, id);
    if let Some(out) = instance.and_then(|instance| out_of_order(model, group, instance)) {
        return out;
    }
    if model.now < seat.first_probe && seat.standing == Standing::New {
        return REGISTERING;
    }
    let condition = instance.map_or(Condition::Down, |instance| instance.life.at(model.now));
    match standing(model, group, id, seat) {
        Standing::In => HEALTHY,
        Standing::New => CHECKING,
        Standing::Out => failing(condition),
    }
}

fn failing(condition: Condition) -> Health {
    match condition {
        Condition::Down => TIMEOUT,
        Condition::Failing => MISMATCH,
        Condition::Closed | Condition::Faulty | Condition::Well => FAILING,
    }
}

fn out_of_order(model: &Model, group: &TargetGroup, instance: &Instance) -> Option<Health> {
    match instance.state {
        InstanceState::Stopping | InstanceState::Stopped => return Some(STOPPED),
        InstanceState::ShuttingDown | InstanceState::Terminated => return Some(TERMINATED),
        InstanceState::Pending | InstanceState::Running => {}
    }
    let balancers = group.balancers.iter().filter_map(|arn| model.elbv2.balancers.get(arn));
    let enabled = balancers.flat_map(|balancer| &balancer.zones).any(|zone| *zone == instance.zone);
    (!enabled).then_some(FOREIGN_ZONE)
}

/// The instance with an id or a private address.
fn behind<'m>(model: &'m Model, id: &str) -> Option<&'m Instance> {
    fleet::instance(model, id).or_else(|| {
        let card = model.ec2.interfaces.values().find(|card| card.private_ip.to_string() == id)?;
        model.ec2.instances.values().find(|instance| instance.interface == card.id)
    })
}

/// How a target stands with the health check now.
pub fn standing(model: &Model, group: &TargetGroup, id: &str, seat: &Registration) -> Standing {
    verdict(model, group, id, seat).standing
}

fn verdict(model: &Model, group: &TargetGroup, id: &str, seat: &Registration) -> Verdict {
    let nobody = Life::default();
    let life = behind(model, id).map_or(&nobody, |instance| &instance.life);
    probes::verdict(&group.check.classic(), seat, life, ADMISSION, model.now)
}

/// How an instance of a group is that Auto Scaling has registered, at the group's own port.
fn of_instance(model: &Model, arn: &str, id: &InstanceId) -> Option<Health> {
    let group = model.elbv2.groups.get(arn)?;
    let seat = group.targets.get(id.as_str()).and_then(|seats| seats.get(&group.port));
    Some(judge(model, group, id.as_str(), seat))
}

/// Whether requests are sent to the instance.
pub fn takes_requests(model: &Model, arn: &str, id: &InstanceId) -> bool {
    of_instance(model, arn, id).is_some_and(|health| health.takes_requests())
}

/// Whether no load balancer sends requests to the group, so that nobody checks its instances.
pub fn is_unwatched(model: &Model, arn: &str) -> bool {
    model.elbv2.groups.get(arn).is_none_or(|group| group.balancers.is_empty())
}

/// Whether the instance is leaving the group now.
pub fn is_draining(model: &Model, arn: &str, id: &InstanceId) -> bool {
    of_instance(model, arn, id) == Some(DRAINING)
}

/// Whether Auto Scaling must replace the instance: it fails its checks, or somebody has taken it out. What is not checked
/// does not fail.
pub fn fails(model: &Model, arn: &str, id: &InstanceId) -> bool {
    let passes = |health: Health| matches!(health.state, "healthy" | "initial");
    is_checked(model, arn, id) && !of_instance(model, arn, id).is_some_and(passes)
}

/// Whether load balancers have to do with the instance: not if the group is not in use, or its zone is not enabled.
pub fn is_checked(model: &Model, arn: &str, id: &InstanceId) -> bool {
    !is_unwatched(model, arn) && of_instance(model, arn, id).is_some_and(|health| health != FOREIGN_ZONE)
}

/// Whether requests are sent to the instance, and the next probes will not change that.
pub fn stays(model: &Model, arn: &str, id: &InstanceId) -> bool {
    let check = model.elbv2.groups.get(arn).map(|group| group.check.classic());
    let condition = fleet::condition(model, id.as_str(), model.now);
    takes_requests(model, arn, id) && check.is_some_and(|check| probes::passes_check(&check, condition))
}

/// Of some targets, or of all that are registered.
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = GROUP.find(&model.elbv2.groups, params.required("TargetGroupArn")?)?;
    let asked = targets::read(group, params)?;
    let all = || {
        let ports = |(id, seats): (&String, &BTreeMap<u16, Registration>)| {
            seats.keys().map(|port| (id.clone(), *port)).collect::<Vec<_>>()
        };
        group.targets.iter().flat_map(ports).collect()
    };
    let chosen: Vec<(String, u16)> = if asked.is_empty() { all() } else { asked };
    let told = chosen.iter().map(|(id, port)| description(model, group, id, *port));
    Ok(Node::body().members("TargetHealthDescriptions", told))
}

fn description(model: &Model, group: &TargetGroup, id: &str, port: u16) -> Node {
    let seat = group.targets.get(id).and_then(|seats| seats.get(&port));
    let health = judge(model, group, id, seat);
    let told = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let check_port = match group.check.port.as_str() {
        "traffic-port" => port.to_string(),
        other => other.to_owned(),
    };
    let state = Node::body()
        .field("State", health.state)
        .maybe("Reason", told(health.reason))
        .maybe("Description", told(health.description));
    Node::body()
        .child("Target", Node::body().field("Id", id).field("Port", port))
        .field("HealthCheckPort", check_port)
        .child("TargetHealth", state)
}
