//! Nested blocks as the attributes they stand for: `b {…}` twice is `b = [{…}, {…}]`.

use crate::ast::{Attribute, Block, Body, Entry, Expr, ExprKind, Item, Key};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::AttributeName;
use crate::program::Argument;
use crate::schema::AttributeSchema;
use crate::span::Span;

/// Finds the schema of an attribute by its name.
pub(super) type Find<'a> = &'a dyn Fn(&str) -> Option<&'a AttributeSchema>;

/// The attributes and blocks of a body as arguments, in the order they first appear, except those left out.
pub(super) fn arguments<'a>(
    items: impl Iterator<Item = &'a Item>,
    find: Find<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    let mut blocks: Vec<(&str, Vec<&Block>)> = Vec::new();
    for item in items {
        match item {
            Item::Attribute(attribute) => arguments.push(from_attribute(attribute)),
            Item::Block(block) if block.kind.as_str() == "dynamic" => {
                errors.push(super::habits::dynamic(block))
            }
            Item::Block(block) => match blocks.iter_mut().find(|(name, _)| *name == block.kind.as_str()) {
                Some((_, same)) => same.push(block),
                None => blocks.push((block.kind.as_str(), vec![block])),
            },
        }
    }
    for (name, same) in blocks {
        if let Some(attribute) = arguments.iter().find(|argument| argument.name == *name) {
            errors.push(both_forms(name, attribute, same[0]));
        } else {
            arguments.push(from_blocks(name, &same, find(name), errors));
        }
    }
    arguments
}

fn both_forms(name: &str, attribute: &Argument, block: &Block) -> Diagnostic {
    let message = format!("`{name}` is written as a block and as an attribute");
    Diagnostic::error(codes::BOTH_FORMS, block.header, message)
        .label(attribute.span, "the attribute")
        .hint("a block is an element of the attribute's list: put all of them in one form")
}

fn from_attribute(attribute: &Attribute) -> Argument {
    Argument {
        name: AttributeName::new(attribute.name.as_str()),
        value: attribute.value.clone(),
        name_span: attribute.name.span,
        span: attribute.span,
    }
}

fn from_blocks(
    name: &str,
    blocks: &[&Block],
    schema: Option<&AttributeSchema>,
    errors: &mut Vec<Diagnostic>,
) -> Argument {
    let (first, span) = (blocks[0], blocks[0].span);
    let single = schema.and_then(|schema| schema.block.as_ref()).is_some_and(|block| block.single);
    if let (true, Some(second)) = (single, blocks.get(1)) {
        let message = format!("`{name}` may be written once only");
        errors.push(
            Diagnostic::error(codes::BOTH_FORMS, second.header, message).label(first.header, "the first"),
        );
    }
    if schema.is_some_and(|schema| schema.block.is_none()) {
        let message = format!("`{name}` is an attribute, not a block");
        errors.push(
            Diagnostic::error(codes::BOTH_FORMS, first.header, message).hint(format!("write `{name} = …`")),
        );
    }
    let objects = blocks.iter().map(|block| object(block, schema, errors)).collect::<Vec<_>>();
    let value = match (single, objects) {
        (true, mut objects) => objects.swap_remove(0),
        (false, objects) => Expr { kind: ExprKind::Tuple(objects), span: first.header },
    };
    Argument { name: AttributeName::new(name), value, name_span: first.kind.span, span }
}

/// The body of a nested block as an object.
fn object(block: &Block, schema: Option<&AttributeSchema>, errors: &mut Vec<Diagnostic>) -> Expr {
    if let Some(label) = block.labels.first() {
        let message = format!("`{}` takes no label here", block.kind);
        errors.push(Diagnostic::error(codes::LABELS, label.span, message));
    }
    let attributes = schema.and_then(|schema| schema.block.as_ref()).map(|block| block.attributes.as_slice());
    body(&block.body, attributes.unwrap_or_default(), block.header, errors)
}

/// A body as an object of the attributes it may hold.
pub(super) fn body(
    body: &Body,
    attributes: &[AttributeSchema],
    header: Span,
    errors: &mut Vec<Diagnostic>,
) -> Expr {
    let find = |name: &str| attributes.iter().find(|attribute| attribute.name == *name);
    let entry = |argument: Argument| {
        let name = crate::ast::Ident {
            name: crate::name::Identifier::new(argument.name.as_str()),
            span: argument.name_span,
        };
        Entry { key: Key::Name(name), value: argument.value }
    };
    let entries = arguments(body.items.iter(), &find, errors).into_iter().map(entry).collect();
    // Where a part did not parse, nothing may be said to be missing; the part has been reported.
    let kind = if body.complete { ExprKind::Object(entries) } else { ExprKind::Invalid };
    Expr { kind, span: header }
}
