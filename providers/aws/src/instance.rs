//! `instance`: one machine, from a launch template or from settings of its own.

mod live;
mod run;

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use infra_derive::Schema;
use infra_engine::change::{Action, Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::{AttributeSchema, KindSchema, Presence, Rule};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::decode;
use crate::ec2;
use crate::kind::{AwsKind, simple};
use crate::launch::{self, Core};
use crate::lookup::Query;
use crate::schema::Schema as _;
use crate::tags::Tags;

/// One machine. What it is launched with comes from a launch template (`launch`) or stands in the block itself; all
/// of it but security groups, instance profile and monitoring makes a new machine when it changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "instance", tagged, id = "i-[0-9a-f]{8,17}", lookup = Query)]
pub(crate) struct Instance {
    /// The launch template, in the version that it has now.
    #[attribute(immutable, ty = "id(launch_template)")]
    launch: Option<String>,
    /// The subnet; by default one of the default network.
    #[attribute(immutable, observed_if_unset, ty = "id(subnet)")]
    subnet_id: Option<String>,
    /// The zone; by default the subnet's.
    #[attribute(immutable, observed_if_unset, ty = "zone")]
    availability_zone: Option<String>,
    /// Its address in the subnet; by default a free one.
    #[attribute(immutable, observed_if_unset, ty = "ip")]
    private_ip: Option<String>,
    /// Its address in the internet, if it has one.
    #[attribute(observed, ty = "ip")]
    public_ip: Option<String>,
    /// Its name in the network's DNS.
    #[attribute(observed)]
    private_dns: Option<String>,
    /// Its name in the internet's DNS, if it has one.
    #[attribute(observed)]
    public_dns: Option<String>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
    #[serde(flatten)]
    #[attribute(skip)]
    core: Core,
}

/// Core attributes that change while the machine runs.
const IN_PLACE: &[&str] = &["security_groups", "iam_instance_profile", "enable_monitoring"];

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(|| {
    let core = launch::attributes().into_iter().map(own).collect();
    let mut schema = launch::with_core(Instance::schema(), 1, core);
    schema.rules.push(Rule::ExactlyOne(["launch", "image_id"].map(AttributeName::new).into()));
    schema
});

/// A core attribute as an instance has it: none has to be written, for the template may say it.
fn own(attribute: AttributeSchema) -> AttributeSchema {
    let in_place = IN_PLACE.contains(&attribute.name.as_str());
    let presence = match attribute.presence {
        Presence::Required => Presence::Optional,
        // A default would speak against the template's word.
        Presence::Default(_) => Presence::ObservedIfUnset,
        other => other,
    };
    AttributeSchema { presence, immutable: !in_place, ..attribute }
}

/// The kind.
pub(crate) struct Instances;

impl Kind for Instances {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder {
        // An address belongs to one machine at a time.
        match desired.contains_key("private_ip") {
            true => ReplaceOrder::OldFirst,
            false => ReplaceOrder::NewFirst,
        }
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match (attribute.as_str(), one.as_str(), other.as_str()) {
            ("iam_instance_profile", Some(one), Some(other)) => live::same_profile(one, other),
            _ => launch::same(attribute, one, other),
        }
    }

    fn consequence(&self, change: &Change) -> Option<String> {
        match change.action {
            Action::Replace(_) => {
                Some("a new machine takes its place; what stands on the old one's disks goes with it")
            }
            Action::Delete => Some("the machine goes, and what stands on its disks with it"),
            _ => None,
        }
        .map(str::to_owned)
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let mut found = launch::problems(desired);
        let given = |name: &AttributeName| desired.contains_key(name) && !IN_PLACE.contains(&name.as_str());
        if desired.contains_key("launch") {
            let twice = launch::names().into_iter().filter(given);
            found.extend(twice.map(|name| (name, "the launch template of `launch` says this".to_owned())));
        } else if desired.contains_key("image_id") && !desired.contains_key("instance_type") {
            let said = "without `launch`, `instance_type` is needed beside `image_id`".to_owned();
            found.push((AttributeName::new("image_id"), said));
        }
        found
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(600))
    }
}

#[async_trait]
impl AwsKind for Instances {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        ec2::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        match (&task.effect, &task.target) {
            (Effect::Create, _) => live::create(aws, task).await,
            (Effect::Delete, Some(id)) => live::delete(aws, &id.0).await,
            _ => ec2::advance::<Self>(aws, task).await,
        }
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        ec2::lookup::<Self>(aws, lookup, &decode(arguments)?, Vec::new()).await
    }
}

#[cfg(test)]
mod tests {
    use infra_lang::residual::Residual;

    use super::*;

    fn problems(names: &[&str]) -> Vec<String> {
        let value = |name: &&str| (AttributeName::new(name), Residual::Known(Value::string("x")));
        let found = Instances.problems(&names.iter().map(value).collect());
        found.into_iter().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn settings_come_from_one_place() {
        assert_eq!(problems(&["launch", "instance_type"]), ["instance_type"]);
        assert_eq!(problems(&["launch", "security_groups"]), [""; 0]);
        assert_eq!(problems(&["image_id"]), ["image_id"]);
        assert_eq!(problems(&["image_id", "instance_type"]), [""; 0]);
    }

    #[test]
    fn three_core_attributes_change_in_place() {
        let in_place = launch::names()
            .into_iter()
            .filter(|name| SCHEMA.attribute(name.as_str()).is_some_and(|attribute| !attribute.immutable));
        let in_place: Vec<String> = in_place.map(|name| name.to_string()).collect();
        assert_eq!(in_place, ["enable_monitoring", "iam_instance_profile", "security_groups"]);
    }
}
