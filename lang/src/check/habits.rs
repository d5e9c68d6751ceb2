//! What Terraform users write by habit, and how it is written here.

use crate::ast::{Attribute, Block};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::schema::SchemaSet;
use crate::span::Span;

/// Kinds with another name here.
const KINDS: &[(&str, &str)] = &[
    ("autoscaling_policy", "scaling_policy"),
    ("autoscaling_schedule", "scheduled_action"),
    ("autoscaling_lifecycle_hook", "lifecycle_hook"),
    ("cloudwatch_metric_alarm", "metric_alarm"),
];

/// Kinds that are attributes of their owner here.
const OWNED: &[(&str, &str)] = &[
    ("autoscaling_attachment", "`load_balancers` and `target_group_arns` of the `autoscaling_group`"),
    ("autoscaling_group_tag", "`tag` of the `autoscaling_group`"),
    ("elb_attachment", "`instances` of the `elb`"),
    ("proxy_protocol_policy", "`proxy_protocol_ports` of the `elb`"),
    ("lb_cookie_stickiness_policy", "`lb_cookie_stickiness` of the `elb`"),
    ("route", "`route` of the `route_table`"),
    ("route_table_association", "`subnets` of the `route_table`"),
    ("main_route_table_association", "`main = true` of the `route_table`"),
    ("security_group_rule", "`ingress` and `egress` of the `security_group`"),
    ("vpc_security_group_ingress_rule", "`ingress` of the `security_group`"),
    ("vpc_security_group_egress_rule", "`egress` of the `security_group`"),
    ("internet_gateway_attachment", "`vpc_id` of the `internet_gateway`"),
    ("ami_launch_permission", "`launch_permissions` of the `ami`"),
    ("route53_zone_association", "`vpc` of the `route53_zone`"),
];

/// Attributes with another name, of one kind or (`*`) of all.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("autoscaling_group", "launch_configuration", "launch"),
    ("autoscaling_group", "launch_template", "launch"),
    ("autoscaling_group", "instance_refresh", "swap"),
    ("autoscaling_group", "min_elb_capacity", "swap"),
    ("autoscaling_group", "wait_for_elb_capacity", "swap"),
    ("autoscaling_group", "wait_for_capacity_timeout", "swap"),
    ("autoscaling_group", "force_delete", "swap"),
    ("*", "ami", "image_id"),
    ("*", "vpc_security_group_ids", "security_groups"),
    ("*", "block_device_mappings", "ebs_block_device"),
    ("*", "monitoring", "enable_monitoring"),
];

/// The kind that a Terraform name stands for: `aws_elb` is `elb`.
pub(super) fn kind_of(name: &str, schemas: &SchemaSet) -> Option<String> {
    let plain = name.strip_prefix("aws_").unwrap_or(name);
    let renamed = KINDS.iter().find(|(old, _)| *old == plain).map_or(plain, |(_, new)| new);
    (renamed != name && schemas.kind(renamed).is_some()).then(|| renamed.to_owned())
}

/// Where a Terraform resource went that is part of its owner here.
pub(super) fn owner_of(name: &str) -> Option<&'static str> {
    let plain = name.strip_prefix("aws_").unwrap_or(name);
    OWNED.iter().find(|(old, _)| *old == plain).map(|(_, owner)| *owner)
}

/// A block that Terraform has and the language does not.
pub(super) fn block(block: &Block, schemas: &SchemaSet) -> Option<Diagnostic> {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.text.as_str()).collect();
    match (block.kind.as_str(), labels.as_slice()) {
        ("resource", [kind, name]) => Some(resource(block.header, kind, name, schemas)),
        ("resource" | "ephemeral", _) => {
            Some(habit(block.header, "a block starts with its kind: `elb \"web\" { … }`"))
        }
        ("terraform", _) => Some(
            habit(
                block.header,
                "there is no `terraform` block: the backend and the version stand in `project`",
            )
            .hint("write `project \"NAME\" { region = \"us-east-1\" }`"),
        ),
        ("provider", _) => Some(
            habit(block.header, "there is no `provider` block: `project` has the one region and account")
                .hint("a second region is a second project"),
        ),
        (kind, [name]) => renamed(block.kind.span, kind, Some(name), schemas),
        (kind, _) => renamed(block.kind.span, kind, None, schemas),
    }
}

fn renamed(span: Span, kind: &str, name: Option<&str>, schemas: &SchemaSet) -> Option<Diagnostic> {
    if schemas.kind(kind).is_some() {
        return None;
    }
    let label = name.map_or(String::new(), |name| format!(" \"{name}\""));
    match (kind_of(kind, schemas), owner_of(kind)) {
        (Some(new), _) => {
            Some(habit(span, &format!("`{kind}{label}` is written `{new}{label}`")).suggest(span, new))
        }
        (None, Some(owner)) => Some(habit(span, &format!("there is no `{kind}`: it is {owner}"))),
        (None, None) => None,
    }
}

fn resource(span: Span, kind: &str, name: &str, schemas: &SchemaSet) -> Diagnostic {
    let plain = kind.strip_prefix("aws_").unwrap_or(kind);
    match (kind_of(kind, schemas).or(schemas.kind(kind).map(|_| kind.to_owned())), owner_of(kind)) {
        (Some(new), _) => {
            let header = format!("{new} \"{name}\"");
            habit(span, &format!("`resource \"{kind}\" \"{name}\"` is written `{header}`"))
                .suggest(span, header)
        }
        (None, Some(owner)) => habit(span, &format!("there is no `{kind}`: it is {owner}")),
        (None, None) => habit(span, &format!("`resource` is not needed, and there is no kind `{plain}`")),
    }
}

/// An attribute that Terraform has and the language does not.
pub(super) fn attribute(kind: &str, attribute: &Attribute) -> Option<Diagnostic> {
    let name = attribute.name.as_str();
    let span = attribute.name.span;
    match name {
        "count" => Some(count(attribute)),
        "provider" | "providers" => Some(
            habit(span, "there is one region and account, that of `project`")
                .hint("a second region is a second project"),
        ),
        _ => renamed_attribute(kind, name, span),
    }
}

/// An attribute or nested block with another name here.
pub(super) fn renamed_attribute(kind: &str, name: &str, span: Span) -> Option<Diagnostic> {
    let found = ATTRIBUTES.iter().find(|(of, old, _)| (*of == kind || *of == "*") && *old == name);
    found.map(|(_, old, new)| habit(span, &format!("`{old}` is written `{new}`")).suggest(span, *new))
}

fn count(attribute: &Attribute) -> Diagnostic {
    use crate::ast::ExprKind;
    let one_or_none = matches!(&attribute.value.bare().kind, ExprKind::Conditional(_));
    if one_or_none {
        habit(attribute.name.span, "`count = c ? 1 : 0` is written `when = c`")
    } else {
        habit(
            attribute.name.span,
            "there is no `count`: a position is no identity, removing the first renames the rest",
        )
        .hint("write `for_each = toset([\"a\", \"b\"])`")
    }
}

/// `dynamic "b"`.
pub(super) fn dynamic(block: &Block) -> Diagnostic {
    let name = block.labels.first().map_or("b", |label| label.text.as_str());
    habit(
        block.header,
        &format!("there is no `dynamic`: a nested block is an attribute, `{name} = [for x in … : {{ … }}]`"),
    )
}

pub(super) fn habit(span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(codes::HABIT, span, message)
}
