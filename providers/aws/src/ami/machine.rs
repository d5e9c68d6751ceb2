//! The machine that builds, in EC2's terms.

use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice as EbsRequest, Filter, HttpTokensState,
    IamInstanceProfileSpecification, Instance, InstanceMetadataOptionsRequest,
    InstanceNetworkInterfaceSpecification, InstanceStateName, InstanceType, ResourceType, ShutdownBehavior,
    VolumeType,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use infra_engine::provider::{ProviderError, Task};

use super::build::Machine;
use super::{Ami, Builder};
use crate::client::Aws;
use crate::error::{failed, has_code, permanent};
use crate::launch::Core;
use crate::launch::devices::{EbsBlockDevice, Mapping, mappings};
use crate::tags::{self, TOKEN};

/// Marks what is gone when a build is over: by it, whatever was left behind is found.
const EPHEMERAL: &str = "infra:ephemeral";

/// What a machine is launched with.
pub(super) struct Launch<'a> {
    /// The image it boots.
    pub(super) image: &'a str,
    /// The settings of the `ami`.
    pub(super) ami: &'a Ami,
    /// Its user data, before base64.
    pub(super) user_data: Option<String>,
    /// How many machines the build has had before.
    pub(super) attempt: u32,
    /// The base's root device, if the root volume has settings.
    pub(super) root: Option<&'a str>,
    /// Whether it tests the image, whose volumes are settled.
    pub(super) testing: bool,
}

/// The size that builds unless the user says another.
pub(super) fn instance_type(ami: &Ami) -> &str {
    let by_default = if ami.architecture.as_deref() == Some("arm64") { "t4g.small" } else { "t3.small" };
    ami.builder.as_ref().and_then(|builder| builder.instance_type.as_deref()).unwrap_or(by_default)
}

/// `RunInstances`. Repeated with the same token and attempt it launches nothing new; the machine goes for good when it
/// powers off by itself.
fn request(aws: &Aws, task: &Task, launch: &Launch<'_>) -> RunInstancesFluentBuilder {
    let builder = launch.ami.builder.clone().unwrap_or_default();
    let mut tags = tags::ours(aws, task);
    tags.insert(EPHEMERAL.to_owned(), "true".to_owned());
    tags.insert("Name".to_owned(), format!("infra build {}", launch.ami.name));
    let base = aws
        .ec2
        .run_instances()
        .image_id(launch.image)
        .instance_type(InstanceType::from(instance_type(launch.ami)))
        .min_count(1)
        .max_count(1)
        .client_token(client_token(task, launch.attempt))
        .set_user_data(launch.user_data.as_deref().map(|text| BASE64.encode(text)))
        .instance_initiated_shutdown_behavior(ShutdownBehavior::Terminate)
        .metadata_options(
            InstanceMetadataOptionsRequest::builder().http_tokens(HttpTokensState::Required).build(),
        )
        .set_iam_instance_profile(builder.iam_instance_profile.as_deref().map(profile))
        .set_block_device_mappings(devices(launch.ami, launch.root).filter(|_| !launch.testing))
        .tag_specifications(tags::specification(ResourceType::Instance, &tags))
        .tag_specifications(tags::specification(ResourceType::Volume, &tags));
    in_network(base, &builder)
}

/// Whether it has a public address is a setting of its network interface, and beside an interface EC2 takes no subnet
/// and no groups.
fn in_network(request: RunInstancesFluentBuilder, builder: &Builder) -> RunInstancesFluentBuilder {
    let groups =
        Some(builder.security_groups.iter().cloned().collect::<Vec<_>>()).filter(|all| !all.is_empty());
    if builder.subnet_id.is_none() && builder.associate_public_ip_address {
        return request.set_security_group_ids(groups);
    }
    let interface = InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .set_subnet_id(builder.subnet_id.clone())
        .set_groups(groups)
        .associate_public_ip_address(builder.associate_public_ip_address)
        .delete_on_termination(true);
    request.network_interfaces(interface.build())
}

fn profile(name: &str) -> IamInstanceProfileSpecification {
    let builder = IamInstanceProfileSpecification::builder();
    if name.starts_with("arn:") { builder.arn(name) } else { builder.name(name) }.build()
}

/// The volumes that differ from the base's; the image takes them over.
fn devices(ami: &Ami, root: Option<&str>) -> Option<Vec<BlockDeviceMapping>> {
    let ebs = mappings(&core(ami), root).into_iter().filter_map(|mapping| match mapping {
        Mapping::Ebs(device) => Some(device_mapping(&device)),
        Mapping::Ephemeral(_) => None,
    });
    Some(ebs.collect::<Vec<_>>()).filter(|all| !all.is_empty())
}

/// The volumes of an image as launch settings have them.
pub(super) fn core(ami: &Ami) -> Core {
    Core {
        image_id: ami.base.clone(),
        root_block_device: ami.root_block_device.clone(),
        ebs_block_device: ami.ebs_block_device.clone(),
        ..Core::default()
    }
}

fn device_mapping(device: &EbsBlockDevice) -> BlockDeviceMapping {
    let mapping = BlockDeviceMapping::builder().device_name(&device.device_name);
    if device.no_device == Some(true) {
        return mapping.no_device("").build();
    }
    let ebs = EbsRequest::builder()
        .set_snapshot_id(device.snapshot_id.clone())
        .set_volume_type(device.volume_type.as_deref().map(VolumeType::from))
        .set_volume_size(device.volume_size)
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_kms_key_id(device.kms_key_id.clone())
        .set_delete_on_termination(device.delete_on_termination);
    mapping.ebs(ebs.build()).build()
}

/// What makes a launch one, however often it is asked for.
fn client_token(task: &Task, attempt: u32) -> String {
    format!("{}-{attempt}", task.token)
}

/// Launches; none if this was launched before, and that machine is to be found first: with other keys, or it is gone.
pub(super) async fn launch(
    aws: &Aws,
    task: &Task,
    launch: &Launch<'_>,
) -> Result<Option<String>, ProviderError> {
    let sent = request(aws, task, launch).send().await.map_err(failed("RunInstances"));
    let told = match sent {
        Err(error) if has_code(&error, "IdempotentParameterMismatch") => return Ok(None),
        other => other?,
    };
    let launched = told.instances().first();
    if launched.is_some_and(is_gone) {
        return Ok(None);
    }
    let id = launched.and_then(Instance::instance_id).map(str::to_owned);
    id.map(Some).ok_or_else(|| permanent("RunInstances", "AWS has launched no instance and given no reason"))
}

/// How a machine is.
pub(super) async fn observe(aws: &Aws, id: &str, public: bool) -> Result<Machine, ProviderError> {
    let filter = Filter::builder().name("instance-id").values(id).build();
    let found = described(aws, vec![filter]).await?;
    Ok(found.first().map_or(Machine::Unseen, |instance| machine(instance, public)))
}

/// A machine that a call with this task's token has launched, and that is still there.
pub(super) async fn orphan(aws: &Aws, task: &Task) -> Result<Option<String>, ProviderError> {
    let token = Filter::builder().name(format!("tag:{TOKEN}")).values(&task.token.0).build();
    let alive = Filter::builder().name("instance-state-name");
    let alive = ["pending", "running", "stopping", "stopped"]
        .into_iter()
        .fold(alive, |filter, state| filter.values(state));
    let found = described(aws, vec![token, alive.build()]).await?;
    Ok(found.first().and_then(Instance::instance_id).map(str::to_owned))
}

/// Whether the machine of an attempt has been launched, and is gone.
pub(super) async fn is_spent(aws: &Aws, task: &Task, attempt: u32) -> Result<bool, ProviderError> {
    let launch = Filter::builder().name("client-token").values(client_token(task, attempt)).build();
    Ok(described(aws, vec![launch]).await?.iter().any(is_gone))
}

fn is_gone(instance: &Instance) -> bool {
    use InstanceStateName::{ShuttingDown, Terminated};
    let state = instance.state().and_then(|state| state.name());
    matches!(state, Some(ShuttingDown | Terminated))
}

async fn described(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Instance>, ProviderError> {
    let told = aws.ec2.describe_instances().set_filters(Some(filters)).send().await;
    let told = told.map_err(failed("DescribeInstances"))?;
    Ok(told
        .reservations
        .unwrap_or_default()
        .into_iter()
        .flat_map(|one| one.instances.unwrap_or_default())
        .collect())
}

fn machine(instance: &Instance, public: bool) -> Machine {
    let state = instance.state().and_then(|state| state.name());
    let reason = instance.state_reason().and_then(|reason| reason.message());
    let address = if public { instance.public_ip_address() } else { instance.private_ip_address() };
    match state {
        Some(InstanceStateName::Pending) => Machine::Pending,
        Some(InstanceStateName::Running) => Machine::Running(address.map(str::to_owned)),
        Some(InstanceStateName::Stopping) => Machine::Stopping,
        Some(InstanceStateName::Stopped) => Machine::Stopped,
        Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated) => {
            Machine::Gone(reason.filter(|text| !text.is_empty()).unwrap_or("AWS gives no reason").to_owned())
        }
        _ => Machine::Unseen,
    }
}

/// Stops a machine, for its volumes to hold still.
pub(super) async fn stop(aws: &Aws, id: &str) -> Result<(), ProviderError> {
    aws.ec2.stop_instances().instance_ids(id).send().await.map_err(failed("StopInstances"))?;
    Ok(())
}

/// Terminates a machine; that it is gone already is as good.
pub(super) async fn terminate(aws: &Aws, id: &str) -> Result<(), ProviderError> {
    match aws.ec2.terminate_instances().instance_ids(id).send().await.map_err(failed("TerminateInstances")) {
        Err(error) if !has_code(&error, "InvalidInstanceID.NotFound") => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InstanceState, StateReason};

    use super::*;
    use crate::launch::devices::RootBlockDevice;

    fn instance(state: InstanceStateName) -> Instance {
        let reason = StateReason::builder().message("Server.SpotInstanceTermination").build();
        let state = InstanceState::builder().name(state).build();
        Instance::builder()
            .state(state)
            .state_reason(reason)
            .public_ip_address("1.2.3.4")
            .private_ip_address("10.0.0.9")
            .build()
    }

    #[test]
    fn a_machine_is_reached_by_the_address_that_it_was_given() {
        let running = instance(InstanceStateName::Running);
        assert_eq!(machine(&running, true), Machine::Running(Some("1.2.3.4".into())));
        assert_eq!(machine(&running, false), Machine::Running(Some("10.0.0.9".into())));
        let gone = machine(&instance(InstanceStateName::ShuttingDown), true);
        assert_eq!(gone, Machine::Gone("Server.SpotInstanceTermination".into()));
    }

    #[test]
    fn the_size_follows_the_processor_unless_written() {
        let arm = Ami { architecture: Some("arm64".into()), ..Ami::default() };
        assert_eq!((instance_type(&Ami::default()), instance_type(&arm)), ("t3.small", "t4g.small"));
        let builder = Builder { instance_type: Some("t1.micro".into()), ..Builder::default() };
        assert_eq!(instance_type(&Ami { builder: Some(builder), ..arm }), "t1.micro");
    }

    #[test]
    fn the_root_volume_goes_by_the_name_that_the_base_gives_it() {
        let root = RootBlockDevice { volume_size: Some(20), ..RootBlockDevice::default() };
        let ami = Ami { root_block_device: Some(root), ..Ami::default() };
        let mappings = devices(&ami, Some("/dev/xvda")).expect("one");
        assert_eq!(mappings[0].device_name(), Some("/dev/xvda"));
        assert_eq!(mappings[0].ebs().and_then(EbsRequest::volume_size), Some(20));
        assert!(devices(&Ami::default(), None).is_none());
    }
}
