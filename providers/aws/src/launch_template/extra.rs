//! `extra`: launch template data that we have no attribute for, added to the request as it is.
//!
//! The typed SDK has no place for members it does not know, but a request of the EC2 Query protocol is a form, and a
//! form can be added to before it is signed: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use infra_lang::value::Value;

/// Members of the data that have an attribute of ours: `extra` may not say them a second time.
pub(super) const OURS: &[(&str, &str)] = &[
    ("BlockDeviceMapping", "ebs_block_device"),
    ("BlockDeviceMappings", "ebs_block_device"),
    ("CreditSpecification", "credit_specification"),
    ("EbsOptimized", "ebs_optimized"),
    ("IamInstanceProfile", "iam_instance_profile"),
    ("ImageId", "image_id"),
    ("InstanceMarketOptions", "spot_price"),
    ("InstanceType", "instance_type"),
    ("KeyName", "key_name"),
    ("Monitoring", "enable_monitoring"),
    ("SecurityGroup", "security_groups"),
    ("SecurityGroupId", "security_groups"),
    ("SecurityGroupIds", "security_groups"),
    ("SecurityGroups", "security_groups"),
    ("TagSpecification", "tag_specifications"),
    ("TagSpecifications", "tag_specifications"),
    ("UserData", "user_data"),
];

/// What is wrong with a known `extra`: it is an object, and says nothing that an attribute says.
pub(super) fn problem(extra: &Value) -> Option<String> {
    let Value::Map(members) = extra.revealed() else {
        return Some(
            "write an object of launch template data, such as { CpuOptions = { CoreCount = 1 } }".to_owned(),
        );
    };
    let (member, attribute) = OURS.iter().find(|(member, _)| members.contains_key(*member))?;
    Some(format!("`{member}` is the attribute `{attribute}`: set that"))
}

/// The form's fields for `extra`: names with dots, lists numbered from 1 (`LaunchTemplateData.CpuOptions.CoreCount`).
pub(super) fn fields(extra: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    flatten("LaunchTemplateData", extra, &mut found);
    found
}

fn flatten(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let mut numbered = |items: &mut dyn Iterator<Item = &Value>| {
        for (position, item) in items.enumerate() {
            flatten(&format!("{path}.{}", position + 1), item, found);
        }
    };
    match value.revealed() {
        Value::Map(entries) => {
            for (name, value) in entries {
                flatten(&format!("{path}.{}", singular(name)), value, found);
            }
        }
        Value::List(items) => numbered(&mut items.iter()),
        Value::Set(items) => numbered(&mut items.iter()),
        Value::String(text) => {
            found.insert(path.to_owned(), text.clone());
        }
        Value::Bool(value) => {
            found.insert(path.to_owned(), value.to_string());
        }
        Value::Number(number) => {
            found.insert(path.to_owned(), number.to_string());
        }
        Value::Quantity(quantity) => {
            found.insert(path.to_owned(), quantity.amount.to_string());
        }
        Value::Null | Value::Sensitive(_) | Value::Sealed(_) => {}
    }
}

/// Lists have plural names in AWS's documentation and singular ones in its requests. These are the lists below
/// launch template data in the EC2 model (`queryName` and `locationName` of `RequestLaunchTemplateData`).
fn singular(name: &str) -> &str {
    match name {
        "Groups" => "SecurityGroupId",
        "Ipv4Prefixes" => "Ipv4Prefix",
        "Ipv6Prefixes" => "Ipv6Prefix",
        "AcceleratorManufacturers"
        | "AcceleratorNames"
        | "AcceleratorTypes"
        | "AllowedInstanceTypes"
        | "CpuManufacturers"
        | "ElasticGpuSpecifications"
        | "ElasticInferenceAccelerators"
        | "ExcludedInstanceTypes"
        | "InstanceGenerations"
        | "LicenseSpecifications"
        | "LocalStorageTypes"
        | "NetworkInterfaces"
        | "SecondaryInterfaces" => &name[..name.len() - 1],
        other => other,
    }
}

/// Adds the fields to a request that is not signed yet; fields that are there already stay as they are.
pub(super) fn add(request: &mut HttpRequest, fields: &BTreeMap<String, String>) {
    let Some(form) = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
    let body = extended(form, fields);
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

fn extended(form: &str, fields: &BTreeMap<String, String>) -> String {
    let mut body = form.to_owned();
    for (name, value) in fields {
        let taken = format!("&{name}=");
        if !form.contains(&taken) {
            body.push_str(&taken);
            body.push_str(&percent_encoded(value));
        }
    }
    body
}

/// RFC 3986, as AWS signs it: everything but unreserved characters is escaped.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn a_tree_becomes_the_fields_of_a_form() {
        let license = object(&[("LicenseConfigurationArn", Value::string("arn:a b"))]);
        let extra = object(&[
            ("CpuOptions", object(&[("CoreCount", Value::int(1))])),
            ("LicenseSpecifications", Value::List(vec![license])),
            ("DisableApiStop", Value::Bool(true)),
        ]);
        insta::assert_snapshot!(extended("Action=CreateLaunchTemplate", &fields(&extra)), @"Action=CreateLaunchTemplate&LaunchTemplateData.CpuOptions.CoreCount=1&LaunchTemplateData.DisableApiStop=true&LaunchTemplateData.LicenseSpecification.1.LicenseConfigurationArn=arn%3Aa%20b");
    }

    #[test]
    fn a_field_that_is_there_stays() {
        let fields = BTreeMap::from([("A.B".to_owned(), "2".to_owned())]);
        assert_eq!(extended("X=1&A.B=1", &fields), "X=1&A.B=1");
    }

    #[test]
    fn what_an_attribute_says_is_refused() {
        let extra = object(&[("ImageId", Value::string("ami-1"))]);
        assert_eq!(problem(&extra).as_deref(), Some("`ImageId` is the attribute `image_id`: set that"));
        assert_eq!(problem(&object(&[("CpuOptions", object(&[]))])), None);
        assert!(problem(&Value::string("x")).is_some());
    }
}
