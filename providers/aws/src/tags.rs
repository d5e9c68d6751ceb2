//! Tags: the user's, and ours, by which an object is found again when the state is lost.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use infra_engine::provider::{ProviderError, Task};
use infra_lang::address::Address;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};

use crate::client::Aws;
use crate::codec::decode;
use crate::error::failed;

/// The prefix of our own tags.
const OURS: &str = "infra:";

/// The tag that holds the project's name.
pub(crate) const PROJECT: &str = "infra:project";
/// The tag that holds the address of the object.
pub(crate) const ADDRESS: &str = "infra:address";
/// The tag that holds a step's token: whose create call made the object.
pub(crate) const TOKEN: &str = "infra:token";

/// The tag of a group that a swap is in the middle of: whose swap it is.
pub(crate) const SWAP: &str = "infra:swap";

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// Why an attribute that holds tags cannot be: AWS shows tags to whoever may look, so no secret may stand in one.
pub(crate) fn shown(desired: &Attributes, attribute: &str) -> Option<(AttributeName, String)> {
    let secret = desired.get(attribute).is_some_and(Residual::is_sensitive);
    secret.then(|| (AttributeName::new(attribute), "a tag would show a sensitive value".to_owned()))
}

/// Our own tags for what a task makes.
pub(crate) fn ours(aws: &Aws, task: &Task) -> Tags {
    let tags = [
        (PROJECT, aws.project.clone()),
        (ADDRESS, address_tag(&task.address)),
        (TOKEN, task.token.to_string()),
    ];
    tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The value of the tag `infra:address`, by which a group's or a load balancer's instances are found again.
pub fn address_tag(address: &Address) -> String {
    value(&address.to_string())
}

/// What AWS takes as a tag's value: at most 256 characters, of a small set. Quotes become spaces.
fn value(text: &str) -> String {
    let allowed = |c: char| if c.is_alphanumeric() || " _.:/=+-@".contains(c) { c } else { ' ' };
    text.chars().map(allowed).take(256).collect()
}

/// The user's tags and ours, as they go into a create call.
pub(crate) fn all(aws: &Aws, task: &Task, users: &Tags) -> Tags {
    let mut tags = users.clone();
    tags.extend(ours(aws, task));
    tags
}

/// The tags among attributes.
///
/// # Errors
/// Permanent if `tags` is no map of strings.
pub(crate) fn read(values: &Values) -> Result<Tags, ProviderError> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Tagged {
        tags: Tags,
    }
    decode::<Tagged>(values).map(|tagged| tagged.tags)
}

/// Whether a tag is the user's: neither ours nor AWS's.
pub(crate) fn is_users(key: &str) -> bool {
    !key.starts_with(OURS) && !key.starts_with("aws:")
}

/// The user's tags among those that EC2 tells.
pub(crate) fn users(tags: &[Tag]) -> Tags {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())));
    pairs.filter(|(key, _)| is_users(key)).collect()
}

/// Tags in EC2's form.
pub(crate) fn ec2(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags for something that a call of EC2 makes.
pub(crate) fn specification(resource: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).set_tags(Some(ec2(tags))).build()
}

/// What makes the tags that are there into those wanted: to set, and to remove.
pub(crate) fn difference(have: &Tags, want: &Tags) -> (Tags, Vec<String>) {
    let set = want.iter().filter(|(key, value)| have.get(*key) != Some(*value));
    let set = set.map(|(key, value)| (key.clone(), value.clone())).collect();
    let remove = have.keys().filter(|key| !want.contains_key(*key)).cloned().collect();
    (set, remove)
}

/// Brings the user's tags of an EC2 object to what is wanted; whether there was anything to do.
///
/// # Errors
/// What `CreateTags` and `DeleteTags` answer.
pub(crate) async fn settle(aws: &Aws, id: &str, have: &Tags, want: &Tags) -> Result<bool, ProviderError> {
    let (set, remove) = difference(have, want);
    if !set.is_empty() {
        let call = aws.ec2.create_tags().resources(id).set_tags(Some(ec2(&set)));
        call.send().await.map_err(failed("CreateTags"))?;
    }
    if !remove.is_empty() {
        let keys = remove.iter().map(|key| Tag::builder().key(key).build()).collect();
        let call = aws.ec2.delete_tags().resources(id).set_tags(Some(keys));
        call.send().await.map_err(failed("DeleteTags"))?;
    }
    Ok(!set.is_empty() || !remove.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_set_or_removed() {
        let (set, remove) =
            difference(&tags(&[("a", "1"), ("b", "2"), ("c", "3")]), &tags(&[("a", "1"), ("b", "3")]));
        assert_eq!((set, remove), (tags(&[("b", "3")]), vec!["c".to_owned()]));
    }

    #[test]
    fn tags_of_ours_and_of_aws_are_not_the_users() {
        let told =
            ec2(&tags(&[("Name", "web"), ("infra:token", "0"), ("aws:cloudformation:stack-name", "s")]));
        assert_eq!(users(&told), tags(&[("Name", "web")]));
    }

    #[test]
    fn an_address_is_a_value_that_aws_takes() {
        assert_eq!(value("module.m[\"k\"].vpc.main"), "module.m  k  .vpc.main");
    }
}
