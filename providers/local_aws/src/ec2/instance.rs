//! Instances: launched, stopped, started, terminated.

use super::kind::{IMAGE, INSTANCE};
use super::launch_spec::LaunchSpec;
use super::{idempotency, instance_view, launch, lifecycle, template};
use crate::model::Model;
use crate::model::ec2::{InstanceId, InstanceState, ReservationId};
use crate::wire::{ApiError, Node, Params};

/// RunInstances: from parameters, from a launch template, or from a template with parameters on top.
pub fn run_instances(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let count = count(params)?;
    if let Some(reservation) = idempotency::outcome_before(model, params)? {
        return Ok(reservation_node(model, &ReservationId::from(reservation.as_str())));
    }
    let spec = spec(model, params)?;
    let (reservation, _) = launch::launch(model, &spec, count)?;
    idempotency::remember(model, params, &reservation);
    Ok(reservation_node(model, &reservation))
}

fn count(params: &Params) -> Result<usize, ApiError> {
    let (least, most) = (params.int("MinCount")?.unwrap_or(1), params.int("MaxCount")?.unwrap_or(1));
    let refused = |reason: String| Err(ApiError::new("InvalidParameterValue", reason));
    if least < 1 {
        return refused(format!("Value ({least}) for parameter minCount is invalid. It must be at least 1."));
    }
    if most < least {
        return refused(format!(
            "Value ({most}) for parameter maxCount is invalid. It must not be less than minCount."
        ));
    }
    match usize::try_from(most) {
        Ok(count) if count <= 1000 => Ok(count),
        _ => Err(ApiError::new(
            "InstanceLimitExceeded",
            format!("You have requested more instances ({most}) than your current instance limit allows."),
        )),
    }
}

fn spec(model: &Model, params: &Params) -> Result<LaunchSpec, ApiError> {
    let Some(asked) = params.get("LaunchTemplate") else { return LaunchSpec::read(params) };
    let (base, reference) = template::parameters(model, asked)?;
    let mut spec = LaunchSpec::read(&params.over(&base))?;
    spec.template = Some(reference);
    Ok(spec)
}

fn reservation_node(model: &Model, reservation: &ReservationId) -> Node {
    let instances = model.ec2.instances.values().filter(|instance| instance.reservation.0 == *reservation);
    let mut instances: Vec<_> = instances.collect();
    instances.sort_by_key(|instance| instance.reservation.1);
    instance_view::reservation(model, reservation, &instances)
}

/// The instances that a request names; every one must exist.
fn named(model: &Model, params: &Params) -> Result<Vec<InstanceId>, ApiError> {
    let ids = params.texts("InstanceId");
    if ids.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter InstanceId"));
    }
    ids.iter().map(|id| instance_view::visible(model, id).map(|instance| instance.id.clone())).collect()
}

fn state(model: &Model, id: &InstanceId) -> InstanceState {
    model.ec2.instances.get(id).map_or(InstanceState::Terminated, |instance| instance.state)
}

/// Does something to each instance, and tells each one's state before and after.
fn change(model: &mut Model, ids: &[InstanceId], change: impl Fn(&mut Model, &InstanceId)) -> Node {
    let mut changes = Vec::new();
    for id in ids {
        let before = state(model, id);
        change(model, id);
        changes.push(
            Node::body()
                .field("instanceId", id)
                .child("currentState", instance_view::state(state(model, id)))
                .child("previousState", instance_view::state(before)),
        );
    }
    Node::body().items("instancesSet", changes)
}

fn refuse_unless(
    model: &Model,
    ids: &[InstanceId],
    fits: impl Fn(InstanceState) -> bool,
    verb: &str,
) -> Result<(), ApiError> {
    match ids.iter().find(|id| !fits(state(model, id))) {
        None => Ok(()),
        Some(id) => Err(ApiError::new(
            "IncorrectInstanceState",
            format!("The instance '{id}' is not in a state from which it can be {verb}."),
        )),
    }
}

/// TerminateInstances: none of them if one is protected. Terminating twice succeeds.
pub fn terminate_instances(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = named(model, params)?;
    let protected = |id: &&InstanceId| {
        model
            .ec2
            .instances
            .get(*id)
            .is_some_and(|it| it.settings.disable_api_termination && it.state.exists())
    };
    if let Some(id) = ids.iter().find(protected) {
        let reason = format!(
            "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
        );
        return Err(ApiError::new("OperationNotPermitted", reason));
    }
    Ok(change(model, &ids, |model, id| {
        lifecycle::terminate(model, id, lifecycle::USER_TERMINATION);
    }))
}

/// StopInstances.
pub fn stop_instances(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = named(model, params)?;
    use InstanceState::{Running, Stopped, Stopping};
    refuse_unless(model, &ids, |state| matches!(state, Running | Stopping | Stopped), "stopped")?;
    if let Some(id) =
        ids.iter().find(|id| model.ec2.instances.get(*id).is_some_and(|it| it.settings.disable_api_stop))
    {
        let reason = format!(
            "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
        );
        return Err(ApiError::new("OperationNotPermitted", reason));
    }
    Ok(change(model, &ids, lifecycle::stop))
}

/// StartInstances.
pub fn start_instances(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = named(model, params)?;
    use InstanceState::{Pending, Running, Stopped};
    refuse_unless(model, &ids, |state| matches!(state, Stopped | Pending | Running), "started")?;
    Ok(change(model, &ids, lifecycle::start))
}

/// RebootInstances.
pub fn reboot_instances(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = named(model, params)?;
    refuse_unless(model, &ids, |state| state == InstanceState::Running, "rebooted")?;
    for id in &ids {
        lifecycle::reboot(model, id);
    }
    Ok(Node::body().field("return", true))
}

/// GetConsoleOutput: what the model knows of an instance's way up, as lines of a boot log.
pub fn get_console_output(model: &Model, params: &Params) -> Result<Node, ApiError> {
    use base64::Engine as _;
    let instance = INSTANCE.find(&model.ec2.instances, params.required("InstanceId")?)?;
    let name = IMAGE.find(&model.ec2.images, instance.image.as_str()).map_or("", |image| image.name.as_str());
    let mut log = format!("[local-aws] {} boots {} ({name})\n", instance.id, instance.image);
    if let Some(from) = instance.life.opens().filter(|from| *from <= model.now) {
        log.push_str(&format!("[local-aws] application accepts connections since {from}\n"));
    }
    Ok(Node::body()
        .field("instanceId", &instance.id)
        .field("timestamp", model.now)
        .field("output", base64::engine::general_purpose::STANDARD.encode(log)))
}
