//! Launch template data in the API's terms: what is sent to `CreateLaunchTemplate` and `CreateLaunchTemplateVersion`,
//! and what `DescribeLaunchTemplateVersions` tells.

use aws_sdk_ec2::types::{
    CreditSpecificationRequest, InstanceType, LaunchTemplateBlockDeviceMapping,
    LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMarketOptionsRequest, LaunchTemplateInstanceMetadataEndpointState,
    LaunchTemplateInstanceMetadataOptions, LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateInstanceMetadataTagsState, LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
    LaunchTemplatePlacementRequest, LaunchTemplateSpotMarketOptionsRequest, LaunchTemplateTagSpecification,
    LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest, MarketType,
    RequestLaunchTemplateData, ResourceType, ResponseLaunchTemplateData, Tag, Tenancy, VolumeType,
};
use infra_lang::residual::Values;

use super::{CreditSpecification, Data, TagSpecification};
use crate::launch::devices::{EbsBlockDevice, EphemeralBlockDevice, Mapping, mappings, take_mappings};
use crate::launch::{Core, MetadataOptions};

/// The data of a version, whole; `root` is the image's root device, if the root volume has settings.
pub(super) fn request(data: &Data, root: Option<&str>) -> RequestLaunchTemplateData {
    let core = &data.core;
    let groups: Vec<String> = core.security_groups.iter().cloned().collect();
    let mappings: Vec<_> = mappings(core, root).iter().map(mapping).collect();
    let tags: Vec<_> = data.tag_specifications.iter().map(tag_specification).collect();
    let base = RequestLaunchTemplateData::builder()
        .image_id(&core.image_id)
        .instance_type(InstanceType::from(core.instance_type.as_str()))
        .set_key_name(core.key_name.clone())
        .set_iam_instance_profile(core.iam_instance_profile.as_deref().map(profile))
        .set_user_data(core.user_data_encoded())
        .monitoring(
            LaunchTemplatesMonitoringRequest::builder()
                .enabled(core.enable_monitoring.unwrap_or(true))
                .build(),
        )
        .set_ebs_optimized(core.ebs_optimized)
        .set_placement(core.placement_tenancy.as_deref().map(placement))
        .set_instance_market_options(core.spot_price.as_deref().map(spot))
        .set_metadata_options(core.metadata_options.as_ref().map(metadata))
        .set_block_device_mappings((!mappings.is_empty()).then_some(mappings))
        .set_tag_specifications((!tags.is_empty()).then_some(tags))
        .set_credit_specification(data.credit_specification.as_ref().map(credit));
    match core.associate_public_ip_address {
        // A public address is a setting of the network interface, and beside an interface EC2 takes no groups.
        Some(public) => base.network_interfaces(interface(public, groups)),
        None => base.set_security_group_ids((!groups.is_empty()).then_some(groups)),
    }
    .build()
}

fn profile(name: &str) -> LaunchTemplateIamInstanceProfileSpecificationRequest {
    let builder = LaunchTemplateIamInstanceProfileSpecificationRequest::builder();
    if name.starts_with("arn:") { builder.arn(name) } else { builder.name(name) }.build()
}

fn placement(tenancy: &str) -> LaunchTemplatePlacementRequest {
    LaunchTemplatePlacementRequest::builder().tenancy(Tenancy::from(tenancy)).build()
}

fn spot(price: &str) -> LaunchTemplateInstanceMarketOptionsRequest {
    LaunchTemplateInstanceMarketOptionsRequest::builder()
        .market_type(MarketType::Spot)
        .spot_options(LaunchTemplateSpotMarketOptionsRequest::builder().max_price(price).build())
        .build()
}

fn interface(
    public: bool,
    groups: Vec<String>,
) -> LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .device_index(0)
        .associate_public_ip_address(public)
        .set_groups((!groups.is_empty()).then_some(groups))
        .build()
}

fn metadata(options: &MetadataOptions) -> LaunchTemplateInstanceMetadataOptionsRequest {
    let endpoint = options.http_endpoint.as_deref().map(LaunchTemplateInstanceMetadataEndpointState::from);
    let tags = options.instance_metadata_tags.as_deref().map(LaunchTemplateInstanceMetadataTagsState::from);
    LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(endpoint)
        .set_http_tokens(options.http_tokens.as_deref().map(LaunchTemplateHttpTokensState::from))
        .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
        .set_instance_metadata_tags(tags)
        .build()
}

fn mapping(mapping: &Mapping) -> LaunchTemplateBlockDeviceMappingRequest {
    let builder = LaunchTemplateBlockDeviceMappingRequest::builder();
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

fn volume(device: &EbsBlockDevice) -> LaunchTemplateEbsBlockDeviceRequest {
    LaunchTemplateEbsBlockDeviceRequest::builder()
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

fn tag_specification(specification: &TagSpecification) -> LaunchTemplateTagSpecificationRequest {
    let tags = specification.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    LaunchTemplateTagSpecificationRequest::builder()
        .resource_type(ResourceType::from(specification.resource_type.as_str()))
        .set_tags(Some(tags.collect()))
        .build()
}

fn credit(credit: &CreditSpecification) -> CreditSpecificationRequest {
    CreditSpecificationRequest::builder().set_cpu_credits(credit.cpu_credits.clone()).build()
}

/// The data of a version that AWS has described.
pub(super) fn data(told: &ResponseLaunchTemplateData, root: Option<&str>, applied: &Values) -> Data {
    let interface = told.network_interfaces().first();
    let groups = interface.map(|interface| interface.groups()).filter(|groups| !groups.is_empty());
    let profile = told.iam_instance_profile().and_then(|profile| profile.arn().or(profile.name()));
    let price = told.instance_market_options().and_then(|market| market.spot_options()?.max_price());
    let mut core = Core {
        image_id: told.image_id().unwrap_or_default().to_owned(),
        instance_type: told.instance_type().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        security_groups: groups.unwrap_or(told.security_group_ids()).iter().cloned().collect(),
        key_name: told.key_name().map(str::to_owned),
        iam_instance_profile: profile.map(str::to_owned),
        associate_public_ip_address: interface.and_then(|interface| interface.associate_public_ip_address()),
        // Not said is off, for EC2.
        enable_monitoring: Some(
            told.monitoring().and_then(|monitoring| monitoring.enabled()).unwrap_or(false),
        ),
        ebs_optimized: told.ebs_optimized(),
        placement_tenancy: told
            .placement()
            .and_then(|placement| Some(placement.tenancy()?.as_str().to_owned())),
        spot_price: price.map(str::to_owned),
        metadata_options: told.metadata_options().map(metadata_back),
        ..Core::default()
    };
    core.set_user_data(told.user_data(), applied);
    take_mappings(&mut core, told.block_device_mappings().iter().filter_map(mapping_back).collect(), root);
    let credits = told.credit_specification().and_then(|credit| credit.cpu_credits());
    Data {
        core,
        tag_specifications: told.tag_specifications().iter().filter_map(tag_specification_back).collect(),
        credit_specification: credits
            .map(|credits| CreditSpecification { cpu_credits: Some(credits.to_owned()) }),
    }
}

fn metadata_back(options: &LaunchTemplateInstanceMetadataOptions) -> MetadataOptions {
    MetadataOptions {
        http_endpoint: options.http_endpoint().map(|state| state.as_str().to_owned()),
        http_tokens: options.http_tokens().map(|state| state.as_str().to_owned()),
        http_put_response_hop_limit: options.http_put_response_hop_limit(),
        instance_metadata_tags: options.instance_metadata_tags().map(|state| state.as_str().to_owned()),
    }
}

fn mapping_back(mapping: &LaunchTemplateBlockDeviceMapping) -> Option<Mapping> {
    let device_name = mapping.device_name()?.to_owned();
    if let Some(virtual_name) = mapping.virtual_name() {
        return Some(Mapping::Ephemeral(EphemeralBlockDevice {
            device_name,
            virtual_name: virtual_name.to_owned(),
        }));
    }
    let no_device = mapping.no_device().map(|_| true).filter(|_| mapping.ebs().is_none());
    let device = match mapping.ebs() {
        Some(ebs) => EbsBlockDevice {
            device_name,
            no_device,
            snapshot_id: ebs.snapshot_id().map(str::to_owned),
            volume_type: ebs.volume_type().map(|sort| sort.as_str().to_owned()),
            volume_size: ebs.volume_size(),
            iops: ebs.iops(),
            throughput: ebs.throughput(),
            encrypted: ebs.encrypted(),
            kms_key_id: ebs.kms_key_id().map(str::to_owned),
            delete_on_termination: ebs.delete_on_termination(),
        },
        None => EbsBlockDevice { device_name, no_device, ..EbsBlockDevice::default() },
    };
    Some(Mapping::Ebs(device))
}

/// Tags of the template itself are told among those of its instances by some; they are not data.
fn tag_specification_back(told: &LaunchTemplateTagSpecification) -> Option<TagSpecification> {
    let resource_type =
        told.resource_type().map(ResourceType::as_str).filter(|name| *name != "launch-template")?;
    let tag = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    Some(TagSpecification {
        resource_type: resource_type.to_owned(),
        tags: told.tags().iter().filter_map(tag).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core() -> Core {
        Core {
            image_id: "ami-1".into(),
            instance_type: "t3.small".into(),
            security_groups: ["sg-a".to_owned()].into(),
            ..Core::default()
        }
    }

    #[test]
    fn groups_move_to_the_interface_when_the_public_address_is_set() {
        let plain = request(&Data { core: core(), ..Data::default() }, None);
        assert_eq!(plain.security_group_ids(), ["sg-a"]);
        let public = Core { associate_public_ip_address: Some(false), ..core() };
        let sent = request(&Data { core: public, ..Data::default() }, None);
        assert!(sent.security_group_ids().is_empty());
        assert_eq!(sent.network_interfaces()[0].groups(), ["sg-a"]);
        assert_eq!(sent.network_interfaces()[0].associate_public_ip_address(), Some(false));
    }

    #[test]
    fn a_profile_is_sent_by_name_or_by_arn() {
        let sent = |given: &str| {
            let core = Core { iam_instance_profile: Some(given.into()), ..core() };
            request(&Data { core, ..Data::default() }, None).iam_instance_profile.expect("a profile")
        };
        assert_eq!(sent("web").name(), Some("web"));
        let arn = "arn:aws:iam::123456789012:instance-profile/web";
        assert_eq!((sent(arn).name(), sent(arn).arn()), (None, Some(arn)));
    }

    #[test]
    fn what_aws_tells_is_read_back_in_our_terms() {
        let told = ResponseLaunchTemplateData::builder()
            .image_id("ami-1")
            .instance_type(InstanceType::T3Small)
            .security_group_ids("sg-a")
            .user_data("aGVsbG8=")
            .tag_specifications(
                LaunchTemplateTagSpecification::builder().resource_type(ResourceType::LaunchTemplate).build(),
            )
            .build();
        let found = data(&told, None, &Values::new());
        let expected = Core {
            user_data: Some(crate::launch::Private("hello".into())),
            enable_monitoring: Some(false),
            ..core()
        };
        assert_eq!(found, Data { core: expected, ..Data::default() });
    }
}
