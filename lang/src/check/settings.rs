//! The parts of blocks that are the language's own: meta-arguments, life cycles, project settings, conditions.

use super::blocks::{self, arguments};
use super::{habits, sources};
use crate::address::Mode;
use crate::ast::{Attribute, Block, Expr, ExprKind, Item};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::{AttributeName, Identifier};
use crate::program::{Argument, Call, CheckBlock, Condition, Lifecycle, Meta, Object, Project, Step};
use crate::schema::{AttributeSchema, KindSchema};
use crate::span::Span;

pub(super) type Errors<'a> = &'a mut Vec<Diagnostic>;

/// Reads a `project` block.
pub(super) fn project(name: Identifier, block: &Block, errors: Errors<'_>) -> Project {
    let mut project = Project {
        name,
        region: None,
        account: None,
        tags: None,
        required_version: None,
        backend: None,
        span: block.header,
    };
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) => match attribute.name.as_str() {
                "region" => project.region = Some(attribute.value.clone()),
                "account" => project.account = Some(attribute.value.clone()),
                "tags" => project.tags = Some(attribute.value.clone()),
                "required_version" => project.required_version = Some(attribute.value.clone()),
                name => errors.push(unknown(
                    name,
                    attribute,
                    &["region", "account", "tags", "required_version", "backend"],
                )),
            },
            Item::Block(inner) if inner.kind.as_str() == "backend" => {
                once(&project.backend, inner, |first| first.header, errors);
                project.backend = Some(inner.clone());
            }
            Item::Block(inner) => errors.push(unknown_block(inner, &["backend"])),
        }
    }
    if project.region.is_none() && block.body.complete {
        let error = Diagnostic::error(codes::MISSING, block.header, "the project has no `region`");
        errors.push(error.hint("write `region = \"us-east-1\"`"));
    }
    project
}

/// Reports a block that may be written once, and was before.
fn once<T>(before: &Option<T>, block: &Block, place: impl Fn(&T) -> Span, errors: Errors<'_>) {
    if let Some(first) = before {
        let message = format!("`{}` may be written once only", block.kind);
        let error = Diagnostic::error(codes::BOTH_FORMS, block.header, message);
        errors.push(error.label(place(first), "the first"));
    }
}

/// An attribute that a block of the language does not take.
pub(super) fn unknown(name: &str, attribute: &Attribute, known: &[&str]) -> Diagnostic {
    let span = attribute.name.span;
    let error =
        Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, span, format!("there is no attribute `{name}` here"));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
        None => error,
    }
}

pub(super) fn unknown_block(block: &Block, known: &[&str]) -> Diagnostic {
    let span = block.kind.span;
    let error =
        Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, span, format!("there is no block `{}` here", block.kind));
    match nearest(block.kind.as_str(), known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
        None => error,
    }
}

/// Takes the meta-arguments out of the items of a block; the rest is its own.
fn meta<'a>(items: &'a [Item], errors: Errors<'_>) -> (Meta, Vec<&'a Item>) {
    let mut meta = Meta::default();
    let mut rest = Vec::new();
    for item in items {
        match item {
            Item::Attribute(attribute) => match attribute.name.as_str() {
                "for_each" => meta.for_each = Some(attribute.value.clone()),
                "when" => meta.when = Some(attribute.value.clone()),
                "depends_on" => meta.depends_on = list(&attribute.value, "references", errors),
                _ => rest.push(item),
            },
            Item::Block(_) => rest.push(item),
        }
    }
    if let (Some(for_each), Some(when)) = (&meta.for_each, &meta.when) {
        let error = Diagnostic::error(codes::META, when.span, "`when` and `for_each` exclude each other");
        let error = error.label(for_each.span, "`for_each`");
        errors.push(error.hint("filter the keys instead: `{ for k, v in xs : k => v if … }`"));
    }
    (meta, rest)
}

/// The elements of a list literal, where no other expression may stand.
fn list(expr: &Expr, of: &str, errors: Errors<'_>) -> Vec<Expr> {
    match &expr.bare().kind {
        ExprKind::Tuple(items) => items.clone(),
        ExprKind::Invalid => Vec::new(),
        _ => {
            let message = format!("a list of {of} is wanted: `[…]`");
            errors.push(Diagnostic::error(codes::TYPE, expr.span, message));
            Vec::new()
        }
    }
}

impl Object {
    /// Reports what is written as in Terraform; once mended, the block will have what seems to be missing.
    fn habit(&mut self, error: Diagnostic, errors: Errors<'_>) {
        self.complete = false;
        errors.push(error);
    }
}

/// Reads a block of a kind, or a `data` block.
pub(super) fn object(mode: Mode, schema: &KindSchema, block: &Block, errors: Errors<'_>) -> Object {
    let (meta, rest) = meta(&block.body.items, errors);
    let mut object = Object {
        meta,
        arguments: Vec::new(),
        steps: Vec::new(),
        lifecycle: Lifecycle::default(),
        timeouts: Vec::new(),
        header: block.header,
        complete: block.body.complete,
    };
    let mut own = Vec::new();
    let (mut first_lifecycle, mut first_timeouts) = (None, None);
    for item in rest {
        match (item, mode) {
            (Item::Block(inner), Mode::Managed) if inner.kind.as_str() == "lifecycle" => {
                once(&first_lifecycle, inner, |span| *span, errors);
                first_lifecycle = Some(inner.header);
                object.lifecycle = lifecycle(inner, errors);
            }
            (Item::Block(inner), Mode::Managed) if inner.kind.as_str() == "timeouts" => {
                once(&first_timeouts, inner, |span| *span, errors);
                first_timeouts = Some(inner.header);
                object.timeouts = timeouts(inner, errors);
            }
            (Item::Block(inner), Mode::Data) if matches!(inner.kind.as_str(), "lifecycle" | "timeouts") => {
                let message = format!("a lookup has no `{}`", inner.kind);
                let error = Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, inner.header, message);
                errors.push(error.hint("it makes nothing; an assertion on what it finds is a `check`"));
            }
            (Item::Block(inner), Mode::Managed) if is_step(schema, inner) => {
                object.steps.push(step(schema, inner, errors))
            }
            (Item::Block(inner), _)
                if inner.kind.as_str() == "provisioner" || inner.kind.as_str() == "connection" =>
            {
                errors.push(habits::habit(
                    inner.header,
                    "there are no provisioners: images are built by the steps of an `ami`",
                ));
            }
            (Item::Attribute(attribute), _) if !knows(mode, schema, attribute.name.as_str()) => {
                match habits::attribute(schema.name.as_str(), attribute) {
                    Some(error) => object.habit(error, errors),
                    None => own.push(item),
                }
            }
            (Item::Block(inner), _) if !knows(mode, schema, inner.kind.as_str()) => {
                match habits::nested(schema.name.as_str(), inner) {
                    Some(error) => object.habit(error, errors),
                    None => own.push(item),
                }
            }
            _ => own.push(item),
        }
    }
    let find = |name: &str| attribute_of(mode, schema, name);
    object.arguments = arguments(own.into_iter(), &find, errors);
    object
}

fn knows(mode: Mode, schema: &KindSchema, name: &str) -> bool {
    attribute_of(mode, schema, name).is_some()
}

/// What may be written in a block of the kind, or in a `data` block that looks for one.
pub(crate) fn attribute_of<'a>(
    mode: Mode,
    schema: &'a KindSchema,
    name: &str,
) -> Option<&'a AttributeSchema> {
    match mode {
        Mode::Managed => schema.attribute(name),
        Mode::Data => schema.lookup.iter().find(|attribute| attribute.name == *name),
    }
}

fn is_step(schema: &KindSchema, block: &Block) -> bool {
    schema.steps.iter().any(|step| step.name == *block.kind.as_str())
}

fn step(schema: &KindSchema, block: &Block, errors: Errors<'_>) -> Step {
    let step = schema.steps.iter().find(|step| step.name == *block.kind.as_str());
    let attributes = step.map(|step| step.block.attributes.as_slice()).unwrap_or_default();
    let mut body = block.body.clone();
    let when = body.attribute("when").map(|when| when.value.clone());
    body.items
        .retain(|item| !matches!(item, Item::Attribute(attribute) if attribute.name.as_str() == "when"));
    let value = blocks::body(&body, attributes, block.header, errors);
    Step { name: AttributeName::new(block.kind.as_str()), value, when, span: block.header }
}

fn lifecycle(block: &Block, errors: Errors<'_>) -> Lifecycle {
    const KNOWN: &[&str] =
        &["prevent_destroy", "ignore_changes", "replace_triggered_by", "precondition", "postcondition"];
    let mut lifecycle = Lifecycle::default();
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) => match attribute.name.as_str() {
                "prevent_destroy" => lifecycle.prevent_destroy = Some(attribute.value.clone()),
                "ignore_changes" => lifecycle.ignore_changes = list(&attribute.value, "attributes", errors),
                "replace_triggered_by" => {
                    lifecycle.replace_triggered_by = list(&attribute.value, "references", errors)
                }
                "create_before_destroy" => errors.push(habits::replacement_order(attribute, block)),
                name => errors.push(unknown(name, attribute, KNOWN)),
            },
            Item::Block(inner) => match inner.kind.as_str() {
                "precondition" => lifecycle.preconditions.extend(condition(inner, errors)),
                "postcondition" => lifecycle.postconditions.extend(condition(inner, errors)),
                _ => errors.push(unknown_block(inner, KNOWN)),
            },
        }
    }
    lifecycle
}

/// A `validation`, `precondition` or `postcondition` block.
pub(crate) fn condition(block: &Block, errors: Errors<'_>) -> Option<Condition> {
    let part = |name: &str| block.body.attribute(name).map(|attribute| attribute.value.clone());
    for attribute in block.body.attributes() {
        if !matches!(attribute.name.as_str(), "condition" | "error_message") {
            errors.push(unknown(attribute.name.as_str(), attribute, &["condition", "error_message"]));
        }
    }
    match (part("condition"), part("error_message")) {
        (Some(condition), Some(message)) => Some(Condition { condition, message }),
        _ => {
            let message = format!("`{}` needs a `condition` and an `error_message`", block.kind);
            errors.extend(
                block.body.complete.then(|| Diagnostic::error(codes::MISSING, block.header, message)),
            );
            None
        }
    }
}

/// A `check` block.
pub(super) fn check(name: &str, block: &Block, errors: Errors<'_>) -> CheckBlock {
    let mut assertions = Vec::new();
    for item in &block.body.items {
        match item {
            Item::Block(inner) if inner.kind.as_str() == "assert" => {
                assertions.extend(condition(inner, errors))
            }
            Item::Block(inner) => errors.push(unknown_block(inner, &["assert"])),
            Item::Attribute(attribute) => {
                let error = unknown(attribute.name.as_str(), attribute, &[]);
                errors.push(error.hint("a `check` holds `assert` blocks"));
            }
        }
    }
    if assertions.is_empty() && block.body.complete && block.body.items.is_empty() {
        let error = Diagnostic::error(codes::MISSING, block.header, "the check asserts nothing");
        errors.push(error.hint("write `assert { condition = …, error_message = … }`"));
    }
    CheckBlock { name: name.to_owned(), assertions }
}

fn timeouts(block: &Block, errors: Errors<'_>) -> Vec<Argument> {
    const KNOWN: &[&str] = &["create", "update", "delete"];
    let mut timeouts = Vec::new();
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) if KNOWN.contains(&attribute.name.as_str()) => {
                timeouts.push(Argument {
                    name: AttributeName::new(attribute.name.as_str()),
                    value: attribute.value.clone(),
                    name_span: attribute.name.span,
                    span: attribute.span,
                })
            }
            Item::Attribute(attribute) => errors.push(unknown(attribute.name.as_str(), attribute, KNOWN)),
            Item::Block(inner) => errors.push(unknown_block(inner, &[])),
        }
    }
    timeouts
}

/// Reads a `module` block of the module in `directory`.
pub(super) fn call(block: &Block, directory: &str, errors: Errors<'_>) -> Option<Call> {
    let (meta, rest) = meta(&block.body.items, errors);
    let mut own = Vec::new();
    for item in rest {
        match item {
            Item::Attribute(attribute) if attribute.name.as_str() == "source" => {}
            Item::Attribute(attribute) => match habits::attribute("module", attribute) {
                Some(error) => errors.push(error),
                None => own.push(item),
            },
            Item::Block(_) => own.push(item),
        }
    }
    let directory = sources::read(block, directory, errors)?;
    let arguments = arguments(own.into_iter(), &|_| None, errors);
    Some(Call { directory, meta, arguments, span: block.header })
}
