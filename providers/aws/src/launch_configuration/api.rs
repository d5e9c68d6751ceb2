//! Launch configurations in the API's terms: what is sent to `CreateLaunchConfiguration`, what comes back from
//! `DescribeLaunchConfigurations`, and whether the two say the same.

use aws_sdk_autoscaling::operation::create_launch_configuration::CreateLaunchConfigurationInput;
use aws_sdk_autoscaling::operation::create_launch_configuration::builders::CreateLaunchConfigurationInputBuilder;
use aws_sdk_autoscaling::types::{
    BlockDeviceMapping, Ebs, InstanceMetadataEndpointState, InstanceMetadataHttpTokensState,
    InstanceMetadataOptions, InstanceMonitoring, LaunchConfiguration as Described,
};
use infra_lang::residual::Values;
use serde_json::Value as Json;

use crate::launch::devices::{EbsBlockDevice, EphemeralBlockDevice, Mapping, mappings, take_mappings};
use crate::launch::{Core, MetadataOptions};

/// The request that makes `name`; `root` is the image's root device, if the root volume has settings.
pub(super) fn request(name: &str, core: &Core, root: Option<&str>) -> CreateLaunchConfigurationInputBuilder {
    let mappings: Vec<BlockDeviceMapping> = mappings(core, root).iter().map(mapping).collect();
    let groups: Vec<String> = core.security_groups.iter().cloned().collect();
    CreateLaunchConfigurationInput::builder()
        .launch_configuration_name(name)
        .image_id(&core.image_id)
        .instance_type(&core.instance_type)
        .set_security_groups((!groups.is_empty()).then_some(groups))
        .set_key_name(core.key_name.clone())
        .set_iam_instance_profile(core.iam_instance_profile.clone())
        .set_user_data(core.user_data_encoded())
        .set_associate_public_ip_address(core.associate_public_ip_address)
        .instance_monitoring(
            InstanceMonitoring::builder().enabled(core.enable_monitoring.unwrap_or(true)).build(),
        )
        .set_ebs_optimized(core.ebs_optimized)
        .set_placement_tenancy(core.placement_tenancy.clone())
        .set_spot_price(core.spot_price.clone())
        .set_metadata_options(core.metadata_options.as_ref().map(metadata))
        .set_block_device_mappings((!mappings.is_empty()).then_some(mappings))
}

fn mapping(mapping: &Mapping) -> BlockDeviceMapping {
    match mapping {
        Mapping::Ephemeral(device) => BlockDeviceMapping::builder()
            .device_name(&device.device_name)
            .virtual_name(&device.virtual_name)
            .build(),
        Mapping::Ebs(device) if device.no_device == Some(true) => {
            BlockDeviceMapping::builder().device_name(&device.device_name).no_device(true).build()
        }
        Mapping::Ebs(device) => {
            BlockDeviceMapping::builder().device_name(&device.device_name).ebs(volume(device)).build()
        }
    }
}

fn volume(device: &EbsBlockDevice) -> Ebs {
    Ebs::builder()
        .set_snapshot_id(device.snapshot_id.clone())
        .set_volume_type(device.volume_type.clone())
        .set_volume_size(device.volume_size)
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_delete_on_termination(device.delete_on_termination)
        .build()
}

fn metadata(options: &MetadataOptions) -> InstanceMetadataOptions {
    InstanceMetadataOptions::builder()
        .set_http_endpoint(options.http_endpoint.as_deref().map(InstanceMetadataEndpointState::from))
        .set_http_tokens(options.http_tokens.as_deref().map(InstanceMetadataHttpTokensState::from))
        .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
        .build()
}

/// The settings of a launch configuration that AWS has described. What AWS tells although nobody has asked for it
/// (its defaults) is left out unless `applied` has it.
pub(super) fn core(described: &Described, root: Option<&str>, applied: &Values) -> Core {
    let told = |name: &str, default: bool| applied.contains_key(name) || !default;
    let optimized = described.ebs_optimized().filter(|on| told("ebs_optimized", !on));
    let tenancy =
        described.placement_tenancy().filter(|tenancy| told("placement_tenancy", *tenancy == "default"));
    let mut core = Core {
        image_id: described.image_id().unwrap_or_default().to_owned(),
        instance_type: described.instance_type().unwrap_or_default().to_owned(),
        security_groups: described.security_groups().iter().cloned().collect(),
        key_name: text(described.key_name()),
        iam_instance_profile: text(described.iam_instance_profile()),
        associate_public_ip_address: described.associate_public_ip_address(),
        enable_monitoring: Some(described.instance_monitoring().and_then(|m| m.enabled()).unwrap_or(true)),
        ebs_optimized: optimized,
        placement_tenancy: text(tenancy),
        spot_price: text(described.spot_price()),
        metadata_options: described.metadata_options().map(metadata_back),
        ..Core::default()
    };
    core.set_user_data(described.user_data(), applied);
    take_mappings(
        &mut core,
        described.block_device_mappings().iter().filter_map(mapping_back).collect(),
        root,
    );
    core
}

/// An absent text comes as an empty element.
fn text(given: Option<&str>) -> Option<String> {
    given.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn metadata_back(options: &InstanceMetadataOptions) -> MetadataOptions {
    MetadataOptions {
        http_endpoint: options.http_endpoint().map(|state| state.as_str().to_owned()),
        http_tokens: options.http_tokens().map(|state| state.as_str().to_owned()),
        http_put_response_hop_limit: options.http_put_response_hop_limit(),
        instance_metadata_tags: None,
    }
}

fn mapping_back(mapping: &BlockDeviceMapping) -> Option<Mapping> {
    let device_name = mapping.device_name()?.to_owned();
    if let Some(virtual_name) = text(mapping.virtual_name()) {
        return Some(Mapping::Ephemeral(EphemeralBlockDevice { device_name, virtual_name }));
    }
    let no_device = mapping.no_device().filter(|left_out| *left_out);
    let device = match mapping.ebs() {
        Some(ebs) => EbsBlockDevice {
            device_name,
            no_device,
            snapshot_id: text(ebs.snapshot_id()),
            volume_type: text(ebs.volume_type()),
            volume_size: ebs.volume_size(),
            iops: ebs.iops(),
            throughput: ebs.throughput(),
            encrypted: ebs.encrypted(),
            kms_key_id: None,
            delete_on_termination: ebs.delete_on_termination(),
        },
        None => EbsBlockDevice { device_name, no_device, ..EbsBlockDevice::default() },
    };
    Some(Mapping::Ebs(device))
}

/// The attributes in which what exists differs from what is wanted; what nobody asks for does not count.
pub(super) fn differences(wanted: &Core, found: &Core) -> Vec<String> {
    let (wanted, found) = (json(wanted), json(found));
    let Json::Object(wanted) = wanted else { return Vec::new() };
    wanted
        .iter()
        .filter(|(name, value)| !covers(value, &found[name.as_str()]))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The settings as canonical JSON: one form, keys in order, nothing for what is not set.
pub(super) fn json(core: &Core) -> Json {
    pruned(serde_json::to_value(core.clone().normalized()).unwrap_or_default())
}

fn pruned(json: Json) -> Json {
    match json {
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(name, value)| (name, pruned(value)));
            let empty = |value: &Json| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            Json::Object(entries.filter(|(_, value)| !empty(value)).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(pruned).collect()),
        other => other,
    }
}

/// Whether all that is wanted is found.
fn covers(wanted: &Json, found: &Json) -> bool {
    match (wanted, found) {
        (Json::Object(wanted), found) => {
            wanted.iter().all(|(name, value)| covers(value, &found[name.as_str()]))
        }
        (Json::Array(wanted), Json::Array(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| covers(wanted, found))
        }
        (wanted, found) => wanted == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Private;
    use crate::launch::devices::RootBlockDevice;

    fn wanted() -> Core {
        Core {
            image_id: "ami-1".into(),
            instance_type: "t3.small".into(),
            security_groups: ["sg-b".to_owned(), "sg-a".to_owned()].into(),
            user_data: Some(Private("#!/bin/sh\n".into())),
            enable_monitoring: Some(true),
            root_block_device: Some(RootBlockDevice {
                volume_size: Some(20),
                delete_on_termination: Some(true),
                ..RootBlockDevice::default()
            }),
            ..Core::default()
        }
    }

    /// What AWS tells about something made by `request`, as far as the request said it.
    fn described(core: &Core) -> Described {
        let sent = request("web-1", core, Some("/dev/xvda")).build().expect("a name");
        Described::builder()
            .launch_configuration_name("web-1")
            .set_image_id(sent.image_id)
            .set_instance_type(sent.instance_type)
            .set_security_groups(sent.security_groups)
            .set_user_data(sent.user_data)
            .set_block_device_mappings(sent.block_device_mappings)
            .set_instance_monitoring(sent.instance_monitoring)
            .key_name("")
            .ebs_optimized(false)
            .build()
    }

    #[test]
    fn what_was_sent_comes_back_equal() {
        let found = core(&described(&wanted()), Some("/dev/xvda"), &Values::new());
        assert_eq!(found, wanted());
        assert_eq!(differences(&wanted(), &found), Vec::<String>::new());
    }

    #[test]
    fn differences_are_named() {
        let mut found = core(&described(&wanted()), Some("/dev/xvda"), &Values::new());
        found.image_id = "ami-2".into();
        found.user_data = None;
        assert_eq!(differences(&wanted(), &found), ["image_id", "user_data_base64"]);
    }

    #[test]
    fn a_default_that_was_asked_for_is_told() {
        let applied = Values::from([("ebs_optimized".into(), infra_lang::value::Value::Bool(false))]);
        let found = core(&described(&wanted()), None, &applied);
        assert_eq!(found.ebs_optimized, Some(false));
    }
}
