//! What a launch asks for, read from the parameters of RunInstances or of a launch template.

use std::collections::BTreeMap;

use crate::model::ec2::{InstanceSettings, Tags, TemplateRef};
use crate::wire::{ApiError, Params};

use super::tag;

/// What a launch asks for. Texts are as they were sent: nothing is looked up yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchSpec {
    /// Image id.
    pub image: String,
    /// For instance `t3.micro`.
    pub instance_type: String,
    /// Name of a key pair.
    pub key_name: Option<String>,
    /// Security groups by id; or by name, as long as no subnet is named. None: the VPC's default group.
    pub groups: Vec<String>,
    /// Base64.
    pub user_data: Option<String>,
    /// Name or ARN of an instance profile.
    pub instance_profile: Option<String>,
    /// Subnet id. None: the default subnet of `zone`, or of the first zone.
    pub subnet: Option<String>,
    /// Availability zone.
    pub zone: Option<String>,
    /// The address it is to have.
    pub private_ip: Option<String>,
    /// Whether it gets a public address; none: as the subnet says.
    pub public_ip: Option<bool>,
    /// Changes to the image's disks.
    pub block_devices: Vec<BlockDevice>,
    /// The rest.
    pub settings: InstanceSettings,
    /// By resource type: `instance`, `volume`, `network-interface`.
    pub tags: BTreeMap<String, Tags>,
    /// What makes a repeated launch the same launch.
    pub client_token: Option<String>,
    /// The template the launch is made from.
    pub template: Option<TemplateRef>,
}

/// A change to one of an image's disks, or a further disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BlockDevice {
    /// For instance `/dev/xvda`.
    pub device: String,
    /// Leave the image's disk away.
    pub no_device: bool,
    /// `ephemeral0`: a disk of the host, which the model does not keep.
    pub virtual_name: Option<String>,
    /// What it starts with.
    pub snapshot: Option<String>,
    /// GiB.
    pub size: Option<i64>,
    /// Volume type.
    pub kind: Option<String>,
    /// Operations per second.
    pub iops: Option<i64>,
    /// MiB per second.
    pub throughput: Option<i64>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// Whether it ends with its instance.
    pub delete_on_termination: Option<bool>,
}

impl LaunchSpec {
    /// Reads the parameters of RunInstances, template already merged in.
    ///
    /// # Errors
    /// A parameter is missing or malformed.
    pub fn read(params: &Params) -> Result<Self, ApiError> {
        let card = params.list("NetworkInterface").into_iter().next();
        let from_card = |name: &str| card.and_then(|card| card.text(name)).map(str::to_owned);
        let mut groups = params.strings("SecurityGroupId");
        groups.extend(params.strings("SecurityGroup"));
        groups.extend(card.map(|card| card.strings("SecurityGroupId")).unwrap_or_default());
        let profile = params.text("IamInstanceProfile.Arn").or(params.text("IamInstanceProfile.Name"));
        Ok(Self {
            image: params.required("ImageId")?.to_owned(),
            instance_type: params.text("InstanceType").unwrap_or("m1.small").to_owned(),
            key_name: params.text("KeyName").map(str::to_owned),
            groups,
            user_data: params.text("UserData").filter(|data| !data.is_empty()).map(str::to_owned),
            instance_profile: profile.map(str::to_owned),
            subnet: params.text("SubnetId").map(str::to_owned).or_else(|| from_card("SubnetId")),
            zone: params.text("Placement.AvailabilityZone").map(str::to_owned),
            private_ip: params.text("PrivateIpAddress").map(str::to_owned).or(from_card("PrivateIpAddress")),
            public_ip: card.map(|card| card.bool("AssociatePublicIpAddress")).transpose()?.flatten(),
            block_devices: block_devices(params)?,
            settings: settings(params)?,
            tags: tag::specifications(params)?,
            client_token: params.text("ClientToken").filter(|token| !token.is_empty()).map(str::to_owned),
            template: None,
        })
    }
}

/// Reads `BlockDeviceMapping.N` (EC2's spelling; Auto Scaling's is `BlockDeviceMappings.member.N`, with the
/// same members).
///
/// # Errors
/// A device without name, or a malformed number.
pub fn block_devices(params: &Params) -> Result<Vec<BlockDevice>, ApiError> {
    let mut mappings = params.list("BlockDeviceMapping");
    mappings.extend(params.list("BlockDeviceMappings"));
    mappings.into_iter().map(block_device).collect()
}

fn block_device(mapping: &Params) -> Result<BlockDevice, ApiError> {
    let text = |name: &str| mapping.text(name).map(str::to_owned);
    Ok(BlockDevice {
        device: mapping.required("DeviceName")?.to_owned(),
        no_device: mapping.text("NoDevice").is_some_and(|value| value != "false"),
        virtual_name: text("VirtualName"),
        snapshot: text("Ebs.SnapshotId"),
        size: mapping.int("Ebs.VolumeSize")?,
        kind: text("Ebs.VolumeType"),
        iops: mapping.int("Ebs.Iops")?,
        throughput: mapping.int("Ebs.Throughput")?,
        encrypted: mapping.bool("Ebs.Encrypted")?,
        delete_on_termination: mapping.bool("Ebs.DeleteOnTermination")?,
    })
}

fn settings(params: &Params) -> Result<InstanceSettings, ApiError> {
    let usual = InstanceSettings::default();
    let text = |name: &str, usual: String| params.text(name).map(str::to_owned).unwrap_or(usual);
    Ok(InstanceSettings {
        monitoring: params.bool("Monitoring.Enabled")?.unwrap_or(false),
        ebs_optimized: params.bool("EbsOptimized")?.unwrap_or(false),
        disable_api_termination: params.bool("DisableApiTermination")?.unwrap_or(false),
        disable_api_stop: params.bool("DisableApiStop")?.unwrap_or(false),
        shutdown_behavior: text("InstanceInitiatedShutdownBehavior", usual.shutdown_behavior),
        source_dest_check: true,
        tenancy: text("Placement.Tenancy", usual.tenancy),
        http_tokens: text("MetadataOptions.HttpTokens", usual.http_tokens),
        http_endpoint: text("MetadataOptions.HttpEndpoint", usual.http_endpoint),
        hop_limit: params.int("MetadataOptions.HttpPutResponseHopLimit")?.unwrap_or(usual.hop_limit),
        metadata_tags: text("MetadataOptions.InstanceMetadataTags", usual.metadata_tags),
    })
}
