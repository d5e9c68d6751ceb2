//! `launch_template`: launch settings with numbered versions. A change makes a version; the group gets the exact one.

mod api;
mod extra;
mod live;
mod versions;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{Kind, Observation, Outcome, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::decode;
use crate::error::failed;
use crate::kind::{AwsKind, done, gone, simple};
use crate::launch::{self, Core};
use crate::lookup::{Query, exactly_one};
use crate::schema::Schema as _;
use crate::tags::{self, Tags};

/// Launch settings of Auto Scaling groups and instances. Every change makes a new version, and who refers to the
/// template gets that very version: a reference stands for `version_id`, such as `lt-0abc:7`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "launch_template",
    tagged,
    id = r"lt-[0-9a-f]{8,17}(:[0-9]+)?",
    handle = "version_id",
    naming(prefixed(attribute = "name", prefix = "name_prefix", limit = 128)),
    lookup = Query
)]
pub(crate) struct LaunchTemplate {
    /// The whole name.
    #[attribute(immutable)]
    pub(crate) name: Option<String>,
    /// What the name begins with; six characters of ours complete it.
    #[attribute(immutable)]
    pub(crate) name_prefix: Option<String>,
    /// Tags for what instances are launched with.
    #[attribute(block(key = "resource_type"))]
    pub(crate) tag_specifications: Vec<TagSpecification>,
    /// What burstable types do with their CPU credits.
    #[attribute(block)]
    pub(crate) credit_specification: Option<CreditSpecification>,
    /// Whether each new version becomes the default one, for users of the template outside this project.
    #[attribute(default = false)]
    pub(crate) update_default_version: bool,
    /// How many older versions stay, the newest first, so that a rollback finds them. The default version and those
    /// that a group names are never deleted.
    #[attribute(default = 1, ty = "int(0, null)")]
    pub(crate) keep: i64,
    /// Further launch template data in AWS's spelling, such as `{ CpuOptions = { CoreCount = 1 } }`. AWS does not tell
    /// it apart from its own defaults, so that nobody notices when somebody else changes it.
    #[attribute(ty = "any")]
    pub(crate) extra: Option<serde_json::Value>,
    /// The number of the newest version.
    #[attribute(observed, ty = "int")]
    pub(crate) latest_version: Option<i64>,
    /// The newest version by name, `lt-0abc:7`: what a reference to the template stands for.
    #[attribute(observed)]
    pub(crate) version_id: Option<String>,
    /// The user's tags.
    #[attribute(skip)]
    pub(crate) tags: Tags,
}

/// Tags for what instances are launched with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct TagSpecification {
    /// What is tagged.
    #[attribute(
        required,
        ty = r#"enum("instance", "volume", "network-interface", "spot-instances-request")"#
    )]
    pub(crate) resource_type: String,
    /// The tags.
    #[attribute(required)]
    pub(crate) tags: BTreeMap<String, String>,
}

/// What burstable types do with their CPU credits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct CreditSpecification {
    /// `unlimited` bursts beyond the credits, for money.
    #[attribute(ty = r#"enum("standard", "unlimited")"#)]
    pub(crate) cpu_credits: Option<String>,
}

/// What a version is made of, `extra` aside.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Data {
    #[serde(flatten)]
    core: Core,
    tag_specifications: Vec<TagSpecification>,
    credit_specification: Option<CreditSpecification>,
}

impl Data {
    fn wanted(desired: &Values) -> Result<Self, ProviderError> {
        let settings: LaunchTemplate = decode(desired)?;
        let LaunchTemplate { tag_specifications, credit_specification, .. } = settings;
        Ok(Self { core: decode(desired)?, tag_specifications, credit_specification })
    }

    /// The same data in one form, for comparing.
    fn normalized(mut self) -> Self {
        self.core = self.core.normalized();
        self.tag_specifications.sort_by(|a, b| a.resource_type.cmp(&b.resource_type));
        self
    }
}

static SCHEMA: LazyLock<KindSchema> =
    LazyLock::new(|| launch::with_core(LaunchTemplate::schema(), 2, launch::attributes()));

/// Whether a change of the attribute makes a new version.
fn is_data(attribute: &AttributeName) -> bool {
    let own = ["tag_specifications", "credit_specification", "extra"];
    own.contains(&attribute.as_str()) || launch::names().contains(attribute)
}

/// The kind.
pub(crate) struct LaunchTemplates;

impl Kind for LaunchTemplates {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn known_by(&self) -> &[&str] {
        &["name"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // Only another name makes another template, so that both can stand side by side.
        ReplaceOrder::NewFirst
    }

    fn unsettled(&self, changed: &[AttributeName]) -> Vec<AttributeName> {
        let new_version = changed.iter().any(is_data);
        let names = ["latest_version", "version_id"].into_iter().filter(|_| new_version);
        names.map(AttributeName::new).collect()
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        launch::same(attribute, one, other)
    }

    fn keep(&self, desired: &Attributes) -> usize {
        launch::keep(desired)
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let extra = match desired.get("extra") {
            Some(Residual::Known(value)) => extra::problem(value),
            _ => None,
        };
        let extra = extra.map(|problem| (AttributeName::new("extra"), problem));
        let tags = tags::shown(desired, "tag_specifications");
        launch::problems(desired).into_iter().chain(extra).chain(tags).collect()
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(300))
    }
}

#[async_trait]
impl AwsKind for LaunchTemplates {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        live::all(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        match (&task.effect, &task.target) {
            (Effect::Create, _) => versions::create(aws, task).await,
            (Effect::Update(changed), Some(id)) => versions::update(aws, task, id, changed).await,
            (Effect::Delete, Some(id)) => delete(aws, id).await,
            (Effect::Adopt, Some(id)) => adopt(aws, id).await,
            (_, target) => Ok(Progress::Done(Outcome { id: target.clone(), observed: None })),
        }
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let found = live::matching(aws, &decode(arguments)?).await?;
        let (_, live) = exactly_one(lookup, found)?;
        all_of(aws, &live).await
    }
}

/// All attributes of a template that is not known yet.
async fn all_of(aws: &Aws, live: &live::Live) -> Result<Values, ProviderError> {
    let roots = launch::images::root_devices(aws, live.image_with_devices().into_iter().collect()).await?;
    Ok(live.values(&roots, &Values::new()))
}

async fn adopt(aws: &Aws, id: &RemoteId) -> Result<Progress, ProviderError> {
    let Some(live) = live::by_id(aws, live::template_id(&id.0)).await? else {
        return Ok(Progress::Stuck(format!("launch template {id} does not exist in {}", aws.region)));
    };
    Ok(done(live.id(), Some(all_of(aws, &live).await?)))
}

async fn delete(aws: &Aws, id: &RemoteId) -> Result<Progress, ProviderError> {
    let sent = aws.ec2.delete_launch_template().launch_template_id(live::template_id(&id.0)).send().await;
    match sent.map_err(failed("DeleteLaunchTemplate")) {
        Ok(_) => Ok(gone()),
        Err(error) if live::is_absent(&error) => Ok(gone()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_makes_a_version() {
        let names = |list: &[&str]| list.iter().map(AttributeName::new).collect::<Vec<_>>();
        let kind = LaunchTemplates;
        assert_eq!(kind.unsettled(&names(&["image_id"])), names(&["latest_version", "version_id"]));
        assert_eq!(kind.unsettled(&names(&["extra"])).len(), 2);
        assert!(kind.unsettled(&names(&["keep", "tags", "update_default_version"])).is_empty());
    }

    #[test]
    fn a_reference_stands_for_the_exact_version() {
        assert_eq!(SCHEMA.handle, *"version_id");
        let pattern = &SCHEMA.id_pattern;
        assert!(pattern.contains(":[0-9]+"), "{pattern}");
        assert!(SCHEMA.attribute("image_id").is_some_and(|image| !image.immutable));
    }
}
