//! Volumes.

use super::filter::{Field, select};
use super::kind::VOLUME;
use super::{describe, page, tag};
use crate::model::Model;
use crate::model::ec2::Volume;
use crate::wire::{ApiError, Node, Params};

/// DeleteVolume: one that an ended instance has left behind.
pub fn delete_volume(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let volume = VOLUME.find(&model.ec2.volumes, params.required("VolumeId")?)?;
    let id = volume.id.clone();
    if let Some(instance) = &volume.instance {
        let reason = format!("Volume {id} is currently attached to {instance}");
        return Err(ApiError::new("VolumeInUse", reason));
    }
    model.ec2.volumes.remove(&id);
    model.ec2.tags.remove(id.as_str());
    Ok(Node::body().field("return", true))
}

const FIELDS: &[Field<Volume>] = &[
    ("volume-id", |_, it| vec![it.id.to_string()]),
    ("size", |_, it| vec![it.disk.size.to_string()]),
    ("volume-type", |_, it| vec![it.disk.kind.clone()]),
    ("snapshot-id", |_, it| it.disk.snapshot.iter().map(ToString::to_string).collect()),
    ("status", |_, it| vec![status(it).to_owned()]),
    ("availability-zone", |_, it| vec![it.zone.clone()]),
    ("encrypted", |_, it| vec![it.disk.encrypted.to_string()]),
    ("create-time", |_, it| vec![it.created.stamp()]),
    ("attachment.instance-id", |_, it| it.instance.iter().map(ToString::to_string).collect()),
    ("attachment.device", |_, it| it.instance.iter().map(|_| it.device.clone()).collect()),
    ("attachment.status", |_, it| it.instance.iter().map(|_| "attached".to_owned()).collect()),
    ("attachment.delete-on-termination", |_, it| {
        it.instance.iter().map(|_| it.disk.delete_on_termination.to_string()).collect()
    }),
];

fn status(it: &Volume) -> &'static str {
    if it.instance.is_some() { "in-use" } else { "available" }
}

/// DescribeVolumes.
pub fn describe_volumes(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(VOLUME, &model.ec2.volumes, &params.texts("VolumeId"))?;
    let chosen = select(model, params, asked, FIELDS, |it| it.id.as_str())?;
    page::page(params, "volumeSet", chosen, |it| node(model, it))
}

fn node(model: &Model, it: &Volume) -> Node {
    let attachments = it.instance.iter().map(|instance| {
        Node::body()
            .field("volumeId", &it.id)
            .field("instanceId", instance)
            .field("device", &it.device)
            .field("status", "attached")
            .field("attachTime", it.created)
            .field("deleteOnTermination", it.disk.delete_on_termination)
    });
    let body = Node::body()
        .field("volumeId", &it.id)
        .field("size", it.disk.size)
        .maybe("snapshotId", it.disk.snapshot.as_ref())
        .field("availabilityZone", &it.zone)
        .field("status", status(it))
        .field("createTime", it.created)
        .items("attachmentSet", attachments)
        .field("volumeType", &it.disk.kind)
        .maybe("iops", it.disk.iops)
        .maybe("throughput", it.disk.throughput)
        .field("encrypted", it.disk.encrypted)
        .field("multiAttachEnabled", false);
    tag::tag_set(&model.ec2, it.id.as_str(), body)
}
