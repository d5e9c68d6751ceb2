//! A body by its specification: first the shape, with the places of expressions, then the values put in.

use std::collections::BTreeMap;

use infra_lang::ast::{Block, Body, Expr, Item};
use infra_lang::diagnostic::Diagnostic;
use infra_lang::schema::SchemaSet;
use infra_lang::span::Span;
use infra_lang::types::{Type, convert_value};
use infra_lang::value::Value;

use crate::evaluate::Evaluation;
use crate::spec::{CODE, Spec};

/// What a body holds, its expressions by their positions in an [`Evaluation`].
pub enum Decoded<'a> {
    Value { at: usize, ty: &'a Type, place: Span },
    Absent(Option<&'a Type>),
    Object(Vec<(&'a str, Decoded<'a>)>),
    List(Vec<Decoded<'a>>),
    Map(BTreeMap<String, Decoded<'a>>),
}

/// A value with the type that `hcldec` tells of it.
pub enum Typed {
    Value(Value, Type),
    Object(Vec<(String, Typed)>),
    List(Vec<Typed>),
    Map(BTreeMap<String, Typed>),
}

/// A constant has the type of its value.
static ANY: Type = Type::Any;

/// Takes a body apart.
pub fn decode<'a>(
    body: &Body,
    spec: &'a Spec,
    evaluation: &mut Evaluation<'_>,
) -> Result<Decoded<'a>, Vec<Diagnostic>> {
    let mut errors = unexpected(body, spec);
    let decoded = shape(body, spec, evaluation, &mut errors);
    if errors.is_empty() { Ok(decoded) } else { Err(errors) }
}

fn shape<'a>(
    body: &Body,
    spec: &'a Spec,
    evaluation: &mut Evaluation<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Decoded<'a> {
    let mut inner = |block: &Block, inside: &'a Spec, errors: &mut Vec<Diagnostic>| {
        errors.extend(unexpected(&block.body, inside));
        shape(&block.body, inside, evaluation, errors)
    };
    match spec {
        Spec::Literal(expr) => Decoded::Value { at: evaluation.add(expr), ty: &ANY, place: expr.span },
        Spec::Object(fields) => {
            let field = |(name, spec): &'a (String, Spec)| {
                (name.as_str(), shape(body, spec, &mut *evaluation, &mut *errors))
            };
            Decoded::Object(fields.iter().map(field).collect())
        }
        Spec::Attribute { name, ty, required } => match body.attribute(name) {
            Some(attribute) => {
                Decoded::Value { at: evaluation.add(&attribute.value), ty, place: attribute.value.span }
            }
            None => {
                if *required {
                    errors.push(Diagnostic::error(CODE, body.span, format!("`{name}` is missing")));
                }
                Decoded::Absent(Some(ty))
            }
        },
        Spec::Block { kind, required, inside } => {
            let mut blocks = of_kind(body, kind);
            match blocks.next() {
                Some(block) => {
                    let more = blocks.map(|more| Diagnostic::error(CODE, more.header, "one is enough"));
                    errors.extend(more);
                    inner(block, inside, errors)
                }
                None => {
                    if *required {
                        errors.push(Diagnostic::error(CODE, body.span, format!("`{kind}` is missing")));
                    }
                    Decoded::Absent(None)
                }
            }
        }
        Spec::BlockList { kind, inside } => {
            Decoded::List(of_kind(body, kind).map(|block| inner(block, inside, errors)).collect())
        }
        Spec::BlockMap { kind, labels, inside } => {
            let mut map = BTreeMap::new();
            for block in of_kind(body, kind) {
                let path: Vec<&str> = block.labels.iter().map(|label| label.text.as_str()).collect();
                if path.len() != *labels {
                    errors.push(Diagnostic::error(CODE, block.header, format!("{labels} labels are wanted")));
                    continue;
                }
                let value = inner(block, inside, errors);
                put(&mut map, &path, value);
            }
            Decoded::Map(map)
        }
    }
}

/// Puts a value under a path of labels.
fn put<'a>(map: &mut BTreeMap<String, Decoded<'a>>, path: &[&str], value: Decoded<'a>) {
    match path {
        [] => {}
        [last] => {
            map.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            let entry = map.entry((*first).to_owned()).or_insert_with(|| Decoded::Map(BTreeMap::new()));
            if let Decoded::Map(inner) = entry {
                put(inner, rest, value);
            }
        }
    }
}

fn of_kind<'b>(body: &'b Body, kind: &str) -> impl Iterator<Item = &'b Block> {
    body.blocks().filter(move |block| block.kind.as_str() == kind)
}

/// The attributes and blocks that a specification says nothing of.
fn unexpected(body: &Body, spec: &Spec) -> Vec<Diagnostic> {
    let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
    known(spec, &mut attributes, &mut blocks);
    let wrong = |item: &Item| match item {
        Item::Attribute(attribute) if !attributes.contains(&attribute.name.as_str()) => {
            Some(Diagnostic::error(CODE, attribute.name.span, "this attribute is not expected here"))
        }
        Item::Block(block) if !blocks.contains(&block.kind.as_str()) => {
            Some(Diagnostic::error(CODE, block.kind.span, "this block is not expected here"))
        }
        _ => None,
    };
    body.items.iter().filter_map(wrong).collect()
}

fn known<'a>(spec: &'a Spec, attributes: &mut Vec<&'a str>, blocks: &mut Vec<&'a str>) {
    match spec {
        Spec::Literal(_) => {}
        Spec::Object(fields) => fields.iter().for_each(|(_, spec)| known(spec, attributes, blocks)),
        Spec::Attribute { name, .. } => attributes.push(name),
        Spec::Block { kind, .. } | Spec::BlockList { kind, .. } | Spec::BlockMap { kind, .. } => {
            blocks.push(kind);
        }
    }
}

/// The expressions that a specification reads, in the order of the specification.
pub fn expressions<'b>(body: &'b Body, spec: &Spec) -> Vec<&'b Expr> {
    let inside = |kind: &str, spec: &Spec| -> Vec<&'b Expr> {
        of_kind(body, kind).flat_map(|block| expressions(&block.body, spec)).collect()
    };
    match spec {
        Spec::Literal(_) => Vec::new(),
        Spec::Object(fields) => fields.iter().flat_map(|(_, spec)| expressions(body, spec)).collect(),
        Spec::Attribute { name, .. } => body.attribute(name).map(|found| &found.value).into_iter().collect(),
        Spec::Block { kind, inside: spec, .. }
        | Spec::BlockList { kind, inside: spec }
        | Spec::BlockMap { kind, inside: spec, .. } => inside(kind, spec),
    }
}

/// Puts the values in, converted to their types.
pub fn finish(decoded: &Decoded<'_>, values: &[Value]) -> Result<Typed, Vec<Diagnostic>> {
    Ok(match decoded {
        Decoded::Value { at, ty, place } => {
            let wanted = (*ty).clone().nullable();
            let value = convert_value(&values[*at], &wanted, &SchemaSet::default());
            let value = value.map_err(|error| vec![Diagnostic::error(CODE, *place, error.to_string())])?;
            Typed::Value(value, (*ty).clone())
        }
        Decoded::Absent(ty) => Typed::Value(Value::Null, ty.cloned().unwrap_or(Type::Any)),
        Decoded::Object(fields) => {
            let field =
                |(name, field): &(&str, Decoded<'_>)| Ok(((*name).to_owned(), finish(field, values)?));
            Typed::Object(fields.iter().map(field).collect::<Result<_, Vec<Diagnostic>>>()?)
        }
        Decoded::List(items) => {
            Typed::List(items.iter().map(|item| finish(item, values)).collect::<Result<_, _>>()?)
        }
        Decoded::Map(entries) => {
            let entry = |(key, entry): (&String, &Decoded<'_>)| Ok((key.clone(), finish(entry, values)?));
            Typed::Map(entries.iter().map(entry).collect::<Result<_, Vec<Diagnostic>>>()?)
        }
    })
}
