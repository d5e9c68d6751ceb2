//! The request that launches an instance.

use aws_sdk_ec2::operation::run_instances::RunInstancesInput;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesInputBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice as Ebs, HttpTokensState, IamInstanceProfileSpecification,
    InstanceMarketOptionsRequest, InstanceMetadataEndpointState, InstanceMetadataOptionsRequest,
    InstanceMetadataTagsState, InstanceNetworkInterfaceSpecification, InstanceType,
    LaunchTemplateSpecification, MarketType, Placement, RunInstancesMonitoringEnabled, SpotMarketOptions,
    TagSpecification, Tenancy, VolumeType,
};

use super::Instance;
use crate::launch::MetadataOptions;
use crate::launch::devices::{EbsBlockDevice, Mapping, mappings};

/// The request; `root` is the image's root device, if the root volume has settings.
pub(super) fn request(
    wanted: &Instance,
    root: Option<&str>,
    tags: TagSpecification,
) -> RunInstancesInputBuilder {
    let core = &wanted.core;
    // A template has its own word on monitoring; without one, on is our default.
    let monitoring = core.enable_monitoring.or(wanted.launch.is_none().then_some(true));
    let mappings: Vec<_> = mappings(core, root).iter().map(mapping).collect();
    let profile = core.iam_instance_profile.as_deref().map(profile);
    let base = RunInstancesInput::builder()
        .min_count(1)
        .max_count(1)
        .tag_specifications(tags)
        .set_launch_template(wanted.launch.as_deref().map(template))
        .set_image_id((!core.image_id.is_empty()).then(|| core.image_id.clone()))
        .set_instance_type(
            (!core.instance_type.is_empty()).then(|| InstanceType::from(core.instance_type.as_str())),
        )
        .set_key_name(core.key_name.clone())
        .set_iam_instance_profile(profile)
        .set_user_data(core.user_data_encoded())
        .set_monitoring(monitoring.map(|on| RunInstancesMonitoringEnabled::builder().enabled(on).build()))
        .set_ebs_optimized(core.ebs_optimized)
        .set_placement(placement(wanted))
        .set_instance_market_options(core.spot_price.as_deref().map(spot))
        .set_metadata_options(core.metadata_options.as_ref().map(metadata))
        .set_block_device_mappings((!mappings.is_empty()).then_some(mappings));
    network(base, wanted)
}

/// `lt-0abc:7` is one version; without a version, the default one.
fn template(launch: &str) -> LaunchTemplateSpecification {
    let (id, version) =
        launch.split_once(':').map_or((launch, None), |(id, version)| (id, Some(version.to_owned())));
    LaunchTemplateSpecification::builder().launch_template_id(id).set_version(version).build()
}

/// Beside a network interface, EC2 takes subnet, address and groups there and nowhere else.
fn network(base: RunInstancesInputBuilder, wanted: &Instance) -> RunInstancesInputBuilder {
    let groups: Vec<String> = wanted.core.security_groups.iter().cloned().collect();
    let groups = (!groups.is_empty()).then_some(groups);
    match wanted.core.associate_public_ip_address {
        None => base
            .set_security_group_ids(groups)
            .set_subnet_id(wanted.subnet_id.clone())
            .set_private_ip_address(wanted.private_ip.clone()),
        Some(public) => base.network_interfaces(
            InstanceNetworkInterfaceSpecification::builder()
                .device_index(0)
                .associate_public_ip_address(public)
                .set_groups(groups)
                .set_subnet_id(wanted.subnet_id.clone())
                .set_private_ip_address(wanted.private_ip.clone())
                .build(),
        ),
    }
}

/// An instance profile by name or ARN.
pub(super) fn profile(name: &str) -> IamInstanceProfileSpecification {
    let builder = IamInstanceProfileSpecification::builder();
    if name.starts_with("arn:") { builder.arn(name) } else { builder.name(name) }.build()
}

fn placement(wanted: &Instance) -> Option<Placement> {
    let tenancy = wanted.core.placement_tenancy.as_deref().map(Tenancy::from);
    let zone = wanted.availability_zone.clone();
    (tenancy.is_some() || zone.is_some())
        .then(|| Placement::builder().set_tenancy(tenancy).set_availability_zone(zone).build())
}

fn spot(price: &str) -> InstanceMarketOptionsRequest {
    InstanceMarketOptionsRequest::builder()
        .market_type(MarketType::Spot)
        .spot_options(SpotMarketOptions::builder().max_price(price).build())
        .build()
}

fn metadata(options: &MetadataOptions) -> InstanceMetadataOptionsRequest {
    let endpoint = options.http_endpoint.as_deref().map(InstanceMetadataEndpointState::from);
    let tags = options.instance_metadata_tags.as_deref().map(InstanceMetadataTagsState::from);
    InstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(endpoint)
        .set_http_tokens(options.http_tokens.as_deref().map(HttpTokensState::from))
        .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
        .set_instance_metadata_tags(tags)
        .build()
}

fn mapping(mapping: &Mapping) -> BlockDeviceMapping {
    let builder = BlockDeviceMapping::builder();
    match mapping {
        Mapping::Ephemeral(device) => {
            builder.device_name(&device.device_name).virtual_name(&device.virtual_name)
        }
        // EC2 wants the element to be there, and empty.
        Mapping::Ebs(device) if device.no_device == Some(true) => {
            builder.device_name(&device.device_name).no_device("")
        }
        Mapping::Ebs(device) => builder.device_name(&device.device_name).ebs(volume(device)),
    }
    .build()
}

fn volume(device: &EbsBlockDevice) -> Ebs {
    Ebs::builder()
        .set_snapshot_id(device.snapshot_id.clone())
        .set_volume_type(device.volume_type.as_deref().map(VolumeType::from))
        .set_volume_size(device.volume_size)
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_kms_key_id(device.kms_key_id.clone())
        .set_delete_on_termination(device.delete_on_termination)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Core;

    fn sent(wanted: &Instance) -> RunInstancesInput {
        let tags = TagSpecification::builder().build();
        request(wanted, None, tags).build().expect("all that EC2 requires")
    }

    #[test]
    fn a_template_is_taken_in_its_version_and_has_the_last_word() {
        let input = sent(&Instance { launch: Some("lt-0abc:7".into()), ..Instance::default() });
        let template = input.launch_template().expect("a template");
        assert_eq!((template.launch_template_id(), template.version()), (Some("lt-0abc"), Some("7")));
        assert!(input.image_id().is_none() && input.monitoring().is_none());
    }

    #[test]
    fn with_a_public_address_the_network_stands_on_the_interface() {
        let core = Core {
            image_id: "ami-1".into(),
            security_groups: ["sg-1".to_owned()].into(),
            associate_public_ip_address: Some(true),
            ..Core::default()
        };
        let input = sent(&Instance { subnet_id: Some("subnet-1".into()), core, ..Instance::default() });
        assert!(input.subnet_id().is_none() && input.security_group_ids().is_empty());
        let interface = &input.network_interfaces()[0];
        assert_eq!(
            (interface.subnet_id(), interface.groups()),
            (Some("subnet-1"), ["sg-1".to_owned()].as_slice())
        );
        assert_eq!(input.monitoring().map(|monitoring| monitoring.enabled()), Some(Some(true)));
    }
}
