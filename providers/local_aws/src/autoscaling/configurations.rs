//! Launch configurations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ec2::fleet::{self, LaunchSpec};
use crate::model::Model;
use crate::model::autoscaling::Configuration;
use crate::wire::{ApiError, Node, Params, echo, paginate};

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("LaunchConfigurationName")?.to_owned();
    if model.autoscaling.configurations.contains_key(&name) {
        let message = format!(
            "Launch Configuration by this name already exists - A launch configuration already exists with the name {name}"
        );
        return Err(ApiError::new("AlreadyExists", message));
    }
    check(model, params)?;
    let id = model.random.uuid();
    let arn = format!(
        "arn:aws:autoscaling:{}:{}:launchConfiguration:{id}:launchConfigurationName/{name}",
        model.region, model.account
    );
    let made = Configuration { name: name.clone(), arn, created: model.now, params: params.clone() };
    model.autoscaling.configurations.insert(name, made);
    Ok(Node::body())
}

fn check(model: &Model, params: &Params) -> Result<(), ApiError> {
    if params.text("ImageId").is_none_or(str::is_empty) {
        return Err(ApiError::validation(
            "Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.",
        ));
    }
    if params.text("InstanceType").is_none_or(str::is_empty) {
        return Err(ApiError::validation("Launch configuration must specify an InstanceType"));
    }
    if params.text("UserData").is_some_and(|data| STANDARD.decode(data).is_err()) {
        return Err(ApiError::validation("Invalid BASE64 encoding of user data"));
    }
    if let Some(profile) = params.text("IamInstanceProfile").filter(|text| !text.is_empty())
        && !model.iam.knows(profile, model.now)
    {
        return Err(ApiError::validation(format!("Invalid IamInstanceProfile: {profile}")));
    }
    let image = params.required("ImageId")?;
    fleet::check(model, &placed(model, spec(params)?)?).map_err(|error| {
        match error.code.starts_with("InvalidAMIID") {
            // The one message that people search for by its text.
            true => ApiError::validation(format!(
                "AMI {image} is invalid: The image id '[{image}]' does not exist"
            )),
            false => ApiError::validation(error.message),
        }
    })
}

/// The launch somewhere in the network of its security groups: where exactly is the group's to say, later.
pub fn placed(model: &Model, mut spec: LaunchSpec) -> Result<LaunchSpec, ApiError> {
    let Some(first) = spec.groups.first().filter(|group| group.starts_with("sg-")) else { return Ok(spec) };
    let missing = || ApiError::validation(format!("The security group '{first}' does not exist"));
    let vpc = &model.ec2.groups.get(first.as_str()).ok_or_else(missing)?.vpc;
    match model.ec2.subnets.values().find(|subnet| subnet.vpc == *vpc) {
        Some(subnet) => spec.subnet = Some(subnet.id.to_string()),
        // A network without subnets: there is nothing to check the groups against.
        None => spec.groups.clear(),
    }
    Ok(spec)
}

/// What a launch configuration launches. Where the instance goes is the group's to say.
pub fn spec(params: &Params) -> Result<LaunchSpec, ApiError> {
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut spec = LaunchSpec {
        image: params.required("ImageId")?.to_owned(),
        instance_type: params.required("InstanceType")?.to_owned(),
        key_name: text("KeyName"),
        groups: params.strings("SecurityGroups"),
        user_data: text("UserData"),
        instance_profile: text("IamInstanceProfile"),
        public_ip: params.bool("AssociatePublicIpAddress")?,
        block_devices: fleet::block_devices(params)?,
        ..LaunchSpec::default()
    };
    spec.settings.monitoring = params.bool("InstanceMonitoring.Enabled")?.unwrap_or(true);
    spec.settings.ebs_optimized = params.bool("EbsOptimized")?.unwrap_or(false);
    if let Some(tenancy) = text("PlacementTenancy") {
        spec.settings.tenancy = tenancy;
    }
    if let Some(tokens) = text("MetadataOptions.HttpTokens") {
        spec.settings.http_tokens = tokens;
    }
    Ok(spec)
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("LaunchConfigurationName")?;
    if !model.autoscaling.configurations.contains_key(name) {
        return Err(unknown(name));
    }
    // A group holds its configuration until its own deletion is over (terraform-provider-aws PR 7819).
    let launches = crate::model::autoscaling::Launch::Configuration(name.to_owned());
    if let Some(group) = model.autoscaling.groups.values().find(|group| group.launch == launches) {
        let message = format!(
            "Cannot delete launch configuration {name} because it is attached to AutoScalingGroup {}",
            group.name
        );
        return Err(ApiError::new("ResourceInUse", message));
    }
    model.autoscaling.configurations.remove(name);
    Ok(Node::body())
}

/// The refusal of a name that no launch configuration has.
pub fn unknown(name: &str) -> ApiError {
    ApiError::validation(format!(
        "Launch configuration name not found - A launch configuration with the name: {name} does not exist"
    ))
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.texts("LaunchConfigurationNames");
    let all = model.autoscaling.configurations.values();
    let chosen: Vec<&Configuration> =
        all.filter(|one| names.is_empty() || names.contains(&one.name.as_str())).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body()
        .members("LaunchConfigurations", page.into_iter().map(description))
        .maybe("NextToken", next))
}

fn description(one: &Configuration) -> Node {
    let params = &one.params;
    let switch = |name: &str, usual: bool| params.text(name).map_or(usual, |text| text == "true");
    let monitoring = Node::body().field("Enabled", switch("InstanceMonitoring.Enabled", true));
    let node = Node::body()
        .field("LaunchConfigurationName", &one.name)
        .field("LaunchConfigurationARN", &one.arn)
        .field("CreatedTime", one.created.stamp())
        .members("SecurityGroups", params.texts("SecurityGroups").into_iter().map(Node::value))
        .members("ClassicLinkVPCSecurityGroups", [])
        .members("BlockDeviceMappings", params.list("BlockDeviceMappings").into_iter().map(echo))
        .child("InstanceMonitoring", monitoring)
        .field("EbsOptimized", switch("EbsOptimized", false))
        .maybe("AssociatePublicIpAddress", params.text("AssociatePublicIpAddress"));
    // These are given back empty where they were not set.
    let always = ["KeyName", "UserData", "KernelId", "RamdiskId"];
    let node =
        always.into_iter().fold(node, |node, name| node.field(name, params.text(name).unwrap_or_default()));
    let sometimes = ["ImageId", "InstanceType", "IamInstanceProfile", "SpotPrice", "PlacementTenancy"];
    let node = sometimes.into_iter().fold(node, |node, name| node.maybe(name, params.text(name)));
    match params.get("MetadataOptions") {
        Some(options) => node.child("MetadataOptions", echo(options)),
        None => node,
    }
}
