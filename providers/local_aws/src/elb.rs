//! Classic load balancing.

mod attributes;
mod balancers;
mod check;
pub(crate) mod health;
mod listeners;
pub(crate) mod network;
mod policies;
pub(crate) mod probes;
mod tags;

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::ec2::InstanceId;
use crate::model::elb::Balancer;
use crate::service::{Context, unknown_action};
use crate::traffic;
use crate::wire::{ApiError, Node, Params};

pub(crate) use balancers::zone_id;
pub(crate) use health::forget;
pub use health::{Health, is_draining, judge, routes, takes_requests};

/// What Classic load balancing does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElbEvent {
    /// The last open request of a leaving instance has finished, or its time is up.
    Left {
        /// The load balancer.
        balancer: String,
        /// The instance.
        instance: InstanceId,
    },
}

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(
    model: &mut Model,
    _context: &Context,
    action: &str,
    params: &Params,
) -> Result<Node, ApiError> {
    if !action.starts_with("Describe") {
        traffic::stir(model);
    }
    match action {
        "CreateLoadBalancer" => balancers::create(model, params),
        "DescribeLoadBalancers" => balancers::describe(model, params),
        "DeleteLoadBalancer" => balancers::delete(model, params),
        "DescribeAccountLimits" => Ok(balancers::limits()),
        "ConfigureHealthCheck" => check::configure(model, params),
        "RegisterInstancesWithLoadBalancer" => health::register(model, params),
        "DeregisterInstancesFromLoadBalancer" => health::deregister(model, params),
        "DescribeInstanceHealth" => health::describe(model, params),
        "ModifyLoadBalancerAttributes" => attributes::modify(model, params),
        "DescribeLoadBalancerAttributes" => attributes::describe(model, params),
        "CreateLoadBalancerListeners" => listeners::create(model, params),
        "DeleteLoadBalancerListeners" => listeners::delete(model, params),
        "SetLoadBalancerListenerSSLCertificate" => listeners::certify(model, params),
        "ApplySecurityGroupsToLoadBalancer" => network::apply_groups(model, params),
        "AttachLoadBalancerToSubnets" => network::attach_subnets(model, params),
        "DetachLoadBalancerFromSubnets" => network::detach_subnets(model, params),
        "EnableAvailabilityZonesForLoadBalancer" => network::enable_zones(model, params),
        "DisableAvailabilityZonesForLoadBalancer" => network::disable_zones(model, params),
        "CreateAppCookieStickinessPolicy" => policies::create_app_cookie(model, params),
        "CreateLBCookieStickinessPolicy" => policies::create_lb_cookie(model, params),
        "CreateLoadBalancerPolicy" => policies::create(model, params),
        "DeleteLoadBalancerPolicy" => policies::delete(model, params),
        "DescribeLoadBalancerPolicies" => policies::describe(model, params),
        "SetLoadBalancerPoliciesOfListener" => policies::set_of_listener(model, params),
        "SetLoadBalancerPoliciesForBackendServer" => policies::set_for_backend(model, params),
        "AddTags" => tags::add(model, params),
        "RemoveTags" => tags::remove(model, params),
        "DescribeTags" => tags::describe(model, params),
        _ => Err(unknown_action(action)),
    }
}

/// Lets an event happen, at `model.now`.
pub fn apply(model: &mut Model, event: ElbEvent) {
    match event {
        ElbEvent::Left { balancer, instance } => health::left(model, &balancer, &instance),
    }
}

/// The load balancer a request names under `LoadBalancerName`.
fn named<'a>(model: &'a mut Model, params: &Params) -> Result<&'a mut Balancer, ApiError> {
    let name = params.required("LoadBalancerName")?.to_owned();
    model.elb.balancers.get_mut(&name).ok_or_else(|| not_found(&name))
}

fn not_found(name: &str) -> ApiError {
    ApiError::new("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'"))
}

fn port(params: &Params, name: &str) -> Result<u16, ApiError> {
    params.required(name)?;
    let port = params.int(name)?.and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
    port.ok_or_else(|| ApiError::validation(format!("{name} must be between 1 and 65535")))
}

#[cfg(test)]
mod tests;
