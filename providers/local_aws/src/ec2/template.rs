//! Launch templates.

use super::filter::{Field, select};
use super::kind::TEMPLATE;
use super::launch_spec::LaunchSpec;
use super::{idempotency, page, tag, template_data};
use crate::model::Model;
use crate::model::ec2::{Template, TemplateId, TemplateRef, TemplateVersion};
use crate::wire::{ApiError, Node, Params, Protocol};

/// The launch that a version of a template asks for. `version` is a number, `$Latest` or `$Default`; none is
/// `$Default`.
///
/// # Errors
/// There is no such template or version, or the version names no image, or it cannot be read.
pub fn launch_template(
    model: &Model,
    id_or_name: &str,
    version: Option<&str>,
) -> Result<(LaunchSpec, TemplateRef), ApiError> {
    let template = match id_or_name.starts_with("lt-") {
        true => TEMPLATE.find(&model.ec2.templates, id_or_name)?,
        false => named(model, id_or_name)?,
    };
    let (number, version) = version_of(template, version.unwrap_or("$Default"))?;
    let reference = TemplateRef { id: template.id.clone(), name: template.name.clone(), version: number };
    let mut spec = LaunchSpec::read(&version.data)?;
    spec.template = Some(reference.clone());
    Ok((spec, reference))
}

/// The parameters of a version, for RunInstances to put its own on top.
pub(super) fn parameters(model: &Model, params: &Params) -> Result<(Params, TemplateRef), ApiError> {
    let template = asked(model, params)?;
    let (number, version) = version_of(template, params.text("Version").unwrap_or("$Default"))?;
    let reference = TemplateRef { id: template.id.clone(), name: template.name.clone(), version: number };
    Ok((version.data.clone(), reference))
}

fn named<'m>(model: &'m Model, name: &str) -> Result<&'m Template, ApiError> {
    model.ec2.templates.values().find(|template| template.name == name).ok_or_else(|| {
        let reason = "At least one of the launch templates specified in the request does not exist.";
        ApiError::new("InvalidLaunchTemplateName.NotFoundException", reason)
    })
}

fn asked<'m>(model: &'m Model, params: &Params) -> Result<&'m Template, ApiError> {
    match (params.text("LaunchTemplateId"), params.text("LaunchTemplateName")) {
        (Some(id), None) => TEMPLATE.find(&model.ec2.templates, id),
        (None, Some(name)) => named(model, name),
        (Some(_), Some(_)) => Err(ApiError::new(
            "InvalidParameterCombination",
            "Specify either the launch template ID or the launch template name, not both.",
        )),
        (None, None) => Err(ApiError::new(
            "MissingParameter",
            "You must provide either a LaunchTemplateId or a LaunchTemplateName.",
        )),
    }
}

fn version_of<'t>(template: &'t Template, wanted: &str) -> Result<(u64, &'t TemplateVersion), ApiError> {
    let number = match wanted {
        "$Latest" => Some(template.latest_version),
        "$Default" => Some(template.default_version),
        number => number.parse().ok(),
    };
    let found = number.and_then(|number| template.versions.get_key_value(&number));
    found.map(|(number, version)| (*number, version)).ok_or_else(|| no_version(template, wanted))
}

fn no_version(template: &Template, wanted: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateId.VersionNotFound",
        format!(
            "Could not find the specified version {wanted} for the launch template with ID {}.",
            template.id
        ),
    )
}

/// CreateLaunchTemplate.
pub fn create_launch_template(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    if let Some(id) = idempotency::outcome_before(model, params)? {
        let template = TEMPLATE.find(&model.ec2.templates, &id)?;
        return Ok(Node::body().child("launchTemplate", described(model, template)));
    }
    let name = params.required("LaunchTemplateName")?.to_owned();
    check_name(&name)?;
    if named(model, &name).is_ok() {
        return Err(ApiError::new(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        ));
    }
    let data = data(params)?;
    tag::specifications(params)?;
    let id = TemplateId::new(&mut model.random);
    let version = TemplateVersion { description: description(params), created: model.now, data };
    let template = Template {
        id: id.clone(),
        name,
        created: model.now,
        default_version: 1,
        latest_version: 1,
        versions: [(1, version)].into(),
    };
    let body = template_node(model, &template);
    model.ec2.templates.insert(id.clone(), template);
    tag::put_specified(model, TEMPLATE, id.as_str(), params)?;
    idempotency::remember(model, params, &id);
    Ok(Node::body().child("launchTemplate", tag::tag_set(&model.ec2, id.as_str(), body)))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()./_-".contains(c);
    if (3..=128).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let reason = "Launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _";
    Err(ApiError::new("InvalidLaunchTemplateName.MalformedException", reason))
}

fn description(params: &Params) -> Option<String> {
    params.text("VersionDescription").filter(|text| !text.is_empty()).map(str::to_owned)
}

fn data(params: &Params) -> Result<Params, ApiError> {
    let data = params.get("LaunchTemplateData").filter(|data| !data.is_empty());
    let data = data.ok_or_else(|| ApiError::missing(Protocol::Ec2, "LaunchTemplateData"))?;
    // Reading the parts that can be read without an image refuses malformed numbers and tags here, as AWS
    // does.
    tag::specifications(data)?;
    super::launch_spec::block_devices(data)?;
    Ok(data.clone())
}

/// CreateLaunchTemplateVersion. Settings of `SourceVersion` that the new data do not name are kept.
pub fn create_launch_template_version(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let template = asked(model, params)?;
    if let Some(number) = idempotency::outcome_before(model, params)? {
        let (number, version) = version_of(template, &number)?;
        return Ok(
            Node::body().child("launchTemplateVersion", version_node(model, template, number, version))
        );
    }
    let id = template.id.clone();
    let own = data(params)?;
    let data = match params.text("SourceVersion") {
        Some(source) => own.over(&version_of(template, source)?.1.data),
        None => own,
    };
    let number = template.latest_version + 1;
    let version = TemplateVersion { description: description(params), created: model.now, data };
    let template = TEMPLATE.find_mut(&mut model.ec2.templates, id.as_str())?;
    template.latest_version = number;
    template.versions.insert(number, version.clone());
    idempotency::remember(model, params, number);
    let template = TEMPLATE.find(&model.ec2.templates, id.as_str())?;
    Ok(Node::body().child("launchTemplateVersion", version_node(model, template, number, &version)))
}

/// ModifyLaunchTemplate: chooses the default version.
pub fn modify_launch_template(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let template = asked(model, params)?;
    let id = template.id.clone();
    let wanted = params.text("SetDefaultVersion").or(params.text("DefaultVersion"));
    if let Some(wanted) = wanted {
        let (number, _) = version_of(template, wanted)?;
        TEMPLATE.find_mut(&mut model.ec2.templates, id.as_str())?.default_version = number;
    }
    let template = TEMPLATE.find(&model.ec2.templates, id.as_str())?;
    Ok(Node::body().child("launchTemplate", described(model, template)))
}

/// DeleteLaunchTemplate.
pub fn delete_launch_template(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let template = asked(model, params)?;
    let (id, body) = (template.id.clone(), described(model, template));
    model.ec2.templates.remove(&id);
    model.ec2.tags.remove(id.as_str());
    Ok(Node::body().child("launchTemplate", body))
}

/// DeleteLaunchTemplateVersions: each by itself; the default version cannot go.
pub fn delete_launch_template_versions(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let template = asked(model, params)?.clone();
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for wanted in params.texts("LaunchTemplateVersion") {
        let line = |number: &str| {
            Node::body()
                .field("launchTemplateId", &template.id)
                .field("launchTemplateName", &template.name)
                .field("versionNumber", number)
        };
        match deletable(&template, wanted) {
            Ok(number) => {
                TEMPLATE.find_mut(&mut model.ec2.templates, template.id.as_str())?.versions.remove(&number);
                gone.push(line(&number.to_string()));
            }
            Err((code, message)) => {
                let number = wanted.parse::<u64>().unwrap_or_default().to_string();
                let error = Node::body().field("code", code).field("message", message);
                kept.push(line(&number).child("responseError", error));
            }
        }
    }
    Ok(Node::body()
        .items("successfullyDeletedLaunchTemplateVersionSet", gone)
        .items("unsuccessfullyDeletedLaunchTemplateVersionSet", kept))
}

fn deletable(template: &Template, wanted: &str) -> Result<u64, (&'static str, String)> {
    let number =
        version_of(template, wanted).map_err(|error| ("launchTemplateVersionDoesNotExist", error.message))?.0;
    if number == template.default_version {
        let reason =
            format!("Cannot delete the default version {number} of the launch template {}.", template.id);
        return Err(("unexpectedError", reason));
    }
    Ok(number)
}

const FIELDS: &[Field<Template>] = &[
    ("launch-template-name", |_, template| vec![template.name.clone()]),
    ("create-time", |_, template| vec![template.created.stamp()]),
];

/// DescribeLaunchTemplates.
pub fn describe_launch_templates(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let (ids, names) = (params.texts("LaunchTemplateId"), params.texts("LaunchTemplateName"));
    let mut chosen = Vec::new();
    for id in &ids {
        chosen.push(TEMPLATE.find(&model.ec2.templates, id)?);
    }
    for name in &names {
        chosen.push(named(model, name)?);
    }
    if ids.is_empty() && names.is_empty() {
        chosen = model.ec2.templates.values().collect();
    }
    let chosen = select(model, params, chosen, FIELDS, |template| template.id.as_str())?;
    page::page(params, "launchTemplates", chosen, |template| described(model, template))
}

/// DescribeLaunchTemplateVersions: of one template, or with `$Latest` or `$Default` of all of them.
pub fn describe_launch_template_versions(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let wanted = params.texts("LaunchTemplateVersion");
    let lines = match params.text("LaunchTemplateId").or(params.text("LaunchTemplateName")) {
        Some(_) => of_template(asked(model, params)?, &wanted, params)?,
        None if wanted.is_empty() => return Err(ApiError::missing(Protocol::Ec2, "LaunchTemplateId")),
        None => {
            let all = model.ec2.templates.values();
            all.map(|template| of_template(template, &wanted, params))
                .collect::<Result<Vec<_>, _>>()?
                .concat()
        }
    };
    page::page(params, "launchTemplateVersionSet", lines, |(template, number, version)| {
        version_node(model, template, *number, version)
    })
}

type Line<'m> = (&'m Template, u64, &'m TemplateVersion);

fn of_template<'m>(
    template: &'m Template,
    wanted: &[&str],
    params: &Params,
) -> Result<Vec<Line<'m>>, ApiError> {
    if !wanted.is_empty() {
        return wanted
            .iter()
            .map(|wanted| version_of(template, wanted).map(|(number, it)| (template, number, it)))
            .collect();
    }
    let bound = |name: &str| params.text(name).and_then(|text| text.parse::<u64>().ok());
    let (low, high) = (bound("MinVersion").unwrap_or(1), bound("MaxVersion").unwrap_or(u64::MAX));
    let within = template.versions.iter().rev().filter(|(number, _)| (low..=high).contains(*number));
    Ok(within.map(|(number, version)| (template, *number, version)).collect())
}

fn described(model: &Model, template: &Template) -> Node {
    tag::tag_set(&model.ec2, template.id.as_str(), template_node(model, template))
}

fn template_node(model: &Model, template: &Template) -> Node {
    Node::body()
        .field("launchTemplateId", &template.id)
        .field("launchTemplateName", &template.name)
        .field("createTime", template.created)
        .field("createdBy", creator(model))
        .field("defaultVersionNumber", template.default_version)
        .field("latestVersionNumber", template.latest_version)
}

fn version_node(model: &Model, template: &Template, number: u64, version: &TemplateVersion) -> Node {
    Node::body()
        .field("launchTemplateId", &template.id)
        .field("launchTemplateName", &template.name)
        .field("versionNumber", number)
        .maybe("versionDescription", version.description.as_deref())
        .field("createTime", version.created)
        .field("createdBy", creator(model))
        .field("defaultVersion", number == template.default_version)
        .child("launchTemplateData", template_data::node(&version.data))
}

fn creator(model: &Model) -> String {
    format!("arn:aws:iam::{}:user/local", model.account)
}
