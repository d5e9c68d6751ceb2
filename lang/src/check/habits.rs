//! What Terraform users write by habit, and how it is written here.

use crate::ast::{Attribute, Block, Expr, ExprKind, Item};
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

/// Attributes with another name and the same value, of one kind or (`*`) of all.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("autoscaling_group", "launch_configuration", "launch"),
    ("*", "ami", "image_id"),
    ("*", "vpc_security_group_ids", "security_groups"),
    ("*", "monitoring", "enable_monitoring"),
    ("*", "tenancy", "placement_tenancy"),
];

/// Blocks of one attribute that are an attribute here: the kind, the block, its attribute, and what it is here.
const UNWRAPPED: &[(&str, &str, &str, &str)] = &[
    ("autoscaling_group", "launch_template", "id", "launch"),
    ("autoscaling_group", "launch_template", "name", "launch"),
    ("instance", "launch_template", "id", "launch"),
    ("*", "iam_instance_profile", "name", "iam_instance_profile"),
    ("*", "monitoring", "enabled", "enable_monitoring"),
    ("*", "placement", "tenancy", "placement_tenancy"),
];

/// Attributes of a group that ask for what a `swap` does by itself.
const NEEDLESS: &[&str] = &["min_elb_capacity", "wait_for_elb_capacity", "force_delete"];

/// Attributes and blocks of a group whose place is in `swap`, with a likely form of it.
const SWAPPED: &[(&str, &str)] = &[
    ("instance_refresh", "swap = { strategy = \"instance_refresh\" }"),
    ("wait_for_capacity_timeout", "swap = { timeout = 10m }"),
];

/// Attributes that are read by another name here.
const READS: &[(&str, &str, &str)] = &[
    ("route53_zone", "zone_id", "id"),
    ("launch_template", "default_version", "latest_version"),
    ("instance", "ami", "image_id"),
    ("instance", "vpc_security_group_ids", "security_groups"),
    ("instance", "public_dns_name", "public_dns"),
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
        ("terraform", _) => Some(terraform(block)),
        ("provider", _) => Some(
            habit(block.header, "there is no `provider` block: `project` has the one region and account")
                .hint("a second region is a second project"),
        ),
        (kind, [name]) => renamed(block.kind.span, kind, Some(name), schemas),
        (kind, _) => renamed(block.kind.span, kind, None, schemas),
    }
}

/// `terraform {}`: versions of Terraform and its providers mean nothing here, so with nothing else it goes.
fn terraform(block: &Block) -> Diagnostic {
    let message = "there is no `terraform` block: the backend and the version stand in `project`";
    let error = habit(block.header, message).hint("write `project \"NAME\" { region = \"us-east-1\" }`");
    let of_terraform = |item: &Item| match item {
        Item::Attribute(attribute) => attribute.name.as_str() == "required_version",
        Item::Block(inner) => inner.kind.as_str() == "required_providers",
    };
    match block.body.complete && block.body.items.iter().all(of_terraform) {
        true => error.fix(block.span, ""),
        false => error,
    }
}

fn renamed(span: Span, kind: &str, name: Option<&str>, schemas: &SchemaSet) -> Option<Diagnostic> {
    if schemas.kind(kind).is_some() {
        return None;
    }
    let label = name.map_or(String::new(), |name| format!(" \"{name}\""));
    match (kind_of(kind, schemas), owner_of(kind)) {
        (Some(new), _) => {
            Some(habit(span, &format!("`{kind}{label}` is written `{new}{label}`")).fix(span, new))
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
            habit(span, &format!("`resource \"{kind}\" \"{name}\"` is written `{header}`")).fix(span, header)
        }
        (None, Some(owner)) => habit(span, &format!("there is no `{kind}`: it is {owner}")),
        (None, None) => habit(span, &format!("`resource` is not needed, and there is no kind `{plain}`")),
    }
}

/// An attribute that Terraform has and the language does not.
pub(super) fn attribute(kind: &str, attribute: &Attribute) -> Option<Diagnostic> {
    let (name, span) = (attribute.name.as_str(), attribute.name.span);
    let renamed = ATTRIBUTES.iter().find(|(of, old, _)| is_of(of, kind) && *old == name);
    match name {
        "count" => return Some(count(attribute)),
        "provider" | "providers" => {
            let error = habit(span, "there is one region and account, that of `project`");
            return Some(error.hint("a second region is a second project"));
        }
        _ => {}
    }
    if let Some((_, old, new)) = renamed {
        return Some(habit(span, &format!("`{old}` is written `{new}`")).fix(span, *new));
    }
    in_swap(kind, name, attribute.span)
}

/// A nested block that Terraform has and the language does not.
pub(super) fn nested(kind: &str, block: &Block) -> Option<Diagnostic> {
    let (name, span) = (block.kind.as_str(), block.header);
    if name == "block_device_mappings" {
        return Some(devices(block));
    }
    let inner = |old: &str| block.body.attribute(old);
    let mut unwrapped = UNWRAPPED.iter().filter(|(of, outer, ..)| is_of(of, kind) && *outer == name);
    let found = unwrapped.clone().find_map(|(_, _, old, new)| Some((inner(old)?, *new)));
    match (found, unwrapped.next()) {
        (Some((attribute, new)), _) => Some(unwrap(block, &attribute.value, new)),
        (None, Some((.., new))) => Some(habit(span, &format!("`{name}` is written `{new} = …`"))),
        (None, None) => in_swap(kind, name, block.span),
    }
}

fn is_of(of: &str, kind: &str) -> bool {
    of == "*" || of == kind
}

/// A block that is the value of one of its attributes here.
fn unwrap(block: &Block, value: &Expr, new: &str) -> Diagnostic {
    let (before, after) = around(block.span, value.span);
    let message = format!("`{} {{ … }}` is written `{new} = …`", block.kind);
    habit(block.header, &message).fix(before, format!("{new} = ")).fix(after, "")
}

/// What of `outer` stands before and behind `inner`.
fn around(outer: Span, inner: Span) -> (Span, Span) {
    (Span { end: inner.start, ..outer }, Span { start: inner.end, ..outer })
}

/// `block_device_mappings { device_name ebs { … } }`: the inner block's attributes stand beside the name.
fn devices(block: &Block) -> Diagnostic {
    let error =
        habit(block.header, "`block_device_mappings` is written `ebs_block_device`, without a block in it");
    let inner = block.body.blocks().find(|inner| inner.kind.as_str() == "ebs");
    let places = inner.and_then(|inner| {
        let items = &inner.body.items;
        Some((inner.span, items.first()?.span().to(items.last()?.span())))
    });
    match places {
        Some((outer, items)) => {
            let (before, after) = around(outer, items);
            error.fix(block.kind.span, "ebs_block_device").fix(before, "").fix(after, "")
        }
        None => error.suggest(block.kind.span, "ebs_block_device"),
    }
}

/// What a group says in Terraform of how instances are replaced.
fn in_swap(kind: &str, name: &str, span: Span) -> Option<Diagnostic> {
    if kind != "autoscaling_group" {
        return None;
    }
    if NEEDLESS.contains(&name) {
        let error =
            habit(span, &format!("there is no `{name}`: a `swap` waits until the new instances serve"));
        return Some(error.hint("delete it").fix(span, ""));
    }
    let (_, form) = SWAPPED.iter().find(|(old, _)| *old == name)?;
    Some(habit(span, &format!("`{name}` is part of `swap`")).suggest(span, *form))
}

/// An attribute that is read by its name in Terraform.
pub(super) fn read(kind: &str, name: &str, span: Span) -> Option<Diagnostic> {
    let (_, old, new) = READS.iter().find(|(of, old, _)| *of == kind && *old == name)?;
    Some(habit(span, &format!("`{old}` of `{kind}` is called `{new}`")).fix(span, *new))
}

/// `count`: as `when` where it is one or none, else an error, for positions are no identity.
fn count(attribute: &Attribute) -> Diagnostic {
    let name = attribute.name.span;
    let ExprKind::Conditional(parts) = &attribute.value.bare().kind else {
        let message = "there is no `count`: a position is no identity, removing the first renames the rest";
        return habit(name, message).hint("write `for_each = toset([\"a\", \"b\"])`");
    };
    let (before, after) = around(attribute.span, parts.condition.span);
    let error = habit(name, "`count = c ? 1 : 0` is written `when = c`");
    match (integer(&parts.yes), integer(&parts.no)) {
        (Some(1), Some(0)) => error.fix(before, "when = ").fix(after, ""),
        (Some(0), Some(1)) => error.fix(before, "when = !(").fix(after, ")"),
        _ => error,
    }
}

/// The value of a small literal.
fn integer(expr: &Expr) -> Option<i64> {
    match &expr.bare().kind {
        ExprKind::Number(number) => number.value().to_i64(),
        _ => None,
    }
}

/// `create_before_destroy` in a `lifecycle` block, which goes with it if it holds nothing else.
pub(super) fn replacement_order(attribute: &Attribute, lifecycle: &Block) -> Diagnostic {
    let whole = if lifecycle.body.items.len() == 1 { lifecycle.span } else { attribute.span };
    habit(attribute.span, "delete `create_before_destroy`: the order of a replacement follows from the kind")
        .fix(whole, "")
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
