//! Launching: what is asked for is checked against what there is, then made.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::kind::{IMAGE, SNAPSHOT, SUBNET};
use super::launch_spec::{BlockDevice, LaunchSpec};
use super::security_group::group_ids;
use super::{Ec2Event, capacity, instance_type, tag};
use crate::model::behaviour::Life;
use crate::model::ec2::{
    Disk, Grantee, GroupId, Image, ImageId, ImageState, Instance, InstanceId, InstanceState, Interface,
    InterfaceId, InterfaceOwner, ReservationId, Subnet, Volume, VolumeId,
};
use crate::model::{Event, Model};
use crate::wire::ApiError;

/// User data may have this many bytes before base64.
const LARGEST_USER_DATA: usize = 16 * 1024;

/// A launch with everything looked up.
pub(super) struct Resolved {
    image: Image,
    subnet: Subnet,
    groups: Vec<GroupId>,
    disks: BTreeMap<String, Disk>,
    private_ip: Option<Ipv4Addr>,
}

/// Checks a launch against what there is, without launching.
///
/// # Errors
/// What RunInstances would answer.
pub(super) fn resolve(model: &Model, spec: &LaunchSpec) -> Result<Resolved, ApiError> {
    let image = image(model, &spec.image)?.clone();
    instance_type::check(&spec.instance_type, &image)?;
    key(model, spec)?;
    user_data(spec)?;
    profile(model, spec)?;
    let subnet = subnet(model, spec)?.clone();
    let groups = groups(model, spec, &subnet)?;
    let disks = disks(model, &image, &spec.block_devices)?;
    let private_ip = private_ip(model, spec, &subnet)?;
    Ok(Resolved { image, subnet, groups, disks, private_ip })
}

/// An image that can be launched from.
///
/// # Errors
/// It is unknown, somebody else's, or not complete.
pub(super) fn image<'m>(model: &'m Model, id: &str) -> Result<&'m Image, ApiError> {
    let image = IMAGE.find(&model.ec2.images, id)?;
    let permitted = image.owner == model.account
        || image.permissions.contains(&Grantee::All)
        || image.permissions.contains(&Grantee::Account(model.account.clone()));
    if !permitted || model.now < image.visible_from {
        return Err(IMAGE.not_found(id));
    }
    match image.state {
        ImageState::Available => Ok(image),
        ImageState::Pending => {
            Err(ApiError::new("InvalidAMIID.Unavailable", format!("AMI {id} is pending, and cannot be run")))
        }
    }
}

fn key(model: &Model, spec: &LaunchSpec) -> Result<(), ApiError> {
    match &spec.key_name {
        Some(name) if !model.ec2.key_pairs.contains_key(name) => {
            Err(ApiError::new("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist")))
        }
        _ => Ok(()),
    }
}

fn profile(model: &Model, spec: &LaunchSpec) -> Result<(), ApiError> {
    let unknown = |profile: &&String| !model.iam.knows(profile, model.now);
    let Some(profile) = spec.instance_profile.as_ref().filter(unknown) else { return Ok(()) };
    let (part, kind) = if profile.starts_with("arn:") { ("arn", "ARN") } else { ("name", "name") };
    let said = format!(
        "Value ({profile}) for parameter iamInstanceProfile.{part} is invalid. Invalid IAM Instance Profile {kind}"
    );
    Err(ApiError::new("InvalidParameterValue", said))
}

fn user_data(spec: &LaunchSpec) -> Result<(), ApiError> {
    let Some(data) = &spec.user_data else { return Ok(()) };
    let raw = STANDARD
        .decode(data)
        .map_err(|_| ApiError::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))?;
    if raw.len() > LARGEST_USER_DATA {
        let reason = format!("User data is limited to {LARGEST_USER_DATA} bytes");
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    Ok(())
}

fn subnet<'m>(model: &'m Model, spec: &LaunchSpec) -> Result<&'m Subnet, ApiError> {
    if let Some(id) = &spec.subnet {
        return SUBNET.find(&model.ec2.subnets, id);
    }
    if let Some(zone) = &spec.zone {
        super::region::check_zone(model, zone)?;
    }
    let fits =
        |subnet: &&Subnet| subnet.is_default && spec.zone.as_ref().is_none_or(|zone| *zone == subnet.zone);
    model.ec2.subnets.values().filter(fits).min_by(|a, b| a.zone.cmp(&b.zone)).ok_or_else(|| {
        let reason = "No default subnet for the availability zone; name a subnet";
        ApiError::new("MissingInput", reason)
    })
}

fn groups(model: &Model, spec: &LaunchSpec, subnet: &Subnet) -> Result<Vec<GroupId>, ApiError> {
    if spec.groups.is_empty() {
        return group_ids(model, &subnet.vpc, &["default".to_owned()]);
    }
    if spec.subnet.is_some() && spec.groups.iter().any(|group| !group.starts_with("sg-")) {
        let reason = "The parameter groupName cannot be used with the parameter subnet";
        return Err(ApiError::new("InvalidParameterCombination", reason));
    }
    let ids = group_ids(model, &subnet.vpc, &spec.groups)?;
    let stranger =
        ids.iter().find(|id| model.ec2.groups.get(*id).is_some_and(|group| group.vpc != subnet.vpc));
    match stranger {
        None => Ok(ids),
        Some(group) => Err(ApiError::new(
            "InvalidParameter",
            format!("Security group {group} and subnet {} belong to different networks.", subnet.id),
        )),
    }
}

/// An image's disks with the changes that a launch or a new image asks for.
///
/// # Errors
/// An unknown snapshot, a disk smaller than its snapshot, or an unknown volume type.
pub(super) fn disks(
    model: &Model,
    image: &Image,
    changes: &[BlockDevice],
) -> Result<BTreeMap<String, Disk>, ApiError> {
    let mut disks = image.disks.clone();
    for change in changes {
        if change.no_device {
            disks.remove(&change.device);
        } else if change.virtual_name.is_none() {
            let disk = disk(model, disks.get(&change.device), change)?;
            disks.insert(change.device.clone(), disk);
        }
    }
    Ok(disks)
}

fn disk(model: &Model, base: Option<&Disk>, change: &BlockDevice) -> Result<Disk, ApiError> {
    let named = change.snapshot.as_deref().map(|id| SNAPSHOT.find(&model.ec2.snapshots, id)).transpose()?;
    let floor = named.map(|snapshot| snapshot.size).or(base.map(|disk| disk.size));
    let size = change.size.or(floor).ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            format!("The request must contain the parameter size or snapshotId for {}", change.device),
        )
    })?;
    if floor.is_some_and(|floor| size < floor) {
        let reason = format!(
            "Volume of size {size}GB is smaller than snapshot, expect size >= {}GB",
            floor.unwrap_or(0)
        );
        return Err(ApiError::new("InvalidBlockDeviceMapping", reason));
    }
    let kind = change.kind.clone().or(base.map(|disk| disk.kind.clone())).unwrap_or("gp2".to_owned());
    if !["standard", "gp2", "gp3", "io1", "io2", "st1", "sc1"].contains(&kind.as_str()) {
        let reason = format!("Invalid value '{kind}' for VolumeType.");
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    Ok(Disk {
        snapshot: named.map(|snapshot| snapshot.id.clone()).or(base.and_then(|disk| disk.snapshot.clone())),
        size,
        kind,
        iops: change.iops.or(base.and_then(|disk| disk.iops)),
        throughput: change.throughput.or(base.and_then(|disk| disk.throughput)),
        encrypted: change.encrypted.unwrap_or(base.is_some_and(|disk| disk.encrypted)),
        delete_on_termination: change
            .delete_on_termination
            .unwrap_or(base.is_none_or(|disk| disk.delete_on_termination)),
    })
}

fn private_ip(model: &Model, spec: &LaunchSpec, subnet: &Subnet) -> Result<Option<Ipv4Addr>, ApiError> {
    let Some(text) = &spec.private_ip else { return Ok(None) };
    let address: Option<Ipv4Addr> = text.parse().ok();
    let Some(address) = address.filter(|address| subnet.cidr.contains(address)) else {
        let reason = format!("Address {text} does not fall within the subnet's address range");
        return Err(ApiError::new("InvalidParameterValue", reason));
    };
    if model.ec2.interfaces.values().any(|card| card.subnet == subnet.id && card.private_ip == address) {
        return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {text} is in use.")));
    }
    Ok(Some(address))
}

/// Makes `count` instances in one reservation. They are `pending`; the rest happens by itself.
///
/// # Errors
/// The launch is refused, or the subnet is full; then nothing is made.
pub(super) fn launch(
    model: &mut Model,
    spec: &LaunchSpec,
    count: usize,
) -> Result<(ReservationId, Vec<InstanceId>), ApiError> {
    let resolved = resolve(model, spec)?;
    if free_addresses(model, &resolved.subnet) < count {
        let reason = format!(
            "There are not enough free addresses in subnet '{}' to satisfy the requested number of instances.",
            resolved.subnet.id
        );
        return Err(ApiError::new("InsufficientFreeAddressesInSubnet", reason));
    }
    capacity::take(model, &resolved.subnet.zone, &spec.instance_type, count as u64)?;
    let reservation = ReservationId::new(&mut model.random);
    let made = (0..count).map(|index| make(model, spec, &resolved, (reservation.clone(), index)));
    let ids = made.collect::<Result<_, _>>()?;
    Ok((reservation, ids))
}

fn make(
    model: &mut Model,
    spec: &LaunchSpec,
    resolved: &Resolved,
    reservation: (ReservationId, usize),
) -> Result<InstanceId, ApiError> {
    let id = InstanceId::new(&mut model.random);
    let public = spec.public_ip.unwrap_or(resolved.subnet.map_public_ip);
    let owner = InterfaceOwner::Instance(id.clone());
    let address = if reservation.1 == 0 { resolved.private_ip } else { None };
    let card = plug_in(model, owner, &resolved.subnet, &resolved.groups, address);
    if public {
        let address = public_address(model);
        model.ec2.interfaces.entry(card.clone()).and_modify(|card| card.public_ip = Some(address));
    }
    let volumes = resolved
        .disks
        .iter()
        .map(|(device, disk)| attach(model, &id, &resolved.subnet, device, disk))
        .collect();
    let visible_from = model.now + model.random.delay(model.timing.ec2.read_after_create_lag);
    let instance = Instance {
        id: id.clone(),
        reservation,
        client_token: spec.client_token.clone(),
        image: ImageId::from(spec.image.as_str()),
        architecture: resolved.image.architecture.clone(),
        virtualization: resolved.image.virtualization.clone(),
        instance_type: spec.instance_type.clone(),
        key_name: spec.key_name.clone(),
        vpc: resolved.subnet.vpc.clone(),
        subnet: resolved.subnet.id.clone(),
        zone: resolved.subnet.zone.clone(),
        interface: card,
        volumes,
        root_device: resolved.image.root_device.clone(),
        user_data: spec.user_data.clone(),
        profile: spec.instance_profile.as_deref().map(|profile| profile_arn(model, profile)),
        template: spec.template.clone(),
        state: InstanceState::Pending,
        state_reason: None,
        transition_reason: String::new(),
        launched: model.now,
        visible_from,
        status_ok_from: None,
        life: Life::default(),
        settings: spec.settings.clone(),
    };
    tag_launched(model, &instance, spec)?;
    model.ec2.instances.insert(id.clone(), instance);
    model.schedule(model.timing.ec2.pending_to_running, Event::Ec2(Ec2Event::Running(id.clone())));
    Ok(id)
}

fn tag_launched(model: &mut Model, instance: &Instance, spec: &LaunchSpec) -> Result<(), ApiError> {
    let of = |kind: &str| spec.tags.get(kind).cloned().unwrap_or_default();
    tag::put(model, instance.id.as_str(), &of("instance"))?;
    tag::put(model, instance.interface.as_str(), &of("network-interface"))?;
    for volume in &instance.volumes {
        tag::put(model, volume.as_str(), &of("volume"))?;
    }
    Ok(())
}

fn attach(model: &mut Model, instance: &InstanceId, subnet: &Subnet, device: &str, disk: &Disk) -> VolumeId {
    let id = VolumeId::new(&mut model.random);
    let volume = Volume {
        id: id.clone(),
        instance: Some(instance.clone()),
        device: device.to_owned(),
        disk: disk.clone(),
        zone: subnet.zone.clone(),
        created: model.now,
    };
    model.ec2.volumes.insert(id.clone(), volume);
    id
}

fn profile_arn(model: &Model, profile: &str) -> String {
    if profile.starts_with("arn:") {
        return profile.to_owned();
    }
    if let Some(known) = model.iam.profiles.get(profile) {
        return known.entity.arn.clone();
    }
    format!("arn:aws:iam::{}:instance-profile/{profile}", model.account)
}

/// Puts a network interface into a subnet, at `address` or else at the lowest free one.
pub(super) fn plug_in(
    model: &mut Model,
    owner: InterfaceOwner,
    subnet: &Subnet,
    groups: &[GroupId],
    address: Option<Ipv4Addr>,
) -> InterfaceId {
    let id = InterfaceId::new(&mut model.random);
    let taken: Vec<Ipv4Addr> = model
        .ec2
        .interfaces
        .values()
        .filter(|card| card.subnet == subnet.id)
        .map(|card| card.private_ip)
        .collect();
    // AWS keeps the first four addresses and the last for itself.
    let lowest = subnet.cidr.hosts().skip(3).find(|address| !taken.contains(address));
    let card = Interface {
        id: id.clone(),
        subnet: subnet.id.clone(),
        groups: groups.to_vec(),
        private_ip: address.or(lowest).unwrap_or(subnet.cidr.addr()),
        public_ip: None,
        owner,
        created: model.now,
    };
    model.ec2.interfaces.insert(id.clone(), card);
    id
}

/// How many more network interfaces fit into a subnet.
pub(super) fn free_addresses(model: &Model, subnet: &Subnet) -> usize {
    let all = 1_usize << (32 - subnet.cidr.prefix_len()).min(16);
    let taken = model.ec2.interfaces.values().filter(|card| card.subnet == subnet.id).count();
    all.saturating_sub(5 + taken)
}

/// An address of those that AWS hands out in the eastern United States, free of collisions.
pub(super) fn public_address(model: &mut Model) -> Ipv4Addr {
    loop {
        let bits = model.random.below(1 << 18);
        let octet = |shift: u64| u8::try_from((bits >> shift) & 0xff).unwrap_or(0);
        let address = Ipv4Addr::new(54, 208 + octet(16), octet(8), octet(0));
        if model.ec2.interfaces.values().all(|card| card.public_ip != Some(address)) {
            return address;
        }
    }
}
