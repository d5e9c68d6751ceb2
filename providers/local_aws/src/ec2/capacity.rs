//! What is left to launch.

use super::region::zones;
use crate::model::Model;
use crate::model::ec2::InstanceState;
use crate::wire::ApiError;

/// Takes room for so many instances of a type in a zone.
///
/// # Errors
/// `InstanceLimitExceeded` above the account's quota, `InsufficientInstanceCapacity` where the zone has no room; then
/// nothing is taken.
pub(super) fn take(model: &mut Model, zone: &str, instance_type: &str, count: u64) -> Result<(), ApiError> {
    within_quota(model, count)?;
    if !model.ec2.capacity.has(zone, instance_type, count) {
        return Err(insufficient(model, zone, instance_type, count));
    }
    model.ec2.capacity.take(zone, instance_type, count);
    Ok(())
}

/// The account's quota, in the words of before it counted processors.
fn within_quota(model: &Model, count: u64) -> Result<(), ApiError> {
    let Some(quota) = model.ec2.capacity.quota else { return Ok(()) };
    let ends = |state| matches!(state, InstanceState::ShuttingDown | InstanceState::Terminated);
    let have = model.ec2.instances.values().filter(|instance| !ends(instance.state)).count() as u64;
    if have + count <= quota {
        return Ok(());
    }
    let reason = format!(
        "You have requested more instances ({}) than your current instance limit of {quota} allows for the specified instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
        have + count
    );
    Err(ApiError::new("InstanceLimitExceeded", reason))
}

/// The zone has no machines left; a server's error, which SDKs try again.
fn insufficient(model: &Model, zone: &str, instance_type: &str, count: u64) -> ApiError {
    let zones = zones(model);
    let elsewhere: Vec<&str> = zones
        .iter()
        .map(String::as_str)
        .filter(|other| model.ec2.capacity.has(other, instance_type, count))
        .collect();
    let advice = match elsewhere.is_empty() {
        true => String::new(),
        false => format!(
            " You can currently get {instance_type} capacity by not specifying an Availability Zone in your request or choosing {}.",
            elsewhere.join(", ")
        ),
    };
    let reason = format!(
        "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning additional capacity.{advice}"
    );
    ApiError::new("InsufficientInstanceCapacity", reason).with_status(500)
}
