//! Mixed instances policies: a template, and the types that may stand in for its own.
//!
//! Types are tried in the order given, which is what `prioritized` means; every instance is on demand and counts as one,
//! so the distribution and the weights are kept and told, not followed.

use crate::ec2::fleet;
use crate::model::Model;
use crate::model::autoscaling::{Blueprint, Launch, TemplateChoice};
use crate::wire::{ApiError, Node, Params, echo};

/// One way to launch an instance: from a template, as another type if one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is launched from.
    pub launch: Launch,
    /// The type that stands in for the template's.
    pub instance_type: Option<String>,
}

/// The ways in which an instance can be launched, the best first.
pub fn choices(model: &Model, blueprint: &Blueprint) -> Vec<Choice> {
    let plain = Choice { launch: blueprint.launch.clone(), instance_type: None };
    let overrides = blueprint.mixed.as_ref().map(|mixed| mixed.list("LaunchTemplate.Overrides"));
    let choice = |one: &Params| Choice {
        launch: template(model, one.get("LaunchTemplateSpecification"))
            .ok()
            .flatten()
            .map_or(blueprint.launch.clone(), Launch::Template),
        instance_type: one.text("InstanceType").map(str::to_owned),
    };
    let choices: Vec<Choice> = overrides.into_iter().flatten().map(choice).collect();
    if choices.is_empty() { vec![plain] } else { choices }
}

/// The template that a `LaunchTemplateSpecification` names, if there is one.
///
/// # Errors
/// It names none, or one that does not exist.
pub fn template(model: &Model, sent: Option<&Params>) -> Result<Option<TemplateChoice>, ApiError> {
    let Some(sent) = sent.filter(|sent| !sent.is_empty()) else { return Ok(None) };
    let id = sent.text("LaunchTemplateId").or_else(|| sent.text("LaunchTemplateName"));
    let id = id.ok_or_else(|| ApiError::validation("You must specify a launch template ID or name."))?;
    let version = sent.text("Version").unwrap_or("$Default");
    let invalid = |error: ApiError| ApiError::validation(error.message);
    let (_, found) = fleet::launch_template(model, id, Some(version)).map_err(invalid)?;
    Ok(Some(TemplateChoice { id: found.id, name: found.name, version: version.to_owned() }))
}

/// Refuses types that the overrides name and EC2 does not know for the template's image.
pub fn check(model: &Model, blueprint: &Blueprint) -> Result<(), ApiError> {
    let invalid = |error: ApiError| ApiError::validation(error.message);
    for choice in choices(model, blueprint) {
        let mut spec = super::launch::spec(model, &choice.launch).map_err(invalid)?;
        spec.instance_type = choice.instance_type.unwrap_or(spec.instance_type);
        fleet::check(model, &super::configurations::placed(model, spec)?).map_err(invalid)?;
    }
    Ok(())
}

/// What `InstancesDistribution` says where it says nothing (InstancesDistribution).
const DISTRIBUTION: [(&str, &str); 4] = [
    ("OnDemandAllocationStrategy", "prioritized"),
    ("OnDemandBaseCapacity", "0"),
    ("OnDemandPercentageAboveBaseCapacity", "100"),
    ("SpotAllocationStrategy", "lowest-price"),
];

/// How describes show a policy.
pub fn node(template: &TemplateChoice, sent: &Params) -> Node {
    let told = DISTRIBUTION.iter().fold(Node::body(), |node, (name, usual)| {
        node.field(*name, sent.text(&format!("InstancesDistribution.{name}")).unwrap_or(usual))
    });
    let rest = ["SpotInstancePools", "SpotMaxPrice"];
    let told = rest
        .iter()
        .fold(told, |node, name| node.maybe(*name, sent.text(&format!("InstancesDistribution.{name}"))));
    let overrides = sent.list("LaunchTemplate.Overrides").into_iter().map(echo);
    let launch = Node::body()
        .child("LaunchTemplateSpecification", template_node(template))
        .members("Overrides", overrides);
    Node::body().child("LaunchTemplate", launch).child("InstancesDistribution", told)
}

/// How describes show a template.
pub fn template_node(template: &TemplateChoice) -> Node {
    Node::body()
        .field("LaunchTemplateId", &template.id)
        .field("LaunchTemplateName", &template.name)
        .field("Version", &template.version)
}
