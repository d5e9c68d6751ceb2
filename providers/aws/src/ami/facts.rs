//! What AWS knows of images, as the attributes of `ami`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Image as Told, ImageAttributeName, ImageState, Tag};
use futures_util::future::try_join_all;
use infra_engine::id::RemoteId;
use infra_engine::provider::{Observation, Outcome, Progress, ProviderError, ReadBy, ReadRequest, Task};
use infra_lang::residual::Values;
use infra_lang::value::Value;

use super::SCHEMA;
use super::build::Image;
use crate::client::Aws;
use crate::codec::{attribute, encode_attributes};
use crate::error::failed;
use crate::kind::waiting;
use crate::tags;

/// The tag that holds the digest: 64 hexadecimal digits.
pub(super) const DIGEST: &str = "infra:layer-hash";

/// The tag of an image whose tests have not passed yet; nobody else takes it.
pub(super) const UNTESTED: &str = "infra:untested";

/// So many values may stand in one filter.
const FILTER_VALUES: usize = 200;

/// Reads images by id and by digest, with one call for all of each (two hundred a call).
pub(super) async fn read(aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
    match observe(aws, requests).await {
        Ok(observations) => observations.into_iter().map(Ok).collect(),
        Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
    }
}

async fn observe(aws: &Aws, requests: &[&ReadRequest]) -> Result<Vec<Observation>, ProviderError> {
    let by = |pick: fn(&ReadBy) -> Option<&str>| -> BTreeSet<String> {
        requests.iter().filter_map(|request| pick(&request.by)).map(str::to_owned).collect()
    };
    let ids = by(|by| match by {
        ReadBy::Id(id) => Some(&id.0),
        ReadBy::Digest(_) => None,
    });
    let digests = by(|by| match by {
        ReadBy::Digest(digest) => Some(digest),
        ReadBy::Id(_) => None,
    });
    let mut images = find(aws, "image-id", ids).await?;
    images.extend(find(aws, &format!("tag:{DIGEST}"), digests).await?);
    let chosen: Vec<Option<&Told>> = requests.iter().map(|request| choose(&images, &request.by)).collect();
    let permissions = permissions(aws, requests, &chosen).await?;
    Ok(chosen.into_iter().map(|image| observation(image, &permissions)).collect())
}

/// Our own images whose `name` is one of `values`. By filter, for a missing id would fail the whole call.
pub(super) async fn find(
    aws: &Aws,
    name: &str,
    values: BTreeSet<String>,
) -> Result<Vec<Told>, ProviderError> {
    let values: Vec<String> = values.into_iter().collect();
    let mut found = Vec::new();
    for chunk in values.chunks(FILTER_VALUES) {
        let filter = Filter::builder().name(name).set_values(Some(chunk.to_vec())).build();
        let call = aws.ec2.describe_images().owners("self").filters(filter).include_deprecated(true);
        let images: Vec<_> =
            call.into_paginator().items().send().try_collect().await.map_err(failed("DescribeImages"))?;
        found.extend(images);
    }
    Ok(found)
}

/// The image that a request is about. Images with the same digest are as good as each other: one that is ready before
/// one that is not, then the oldest, so that everybody chooses the same.
fn choose<'a>(images: &'a [Told], by: &ReadBy) -> Option<&'a Told> {
    match by {
        ReadBy::Id(id) => {
            let found = images.iter().find(|image| image.image_id() == Some(&id.0));
            found.filter(|image| !matches!(state(image), Image::Failed(_)))
        }
        ReadBy::Digest(digest) => twin(images, digest).filter(|image| state(image) == Image::Available),
    }
}

/// The best image of a digest that is or will be ready.
pub(super) fn twin<'a>(images: &'a [Told], digest: &str) -> Option<&'a Told> {
    let same =
        images.iter().filter(|image| tag(image, DIGEST) == Some(digest) && tag(image, UNTESTED).is_none());
    let usable = same.filter(|image| matches!(state(image), Image::Available | Image::Pending));
    usable.min_by_key(|image| (state(image) != Image::Available, image.creation_date(), image.image_id()))
}

fn tag<'a>(image: &'a Told, key: &str) -> Option<&'a str> {
    image.tags().iter().find(|tag| tag.key() == Some(key)).and_then(Tag::value)
}

/// How an image is.
pub(super) fn state(image: &Told) -> Image {
    let reason = || {
        let reason = image.state_reason();
        let message = reason.and_then(|reason| reason.message().or(reason.code()));
        message.unwrap_or("AWS gives no reason").to_owned()
    };
    match image.state() {
        Some(ImageState::Available) => Image::Available,
        Some(ImageState::Pending | ImageState::Transient) => Image::Pending,
        Some(ImageState::Disabled) => Image::Failed("it has been disabled".to_owned()),
        Some(ImageState::Deregistered) => Image::Failed("it has been deregistered".to_owned()),
        None => Image::Unseen,
        _ => Image::Failed(reason()),
    }
}

/// The snapshots of an image's volumes.
pub(super) fn snapshots(image: &Told) -> Vec<String> {
    let volumes = image.block_device_mappings().iter().filter_map(|mapping| mapping.ebs());
    volumes.filter_map(|ebs| ebs.snapshot_id().map(str::to_owned)).collect()
}

fn root_snapshot(image: &Told) -> Option<&str> {
    let mut mappings = image.block_device_mappings().iter();
    mappings.find(|mapping| mapping.device_name() == image.root_device_name())?.ebs()?.snapshot_id()
}

/// Who else may launch the images whose permissions we manage; a call each, so only of those.
async fn permissions(
    aws: &Aws,
    requests: &[&ReadRequest],
    chosen: &[Option<&Told>],
) -> Result<BTreeMap<String, BTreeSet<String>>, ProviderError> {
    let shared =
        requests.iter().zip(chosen).filter(|(request, _)| request.applied.contains_key("launch_permissions"));
    let ids: BTreeSet<&str> = shared.filter_map(|(_, image)| image.and_then(Told::image_id)).collect();
    let pairs =
        ids.into_iter().map(|id| async move { Ok((id.to_owned(), launch_permissions(aws, id).await?)) });
    Ok(try_join_all(pairs).await?.into_iter().collect())
}

/// The accounts that may launch an image.
pub(super) async fn launch_permissions(aws: &Aws, id: &str) -> Result<BTreeSet<String>, ProviderError> {
    let call =
        aws.ec2.describe_image_attribute().image_id(id).attribute(ImageAttributeName::LaunchPermission);
    let told = call.send().await.map_err(failed("DescribeImageAttribute"))?;
    Ok(told.launch_permissions().iter().filter_map(|one| one.user_id().map(str::to_owned)).collect())
}

fn observation(image: Option<&Told>, permissions: &BTreeMap<String, BTreeSet<String>>) -> Observation {
    match image.and_then(|image| Some((image.image_id()?, image))) {
        Some((id, image)) => {
            let mut observed = values(image);
            if let Some(accounts) = permissions.get(id) {
                let accounts = accounts.iter().map(Value::string).collect();
                observed.extend([attribute("launch_permissions", Value::Set(accounts))]);
            }
            Observation::Present { id: RemoteId::from(id), values: observed }
        }
        None => Observation::Absent,
    }
}

/// What AWS tells of an image. What it was made from is the digest's business, and AWS does not know it.
pub(super) fn values(image: &Told) -> Values {
    encode_attributes(
        &SCHEMA.attributes,
        &serde_json::json!({
            "id": image.image_id(),
            "digest": tag(image, DIGEST),
            "description": image.description().filter(|text| !text.is_empty()),
            "architecture": image.architecture().map(|architecture| architecture.as_str()),
            "creation_date": image.creation_date(),
            "root_snapshot_id": root_snapshot(image),
            "tags": tags::users(image.tags()),
        }),
    )
}

/// The end of a step about an image that exists: what it is like now.
pub(super) async fn outcome(
    aws: &Aws,
    task: &Task,
    id: Option<&RemoteId>,
) -> Result<Progress, ProviderError> {
    let Some(id) = id else { return Ok(Progress::Done(Outcome::default())) };
    let request = ReadRequest {
        address: task.address.clone(),
        kind: task.kind.clone(),
        by: ReadBy::Id(id.clone()),
        applied: task.desired.clone(),
    };
    match observe(aws, &[&request]).await?.into_iter().next() {
        Some(Observation::Present { id, values }) => {
            Ok(Progress::Done(Outcome { id: Some(id), observed: Some(values) }))
        }
        _ => Ok(waiting(2, format!("image {id} to become visible"))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{BlockDeviceMapping, EbsBlockDevice};

    use super::*;

    fn image(id: &str, state: ImageState, created: &str, marks: &[(&str, &str)]) -> Told {
        let volume = |device: &str, snapshot: &str| {
            let ebs = EbsBlockDevice::builder().snapshot_id(snapshot).build();
            BlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
        };
        let marks = marks.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        Told::builder()
            .image_id(id)
            .state(state)
            .creation_date(created)
            .root_device_name("/dev/xvda")
            .block_device_mappings(volume("/dev/sdf", "snap-2"))
            .block_device_mappings(volume("/dev/xvda", "snap-1"))
            .set_tags(Some(marks.collect()))
            .build()
    }

    #[test]
    fn of_equal_images_everybody_takes_the_oldest_that_is_ready() {
        let (digest, ready) = ("d1", ImageState::Available);
        let of = |digest| (DIGEST, digest);
        let images = [
            image("ami-1", ImageState::Pending, "2026-01-01T00:00:00.000Z", &[of(digest)]),
            image("ami-2", ready.clone(), "2026-01-03T00:00:00.000Z", &[of(digest)]),
            image("ami-3", ready.clone(), "2026-01-02T00:00:00.000Z", &[of(digest)]),
            image("ami-4", ready.clone(), "2026-01-01T00:00:00.000Z", &[of("d2")]),
            image("ami-5", ready, "2026-01-01T00:00:00.000Z", &[of(digest), (UNTESTED, "true")]),
        ];
        let chosen = |images: &[Told]| twin(images, digest).and_then(Told::image_id).map(str::to_owned);
        assert_eq!(chosen(&images).as_deref(), Some("ami-3"));
        assert_eq!(chosen(&images[..1]).as_deref(), Some("ami-1"), "one in the making is waited for");
        assert_eq!(
            choose(&images[..1], &ReadBy::Digest(digest.into())),
            None,
            "and is no image yet for a plan"
        );
        assert_eq!(chosen(&images[3..]), None);
    }

    #[test]
    fn an_image_is_told_without_our_tags() {
        let told = image(
            "ami-1",
            ImageState::Available,
            "2026-01-01T00:00:00.000Z",
            &[(DIGEST, "d1"), ("app", "web")],
        );
        let shown: Vec<String> =
            values(&told).iter().map(|(name, value)| format!("{name} = {value}")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        creation_date = "2026-01-01T00:00:00.000Z"
        digest = "d1"
        id = "ami-1"
        root_snapshot_id = "snap-1"
        tags = { app = "web" }
        "#);
        assert_eq!(snapshots(&told), ["snap-2", "snap-1"]);
    }
}
