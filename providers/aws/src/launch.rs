//! What a launch configuration, a launch template and an instance have in common: the settings a machine is
//! launched with, and how AWS spells them.

pub(crate) mod devices;
pub(crate) mod images;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use infra_derive::Block;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::{AttributeSchema, KindSchema};
use infra_lang::types::Type;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::codec::decode;
use crate::schema::Block as _;
use devices::{EbsBlockDevice, EphemeralBlockDevice, RootBlockDevice};

/// What EC2 takes as user data, before base64.
const USER_DATA_LIMIT: usize = 16 * 1024;

/// Text that may be a secret: it is sent to AWS and shown nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Private(pub(crate) String);

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(…)")
    }
}

/// The settings a machine is launched with; the attributes that the three kinds share.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Core {
    /// The image that instances start from: an `ami` of this project or the id of another.
    #[attribute(required, ty = "id(ami)")]
    pub(crate) image_id: String,
    /// The size of the machine, such as `"t3.small"`.
    #[attribute(required, ty = "instance_type")]
    pub(crate) instance_type: String,
    /// The security groups of its network interface; without them, the network's default group.
    #[attribute(ty = "set(id(security_group))")]
    pub(crate) security_groups: BTreeSet<String>,
    /// The key pair whose public key the image lets in.
    #[attribute(ty = "id(key_pair)")]
    pub(crate) key_name: Option<String>,
    /// The IAM instance profile, by name or ARN.
    pub(crate) iam_instance_profile: Option<String>,
    /// What the machine is handed at its first boot, as text; at most 16 KiB.
    #[attribute(ty = "string")]
    pub(crate) user_data: Option<Private>,
    /// The same for bytes that are no text, in base64.
    #[attribute(ty = "string")]
    pub(crate) user_data_base64: Option<Private>,
    /// Whether instances get a public address; by default, what their subnet says.
    #[attribute(observed_if_unset)]
    pub(crate) associate_public_ip_address: Option<bool>,
    /// Whether CloudWatch measures every minute rather than every five.
    #[attribute(default = true)]
    pub(crate) enable_monitoring: Option<bool>,
    /// Whether the volumes have bandwidth of their own, on the types where that is a choice.
    pub(crate) ebs_optimized: Option<bool>,
    /// `dedicated` for hardware that no other account uses.
    #[attribute(ty = r#"enum("default", "dedicated", "host")"#)]
    pub(crate) placement_tenancy: Option<String>,
    /// The most to pay for an hour of a spot instance; with it, spot instances are launched.
    pub(crate) spot_price: Option<String>,
    /// Who may ask the instance metadata service, and how.
    #[attribute(block)]
    pub(crate) metadata_options: Option<MetadataOptions>,
    /// The root volume; what is left out is the image's.
    #[attribute(block)]
    pub(crate) root_block_device: Option<RootBlockDevice>,
    /// Further EBS volumes.
    #[attribute(block(key = "device_name"))]
    pub(crate) ebs_block_device: Vec<EbsBlockDevice>,
    /// Instance store volumes.
    #[attribute(block(key = "device_name"))]
    pub(crate) ephemeral_block_device: Vec<EphemeralBlockDevice>,
}

/// Who may ask the instance metadata service, and how.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct MetadataOptions {
    /// Whether the service answers at all.
    #[attribute(ty = r#"enum("enabled", "disabled")"#)]
    pub(crate) http_endpoint: Option<String>,
    /// `required` answers requests with a session token only (IMDSv2).
    #[attribute(ty = r#"enum("optional", "required")"#)]
    pub(crate) http_tokens: Option<String>,
    /// How many network hops an answer may travel; containers need 2.
    #[attribute(ty = "int(1, 64)")]
    pub(crate) http_put_response_hop_limit: Option<i32>,
    /// Whether the instance's tags can be read there.
    #[attribute(ty = r#"enum("enabled", "disabled")"#)]
    pub(crate) instance_metadata_tags: Option<String>,
}

impl Core {
    /// User data as the APIs take it: in base64.
    pub(crate) fn user_data_encoded(&self) -> Option<String> {
        let encoded = self.user_data_base64.as_ref().map(|data| data.0.clone());
        encoded.or_else(|| self.user_data.as_ref().map(|text| BASE64.encode(&text.0)))
    }

    /// Takes user data as the APIs give it: as text if it is text, unless `applied` had it in base64.
    pub(crate) fn set_user_data(&mut self, encoded: Option<&str>, applied: &Values) {
        let Some(encoded) = encoded.filter(|encoded| !encoded.is_empty()) else { return };
        let text = BASE64.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match text.filter(|_| !applied.contains_key("user_data_base64")) {
            Some(text) => self.user_data = Some(Private(text)),
            None => self.user_data_base64 = Some(Private(encoded.to_owned())),
        }
    }

    /// The same settings in one form, so that what AWS takes for equal is equal: user data in base64, devices in
    /// the order of their names.
    pub(crate) fn normalized(mut self) -> Self {
        self.user_data_base64 = self.user_data_encoded().map(Private);
        self.user_data = None;
        self.metadata_options =
            self.metadata_options.filter(|options| *options != MetadataOptions::default());
        self.root_block_device = self.root_block_device.filter(|root| !root.is_plain());
        self.ebs_block_device.sort_by(|a, b| a.device_name.cmp(&b.device_name));
        self.ephemeral_block_device.sort_by(|a, b| a.device_name.cmp(&b.device_name));
        self
    }
}

/// The attributes of [`Core`], for the schema of a kind that has them.
pub(crate) fn attributes() -> Vec<AttributeSchema> {
    Core::block().attributes
}

/// Puts the core attributes behind the first `at` of a schema.
pub(crate) fn with_core(mut schema: KindSchema, at: usize, core: Vec<AttributeSchema>) -> KindSchema {
    let at = at.min(schema.attributes.len());
    schema.attributes.splice(at..at, core);
    schema
}

/// The attributes with `nested` taken out of the block `block`.
pub(crate) fn without(
    mut attributes: Vec<AttributeSchema>,
    block: &str,
    nested: &str,
) -> Vec<AttributeSchema> {
    for attribute in attributes.iter_mut().filter(|attribute| attribute.name == *block) {
        if let Some(schema) = &mut attribute.block {
            schema.attributes.retain(|inner| inner.name != *nested);
        }
        forget_field(&mut attribute.ty, nested);
    }
    attributes
}

fn forget_field(ty: &mut Type, name: &str) {
    match ty {
        Type::Object(fields) => {
            Arc::make_mut(fields).remove(name);
        }
        Type::List(inner, _) | Type::Set(inner) | Type::Nullable(inner) => forget_field(inner, name),
        _ => {}
    }
}

/// Whether two values of a core attribute are the same to AWS: neither the order of devices counts, nor whether a
/// default is written down. Of secrets only a seal may be left, which says nothing about that.
pub(crate) fn same(attribute: &AttributeName, one: &Value, other: &Value) -> bool {
    let core = |value: &Value| decode::<Core>(&Values::from([(attribute.clone(), value.clone())]));
    match (core(one), core(other)) {
        _ if one.is_sensitive() || other.is_sensitive() => one == other,
        (Ok(one), Ok(other)) if names().contains(attribute) => one.normalized() == other.normalized(),
        _ => one == other,
    }
}

/// The value of `keep`: how many older ones stay.
pub(crate) fn keep(desired: &Attributes) -> usize {
    match desired.get("keep") {
        Some(Residual::Known(Value::Number(keep))) => {
            keep.to_i64().and_then(|keep| usize::try_from(keep).ok())
        }
        _ => None,
    }
    .unwrap_or(1)
}

/// The names of the core attributes.
pub(crate) fn names() -> BTreeSet<AttributeName> {
    attributes().into_iter().map(|attribute| attribute.name).collect()
}

/// What is wrong with core attributes that are known: user data is one text, and short.
pub(crate) fn problems(desired: &Attributes) -> Vec<(AttributeName, String)> {
    let text = |name: &str| match desired.get(name) {
        Some(Residual::Known(value)) => value.as_str().map(str::to_owned),
        _ => None,
    };
    let mut found = Vec::new();
    let plain = text("user_data").map(|text| (AttributeName::new("user_data"), text.len()));
    let encoded = text("user_data_base64").map(|text| {
        let name = AttributeName::new("user_data_base64");
        match BASE64.decode(&text) {
            Ok(bytes) => (name, bytes.len()),
            Err(_) => {
                found.push((name.clone(), "this is not base64; plain text goes into `user_data`".to_owned()));
                (name, 0)
            }
        }
    });
    for (name, length) in plain.into_iter().chain(encoded) {
        if length > USER_DATA_LIMIT {
            found.push((
                name,
                format!("user data is {length} bytes, and EC2 takes at most {USER_DATA_LIMIT}: put the rest into the image"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn is_same(attribute: &str, one: &Value, other: &Value) -> bool {
        same(&AttributeName::new(attribute), one, other)
    }

    #[test]
    fn neither_order_nor_written_defaults_count() {
        let device = |name: &str| map(&[("device_name", Value::string(name))]);
        let devices = |names: [&str; 2]| Value::List(names.map(device).into());
        assert!(is_same(
            "ebs_block_device",
            &devices(["/dev/sdf", "/dev/sdg"]),
            &devices(["/dev/sdg", "/dev/sdf"])
        ));
        let plain = map(&[("delete_on_termination", Value::Bool(true))]);
        assert!(is_same("root_block_device", &plain, &Value::Null));
        assert!(!is_same("image_id", &Value::string("ami-1"), &Value::string("ami-2")));
    }

    #[test]
    fn seals_are_compared_as_they_are() {
        let seal = |text: &str| Value::Sealed(text.to_owned());
        assert!(is_same("user_data", &seal("00"), &seal("00")));
        assert!(!is_same("user_data", &seal("00"), &seal("01")));
    }

    #[test]
    fn user_data_fits_or_is_refused() {
        let problems = |name: &str, text: &str| {
            problems(&Attributes::from([(AttributeName::new(name), Residual::Known(Value::string(text)))]))
                .len()
        };
        assert_eq!(problems("user_data", &"x".repeat(USER_DATA_LIMIT)), 0);
        assert_eq!(problems("user_data", &"x".repeat(USER_DATA_LIMIT + 1)), 1);
        assert_eq!(problems("user_data_base64", "aGVsbG8="), 0);
        assert_eq!(problems("user_data_base64", "hello!"), 1);
    }

    #[test]
    fn nothing_shows_user_data() {
        let core = Core { user_data: Some(Private("hush".into())), ..Core::default() };
        assert!(!format!("{core:?}").contains("hush"));
    }
}
