//! Addresses as they are written in `moved`, `removed` and `import` blocks, and these blocks.

use super::settings::{Errors, unknown, unknown_block};
use crate::ast::{Attribute, Block, Expr, ExprKind, Ident, Item};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::program::{ImportBlock, Meta, MovedBlock, RemovedBlock, WrittenPlace, WrittenStep};

/// Reads a `moved` block; `None` if a part is missing or wrong, which is reported.
pub(super) fn moved(block: &Block, errors: Errors<'_>) -> Option<MovedBlock> {
    let meta = attributes(block, &["from", "to"], errors);
    let (from, to) = (place(block, "from", errors), place(block, "to", errors));
    Some(MovedBlock { meta, from: from?, to: to?, span: block.header })
}

/// Reads a `removed` block.
pub(super) fn removed(block: &Block, errors: Errors<'_>) -> Option<RemovedBlock> {
    let meta = attributes(block, &["from"], errors);
    let mut destroy = None;
    for item in block
        .body
        .blocks()
        .filter(|inner| inner.kind.as_str() == "lifecycle")
        .flat_map(|inner| &inner.body.items)
    {
        match item {
            Item::Attribute(attribute) if attribute.name.as_str() == "destroy" => {
                destroy = Some(attribute.value.clone());
            }
            Item::Attribute(attribute) => {
                errors.push(unknown(attribute.name.as_str(), attribute, &["destroy"]))
            }
            Item::Block(inner) => errors.push(unknown_block(inner, &[])),
        }
    }
    Some(RemovedBlock { meta, from: place(block, "from", errors)?, destroy, span: block.header })
}

/// Reads an `import` block.
pub(super) fn import(block: &Block, errors: Errors<'_>) -> Option<ImportBlock> {
    let meta = attributes(block, &["to", "id"], errors);
    let to = place(block, "to", errors);
    let id = required(block, "id", errors).map(|id| id.value.clone());
    Some(ImportBlock { meta, to: to?, id: id?, span: block.header })
}

/// The `for_each`; whatever else does not belong there is reported.
fn attributes(block: &Block, own: &[&str], errors: Errors<'_>) -> Meta {
    if let Some(label) = block.labels.first() {
        let message = format!("`{}` takes no label", block.kind);
        errors.push(Diagnostic::error(codes::LABELS, label.span, message));
    }
    let mut meta = Meta::default();
    let known: Vec<&str> = own.iter().copied().chain(["for_each"]).collect();
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) if attribute.name.as_str() == "for_each" => {
                meta.for_each = Some(attribute.value.clone());
            }
            Item::Attribute(attribute) if own.contains(&attribute.name.as_str()) => {}
            Item::Attribute(attribute) => errors.push(unknown(attribute.name.as_str(), attribute, &known)),
            Item::Block(inner) if block.kind.as_str() == "removed" && inner.kind.as_str() == "lifecycle" => {}
            Item::Block(inner) => errors.push(unknown_block(inner, &[])),
        }
    }
    meta
}

fn required<'b>(block: &'b Block, name: &str, errors: Errors<'_>) -> Option<&'b Attribute> {
    let found = block.body.attribute(name);
    if found.is_none() && block.body.complete {
        errors.push(Diagnostic::error(codes::MISSING, block.header, format!("`{name}` is missing")));
    }
    found
}

fn place(block: &Block, name: &str, errors: Errors<'_>) -> Option<WrittenPlace> {
    let expr = &required(block, name, errors)?.value;
    let found = address(expr);
    if found.is_none() && expr.bare().kind != ExprKind::Invalid {
        let message = "an address is wanted here: of an object, or of all of a module";
        let error = Diagnostic::error(codes::ADDRESS, expr.span, message);
        errors.push(error.hint("such as `elb.web`, `subnet.public[\"a\"]` or `module.net.vpc.main`"));
    }
    found
}

/// The address an expression spells; `None` if it is something else, such as an attribute or what is looked up.
pub(super) fn address(expr: &Expr) -> Option<WrittenPlace> {
    let mut words = words(expr.bare())?.into_iter().peekable();
    let mut modules = Vec::new();
    while words.next_if(|word| word.name.as_str() == "module" && word.key.is_none()).is_some() {
        modules.push(words.next()?);
    }
    let object = match (words.next(), words.next(), words.next()) {
        (None, ..) if !modules.is_empty() => None,
        (Some(WrittenStep { name: kind, key: None }), Some(object), None) if is_kind(&kind) => {
            Some((kind, object))
        }
        _ => return None,
    };
    Some(WrittenPlace { modules, object, span: expr.span })
}

fn is_kind(word: &Ident) -> bool {
    !crate::reference::ROOTS.contains(&word.as_str())
}

/// The names of `a.b["k"].c`, each with the key behind it.
fn words(expr: &Expr) -> Option<Vec<WrittenStep>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![WrittenStep { name: name.clone(), key: None }]),
        ExprKind::Attribute(of, name) => {
            let mut words = words(of)?;
            words.push(WrittenStep { name: name.clone(), key: None });
            Some(words)
        }
        ExprKind::Index(of, key) => {
            let mut words = words(of)?;
            let last = words.last_mut().filter(|last| last.key.is_none())?;
            last.key = Some((**key).clone());
            Some(words)
        }
        _ => None,
    }
}
