//! What launch settings need to know of their images: the name of the root device.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::Filter;
use infra_engine::provider::{FailureClass, ProviderError};

use super::Core;
use crate::client::Aws;
use crate::error::failed;

/// The root devices of these images by image id; those that do not exist are left out.
pub(crate) async fn root_devices(
    aws: &Aws,
    images: BTreeSet<String>,
) -> Result<BTreeMap<String, String>, ProviderError> {
    if images.is_empty() {
        return Ok(BTreeMap::new());
    }
    // By filter and not by id: a missing id would fail the whole call.
    let filter = Filter::builder().name("image-id").set_values(Some(images.into_iter().collect())).build();
    let told = aws.ec2.describe_images().filters(filter).include_deprecated(true).send().await;
    let told = told.map_err(failed("DescribeImages"))?;
    let device = |image: &aws_sdk_ec2::types::Image| {
        Some((image.image_id()?.to_owned(), image.root_device_name()?.to_owned()))
    };
    Ok(told.images().iter().filter_map(device).collect())
}

/// The root device of the image of some settings, if they say something about the root volume.
pub(crate) async fn root_device(aws: &Aws, core: &Core) -> Result<Option<String>, ProviderError> {
    if core.root_block_device.is_none() {
        return Ok(None);
    }
    let mut found = root_devices(aws, BTreeSet::from([core.image_id.clone()])).await?;
    match found.remove(&core.image_id) {
        Some(device) => Ok(Some(device)),
        None => Err(ProviderError {
            class: FailureClass::NotFound,
            operation: "DescribeImages".to_owned(),
            code: Some("InvalidAMIID.NotFound".to_owned()),
            message: format!("image `{}` is not there, so its root device is not known", core.image_id),
            request_id: None,
            hint: Some("check the id, the region, and that the image is shared with this account".to_owned()),
        }),
    }
}
