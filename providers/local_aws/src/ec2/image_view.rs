//! Images as answers show them.

use super::filter::{Field, select};
use super::kind::IMAGE;
use super::{page, tag};
use crate::model::ec2::{Disk, Grantee, Image};
use crate::model::{Model, Time};
use crate::wire::{ApiError, Node, Params};

const FIELDS: &[Field<Image>] = &[
    ("image-id", |_, image| vec![image.id.to_string()]),
    ("name", |_, image| vec![image.name.clone()]),
    ("description", |_, image| image.description.iter().cloned().collect()),
    ("state", |_, image| vec![image.state.name().to_owned()]),
    ("owner-id", |_, image| vec![image.owner.clone()]),
    ("owner-alias", |_, image| image.owner_alias.iter().cloned().collect()),
    ("architecture", |_, image| vec![image.architecture.clone()]),
    ("virtualization-type", |_, image| vec![image.virtualization.clone()]),
    ("root-device-name", |_, image| vec![image.root_device.clone()]),
    ("root-device-type", |_, _| vec!["ebs".to_owned()]),
    ("image-type", |_, _| vec!["machine".to_owned()]),
    ("hypervisor", |_, _| vec!["xen".to_owned()]),
    ("ena-support", |_, image| vec![(image.virtualization == "hvm").to_string()]),
    ("is-public", |_, image| vec![is_public(image).to_string()]),
    ("creation-date", |_, image| vec![image.created.stamp()]),
    ("manifest-location", |_, image| vec![location(image)]),
    ("platform-details", |_, _| vec!["Linux/UNIX".to_owned()]),
    ("source-instance-id", |_, image| image.source_instance.iter().map(ToString::to_string).collect()),
    ("block-device-mapping.snapshot-id", |_, image| {
        of_disks(image, |_, disk| disk.snapshot.as_ref().map(ToString::to_string))
    }),
    ("block-device-mapping.device-name", |_, image| of_disks(image, |device, _| Some(device.to_owned()))),
    ("block-device-mapping.volume-size", |_, image| of_disks(image, |_, disk| Some(disk.size.to_string()))),
    ("block-device-mapping.volume-type", |_, image| of_disks(image, |_, disk| Some(disk.kind.clone()))),
    ("block-device-mapping.delete-on-termination", |_, image| {
        of_disks(image, |_, disk| Some(disk.delete_on_termination.to_string()))
    }),
    ("block-device-mapping.encrypted", |_, image| {
        of_disks(image, |_, disk| Some(disk.encrypted.to_string()))
    }),
];

fn of_disks(image: &Image, of: impl Fn(&str, &Disk) -> Option<String>) -> Vec<String> {
    image.disks.iter().filter_map(|(device, disk)| of(device, disk)).collect()
}

fn is_public(image: &Image) -> bool {
    image.permissions.contains(&Grantee::All)
}

fn location(image: &Image) -> String {
    format!("{}/{}", image.owner_alias.as_ref().unwrap_or(&image.owner), image.name)
}

/// DescribeImages.
pub fn describe_images(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let (ids, owners) = (params.texts("ImageId"), params.texts("Owner"));
    let executable_by = params.texts("ExecutableBy");
    let asked = match ids.is_empty() {
        true => model.ec2.images.values().filter(|image| image.visible_from <= model.now).collect(),
        false => ids.iter().map(|id| visible(model, id)).collect::<Result<Vec<_>, _>>()?,
    };
    let asked = asked.into_iter().filter(|image| {
        (owners.is_empty() || owners.iter().any(|owner| owned(model, image, owner)))
            && (executable_by.is_empty() || executable_by.iter().any(|who| executable(model, image, who)))
    });
    let chosen = select(model, params, asked, FIELDS, |image| image.id.as_str())?;
    page::page(params, "imagesSet", chosen, |image| node(model, image))
}

fn visible<'m>(model: &'m Model, id: &str) -> Result<&'m Image, ApiError> {
    let image = IMAGE.find(&model.ec2.images, id)?;
    if image.visible_from <= model.now { Ok(image) } else { Err(IMAGE.not_found(id)) }
}

fn owned(model: &Model, image: &Image, owner: &str) -> bool {
    match owner {
        "self" => image.owner == model.account,
        owner => image.owner == owner || image.owner_alias.as_deref() == Some(owner),
    }
}

fn executable(model: &Model, image: &Image, who: &str) -> bool {
    match who {
        "all" => is_public(image),
        "self" => image.permissions.contains(&Grantee::Account(model.account.clone())),
        account => image.permissions.contains(&Grantee::Account(account.to_owned())),
    }
}

/// The disks of an image.
pub(super) fn disks(image: &Image) -> impl Iterator<Item = Node> + '_ {
    image.disks.iter().map(|(device, disk)| {
        let ebs = Node::body()
            .maybe("snapshotId", disk.snapshot.as_ref())
            .field("volumeSize", disk.size)
            .field("deleteOnTermination", disk.delete_on_termination)
            .field("volumeType", &disk.kind)
            .maybe("iops", disk.iops)
            .maybe("throughput", disk.throughput)
            .field("encrypted", disk.encrypted);
        Node::body().field("deviceName", device).child("ebs", ebs)
    })
}

fn node(model: &Model, image: &Image) -> Node {
    let body = Node::body()
        .field("imageId", &image.id)
        .field("imageLocation", location(image))
        .field("imageState", image.state.name())
        .field("imageOwnerId", &image.owner)
        .maybe("imageOwnerAlias", image.owner_alias.as_ref())
        .field("creationDate", creation_date(image.created))
        .field("isPublic", is_public(image))
        .field("architecture", &image.architecture)
        .field("imageType", "machine")
        .field("platformDetails", "Linux/UNIX")
        .field("usageOperation", "RunInstances")
        .field("name", &image.name)
        .maybe("description", image.description.as_deref())
        .field("rootDeviceType", "ebs")
        .field("rootDeviceName", &image.root_device)
        .items("blockDeviceMapping", disks(image))
        .field("virtualizationType", &image.virtualization)
        .field("enaSupport", image.virtualization == "hvm")
        .field("hypervisor", "xen")
        .maybe("sourceInstanceId", image.source_instance.as_ref())
        .maybe("sourceImageId", image.source_image.as_ref().map(|source| &source.0))
        .maybe("sourceImageRegion", image.source_image.as_ref().map(|source| &source.1));
    tag::tag_set(&model.ec2, image.id.as_str(), body)
}

/// Images carry whole seconds, with a `.000` that clients sort by as text.
fn creation_date(created: Time) -> String {
    Time(created.0 / 1000 * 1000).stamp()
}
