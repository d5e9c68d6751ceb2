//! Who in the account still needs an image: launch configurations, launch template versions, instances.
//!
//! `DescribeImageReferences` does not know of launch configurations, so each is asked, all pages of it.

use aws_sdk_ec2::types::Filter;
use futures_util::future::{try_join_all, try_join3};
use infra_engine::provider::ProviderError;

use crate::client::Aws;
use crate::error::failed;

/// So many users are named.
const NAMED: usize = 3;

/// Who uses the image, in the user's words.
pub(super) async fn users(aws: &Aws, image: &str) -> Result<Vec<String>, ProviderError> {
    let (instances, configurations, versions) =
        try_join3(instances(aws, image), configurations(aws, image), versions(aws, image)).await?;
    Ok([instances, configurations, versions].concat())
}

/// Some of the users and how many more there are.
pub(super) fn phrase(users: &[String]) -> String {
    let named = users.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match users.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

async fn instances(aws: &Aws, image: &str) -> Result<Vec<String>, ProviderError> {
    let of_image = Filter::builder().name("image-id").values(image).build();
    let alive = Filter::builder().name("instance-state-name");
    let alive = ["pending", "running", "stopping", "stopped"]
        .into_iter()
        .fold(alive, |filter, state| filter.values(state));
    let call = aws.ec2.describe_instances().filters(of_image).filters(alive.build());
    let found: Vec<_> =
        call.into_paginator().items().send().try_collect().await.map_err(failed("DescribeInstances"))?;
    let instances = found.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
    Ok(instances.filter_map(|instance| instance.instance_id).map(|id| format!("instance {id}")).collect())
}

async fn configurations(aws: &Aws, image: &str) -> Result<Vec<String>, ProviderError> {
    let call = aws.autoscaling.describe_launch_configurations();
    let found: Vec<_> = call
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(failed("DescribeLaunchConfigurations"))?;
    let using = found.into_iter().filter(|one| one.image_id() == Some(image));
    Ok(using
        .filter_map(|one| one.launch_configuration_name)
        .map(|name| format!("launch configuration {name}"))
        .collect())
}

async fn versions(aws: &Aws, image: &str) -> Result<Vec<String>, ProviderError> {
    let call = aws.ec2.describe_launch_templates();
    let templates: Vec<_> = call
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(failed("DescribeLaunchTemplates"))?;
    let ids = templates.into_iter().filter_map(|template| template.launch_template_id);
    let using = try_join_all(ids.map(|id| versions_of(aws, id, image))).await?;
    Ok(using.concat())
}

async fn versions_of(aws: &Aws, template: String, image: &str) -> Result<Vec<String>, ProviderError> {
    let call = aws.ec2.describe_launch_template_versions().launch_template_id(&template);
    let found: Vec<_> = call
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(failed("DescribeLaunchTemplateVersions"))?;
    let uses = |data: Option<&aws_sdk_ec2::types::ResponseLaunchTemplateData>| {
        data.and_then(|data| data.image_id()) == Some(image)
    };
    let using = found.iter().filter(|version| uses(version.launch_template_data()));
    let named = using.filter_map(|version| version.version_number());
    Ok(named.map(|number| format!("version {number} of launch template {template}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_all_of_many_users_are_named() {
        let users: Vec<String> = (1..=5).map(|n| format!("instance i-{n}")).collect();
        assert_eq!(phrase(&users), "instance i-1, instance i-2, instance i-3 and 2 more");
        assert_eq!(phrase(&users[..1]), "instance i-1");
    }
}
