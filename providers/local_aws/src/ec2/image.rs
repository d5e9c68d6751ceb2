//! Images: made of instances, copied, shared, deregistered.

use std::collections::BTreeSet;

use super::kind::{IMAGE, SNAPSHOT};
use super::launch_spec::block_devices;
use super::{Ec2Event, idempotency, image_view, instance_view, launch, lifecycle, snapshot, tag};
use crate::model::ec2::{
    Disk, Grantee, Image, ImageId, ImageState, Instance, InstanceId, InstanceState, SnapshotId, VolumeId,
};
use crate::model::{Event, Model};
use crate::service::Context;
use crate::timing::Delay;
use crate::wire::{ApiError, Node, Params};

/// CreateImage: a snapshot of each disk. Unless told otherwise, the instance is rebooted for it.
pub fn create_image(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let instance = instance_view::visible(model, params.required("InstanceId")?)?.clone();
    let name = params.required("Name")?.to_owned();
    check_name(model, &name)?;
    if !matches!(instance.state, InstanceState::Running | InstanceState::Stopped) {
        let reason = format!("The instance '{}' is not in the 'running' or 'stopped' state.", instance.id);
        return Err(ApiError::new("IncorrectState", reason));
    }
    tag::specifications(params)?;
    let id = ImageId::new(&mut model.random);
    let image = image_of(model, &instance, id, name, params)?;
    if params.bool("NoReboot")? != Some(true) {
        lifecycle::reboot(model, &instance.id);
    }
    add(model, image, params, model.timing.ec2.create_image)
}

fn image_of(
    model: &Model,
    instance: &Instance,
    id: ImageId,
    name: String,
    params: &Params,
) -> Result<Image, ApiError> {
    let disks = instance.volumes.iter().filter_map(|id| model.ec2.volumes.get(id));
    let disks = disks.map(|volume| (volume.device.clone(), volume.disk.clone())).collect();
    let mut image = Image {
        id,
        name,
        description: params.text("Description").map(str::to_owned),
        owner: model.account.clone(),
        owner_alias: None,
        architecture: instance.architecture.clone(),
        virtualization: instance.virtualization.clone(),
        root_device: instance.root_device.clone(),
        disks,
        state: ImageState::Pending,
        permissions: BTreeSet::new(),
        created: model.now,
        visible_from: model.now,
        source_instance: Some(instance.id.clone()),
        source_image: Some((instance.image.clone(), model.region.clone())),
    };
    image.disks = launch::disks(model, &image, &block_devices(params)?)?;
    Ok(image)
}

fn check_name(model: &Model, name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !(3..=128).contains(&name.chars().count()) || !name.chars().all(allowed) {
        let reason = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'";
        return Err(ApiError::new("InvalidAMIName.Malformed", reason));
    }
    match model.ec2.images.values().find(|image| image.owner == model.account && image.name == name) {
        None => Ok(()),
        Some(other) => {
            let reason = format!("AMI name {name} is already in use by AMI {}", other.id);
            Err(ApiError::new("InvalidAMIName.Duplicate", reason))
        }
    }
}

/// Takes the snapshots of a new image and keeps it.
fn add(model: &mut Model, mut image: Image, params: &Params, delay: Delay) -> Result<Node, ApiError> {
    let mut snapshots = Vec::new();
    for (device, disk) in &mut image.disks {
        let source = image.source_instance.as_ref();
        let volume = source.and_then(|instance| volume_of(model, instance, device));
        let id = snapshot::take(model, volume, disk, &image.id, source);
        tag::put_specified(model, SNAPSHOT, id.as_str(), params)?;
        disk.snapshot = Some(id.clone());
        snapshots.push(id);
    }
    let id = image.id.clone();
    image.visible_from = model.now + model.random.delay(model.timing.ec2.read_after_create_lag);
    model.ec2.images.insert(id.clone(), image);
    tag::put_specified(model, IMAGE, id.as_str(), params)?;
    model.schedule(delay, Event::Ec2(Ec2Event::ImageComplete(id.clone(), snapshots)));
    Ok(Node::body().field("imageId", id))
}

fn volume_of(model: &Model, instance: &InstanceId, device: &str) -> Option<VolumeId> {
    let mut volumes = model.ec2.volumes.values();
    let mine = volumes.find(|it| it.instance.as_ref() == Some(instance) && it.device == device);
    mine.map(|volume| volume.id.clone())
}

/// CopyImage, from this region or, by way of `context`, from another one.
pub fn copy_image(model: &mut Model, context: &Context, params: &Params) -> Result<Node, ApiError> {
    if let Some(id) = idempotency::outcome_before(model, params)? {
        return Ok(Node::body().field("imageId", id));
    }
    let (source_id, region) =
        (params.required("SourceImageId")?, params.required("SourceRegion")?.to_owned());
    let name = params.required("Name")?.to_owned();
    IMAGE.check(source_id)?;
    let source = match region == model.region {
        true => launch::image(model, source_id)?.clone(),
        false => context.foreign_image.clone().ok_or_else(|| IMAGE.not_found(source_id))?,
    };
    check_name(model, &name)?;
    tag::specifications(params)?;
    let description = params.text("Description").map(str::to_owned).or(source.description.clone());
    let copy = Image {
        id: ImageId::new(&mut model.random),
        name,
        description,
        owner: model.account.clone(),
        owner_alias: None,
        disks: source.disks.iter().map(|(device, disk)| (device.clone(), copied(disk, params))).collect(),
        state: ImageState::Pending,
        permissions: BTreeSet::new(),
        created: model.now,
        source_instance: None,
        source_image: Some((source.id.clone(), region)),
        ..source
    };
    idempotency::remember(model, params, &copy.id);
    add(model, copy, params, model.timing.ec2.copy_image)
}

fn copied(disk: &Disk, params: &Params) -> Disk {
    let encrypted = params.bool("Encrypted").ok().flatten().unwrap_or(disk.encrypted);
    Disk { encrypted, ..disk.clone() }
}

/// One of the account's own images.
fn own<'m>(model: &'m Model, id: &str) -> Result<&'m Image, ApiError> {
    let image = IMAGE.find(&model.ec2.images, id)?;
    if image.owner == model.account {
        return Ok(image);
    }
    Err(ApiError::new("AuthFailure", format!("Not authorized for image:{id}")).with_status(403))
}

/// DeregisterImage: the image is gone at once; its snapshots stay unless they are asked for, too.
pub fn deregister_image(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let image = own(model, params.required("ImageId")?)?;
    let (id, disks) = (image.id.clone(), image.disks.clone());
    model.ec2.images.remove(&id);
    model.ec2.tags.remove(id.as_str());
    let body = Node::body().field("return", true);
    if params.bool("DeleteAssociatedSnapshots")? != Some(true) {
        return Ok(body);
    }
    let snapshots: Vec<SnapshotId> = disks.into_values().filter_map(|disk| disk.snapshot).collect();
    let results = snapshots.into_iter().map(|id| {
        let outcome = if snapshot::user(model, &id).is_some() { "skipped" } else { "success" };
        if outcome == "success" {
            snapshot::remove(model, &id);
        }
        Node::body().field("snapshotId", id).field("returnCode", outcome)
    });
    let results: Vec<Node> = results.collect();
    Ok(body.items("deleteSnapshotResultSet", results))
}

/// ModifyImageAttribute: who may launch it, and what it is for. Both spellings of a change are understood.
pub fn modify_image_attribute(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = own(model, params.required("ImageId")?)?.id.clone();
    let adding = grantees(params, "Add", "add")?;
    let removing = grantees(params, "Remove", "remove")?;
    let description = params.text("Description.Value").or(match params.text("Attribute") {
        Some("description") => params.text("Value"),
        _ => None,
    });
    let image = IMAGE.find_mut(&mut model.ec2.images, id.as_str())?;
    image.permissions.extend(adding);
    image.permissions.retain(|grantee| !removing.contains(grantee));
    if let Some(description) = description {
        image.description = Some(description.to_owned());
    }
    Ok(Node::body().field("return", true))
}

fn grantees(params: &Params, verb: &str, operation: &str) -> Result<Vec<Grantee>, ApiError> {
    let mut grantees = Vec::new();
    for line in params.list(&format!("LaunchPermission.{verb}")) {
        grantees.push(grantee(line.text("UserId"), line.text("Group"))?);
    }
    if params.text("OperationType") == Some(operation) {
        for account in params.texts("UserId") {
            grantees.push(grantee(Some(account), None)?);
        }
        for group in params.texts("UserGroup") {
            grantees.push(grantee(None, Some(group))?);
        }
    }
    Ok(grantees)
}

fn grantee(account: Option<&str>, group: Option<&str>) -> Result<Grantee, ApiError> {
    match (account, group) {
        (None, Some("all")) => Ok(Grantee::All),
        (Some(account), None)
            if account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            Ok(Grantee::Account(account.to_owned()))
        }
        (Some(account), None) => Err(ApiError::new(
            "InvalidAMIAttributeItemValue",
            format!("Invalid attribute item value \"{account}\" for userId item type."),
        )),
        (_, group) => {
            let reason = format!(
                "Invalid attribute item value \"{}\" for group item type.",
                group.unwrap_or_default()
            );
            Err(ApiError::new("InvalidAMIAttributeItemValue", reason))
        }
    }
}

/// DescribeImageAttribute.
pub fn describe_image_attribute(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let image = own(model, params.required("ImageId")?)?;
    let body = Node::body().field("imageId", &image.id);
    match params.required("Attribute")? {
        "launchPermission" => Ok(body.items(
            "launchPermission",
            image.permissions.iter().map(|grantee| match grantee {
                Grantee::All => Node::body().field("group", "all"),
                Grantee::Account(account) => Node::body().field("userId", account),
            }),
        )),
        "description" => {
            Ok(body.child("description", Node::body().maybe("value", image.description.as_deref())))
        }
        "blockDeviceMapping" => Ok(body.items("blockDeviceMapping", image_view::disks(image))),
        other => Err(super::describe::unknown_attribute(other)),
    }
}
