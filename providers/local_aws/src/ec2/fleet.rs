//! EC2 as the other services use it: from inside, without requests.

use super::kind::{Kind, SUBNET};
use super::{Ec2Event, launch, lifecycle};
use crate::model::behaviour::Condition;
use crate::model::ec2::{
    GroupId, Image, Instance, InstanceId, InstanceState, InterfaceId, InterfaceOwner, Subnet, SubnetId,
};
use crate::model::{Event, Model, Time};
use crate::wire::ApiError;

pub use super::idempotency::{outcome_before, remember};
pub use super::launch_spec::{BlockDevice, LaunchSpec, block_devices};
pub use super::region::{zone_id, zones};
pub use super::security_group::group_ids;
pub use super::template::launch_template;

/// Checks a launch without launching.
///
/// # Errors
/// What RunInstances would answer, in EC2's codes.
pub fn check(model: &Model, spec: &LaunchSpec) -> Result<(), ApiError> {
    launch::resolve(model, spec).map(drop)
}

/// Launches one instance.
///
/// # Errors
/// What RunInstances would answer, in EC2's codes.
pub fn launch(model: &mut Model, spec: &LaunchSpec) -> Result<InstanceId, ApiError> {
    let (_, mut ids) = launch::launch(model, spec, 1)?;
    ids.pop().ok_or_else(|| ApiError::new("InternalError", "The launch made no instance").with_status(500))
}

/// Begins to terminate an instance; unknown and terminated ones are let be. Termination protection does not
/// hold against services, as in AWS.
pub fn terminate(model: &mut Model, id: &str) {
    lifecycle::terminate(model, &InstanceId::from(id), lifecycle::USER_TERMINATION);
}

/// Stops a machine, as if somebody had shut it down from inside; only a running one.
pub fn stop(model: &mut Model, id: &str) {
    lifecycle::stop(model, &InstanceId::from(id));
}

/// Has the application in a running instance be in a condition from now on: `Closed` kills it, `Well` revives it.
pub fn turn_app(model: &mut Model, id: &str, condition: Condition) {
    lifecycle::turn(model, &InstanceId::from(id), condition);
}

/// Begins to start a stopped instance.
pub fn start(model: &mut Model, id: &str) {
    lifecycle::start(model, &InstanceId::from(id));
}

/// An image that the account can launch.
pub fn image<'m>(model: &'m Model, id: &str) -> Option<&'m Image> {
    launch::image(model, id).ok()
}

/// An instance, terminated ones of the last hour included.
pub fn instance<'m>(model: &'m Model, id: &str) -> Option<&'m Instance> {
    model.ec2.instances.get(id)
}

/// Whether an instance is `running`.
pub fn is_running(model: &Model, id: &str) -> bool {
    instance(model, id).is_some_and(|instance| instance.state == InstanceState::Running)
}

/// Whether the application in an instance accepts connections now.
pub fn is_listening(model: &Model, id: &str) -> bool {
    condition(model, id, model.now).is_open()
}

/// How the application in an instance is at a moment; down if it is unknown.
pub fn condition(model: &Model, id: &str, moment: Time) -> Condition {
    instance(model, id).map_or(Condition::Down, |instance| instance.life.at(moment))
}

/// A subnet.
///
/// # Errors
/// EC2's `InvalidSubnetID.NotFound`, or `.Malformed`.
pub fn subnet<'m>(model: &'m Model, id: &str) -> Result<&'m Subnet, ApiError> {
    SUBNET.find(&model.ec2.subnets, id)
}

/// The default VPC's subnets, one for each availability zone, by zone.
pub fn default_subnets(model: &Model) -> Vec<&Subnet> {
    let mut subnets: Vec<&Subnet> = model.ec2.subnets.values().filter(|subnet| subnet.is_default).collect();
    subnets.sort_by(|a, b| a.zone.cmp(&b.zone));
    subnets
}

/// Whether something with this id exists; see [`Kind`] for the codes to refuse it with.
pub fn kind_of(id: &str) -> Option<Kind> {
    Kind::of(id)
}

/// Puts a service's network interface into a subnet. As long as it is there, the subnet and the groups are in
/// use.
/// `owner` is the interface's description, such as `ELB web`.
///
/// # Errors
/// The subnet does not exist.
pub fn attach_interface(
    model: &mut Model,
    owner: &str,
    subnet: &SubnetId,
    groups: &[GroupId],
) -> Result<InterfaceId, ApiError> {
    let subnet = SUBNET.find(&model.ec2.subnets, subnet.as_str())?.clone();
    Ok(launch::plug_in(model, InterfaceOwner::Service(owner.to_owned()), &subnet, groups, None))
}

/// Changes the groups of a service's network interfaces.
pub fn regroup_interfaces(model: &mut Model, owner: &str, groups: &[GroupId]) {
    let owner = InterfaceOwner::Service(owner.to_owned());
    for card in model.ec2.interfaces.values_mut().filter(|card| card.owner == owner) {
        card.groups = groups.to_vec();
    }
}

/// Lets go of a service's network interfaces, of one subnet or of all. They go by themselves after a while.
pub fn release_interfaces(model: &mut Model, owner: &str, subnet: Option<&SubnetId>) {
    let leaving = InterfaceOwner::Service(owner.to_owned());
    let ids: Vec<InterfaceId> = model
        .ec2
        .interfaces
        .values_mut()
        .filter(|card| card.owner == leaving && subnet.is_none_or(|subnet| card.subnet == *subnet))
        .map(|card| {
            // A load balancer of the same name made meanwhile must not lose its own interfaces.
            card.owner = InterfaceOwner::Service(format!("{owner} (deleting)"));
            card.id.clone()
        })
        .collect();
    for id in ids {
        model.schedule(model.timing.ec2.interface_release, Event::Ec2(Ec2Event::InterfaceGone(id)));
    }
}
