//! `launch_configuration`: launch settings that can be made and deleted, never changed.

mod api;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::LaunchConfiguration as Described;
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::id::{RemoteId, Token};
use infra_engine::provider::{
    FailureClass, Kind, Observation, Outcome, Progress, ProviderError, ReadRequest, Task,
};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::client::Aws;
use crate::codec::{attribute, decode, encode};
use crate::error::{failed, has_code};
use crate::kind::{AwsKind, answers, asked_id, done, gone, note_id, noted_id, simple, waiting};
use crate::launch::{self, Core};
use crate::lookup::exactly_one;
use crate::schema::Schema as _;

/// Launch settings of an Auto Scaling group, in the form that cannot change: a new one is made for every change, under
/// a name with a hash of its contents, and the group moves over by its `swap`.
///
/// Accounts made since 2024-10-01 cannot have any: use `launch_template` there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "launch_configuration",
    id = ".{1,255}",
    naming(prefixed(attribute = "name", prefix = "name_prefix", limit = 255)),
    lookup = ConfigurationQuery
)]
pub(crate) struct LaunchConfiguration {
    /// The whole name. Settings with a fixed name cannot change while a group uses them: prefer `name_prefix`.
    #[attribute(immutable)]
    pub(crate) name: Option<String>,
    /// What the name begins with; a hash of the contents completes it.
    #[attribute(immutable)]
    pub(crate) name_prefix: Option<String>,
    /// How many older ones stay, the newest first, so that a rollback finds them.
    #[attribute(default = 1, ty = "int(0, null)")]
    pub(crate) keep: i64,
    /// AWS's name for it in policies.
    #[attribute(observed, ty = "arn")]
    pub(crate) arn: Option<String>,
}

/// What a `data "launch_configuration"` block may be asked by; launch configurations have no tags.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("name", "id")))]
struct ConfigurationQuery {
    /// Its name.
    name: Option<String>,
    /// Its name too, which AWS knows it by.
    id: Option<String>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(|| {
    let core = launch::without(launch::attributes(), "metadata_options", "instance_metadata_tags");
    let core = launch::without(core, "root_block_device", "kms_key_id");
    let core = launch::without(core, "ebs_block_device", "kms_key_id");
    let immutable = core
        .into_iter()
        .map(|attribute| infra_lang::schema::AttributeSchema { immutable: true, ..attribute });
    launch::with_core(LaunchConfiguration::schema(), 2, immutable.collect())
});

/// The kind.
pub(crate) struct LaunchConfigurations;

impl Kind for LaunchConfigurations {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn known_by(&self) -> &[&str] {
        &["name"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // A group has to leave the old one for the new one, so the new one is always there first.
        ReplaceOrder::NewFirst
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        launch::same(attribute, one, other)
    }

    fn keep(&self, desired: &Attributes) -> usize {
        launch::keep(desired)
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        launch::problems(desired)
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(300))
    }
}

#[async_trait]
impl AwsKind for LaunchConfigurations {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        let names = requests.iter().filter_map(|request| asked_id(request).map(str::to_owned)).collect();
        let read = find(aws, names).await;
        answers(requests, read, |found, name, request| {
            Some(found.values(found.by_name.get(name)?, &request.applied))
        })
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        match (&task.effect, &task.target) {
            (Effect::Create, _) => create(aws, task).await,
            (Effect::Delete, Some(id)) => delete(aws, task, id).await,
            (Effect::Adopt, Some(id)) => adopt(aws, id).await,
            // What can change in place (`keep`) is ours alone.
            (_, target) => Ok(Progress::Done(Outcome { id: target.clone(), observed: None })),
        }
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let ConfigurationQuery { name, id } = decode(arguments)?;
        let found = find(aws, name.into_iter().chain(id).collect()).await?;
        let (_, described) = exactly_one(lookup, found.by_name.clone())?;
        Ok(found.values(&described, &Values::new()))
    }

    async fn named(&self, aws: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        let pages = aws.autoscaling.describe_launch_configurations().into_paginator().items().send();
        let mut all: Vec<Described> =
            pages.try_collect().await.map_err(failed("DescribeLaunchConfigurations"))?;
        all.sort_by_key(|one| std::cmp::Reverse(one.created_time().map(|time| time.secs())));
        let names: Vec<&str> = all.iter().filter_map(Described::launch_configuration_name).collect();
        wanted.iter().map(|wanted| candidates(wanted, &names)).collect()
    }
}

/// Which of these names, the newest first, may be of a launch configuration with these attributes: the one that is
/// written, or those that begin with its prefix and end as ours do, that of the very contents first.
fn candidates(wanted: &Values, names: &[&str]) -> Result<Vec<RemoteId>, ProviderError> {
    let settings: LaunchConfiguration = decode(wanted)?;
    let exact = name(&settings, &decode(wanted)?, None);
    let is_suffix = |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ours = |name: &str| match (&settings.name, &settings.name_prefix) {
        (None, Some(prefix)) => name.strip_prefix(prefix.as_str()).is_some_and(is_suffix),
        _ => name == exact,
    };
    let mut found: Vec<&str> = names.iter().copied().filter(|name| ours(name)).collect();
    found.sort_by_key(|name| *name != exact);
    Ok(found.into_iter().map(RemoteId::from).collect())
}

/// What AWS has told about some launch configurations.
struct Found {
    by_name: BTreeMap<String, Described>,
    /// The root devices of their images, as far as the images still exist.
    roots: BTreeMap<String, String>,
}

impl Found {
    fn core(&self, described: &Described, applied: &Values) -> Core {
        let root = described.image_id().and_then(|image| self.roots.get(image));
        api::core(described, root.map(String::as_str).or_else(|| guessed_root(described)), applied)
    }

    fn values(&self, described: &Described, applied: &Values) -> Values {
        let mut values = encode(&SCHEMA, &self.core(described, applied));
        let name = described.launch_configuration_name();
        let told = [("id", name), ("name", name), ("arn", described.launch_configuration_arn())];
        values
            .extend(told.into_iter().filter_map(|(name, text)| Some(attribute(name, Value::string(text?)))));
        values
    }
}

/// The root device of an image that is gone: the name that nearly all images use.
fn guessed_root(described: &Described) -> Option<&str> {
    let names = described.block_device_mappings().iter().filter_map(|mapping| mapping.device_name());
    names.into_iter().find(|name| matches!(*name, "/dev/sda1" | "/dev/xvda"))
}

/// Reads launch configurations by name, fifty a call, and the root devices of their images where it matters.
async fn find(aws: &Aws, names: BTreeSet<String>) -> Result<Found, ProviderError> {
    let names: Vec<String> = names.into_iter().collect();
    let mut by_name = BTreeMap::new();
    for chunk in names.chunks(50) {
        let request = aws
            .autoscaling
            .describe_launch_configurations()
            .set_launch_configuration_names(Some(chunk.to_vec()));
        let pages: Vec<_> = request
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(failed("DescribeLaunchConfigurations"))?;
        let named =
            pages.into_iter().filter_map(|one| Some((one.launch_configuration_name()?.to_owned(), one)));
        by_name.extend(named);
    }
    let with_devices = by_name.values().filter(|one| !one.block_device_mappings().is_empty());
    let images = with_devices.filter_map(|one| one.image_id().map(str::to_owned)).collect();
    let roots = launch::images::root_devices(aws, images).await?;
    Ok(Found { by_name, roots })
}

async fn create(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let settings: LaunchConfiguration = decode(&task.desired)?;
    let core: Core = decode(&task.desired)?;
    let name = name(&settings, &core, secret(&task.desired).then_some(&task.token));
    if noted_id(task).is_some() {
        return finish(aws, task, &name).await;
    }
    let root = launch::images::root_device(aws, &core).await?;
    let sent = api::request(&name, &core, root.as_deref()).send_with(&aws.autoscaling).await;
    match sent.map_err(failed("CreateLaunchConfiguration")) {
        Ok(_) => Ok(note_id(&name)),
        Err(error) if has_code(&error, "AlreadyExists") => taken(aws, task, &name, &core).await,
        Err(error) => Err(explained(error)),
    }
}

/// The name is taken: by the very settings that are wanted, from an earlier run or a rollback, or by others.
async fn taken(aws: &Aws, task: &Task, name: &str, core: &Core) -> Result<Progress, ProviderError> {
    let found = find(aws, BTreeSet::from([name.to_owned()])).await?;
    let Some(described) = found.by_name.get(name) else { return Ok(not_visible(name)) };
    let different = api::differences(core, &found.core(described, &task.desired));
    if different.is_empty() {
        return Ok(note_id(name));
    }
    Err(ProviderError {
        class: FailureClass::Permanent,
        operation: "CreateLaunchConfiguration".to_owned(),
        code: Some("AlreadyExists".to_owned()),
        message: format!(
            "a launch configuration `{name}` exists already, with another {}",
            different.join(", ")
        ),
        request_id: None,
        hint: Some(
            "launch configurations cannot change: leave out `name`, or write `name_prefix`".to_owned(),
        ),
    })
}

fn not_visible(name: &str) -> Progress {
    waiting(2, format!("launch configuration `{name}` to become visible"))
}

/// The new one is made; it is finished when AWS shows it.
async fn finish(aws: &Aws, task: &Task, name: &str) -> Result<Progress, ProviderError> {
    let found = find(aws, BTreeSet::from([name.to_owned()])).await?;
    let Some(described) = found.by_name.get(name) else { return Ok(not_visible(name)) };
    Ok(done(name, Some(found.values(described, &task.desired))))
}

/// Takes one that exists into the state, as it is.
async fn adopt(aws: &Aws, id: &RemoteId) -> Result<Progress, ProviderError> {
    let found = find(aws, BTreeSet::from([id.0.clone()])).await?;
    Ok(match found.by_name.get(&id.0) {
        Some(described) => done(&id.0, Some(found.values(described, &Values::new()))),
        None => Progress::Stuck(format!("launch configuration `{id}` does not exist in {}", aws.region)),
    })
}

/// Accounts made since 2024-10-01 are refused for good, which AWS says in a way that helps nobody.
fn explained(mut error: ProviderError) -> ProviderError {
    // The code is documented as `UnsupportedOperationException` and has been seen without its ending.
    if error.code.as_deref().is_some_and(|code| code.starts_with("UnsupportedOperation")) {
        error.hint = Some(
            "this account cannot have launch configurations: write `launch_template` instead, the attributes are \
             the same, and in the group `launch = launch_template.NAME`"
                .to_owned(),
        );
    }
    error
}

async fn delete(aws: &Aws, task: &Task, id: &RemoteId) -> Result<Progress, ProviderError> {
    // Equal contents have equal names: going back to older settings has made them the new ones.
    if noted_id(task) == Some(id.0.as_str())
        || find(aws, BTreeSet::from([id.0.clone()])).await?.by_name.is_empty()
    {
        return Ok(gone());
    }
    let sent = aws.autoscaling.delete_launch_configuration().launch_configuration_name(&id.0).send().await;
    match sent.map_err(failed("DeleteLaunchConfiguration")) {
        Ok(_) => Ok(gone()),
        Err(error) if has_code(&error, "ResourceInUse") => {
            Ok(waiting(5, format!("the group that still uses it ({})", error.message)))
        }
        Err(error) => Err(error),
    }
}

fn secret(desired: &Values) -> bool {
    desired.values().any(Value::is_sensitive)
}

/// The name: as written, or the prefix and a hash of the contents. When there are secrets among them nothing is
/// derived from the contents; `token` then makes the name.
fn name(settings: &LaunchConfiguration, core: &Core, token: Option<&Token>) -> String {
    if let Some(name) = &settings.name {
        return name.clone();
    }
    let suffix = match token {
        Some(token) => token.suffix().to_owned(),
        None => hex::encode(Sha256::digest(api::json(core).to_string()))[..6].to_owned(),
    };
    format!("{}{suffix}", settings.name_prefix.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::permanent;
    use crate::launch::Private;

    fn prefixed() -> LaunchConfiguration {
        LaunchConfiguration { name_prefix: Some("shop-web-".into()), ..LaunchConfiguration::default() }
    }

    fn small() -> Core {
        Core { image_id: "ami-1".into(), instance_type: "t3.small".into(), ..Core::default() }
    }

    #[test]
    fn the_name_follows_the_contents() {
        let one = name(&prefixed(), &small(), None);
        assert!(one.starts_with("shop-web-") && one.len() == 15, "{one}");
        assert_eq!(name(&prefixed(), &small(), None), one);
        let other = Core { instance_type: "t3.large".into(), ..small() };
        assert_ne!(name(&prefixed(), &other, None), one);
    }

    #[test]
    fn text_and_its_base64_are_the_same_contents() {
        let text = Core { user_data: Some(Private("hello".into())), ..small() };
        let encoded = Core { user_data_base64: Some(Private("aGVsbG8=".into())), ..small() };
        assert_eq!(name(&prefixed(), &text, None), name(&prefixed(), &encoded, None));
    }

    #[test]
    fn secrets_leave_no_trace_in_the_name() {
        let token = Token("0123456789abcdef0123456789abcdef".into());
        let with = |secret: &str| Core { user_data: Some(Private(secret.into())), ..small() };
        assert_eq!(name(&prefixed(), &with("one"), Some(&token)), "shop-web-012345");
        assert_eq!(name(&prefixed(), &with("two"), Some(&token)), "shop-web-012345");
    }

    #[test]
    fn accounts_without_launch_configurations_are_sent_to_templates() {
        for code in ["UnsupportedOperation", "UnsupportedOperationException"] {
            let error =
                ProviderError { code: Some(code.to_owned()), ..permanent("CreateLaunchConfiguration", "no") };
            assert!(explained(error).hint.is_some_and(|hint| hint.contains("launch_template")), "{code}");
        }
        assert_eq!(explained(permanent("CreateLaunchConfiguration", "no")).hint, None);
    }

    #[test]
    fn the_schema_has_the_core_and_all_of_it_is_immutable() {
        for name in launch::names() {
            assert!(SCHEMA.attribute(name.as_str()).is_some_and(|attribute| attribute.immutable), "{name}");
        }
        let root =
            SCHEMA.attribute("root_block_device").and_then(|root| root.block.as_ref()).expect("a block");
        assert!(root.attributes.iter().all(|attribute| attribute.name != *"kms_key_id"));
        assert!(SCHEMA.attribute("keep").is_some_and(|keep| !keep.immutable));
    }
}
