//! What a region is made of, and what an account may use.

use super::filter::{Field, select};
use super::{instance_type, page};
use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

/// The regions an account can use without asking.
const REGIONS: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The availability zones of the model's region: six in `us-east-1`, three elsewhere.
pub fn zones(model: &Model) -> Vec<String> {
    let letters = if model.region == "us-east-1" { "abcdef" } else { "abc" };
    letters.chars().map(|letter| format!("{}{letter}", model.region)).collect()
}

/// Refuses a zone the region does not have.
pub(super) fn check_zone(model: &Model, zone: &str) -> Result<(), ApiError> {
    let known = zones(model);
    if known.iter().any(|known| known == zone) {
        return Ok(());
    }
    let reason = format!(
        "Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {}.",
        known.join(", ")
    );
    Err(ApiError::new("InvalidParameterValue", reason))
}

/// The id that means the same zone in every account: `use1-az1`.
pub fn zone_id(zone: &str) -> String {
    let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
    let short: String = region
        .split('-')
        .map(|part| {
            if part.len() > 2 && !part.starts_with(|c: char| c.is_ascii_digit()) { &part[..1] } else { part }
        })
        .collect();
    let number = letter.bytes().next().map_or(0, |letter| letter.saturating_sub(b'a') + 1);
    format!("{short}-az{number}")
}

const ZONE_FIELDS: &[Field<String>] = &[
    ("zone-name", |_, zone| vec![zone.clone()]),
    ("zone-id", |_, zone| vec![zone_id(zone)]),
    ("region-name", |model, _| vec![model.region.clone()]),
    ("state", |_, _| vec!["available".to_owned()]),
    ("zone-type", |_, _| vec!["availability-zone".to_owned()]),
    ("group-name", |model, _| vec![model.region.clone()]),
    ("opt-in-status", |_, _| vec!["opt-in-not-required".to_owned()]),
];

/// DescribeAvailabilityZones.
pub fn describe_availability_zones(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let (names, ids) = (params.texts("ZoneName"), params.texts("ZoneId"));
    let all = zones(model);
    if let Some(stranger) = names.iter().find(|name| !all.iter().any(|zone| zone == *name)) {
        let reason = format!("Invalid availability zone: [{stranger}]");
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    let asked = all.iter().filter(|zone| {
        (names.is_empty() || names.contains(&zone.as_str()))
            && (ids.is_empty() || ids.contains(&zone_id(zone).as_str()))
    });
    let chosen = select(model, params, asked, ZONE_FIELDS, |zone| zone)?;
    Ok(Node::body().items("availabilityZoneInfo", chosen.into_iter().map(|zone| zone_node(model, zone))))
}

fn zone_node(model: &Model, zone: &str) -> Node {
    Node::body()
        .field("zoneName", zone)
        .field("zoneState", "available")
        .field("regionName", &model.region)
        .field("zoneId", zone_id(zone))
        .field("groupName", &model.region)
        .field("networkBorderGroup", &model.region)
        .field("zoneType", "availability-zone")
        .field("optInStatus", "opt-in-not-required")
        .items("messageSet", [])
}

/// DescribeRegions.
pub fn describe_regions(model: &Model, params: &Params) -> Result<Node, ApiError> {
    const FIELDS: &[Field<&str>] = &[
        ("region-name", |_, region| vec![(*region).to_owned()]),
        ("endpoint", |_, region| vec![endpoint(region)]),
        ("opt-in-status", |_, _| vec!["opt-in-not-required".to_owned()]),
    ];
    let names = params.texts("RegionName");
    if let Some(stranger) = names.iter().find(|name| !REGIONS.contains(name)) {
        let reason = format!("Value ({stranger}) for parameter regionName is invalid");
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    let asked = REGIONS.iter().filter(|region| names.is_empty() || names.contains(region));
    let chosen = select(model, params, asked, FIELDS, |region| region)?;
    Ok(Node::body().items(
        "regionInfo",
        chosen.into_iter().map(|region| {
            Node::body()
                .field("regionName", region)
                .field("regionEndpoint", endpoint(region))
                .field("optInStatus", "opt-in-not-required")
        }),
    ))
}

fn endpoint(region: &str) -> String {
    format!("ec2.{region}.amazonaws.com")
}

/// DescribeAccountAttributes.
pub fn describe_account_attributes(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let default_vpc = model.ec2.vpcs.values().find(|vpc| vpc.is_default).map(|vpc| vpc.id.to_string());
    let all: [(&str, String); 5] = [
        ("supported-platforms", "VPC".to_owned()),
        ("default-vpc", default_vpc.unwrap_or("none".to_owned())),
        ("max-instances", "20".to_owned()),
        ("vpc-max-security-groups-per-interface", "5".to_owned()),
        ("vpc-max-elastic-ips", "5".to_owned()),
    ];
    let names = params.texts("AttributeName");
    let asked = all.iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    Ok(Node::body().items(
        "accountAttributeSet",
        asked.map(|(name, value)| {
            let values = [Node::body().field("attributeValue", value)];
            Node::body().field("attributeName", name).items("attributeValueSet", values)
        }),
    ))
}

/// The types that DescribeInstanceTypes lists when asked for none by name.
const COMMON_TYPES: &[&str] = &[
    "c6g.large",
    "c6i.large",
    "m1.small",
    "m5.large",
    "m6g.large",
    "m6i.large",
    "r6i.large",
    "t2.micro",
    "t3.large",
    "t3.medium",
    "t3.micro",
    "t3.small",
    "t4g.micro",
    "t4g.small",
];

/// DescribeInstanceTypes: what a type's name tells. Memory is that of a general-purpose family.
pub fn describe_instance_types(model: &Model, params: &Params) -> Result<Node, ApiError> {
    const FIELDS: &[Field<(String, instance_type::InstanceType)>] = &[
        ("instance-type", |_, (name, _)| vec![name.clone()]),
        ("processor-info.supported-architecture", |_, (_, it)| {
            it.architectures.iter().map(|architecture| (*architecture).to_owned()).collect()
        }),
        ("current-generation", |_, _| vec!["true".to_owned()]),
    ];
    let names = match params.texts("InstanceType") {
        asked if asked.is_empty() => COMMON_TYPES.to_vec(),
        asked => asked,
    };
    let unknown = |name: &str| {
        ApiError::new(
            "InvalidInstanceType",
            format!("The following supplied instance types do not exist: [{name}]"),
        )
    };
    let types = names
        .into_iter()
        .map(|name| Ok((name.to_owned(), instance_type::parse(name).ok_or_else(|| unknown(name))?)))
        .collect::<Result<Vec<_>, ApiError>>()?;
    let chosen = select(model, params, &types, FIELDS, |_| "")?;
    page::page(params, "instanceTypeSet", chosen, |(name, it)| type_node(name, it))
}

fn type_node(name: &str, it: &instance_type::InstanceType) -> Node {
    let architectures = it.architectures.iter().map(Node::value);
    Node::body()
        .field("instanceType", name)
        .field("currentGeneration", true)
        .field("bareMetal", it.size.starts_with("metal"))
        .field("burstablePerformanceSupported", it.family.starts_with('t'))
        .field("hypervisor", "nitro")
        .child("processorInfo", Node::body().items("supportedArchitectures", architectures))
        .child("vCpuInfo", Node::body().field("defaultVCpus", it.processors))
        .child("memoryInfo", Node::body().field("sizeInMiB", it.memory))
        .items("supportedRootDeviceTypes", [Node::value("ebs")])
        .items("supportedVirtualizationTypes", [Node::value("hvm")])
        .items("supportedUsageClasses", [Node::value("on-demand"), Node::value("spot")])
}
