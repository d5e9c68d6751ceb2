//! Images, instances and launch templates.

use std::collections::{BTreeMap, BTreeSet};

use super::Seeding;
use super::answer::{Said, address, items, number, on, text, time};
use crate::ec2::template_params;
use crate::model::behaviour::{Condition, Life};
use crate::model::ec2::{
    Disk, Grantee, GroupId, Image, ImageId, ImageState, Instance, InstanceId, InstanceSettings,
    InstanceState, Interface, InterfaceId, InterfaceOwner, ReservationId, SnapshotId, SubnetId, Template,
    TemplateId, TemplateVersion, VpcId,
};
use crate::wire::Node;

pub(super) fn images(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("imagesSet") {
        let Some(id) = node.text_of("imageId") else { continue };
        let now = seeding.model.now;
        let state = match node.text_of("imageState") {
            Some("available") => ImageState::Available,
            _ => ImageState::Pending,
        };
        let image = Image {
            id: ImageId::from(id),
            name: text(node, "name").unwrap_or_else(|| id.to_owned()),
            description: text(node, "description"),
            owner: text(node, "imageOwnerId").unwrap_or_else(|| seeding.model.account.clone()),
            owner_alias: text(node, "imageOwnerAlias"),
            architecture: text(node, "architecture").unwrap_or_else(|| "x86_64".to_owned()),
            virtualization: text(node, "virtualizationType").unwrap_or_else(|| "hvm".to_owned()),
            root_device: text(node, "rootDeviceName").unwrap_or_else(|| "/dev/xvda".to_owned()),
            disks: items(node, "blockDeviceMapping").iter().filter_map(disk).collect(),
            state,
            // Whoever can see an image can launch it.
            permissions: BTreeSet::from([Grantee::All]),
            created: time(node, "creationDate").unwrap_or(now),
            visible_from: now,
            source_instance: None,
            source_image: None,
        };
        seeding.tag(id, node);
        seeding.model.ec2.images.insert(image.id.clone(), image);
    }
}

fn disk(node: &Node) -> Option<(String, Disk)> {
    let ebs = node.get("ebs")?;
    let disk = Disk {
        snapshot: ebs.text_of("snapshotId").map(SnapshotId::from),
        size: number(ebs, "volumeSize").unwrap_or(8),
        kind: text(ebs, "volumeType").unwrap_or_else(|| "gp2".to_owned()),
        iops: number(ebs, "iops"),
        throughput: number(ebs, "throughput"),
        encrypted: on(ebs, "encrypted"),
        delete_on_termination: on(ebs, "deleteOnTermination"),
    };
    Some((text(node, "deviceName")?, disk))
}

pub(super) fn instances(seeding: &mut Seeding<'_>, said: &Said) {
    for reservation in said.list("reservationSet") {
        let id = ReservationId::from(reservation.text_of("reservationId").unwrap_or("r-0"));
        for node in items(reservation, "instancesSet") {
            instance(seeding, &id, node);
        }
    }
}

fn state(node: &Node) -> Option<InstanceState> {
    match node.get("instanceState")?.text_of("name")? {
        "running" => Some(InstanceState::Running),
        "stopped" => Some(InstanceState::Stopped),
        // What is on its way is taken for where it goes.
        "pending" => Some(InstanceState::Running),
        "stopping" => Some(InstanceState::Stopped),
        _ => None,
    }
}

fn instance(seeding: &mut Seeding<'_>, reservation: &ReservationId, node: &Node) {
    let (Some(id), Some(state)) = (node.text_of("instanceId"), state(node)) else { return };
    // AWS's clock may be ahead of the surveyor's, and a served model's is when it runs faster.
    let launched = time(node, "launchTime").unwrap_or(seeding.model.now).min(seeding.model.now);
    let mut life = Life::default();
    if state == InstanceState::Running {
        life.turn(launched, Condition::Well);
    }
    let interface = plug_in(seeding, id, node);
    let instance = Instance {
        id: InstanceId::from(id),
        reservation: (reservation.clone(), 0),
        client_token: text(node, "clientToken"),
        image: ImageId::from(node.text_of("imageId").unwrap_or_default()),
        architecture: text(node, "architecture").unwrap_or_else(|| "x86_64".to_owned()),
        virtualization: text(node, "virtualizationType").unwrap_or_else(|| "hvm".to_owned()),
        instance_type: text(node, "instanceType").unwrap_or_default(),
        key_name: text(node, "keyName"),
        vpc: VpcId::from(node.text_of("vpcId").unwrap_or_default()),
        subnet: SubnetId::from(node.text_of("subnetId").unwrap_or_default()),
        zone: node.get("placement").and_then(|place| text(place, "availabilityZone")).unwrap_or_default(),
        interface,
        volumes: Vec::new(),
        root_device: text(node, "rootDeviceName").unwrap_or_default(),
        user_data: None,
        profile: node.get("iamInstanceProfile").and_then(|profile| text(profile, "arn")),
        template: None,
        state,
        state_reason: None,
        transition_reason: String::new(),
        launched,
        visible_from: launched,
        status_ok_from: Some(launched),
        life,
        settings: settings(node),
    };
    seeding.tag(id, node);
    seeding.model.ec2.instances.insert(instance.id.clone(), instance);
}

fn settings(node: &Node) -> InstanceSettings {
    let usual = InstanceSettings::default();
    let within = |part: &str, name: &str| node.get(part).and_then(|part| text(part, name));
    InstanceSettings {
        monitoring: within("monitoring", "state").is_some_and(|state| state == "enabled"),
        ebs_optimized: on(node, "ebsOptimized"),
        source_dest_check: node.text_of("sourceDestCheck") != Some("false"),
        tenancy: within("placement", "tenancy").unwrap_or(usual.tenancy),
        http_tokens: within("metadataOptions", "httpTokens").unwrap_or(usual.http_tokens),
        ..usual
    }
}

/// The network interface of an instance.
fn plug_in(seeding: &mut Seeding<'_>, instance: &str, node: &Node) -> InterfaceId {
    let told = items(node, "networkInterfaceSet").first();
    let attached = told.and_then(|card| time(card.get("attachment")?, "attachTime"));
    let told = told.and_then(|card| card.text_of("networkInterfaceId"));
    let id = told.map_or_else(|| InterfaceId::new(&mut seeding.model.random), InterfaceId::from);
    let groups = items(node, "groupSet").iter().filter_map(|group| group.text_of("groupId"));
    if let Some(private_ip) = address(node, "privateIpAddress") {
        let card = Interface {
            id: id.clone(),
            subnet: SubnetId::from(node.text_of("subnetId").unwrap_or_default()),
            groups: groups.map(GroupId::from).collect(),
            private_ip,
            public_ip: address(node, "ipAddress"),
            owner: InterfaceOwner::Instance(InstanceId::from(instance)),
            created: attached.unwrap_or(seeding.model.now),
        };
        seeding.model.ec2.interfaces.insert(id.clone(), card);
    }
    id
}

pub(super) fn templates(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("launchTemplates") {
        let (Some(id), Some(name)) = (node.text_of("launchTemplateId"), text(node, "launchTemplateName"))
        else {
            continue;
        };
        let version = |name| number(node, name).and_then(|number| u64::try_from(number).ok()).unwrap_or(1);
        let template = Template {
            id: TemplateId::from(id),
            name,
            created: time(node, "createTime").unwrap_or(seeding.model.now),
            default_version: version("defaultVersionNumber"),
            latest_version: version("latestVersionNumber"),
            versions: BTreeMap::new(),
        };
        seeding.tag(id, node);
        seeding.model.ec2.templates.insert(template.id.clone(), template);
    }
}

pub(super) fn template_versions(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("launchTemplateVersionSet") {
        let number = number(node, "versionNumber").and_then(|number| u64::try_from(number).ok());
        let (Some(id), Some(number), Some(data)) =
            (node.text_of("launchTemplateId"), number, node.get("launchTemplateData"))
        else {
            continue;
        };
        let version = TemplateVersion {
            description: text(node, "versionDescription"),
            created: time(node, "createTime").unwrap_or(seeding.model.now),
            data: template_params(data),
        };
        if let Some(template) = seeding.model.ec2.templates.get_mut(id) {
            template.versions.insert(number, version);
        }
    }
}
