//! Instances' attributes, one at a time.

use super::kind::{GROUP, INSTANCE};
use super::{describe, instance_type};
use crate::model::Model;
use crate::model::ec2::{Instance, InstanceState};
use crate::wire::{ApiError, Node, Params};

/// DescribeInstanceAttribute.
pub fn describe_instance_attribute(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let it = INSTANCE.find(&model.ec2.instances, params.required("InstanceId")?)?;
    let value = |value: &dyn ToString| Node::body().field("value", value.to_string());
    let attribute = params.required("Attribute")?;
    let body = Node::body().field("instanceId", &it.id);
    Ok(match attribute {
        "userData" => match &it.user_data {
            Some(data) => body.child("userData", value(data)),
            None => body.child("userData", Node::body()),
        },
        "instanceType" => body.child("instanceType", value(&it.instance_type)),
        "disableApiTermination" => {
            body.child(attribute.to_owned(), value(&it.settings.disable_api_termination))
        }
        "disableApiStop" => body.child("disableApiStop", value(&it.settings.disable_api_stop)),
        "ebsOptimized" => body.child("ebsOptimized", value(&it.settings.ebs_optimized)),
        "sourceDestCheck" => body.child("sourceDestCheck", value(&it.settings.source_dest_check)),
        "enaSupport" => body.child("enaSupport", value(&(it.virtualization == "hvm"))),
        "rootDeviceName" => body.child("rootDeviceName", value(&it.root_device)),
        "instanceInitiatedShutdownBehavior" => {
            body.child(attribute.to_owned(), value(&it.settings.shutdown_behavior))
        }
        "groupSet" => {
            let groups = model.ec2.interfaces.get(&it.interface).map(|card| card.groups.as_slice());
            let groups = groups.unwrap_or_default().iter().map(|id| Node::body().field("groupId", id));
            body.items("groupSet", groups)
        }
        "kernel" | "ramdisk" | "sriovNetSupport" | "productCodes" => body,
        other => return Err(describe::unknown_attribute(other)),
    })
}

/// ModifyInstanceAttribute, in both of its spellings: `Attribute=x&Value=y` and `X.Value=y`.
pub fn modify_instance_attribute(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = INSTANCE.find(&model.ec2.instances, params.required("InstanceId")?)?.id.clone();
    let params = match (params.text("Attribute"), params.text("Value")) {
        (Some(attribute), Some(value)) => {
            let (first, rest) = attribute.split_at(attribute.chars().next().map_or(0, char::len_utf8));
            params.clone().with(&format!("{}{rest}.Value", first.to_uppercase()), value)
        }
        _ => params.clone(),
    };
    change_machine(model, id.as_str(), &params)?;
    change_settings(model, id.as_str(), &params)?;
    change_groups(model, id.as_str(), &params)?;
    change_disks(model, id.as_str(), &params)?;
    Ok(Node::body().field("return", true))
}

/// What can be changed only at rest.
fn change_machine(model: &mut Model, id: &str, params: &Params) -> Result<(), ApiError> {
    let (size, data) =
        (params.text("InstanceType.Value"), params.text("UserData.Value").or(params.text("UserData")));
    let it = INSTANCE.find(&model.ec2.instances, id)?;
    if (size.is_some() || data.is_some()) && it.state != InstanceState::Stopped {
        let reason = format!("The instance '{id}' is not in the 'stopped' state.");
        return Err(ApiError::new("IncorrectInstanceState", reason));
    }
    if let (Some(size), Some(image)) = (size, model.ec2.images.get(&it.image)) {
        instance_type::check(size, image)?;
    }
    let it = INSTANCE.find_mut(&mut model.ec2.instances, id)?;
    if let Some(size) = size {
        size.clone_into(&mut it.instance_type);
    }
    if let Some(data) = data {
        it.user_data = Some(data.to_owned()).filter(|data| !data.is_empty());
    }
    Ok(())
}

fn change_settings(model: &mut Model, id: &str, params: &Params) -> Result<(), ApiError> {
    let Instance { settings, .. } = INSTANCE.find_mut(&mut model.ec2.instances, id)?;
    let set = |name: &str, place: &mut bool| -> Result<(), ApiError> {
        *place = params.bool(name)?.unwrap_or(*place);
        Ok(())
    };
    set("DisableApiTermination.Value", &mut settings.disable_api_termination)?;
    set("DisableApiStop.Value", &mut settings.disable_api_stop)?;
    set("EbsOptimized.Value", &mut settings.ebs_optimized)?;
    set("SourceDestCheck.Value", &mut settings.source_dest_check)?;
    match params.text("InstanceInitiatedShutdownBehavior.Value") {
        None => Ok(()),
        Some(behavior @ ("stop" | "terminate")) => {
            behavior.clone_into(&mut settings.shutdown_behavior);
            Ok(())
        }
        Some(other) => Err(ApiError::new(
            "InvalidParameterValue",
            format!("Value ({other}) for parameter instanceInitiatedShutdownBehavior is invalid."),
        )),
    }
}

fn change_groups(model: &mut Model, id: &str, params: &Params) -> Result<(), ApiError> {
    let wanted = params.texts("GroupId");
    if wanted.is_empty() {
        return Ok(());
    }
    let find = |id: &&str| GROUP.find(&model.ec2.groups, id).map(|group| group.id.clone());
    let groups = wanted.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let card = INSTANCE.find(&model.ec2.instances, id)?.interface.clone();
    model.ec2.interfaces.entry(card).and_modify(|card| card.groups = groups);
    Ok(())
}

fn change_disks(model: &mut Model, id: &str, params: &Params) -> Result<(), ApiError> {
    let it = INSTANCE.find(&model.ec2.instances, id)?;
    for mapping in params.list("BlockDeviceMapping") {
        let (device, delete) = (mapping.required("DeviceName")?, mapping.bool("Ebs.DeleteOnTermination")?);
        let mine = |id| model.ec2.volumes.get(id).is_some_and(|volume| volume.device == device);
        let volume = it.volumes.iter().find(|id| mine(*id)).ok_or_else(|| {
            ApiError::new(
                "InvalidInstanceAttributeValue",
                format!("No device is currently mapped at {device}"),
            )
        })?;
        if let (Some(volume), Some(delete)) = (model.ec2.volumes.get_mut(volume), delete) {
            volume.disk.delete_on_termination = delete;
        }
    }
    Ok(())
}

/// ModifyInstanceMetadataOptions.
pub fn modify_instance_metadata_options(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let it = INSTANCE.find_mut(&mut model.ec2.instances, params.required("InstanceId")?)?;
    let settings = &mut it.settings;
    let set = |name: &str, place: &mut String| {
        if let Some(text) = params.text(name) {
            text.clone_into(place);
        }
    };
    set("HttpTokens", &mut settings.http_tokens);
    set("HttpEndpoint", &mut settings.http_endpoint);
    set("InstanceMetadataTags", &mut settings.metadata_tags);
    settings.hop_limit = params.int("HttpPutResponseHopLimit")?.unwrap_or(settings.hop_limit);
    let options = Node::body()
        .field("state", "pending")
        .field("httpTokens", &settings.http_tokens)
        .field("httpPutResponseHopLimit", settings.hop_limit)
        .field("httpEndpoint", &settings.http_endpoint)
        .field("instanceMetadataTags", &settings.metadata_tags);
    Ok(Node::body().field("instanceId", &it.id).child("instanceMetadataOptions", options))
}

/// DescribeInstanceCreditSpecifications: burstable instances are `standard` up to t2, `unlimited` from t3 on.
pub fn describe_instance_credit_specifications(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(INSTANCE, &model.ec2.instances, &params.texts("InstanceId"))?;
    let credits = |it: &Instance| match it.instance_type.as_bytes() {
        [b't', b'1' | b'2', ..] => Some("standard"),
        [b't', ..] => Some("unlimited"),
        _ => None,
    };
    let lines = asked
        .into_iter()
        .filter_map(|it| Some(Node::body().field("instanceId", &it.id).field("cpuCredits", credits(it)?)));
    Ok(Node::body().items("instanceCreditSpecificationSet", lines))
}
