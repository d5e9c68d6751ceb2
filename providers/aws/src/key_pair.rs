//! `key_pair`: a public key that images let in; the private key never comes near us.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{Filter, KeyPairInfo as Described, ResourceType, TagSpecification};
use infra_derive::Schema;
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode};
use crate::ec2::{self, Ec2Object};
use crate::error::failed;
use crate::kind::{AwsKind, simple};
use crate::lookup::Query;
use crate::schema::Schema as _;
use crate::tags::{self, Tags};

/// A public key that EC2 hands to instances. Make the pair yourself (`ssh-keygen -t ed25519`): the private half stays
/// with you.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "key_pair",
    tagged,
    id = ".{1,255}",
    naming(prefixed(attribute = "key_name", prefix = "key_name_prefix", limit = 255)),
    rules(at_most_one("key_name", "key_name_prefix")),
    lookup = Query
)]
pub(crate) struct KeyPair {
    /// The whole name.
    #[attribute(observed_if_unset, immutable)]
    key_name: Option<String>,
    /// What the name begins with; six characters complete it.
    #[attribute(immutable)]
    key_name_prefix: Option<String>,
    /// The public key in OpenSSH's form: `ssh-ed25519 AAAA… comment`.
    #[attribute(required, immutable)]
    #[serde(skip_serializing_if = "String::is_empty")]
    public_key: String,
    /// EC2's fingerprint of the key.
    #[attribute(observed)]
    fingerprint: Option<String>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(KeyPair::schema);

/// The kind.
pub(crate) struct KeyPairs;

/// A key pair and the id that its tags hang on.
#[derive(Clone)]
pub(crate) struct Found {
    key: KeyPair,
    resource: String,
}

impl Kind for KeyPairs {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn known_by(&self) -> &[&str] {
        &["key_name"]
    }

    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder {
        match desired.contains_key("key_name") {
            true => ReplaceOrder::OldFirst,
            false => ReplaceOrder::NewFirst,
        }
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match (attribute.as_str(), one.as_str(), other.as_str()) {
            ("public_key", Some(one), Some(other)) => key(one) == key(other),
            _ => one == other,
        }
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(300))
    }
}

/// A public key without its comment, which EC2 replaces by the pair's name.
fn key(text: &str) -> Vec<&str> {
    text.split_whitespace().take(2).collect()
}

#[async_trait]
impl AwsKind for KeyPairs {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        ec2::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        ec2::advance::<Self>(aws, task).await
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        ec2::lookup::<Self>(aws, lookup, &decode(arguments)?, Vec::new()).await
    }
}

#[async_trait]
impl Ec2Object for KeyPairs {
    const RESOURCE: ResourceType = ResourceType::KeyPair;
    const ID: &'static str = "key-name";
    const NAME: &'static str = "key-name";
    const UNTOLD: &'static [&'static str] = &["key_name_prefix", "public_key"];
    type Settings = KeyPair;
    type Found = Found;

    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Found>, ProviderError> {
        let call = aws.ec2.describe_key_pairs().set_filters(Some(filters)).include_public_key(true);
        let answer = call.send().await.map_err(failed("DescribeKeyPairs"))?;
        Ok(answer
            .key_pairs()
            .iter()
            .filter_map(|pair| Some((pair.key_name()?.to_owned(), found(pair))))
            .collect())
    }

    fn values(_id: &str, found: &Found) -> Values {
        encode(&SCHEMA, &found.key)
    }

    fn resource<'a>(_id: &'a str, found: &'a Found) -> &'a str {
        &found.resource
    }

    async fn create(
        aws: &Aws,
        task: &Task,
        wanted: &KeyPair,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let name = ec2::name(wanted.key_name.as_deref(), wanted.key_name_prefix.as_deref(), &task.token);
        let key = Blob::new(wanted.public_key.as_bytes());
        let call =
            aws.ec2.import_key_pair().key_name(&name).public_key_material(key).tag_specifications(tags);
        call.send().await.map_err(failed("ImportKeyPair"))?;
        Ok(name)
    }

    async fn settle(_: &Aws, _: &str, _: &Found, _: &KeyPair) -> Result<Option<Progress>, ProviderError> {
        // Nothing but tags can change.
        Ok(None)
    }

    async fn delete(aws: &Aws, id: &str, _found: &Found) -> Result<(), ProviderError> {
        aws.ec2.delete_key_pair().key_name(id).send().await.map_err(failed("DeleteKeyPair"))?;
        Ok(())
    }
}

/// What `DescribeKeyPairs` tells of it.
fn found(described: &Described) -> Found {
    let key = KeyPair {
        key_name: described.key_name().map(str::to_owned),
        key_name_prefix: None,
        public_key: described.public_key().unwrap_or_default().trim().to_owned(),
        fingerprint: described.key_fingerprint().map(str::to_owned),
        tags: tags::users(described.tags()),
        id: described.key_name().map(str::to_owned),
    };
    Found { key, resource: described.key_pair_id().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_of_a_key_does_not_count() {
        let same = |one: &str, other: &str| {
            KeyPairs.same(&AttributeName::new("public_key"), &Value::string(one), &Value::string(other))
        };
        assert!(same("ssh-ed25519 AAAA me@here", "ssh-ed25519 AAAA deploy\n"));
        assert!(!same("ssh-ed25519 AAAA me@here", "ssh-ed25519 AAAB me@here"));
    }
}
