//! Instances as answers show them.

use super::filter::{Field, select};
use super::kind::INSTANCE;
use super::{interface, page, tag};
use crate::model::Model;
use crate::model::ec2::{Instance, InstanceState, Interface, ReservationId, Volume};
use crate::wire::{ApiError, Node, Params};

/// An instance that a look by id finds: a new one may take a moment to show.
pub(super) fn visible<'m>(model: &'m Model, id: &str) -> Result<&'m Instance, ApiError> {
    let instance = INSTANCE.find(&model.ec2.instances, id)?;
    if instance.visible_from <= model.now { Ok(instance) } else { Err(INSTANCE.not_found(id)) }
}

fn asked<'m>(model: &'m Model, params: &Params) -> Result<Vec<&'m Instance>, ApiError> {
    let ids = params.texts("InstanceId");
    if ids.is_empty() {
        return Ok(model
            .ec2
            .instances
            .values()
            .filter(|instance| instance.visible_from <= model.now)
            .collect());
    }
    if params.get("MaxResults").is_some() {
        let reason = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::new("InvalidParameterCombination", reason));
    }
    ids.iter().map(|id| visible(model, id)).collect()
}

fn card<'m>(model: &'m Model, instance: &Instance) -> Option<&'m Interface> {
    model.ec2.interfaces.get(&instance.interface)
}

fn one(value: impl ToString) -> Vec<String> {
    vec![value.to_string()]
}

fn any(value: Option<impl ToString>) -> Vec<String> {
    value.into_iter().map(|value| value.to_string()).collect()
}

const FIELDS: &[Field<Instance>] = &[
    ("instance-id", |_, it| one(&it.id)),
    ("image-id", |_, it| one(&it.image)),
    ("instance-type", |_, it| one(&it.instance_type)),
    ("instance-state-name", |_, it| one(it.state.name())),
    ("instance-state-code", |_, it| one(it.state.code())),
    ("availability-zone", |_, it| one(&it.zone)),
    ("placement.availability-zone", |_, it| one(&it.zone)),
    ("key-name", |_, it| any(it.key_name.as_ref())),
    ("vpc-id", |_, it| one(&it.vpc)),
    ("subnet-id", |_, it| one(&it.subnet)),
    ("network-interface.vpc-id", |_, it| one(&it.vpc)),
    ("network-interface.subnet-id", |_, it| one(&it.subnet)),
    ("network-interface.network-interface-id", |_, it| one(&it.interface)),
    ("reservation-id", |_, it| one(&it.reservation.0)),
    ("launch-index", |_, it| one(it.reservation.1)),
    ("launch-time", |_, it| one(it.launched)),
    ("owner-id", |model, _| one(&model.account)),
    ("client-token", |_, it| any(it.client_token.as_ref())),
    ("architecture", |_, it| one(&it.architecture)),
    ("virtualization-type", |_, it| one(&it.virtualization)),
    ("root-device-name", |_, it| one(&it.root_device)),
    ("root-device-type", |_, _| one("ebs")),
    ("tenancy", |_, it| one(&it.settings.tenancy)),
    ("monitoring-state", |_, it| one(if it.settings.monitoring { "enabled" } else { "disabled" })),
    ("source-dest-check", |_, it| one(it.settings.source_dest_check)),
    ("iam-instance-profile.arn", |_, it| any(it.profile.as_ref())),
    ("state-reason-code", |_, it| any(it.state_reason.as_ref().map(|reason| &reason.0))),
    ("private-ip-address", |model, it| any(card(model, it).map(|card| card.private_ip))),
    ("network-interface.addresses.private-ip-address", |model, it| {
        any(card(model, it).map(|card| card.private_ip))
    }),
    ("ip-address", |model, it| any(card(model, it).and_then(|card| card.public_ip))),
    ("private-dns-name", |model, it| any(card(model, it).map(|card| interface::private_name(model, card)))),
    ("dns-name", |model, it| any(card(model, it).and_then(|card| interface::public_name(model, card)))),
    ("instance.group-id", groups),
    ("group-id", groups),
    ("network-interface.group-id", groups),
    ("instance.group-name", group_names),
    ("group-name", group_names),
    ("block-device-mapping.volume-id", |_, it| it.volumes.iter().map(ToString::to_string).collect()),
    ("block-device-mapping.device-name", |model, it| {
        disks(model, it).map(|disk| disk.device.clone()).collect()
    }),
];

fn groups(model: &Model, instance: &Instance) -> Vec<String> {
    card(model, instance)
        .map(|card| card.groups.iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

fn group_names(model: &Model, instance: &Instance) -> Vec<String> {
    let groups = card(model, instance).map(|card| card.groups.as_slice()).unwrap_or_default();
    groups.iter().filter_map(|id| model.ec2.groups.get(id)).map(|group| group.name.clone()).collect()
}

fn disks<'m>(model: &'m Model, instance: &'m Instance) -> impl Iterator<Item = &'m Volume> {
    instance.volumes.iter().filter_map(|id| model.ec2.volumes.get(id))
}

/// DescribeInstances. Pages count instances, not reservations.
pub fn describe_instances(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let chosen = select(model, params, asked(model, params)?, FIELDS, |it| it.id.as_str())?;
    let (mut instances, next) = page::cut(params, chosen)?;
    instances.sort_by(|a, b| a.reservation.cmp(&b.reservation));
    let reservations = instances
        .chunk_by(|a, b| a.reservation.0 == b.reservation.0)
        .map(|part| reservation(model, &part[0].reservation.0, part));
    Ok(Node::body().items("reservationSet", reservations).maybe("nextToken", next))
}

/// A launch with its instances.
pub(super) fn reservation(model: &Model, id: &ReservationId, instances: &[&Instance]) -> Node {
    Node::body()
        .field("reservationId", id)
        .field("ownerId", &model.account)
        .items("groupSet", [])
        .items("instancesSet", instances.iter().map(|instance| node(model, instance)))
}

/// A state, with its number.
pub(super) fn state(state: InstanceState) -> Node {
    Node::body().field("code", state.code()).field("name", state.name())
}

fn node(model: &Model, it: &Instance) -> Node {
    let card = card(model, it);
    let private_name = card.map(|card| interface::private_name(model, card)).unwrap_or_default();
    let public_name = card.and_then(|card| interface::public_name(model, card)).unwrap_or_default();
    let body = Node::body()
        .field("instanceId", &it.id)
        .field("imageId", &it.image)
        .child("instanceState", state(it.state))
        .field("privateDnsName", private_name)
        .field("dnsName", public_name)
        .field("reason", &it.transition_reason)
        .maybe("keyName", it.key_name.as_ref())
        .field("amiLaunchIndex", it.reservation.1)
        .items("productCodes", [])
        .field("instanceType", &it.instance_type)
        .field("launchTime", it.launched)
        .child("placement", placement(it))
        .child(
            "monitoring",
            Node::body().field("state", if it.settings.monitoring { "enabled" } else { "disabled" }),
        );
    let body = match card {
        Some(card) => network(model, it, card, body),
        None => body,
    };
    let body = machine(model, it, body);
    tag::tag_set(&model.ec2, it.id.as_str(), body)
}

fn placement(it: &Instance) -> Node {
    Node::body()
        .field("availabilityZone", &it.zone)
        .field("availabilityZoneId", super::region::zone_id(&it.zone))
        .field("groupName", "")
        .field("tenancy", &it.settings.tenancy)
}

fn network(model: &Model, it: &Instance, card: &Interface, body: Node) -> Node {
    body.field("subnetId", &it.subnet)
        .field("vpcId", &it.vpc)
        .field("privateIpAddress", card.private_ip)
        .maybe("ipAddress", card.public_ip)
        .field("sourceDestCheck", it.settings.source_dest_check)
        .items("groupSet", interface::groups(model, card))
        .items("networkInterfaceSet", [interface::of_instance(model, it, card)])
}

fn machine(model: &Model, it: &Instance, body: Node) -> Node {
    let profile = it.profile.as_ref().map(|arn| {
        Node::body().field("arn", arn).field("id", format!("AIPA{:016X}", crate::cloud::fingerprint(arn)))
    });
    let body = body
        .field("architecture", &it.architecture)
        .field("rootDeviceType", "ebs")
        .field("rootDeviceName", &it.root_device)
        .items("blockDeviceMapping", disks(model, it).map(|disk| attached(it, disk)))
        .field("virtualizationType", &it.virtualization)
        .field("hypervisor", "xen")
        .field("ebsOptimized", it.settings.ebs_optimized)
        .field("enaSupport", it.virtualization == "hvm")
        .field("platformDetails", "Linux/UNIX")
        .field("usageOperation", "RunInstances")
        .maybe("clientToken", it.client_token.as_ref())
        .child("metadataOptions", metadata(it));
    let body = match &it.state_reason {
        Some((code, message)) => {
            body.child("stateReason", Node::body().field("code", code).field("message", message))
        }
        None => body,
    };
    match profile {
        Some(profile) => body.child("iamInstanceProfile", profile),
        None => body,
    }
}

fn metadata(it: &Instance) -> Node {
    Node::body()
        .field("state", "applied")
        .field("httpTokens", &it.settings.http_tokens)
        .field("httpPutResponseHopLimit", it.settings.hop_limit)
        .field("httpEndpoint", &it.settings.http_endpoint)
        .field("httpProtocolIpv6", "disabled")
        .field("instanceMetadataTags", &it.settings.metadata_tags)
}

fn attached(it: &Instance, disk: &Volume) -> Node {
    let ebs = Node::body()
        .field("volumeId", &disk.id)
        .field("status", if it.state == InstanceState::Pending { "attaching" } else { "attached" })
        .field("attachTime", disk.created)
        .field("deleteOnTermination", disk.disk.delete_on_termination);
    Node::body().field("deviceName", &disk.device).child("ebs", ebs)
}

/// DescribeInstanceStatus: of running instances, or of all.
pub fn describe_instance_status(model: &Model, params: &Params) -> Result<Node, ApiError> {
    const STATUS_FIELDS: &[Field<Instance>] = &[
        ("availability-zone", |_, it| one(&it.zone)),
        ("instance-state-name", |_, it| one(it.state.name())),
        ("instance-state-code", |_, it| one(it.state.code())),
        ("instance-status.status", |model, it| one(status(model, it))),
        ("system-status.status", |model, it| one(status(model, it))),
    ];
    let all = params.bool("IncludeAllInstances")? == Some(true);
    let asked = asked(model, params)?.into_iter().filter(|it| all || it.state == InstanceState::Running);
    let chosen = select(model, params, asked, STATUS_FIELDS, |it| it.id.as_str())?;
    page::page(params, "instanceStatusSet", chosen, |it| status_node(model, it))
}

fn status(model: &Model, it: &Instance) -> &'static str {
    match it.status_ok_from {
        _ if it.state != InstanceState::Running => "not-applicable",
        Some(from) if from <= model.now => "ok",
        _ => "initializing",
    }
}

fn status_node(model: &Model, it: &Instance) -> Node {
    let status = status(model, it);
    let detail = match status {
        "ok" => Some("passed"),
        "initializing" => Some("initializing"),
        _ => None,
    };
    let summary = || {
        let details = detail.map(|detail| Node::body().field("name", "reachability").field("status", detail));
        Node::body().field("status", status).items("details", details)
    };
    Node::body()
        .field("instanceId", &it.id)
        .field("availabilityZone", &it.zone)
        .child("instanceState", state(it.state))
        .child("systemStatus", summary())
        .child("instanceStatus", summary())
}
