//! The tags of alarms, which have calls of their own.

use aws_sdk_cloudwatch::types::Tag;
use infra_engine::provider::{FailureClass, ProviderError, Task};

use super::{MetricAlarm, describe};
use crate::client::Aws;
use crate::error::failed;
use crate::tags::{self, Tags};

/// Tags in CloudWatch's form.
pub(super) fn written(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

async fn all(aws: &Aws, arn: &str) -> Result<Tags, ProviderError> {
    let call = aws.cloudwatch.list_tags_for_resource().resource_arn(arn);
    match call.send().await.map_err(failed("ListTagsForResource")) {
        Ok(told) => {
            let pairs = told.tags().iter();
            let pairs = pairs.filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
            Ok(pairs.collect())
        }
        // Gone since it was described.
        Err(error) if error.class == FailureClass::NotFound => Ok(Tags::new()),
        Err(error) => Err(error),
    }
}

async fn users(aws: &Aws, arn: &str) -> Result<Tags, ProviderError> {
    let mut tags = all(aws, arn).await?;
    tags.retain(|key, _| tags::is_users(key));
    Ok(tags)
}

/// Adds its tags to what is known of an alarm.
pub(super) async fn tell(aws: &Aws, alarm: &mut MetricAlarm) -> Result<(), ProviderError> {
    alarm.tags = users(aws, alarm.arn.as_deref().unwrap_or_default()).await?;
    Ok(())
}

/// Whether an alarm carries the tags of this project.
pub(super) async fn is_ours(aws: &Aws, alarm: &MetricAlarm) -> Result<bool, ProviderError> {
    let tags = all(aws, alarm.arn.as_deref().unwrap_or_default()).await?;
    Ok(tags.get(tags::PROJECT) == Some(&aws.project))
}

/// Brings the user's tags of an alarm to what is wanted.
pub(super) async fn settle(aws: &Aws, wanted: &MetricAlarm) -> Result<(), ProviderError> {
    let found = describe(aws, vec![wanted.alarm_name.clone()]).await?;
    let Some(arn) = found.get(&wanted.alarm_name).and_then(|alarm| alarm.arn.as_deref()) else {
        return Ok(());
    };
    let (set, remove) = tags::difference(&users(aws, arn).await?, &wanted.tags);
    if !set.is_empty() {
        let call = aws.cloudwatch.tag_resource().resource_arn(arn).set_tags(Some(written(&set)));
        call.send().await.map_err(failed("TagResource"))?;
    }
    if !remove.is_empty() {
        let call = aws.cloudwatch.untag_resource().resource_arn(arn).set_tag_keys(Some(remove));
        call.send().await.map_err(failed("UntagResource"))?;
    }
    Ok(())
}

/// An alarm of that name that this step has not made stays as it is: `PutMetricAlarm` would overwrite it.
pub(super) async fn refuse_foreign(aws: &Aws, task: &Task, name: &str) -> Result<(), ProviderError> {
    let found = describe(aws, vec![name.to_owned()]).await?;
    let Some(arn) = found.get(name).and_then(|alarm| alarm.arn.as_deref()) else { return Ok(()) };
    match all(aws, arn).await?.get(tags::TOKEN) {
        Some(token) if *token == task.token.0 => Ok(()),
        _ => Err(ProviderError {
            class: FailureClass::Permanent,
            operation: "PutMetricAlarm".to_owned(),
            code: None,
            message: format!("an alarm called `{name}` exists already, and would be overwritten"),
            request_id: None,
            hint: Some("import it, or choose another `alarm_name`".to_owned()),
        }),
    }
}
