//! `data "ami"`: an image that somebody else has made.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, Image as Told, ImageState};
use infra_derive::Block;
use infra_engine::provider::ProviderError;
use infra_lang::desired::Lookup;
use infra_lang::residual::Values;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use super::facts;
use crate::client::Aws;
use crate::codec::{attribute, decode};
use crate::error::{failed, permanent};

/// What an image can be asked for by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Query {
    /// Its id.
    #[attribute(ty = "id(ami)")]
    pub(crate) id: Option<String>,
    /// Its name; `*` and `?` stand for anything.
    pub(crate) name: Option<String>,
    /// Tags that it has.
    pub(crate) tags: BTreeMap<String, String>,
    /// Further filters of `DescribeImages`.
    #[attribute(block(key = "name"))]
    pub(crate) filter: Vec<Condition>,
    /// Whose images are considered: account numbers, `"self"`, `"amazon"`. Anybody can give an image any name, so
    /// this is never left open.
    #[attribute(required)]
    pub(crate) owners: Vec<String>,
    /// Whether the newest of several is taken.
    #[attribute(default = false)]
    pub(crate) most_recent: bool,
    /// The processors it runs on.
    #[attribute(ty = r#"enum("x86_64", "arm64")"#)]
    pub(crate) architecture: Option<String>,
    /// A public parameter of Systems Manager that holds its id.
    pub(crate) ssm_parameter: Option<String>,
}

/// A filter: any of these values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Condition {
    /// Its name in EC2's words.
    #[attribute(required)]
    pub(crate) name: String,
    /// The values.
    #[attribute(required)]
    pub(crate) values: Vec<String>,
}

/// Finds the one image, or the newest.
pub(super) async fn lookup(aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
    let query: Query = decode(arguments)?;
    let refused = |text: String| permanent("looking up an image", format!("`{}`: {text}", lookup.address));
    if let Some(parameter) = &query.ssm_parameter {
        let text = format!(
            "`ssm_parameter` is not supported yet; `aws ssm get-parameter --name {parameter}` prints the id, which \
             `id` takes"
        );
        return Err(refused(text));
    }
    if query.owners.is_empty() {
        return Err(refused(
            "`owners` is empty, and anybody can give an image any name: say whose it is".to_owned(),
        ));
    }
    let images = find(aws, &query).await?;
    let image = choose(&images, query.most_recent).map_err(refused)?;
    Ok(answer(image))
}

async fn find(aws: &Aws, query: &Query) -> Result<Vec<Told>, ProviderError> {
    let call =
        aws.ec2.describe_images().set_owners(Some(query.owners.clone())).set_filters(Some(filters(query)));
    let found: Vec<_> =
        call.into_paginator().items().send().try_collect().await.map_err(failed("DescribeImages"))?;
    Ok(found.into_iter().filter(|image| image.state() == Some(&ImageState::Available)).collect())
}

fn filters(query: &Query) -> Vec<Filter> {
    let filter = |name: &str, values: &[String]| {
        Filter::builder().name(name).set_values(Some(values.to_vec())).build()
    };
    let one = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| filter(name, std::slice::from_ref(value)))
    };
    let named = [("image-id", &query.id), ("name", &query.name), ("architecture", &query.architecture)];
    let tags =
        query.tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), std::slice::from_ref(value)));
    let given = query.filter.iter().map(|condition| filter(&condition.name, &condition.values));
    named.into_iter().filter_map(|(name, value)| one(name, value)).chain(tags).chain(given).collect()
}

/// The one, or the newest if that is asked for.
fn choose(images: &[Told], most_recent: bool) -> Result<&Told, String> {
    match images {
        [] => {
            Err("no image matches; check `owners`, the region, and that the image is public or shared"
                .to_owned())
        }
        [one] => Ok(one),
        many if most_recent => {
            let newest = many.iter().max_by_key(|image| (image.creation_date(), image.image_id()));
            newest.ok_or_else(|| "no image matches".to_owned())
        }
        many => {
            let names: Vec<&str> = many.iter().filter_map(Told::name).take(3).collect();
            Err(format!(
                "{} images match, such as {}; narrow it down, or take the newest with `most_recent = true`",
                many.len(),
                names.join(", ")
            ))
        }
    }
}

fn answer(image: &Told) -> Values {
    let mut values = facts::values(image);
    let further = [("name", image.name()), ("owner_id", image.owner_id())];
    values.extend(further.into_iter().filter_map(|(name, text)| Some(attribute(name, Value::string(text?)))));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, created: &str) -> Told {
        Told::builder().image_id(id).name(format!("debian-{id}")).creation_date(created).build()
    }

    #[test]
    fn several_images_are_an_error_unless_the_newest_is_wanted() {
        let images = [image("a", "2026-01-01"), image("b", "2026-02-01"), image("c", "2025-01-01")];
        assert_eq!(choose(&images, true).map(Told::image_id), Ok(Some("b")));
        let error = choose(&images, false).expect_err("three match");
        assert!(error.starts_with("3 images match, such as debian-a, debian-b, debian-c"), "{error}");
        assert_eq!(choose(&images[..1], false).map(Told::image_id), Ok(Some("a")));
        assert!(choose(&[], true).is_err());
    }

    #[test]
    fn a_question_becomes_filters() {
        let query = Query {
            name: Some("debian-12-*".into()),
            tags: BTreeMap::from([("os".into(), "debian".into())]),
            filter: vec![Condition { name: "virtualization-type".into(), values: vec!["hvm".into()] }],
            architecture: Some("arm64".into()),
            ..Query::default()
        };
        let shown: Vec<String> = filters(&query)
            .iter()
            .map(|filter| format!("{} = {}", filter.name().unwrap_or_default(), filter.values().join(" ")))
            .collect();
        assert_eq!(
            shown,
            ["name = debian-12-*", "architecture = arm64", "tag:os = debian", "virtualization-type = hvm"]
        );
    }
}
