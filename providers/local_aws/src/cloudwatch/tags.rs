//! Tags of alarms (ListTagsForResource, TagResource, UntagResource).

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::cloudwatch::Alarm;
use crate::wire::{ApiError, Data, Params};

/// The tags of a request.
pub fn read(params: &Params) -> BTreeMap<String, String> {
    let pair =
        |tag: &Params| Some((tag.text("Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned()));
    params.list("Tags").into_iter().filter_map(pair).collect()
}

fn named<'a>(model: &'a mut Model, params: &Params) -> Result<&'a mut Alarm, ApiError> {
    let arn = params.required("ResourceARN")?;
    let found = model.cloudwatch.alarms.values_mut().find(|alarm| alarm.arn == arn);
    found.ok_or_else(|| {
        ApiError::new("ResourceNotFoundException", format!("{arn} does not exist")).with_status(404)
    })
}

pub fn list(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let alarm = named(model, params)?;
    let pairs = alarm.tags.iter();
    let pairs =
        pairs.map(|(key, value)| Data::body().with("Key", Data::text(key)).with("Value", Data::text(value)));
    Ok(Data::body().with("Tags", Data::List(pairs.collect())))
}

pub fn tag(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    named(model, params)?.tags.extend(read(params));
    Ok(Data::body())
}

pub fn untag(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let alarm = named(model, params)?;
    params.texts("TagKeys").into_iter().for_each(|key| _ = alarm.tags.remove(key));
    Ok(Data::body())
}
