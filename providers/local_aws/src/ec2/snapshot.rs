//! Snapshots.

use super::filter::{Field, select};
use super::kind::SNAPSHOT;
use super::{describe, page, tag};
use crate::model::Model;
use crate::model::ec2::{Disk, Image, ImageId, InstanceId, Snapshot, SnapshotId, VolumeId};
use crate::wire::{ApiError, Node, Params};

/// The volume of a snapshot that was taken of none: a copy's.
const NO_VOLUME: &str = "vol-ffffffff";

/// Begins a snapshot for an image.
pub(super) fn take(
    model: &mut Model,
    volume: Option<VolumeId>,
    disk: &Disk,
    image: &ImageId,
    instance: Option<&InstanceId>,
) -> SnapshotId {
    let id = SnapshotId::new(&mut model.random);
    let description = match instance {
        Some(instance) => format!("Created by CreateImage({instance}) for {image}"),
        None => format!("Copied for DestinationAmi {image}"),
    };
    let snapshot = Snapshot {
        id: id.clone(),
        volume: volume.unwrap_or(VolumeId::from(NO_VOLUME)),
        size: disk.size,
        description,
        encrypted: disk.encrypted,
        started: model.now,
        completed: false,
    };
    model.ec2.snapshots.insert(id.clone(), snapshot);
    id
}

/// An image that needs a snapshot.
pub(super) fn user<'m>(model: &'m Model, id: &SnapshotId) -> Option<&'m Image> {
    let needs = |image: &&Image| image.disks.values().any(|disk| disk.snapshot.as_ref() == Some(id));
    model.ec2.images.values().find(needs)
}

/// Deletes a snapshot without asking.
pub(super) fn remove(model: &mut Model, id: &SnapshotId) {
    model.ec2.snapshots.remove(id);
    model.ec2.tags.remove(id.as_str());
}

/// DeleteSnapshot: not while an image needs it.
pub fn delete_snapshot(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = SNAPSHOT.find(&model.ec2.snapshots, params.required("SnapshotId")?)?.id.clone();
    if let Some(image) = user(model, &id) {
        let reason = format!("The snapshot {id} is currently in use by {}", image.id);
        return Err(ApiError::new("InvalidSnapshot.InUse", reason));
    }
    remove(model, &id);
    Ok(Node::body().field("return", true))
}

const FIELDS: &[Field<Snapshot>] = &[
    ("snapshot-id", |_, it| vec![it.id.to_string()]),
    ("volume-id", |_, it| vec![it.volume.to_string()]),
    ("volume-size", |_, it| vec![it.size.to_string()]),
    ("status", |_, it| vec![status(it).to_owned()]),
    ("progress", |_, it| vec![progress(it).to_owned()]),
    ("description", |_, it| vec![it.description.clone()]),
    ("encrypted", |_, it| vec![it.encrypted.to_string()]),
    ("start-time", |_, it| vec![it.started.stamp()]),
    ("owner-id", |model, _| vec![model.account.clone()]),
];

fn status(it: &Snapshot) -> &'static str {
    if it.completed { "completed" } else { "pending" }
}

fn progress(it: &Snapshot) -> &'static str {
    if it.completed { "100%" } else { "0%" }
}

/// DescribeSnapshots: the account's own.
pub fn describe_snapshots(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let owners = params.texts("Owner");
    let mine = owners.is_empty() || owners.iter().any(|owner| *owner == "self" || *owner == model.account);
    let asked = describe::asked(SNAPSHOT, &model.ec2.snapshots, &params.texts("SnapshotId"))?;
    let asked = asked.into_iter().filter(|_| mine);
    let chosen = select(model, params, asked, FIELDS, |it| it.id.as_str())?;
    page::page(params, "snapshotSet", chosen, |it| node(model, it))
}

fn node(model: &Model, it: &Snapshot) -> Node {
    let body = Node::body()
        .field("snapshotId", &it.id)
        .field("volumeId", &it.volume)
        .field("status", status(it))
        .field("startTime", it.started)
        .field("progress", progress(it))
        .field("ownerId", &model.account)
        .field("volumeSize", it.size)
        .field("description", &it.description)
        .field("encrypted", it.encrypted)
        .field("storageTier", "standard");
    tag::tag_set(&model.ec2, it.id.as_str(), body)
}
