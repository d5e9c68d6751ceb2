//! Launch templates as they are: the template and its newest version.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{LaunchTemplate as Template, LaunchTemplateVersion};
use infra_engine::id::Token;
use infra_engine::provider::{Observation, ProviderError, ReadRequest};
use infra_lang::residual::Values;
use infra_lang::value::Value;

use super::{Data, SCHEMA, api};
use crate::client::Aws;
use crate::codec::{attribute, encode, explicit, with_nulls};
use crate::ec2;
use crate::error::failed;
use crate::kind::{answers, asked_id};
use crate::launch;
use crate::lookup::Query;
use crate::tags::{self, TOKEN, Tags};

/// So many requests are cheaper one by one than as a list of everything in the account.
const FEW: usize = 3;

/// What AWS does not tell: what is ours alone, and what we cannot tell from its defaults.
const UNTOLD: &[&str] = &["extra", "keep", "name_prefix", "update_default_version"];

/// A template and its newest version.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) template: Template,
    pub(super) newest: Option<LaunchTemplateVersion>,
}

impl Live {
    pub(super) fn id(&self) -> &str {
        self.template.launch_template_id().unwrap_or_default()
    }

    pub(super) fn latest(&self) -> i64 {
        self.template.latest_version_number().unwrap_or_default()
    }

    /// The user's tags.
    pub(super) fn tags(&self) -> Tags {
        tags::users(self.template.tags())
    }

    /// Whether the step of that token has made it.
    pub(super) fn made_by(&self, token: &Token) -> bool {
        let tokens = self.template.tags().iter().filter(|tag| tag.key() == Some(TOKEN));
        tokens.into_iter().any(|tag| tag.value() == Some(&token.0))
    }

    /// The data of the newest version.
    pub(super) fn data(&self, roots: &BTreeMap<String, String>, applied: &Values) -> Data {
        let told = self.newest.as_ref().and_then(|version| version.launch_template_data());
        let root = |image: &str| roots.get(image).map(String::as_str);
        told.map(|told| api::data(told, told.image_id().and_then(root), applied)).unwrap_or_default()
    }

    /// All attributes.
    pub(super) fn values(&self, roots: &BTreeMap<String, String>, applied: &Values) -> Values {
        let mut values = encode(&SCHEMA, &self.data(roots, applied));
        let (id, latest) = (self.id(), self.latest());
        let name = self.template.launch_template_name().unwrap_or_default();
        values.extend([
            attribute("id", Value::string(id)),
            attribute("name", Value::string(name)),
            attribute("latest_version", Value::int(latest)),
            attribute("version_id", Value::string(format!("{id}:{latest}"))),
        ]);
        let tags = self.tags().into_iter().map(|(key, value)| (key, Value::String(value)));
        values.extend(
            [attribute("tags", Value::Map(tags.collect()))].into_iter().filter(|_| !self.tags().is_empty()),
        );
        with_nulls(explicit(&SCHEMA, values), applied, UNTOLD)
    }

    /// Whether name and tags are those asked for.
    fn matches(&self, query: &Query) -> bool {
        let tags = self.tags();
        let named = query.name.is_none() || query.name.as_deref() == self.template.launch_template_name();
        named && query.tags.iter().all(|(key, value)| tags.get(key) == Some(value))
    }

    /// The image whose root device has to be known to read this.
    pub(super) fn image_with_devices(&self) -> Option<String> {
        let told = self.newest.as_ref()?.launch_template_data()?;
        let image = told.image_id()?.to_owned();
        (!told.block_device_mappings().is_empty()).then_some(image)
    }
}

/// The template's own id, of a version's `lt-0abc:7` too.
pub(super) fn template_id(id: &str) -> &str {
    id.split(':').next().unwrap_or(id)
}

/// Whether a call failed because there is no such template.
pub(super) fn is_absent(error: &ProviderError) -> bool {
    // The codes are InvalidLaunchTemplateId.NotFound and InvalidLaunchTemplateName.NotFoundException. An id that is
    // none belongs to no template, and must not spoil the answers about others.
    let code = error.code.as_deref().unwrap_or_default();
    let missing = code.starts_with("InvalidLaunchTemplate") && code.contains("NotFound");
    missing || code == "InvalidLaunchTemplateId.Malformed"
}

/// One template by id.
pub(super) async fn by_id(aws: &Aws, id: &str) -> Result<Option<Live>, ProviderError> {
    let told = aws.ec2.describe_launch_templates().launch_template_ids(id).send().await;
    first(aws, told.map_err(failed("DescribeLaunchTemplates")).map(|told| told.launch_templates)).await
}

/// One template by name.
pub(super) async fn by_name(aws: &Aws, name: &str) -> Result<Option<Live>, ProviderError> {
    let told = aws.ec2.describe_launch_templates().launch_template_names(name).send().await;
    first(aws, told.map_err(failed("DescribeLaunchTemplates")).map(|told| told.launch_templates)).await
}

async fn first(
    aws: &Aws,
    told: Result<Option<Vec<Template>>, ProviderError>,
) -> Result<Option<Live>, ProviderError> {
    let template = match told {
        Ok(templates) => templates.into_iter().flatten().next(),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(error),
    };
    let Some(template) = template else { return Ok(None) };
    let id = template.launch_template_id().unwrap_or_default();
    let told =
        aws.ec2.describe_launch_template_versions().launch_template_id(id).versions("$Latest").send().await;
    match told.map_err(failed("DescribeLaunchTemplateVersions")) {
        Ok(told) => {
            let newest = told.launch_template_versions.into_iter().flatten().next();
            Ok(Some(Live { template, newest }))
        }
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The templates that a `data` block means.
pub(super) async fn matching(aws: &Aws, query: &Query) -> Result<BTreeMap<String, Live>, ProviderError> {
    // There is no filter for ids.
    if let Some(id) = &query.id {
        let live = by_id(aws, template_id(id)).await?.filter(|live| live.matches(query));
        return Ok(live.map(|live| (live.id().to_owned(), live)).into_iter().collect());
    }
    let filters = ec2::filters(query, "launch-template-id", "launch-template-name");
    let pages =
        aws.ec2.describe_launch_templates().set_filters(Some(filters)).into_paginator().page_size(200);
    let templates = pages.items().send().try_collect().await.map_err(failed("DescribeLaunchTemplates"))?;
    let mut found = BTreeMap::new();
    // More than a few is an error of the block's anyway, which lists them.
    for id in templates.iter().filter_map(Template::launch_template_id).take(FEW + 2) {
        found.extend(by_id(aws, id).await?.map(|live| (id.to_owned(), live)));
    }
    Ok(found)
}

/// Every template of the account and its newest version, by id: two calls for each two hundred.
async fn list(aws: &Aws) -> Result<BTreeMap<String, Live>, ProviderError> {
    let templates = aws.ec2.describe_launch_templates().into_paginator().page_size(200).items().send();
    let templates: Vec<Template> =
        templates.try_collect().await.map_err(failed("DescribeLaunchTemplates"))?;
    let versions = aws.ec2.describe_launch_template_versions().versions("$Latest").into_paginator();
    let versions = versions.page_size(200).items().send().try_collect().await;
    let versions = versions.map_err(failed("DescribeLaunchTemplateVersions"))?;
    let mut newest: BTreeMap<String, LaunchTemplateVersion> =
        versions.into_iter().filter_map(|one| Some((one.launch_template_id()?.to_owned(), one))).collect();
    let live = templates.into_iter().filter_map(|template| {
        let id = template.launch_template_id()?.to_owned();
        Some((id.clone(), Live { template, newest: newest.remove(&id) }))
    });
    Ok(live.collect())
}

/// Answers read requests, in their order.
pub(super) async fn all(aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
    let wanted = requests.iter().filter_map(|request| asked_id(request).map(template_id)).collect();
    answers(requests, find(aws, wanted).await, |(found, roots), id, request| {
        Some(found.get(template_id(id))?.values(roots, &request.applied))
    })
}

type Found = (BTreeMap<String, Live>, BTreeMap<String, String>);

/// These templates by id, and the root devices of their images by image id.
async fn find(aws: &Aws, wanted: BTreeSet<&str>) -> Result<Found, ProviderError> {
    let mut found = if wanted.len() > FEW { list(aws).await? } else { BTreeMap::new() };
    found.retain(|id, _| wanted.contains(id.as_str()));
    // What is not in the list may be too new for it: ask for it by its id before calling it gone.
    for id in wanted {
        if !found.contains_key(id) {
            found.extend(by_id(aws, id).await?.map(|live| (id.to_owned(), live)));
        }
    }
    let images = found.values().filter_map(Live::image_with_devices).collect();
    let roots = launch::images::root_devices(aws, images).await?;
    Ok((found, roots))
}
