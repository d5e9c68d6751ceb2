//! What a module offers, as it is written: variables, outputs and functions.

use super::declarations::Names;
use super::settings::{Errors, condition, unknown, unknown_block};
use crate::ast::{Block, Expr, ExprKind, Item};
use crate::constant::constant;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Output, UserFunction, Variable};
use crate::types::{Type, read_type, type_of};
use crate::value::Value;

fn read(expr: &Expr, names: &Names<'_>, errors: Errors<'_>) -> Type {
    read_type(expr, names).unwrap_or_else(|error| {
        errors.extend(error);
        Type::never()
    })
}

/// A setting that must be `true` or `false`, as a literal.
fn flag(expr: &Expr, errors: Errors<'_>) -> bool {
    match constant(expr) {
        Ok(Value::Bool(value)) => value,
        Err(None) => false,
        _ => {
            errors.push(Diagnostic::error(codes::TYPE, expr.span, "`true` or `false` is wanted here"));
            false
        }
    }
}

/// A description: text, as a literal.
fn text(expr: &Expr, errors: Errors<'_>) -> Option<String> {
    let text = expr.as_string();
    if text.is_none() && expr.bare().kind != ExprKind::Invalid {
        errors.push(Diagnostic::error(codes::TYPE, expr.span, "a description is a string literal"));
    }
    text.map(str::to_owned)
}

pub(super) fn variable(block: &Block, names: &Names<'_>, errors: Errors<'_>) -> Variable {
    const KNOWN: &[&str] =
        &["type", "default", "description", "sensitive", "ephemeral", "validation", "nullable"];
    let mut variable = Variable {
        ty: None,
        default: None,
        description: None,
        sensitive: false,
        ephemeral: false,
        validations: Vec::new(),
        span: block.header,
    };
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) => match attribute.name.as_str() {
                "type" => variable.ty = Some(read(&attribute.value, names, errors)),
                "default" => variable.default = Some(attribute.value.clone()),
                "description" => variable.description = text(&attribute.value, errors),
                "sensitive" => variable.sensitive = flag(&attribute.value, errors),
                "ephemeral" => variable.ephemeral = flag(&attribute.value, errors),
                "nullable" => errors.push(super::habits::habit(
                    attribute.name.span,
                    "`nullable` is part of the type: `nullable(T)`",
                )),
                name => errors.push(unknown(name, attribute, KNOWN)),
            },
            Item::Block(inner) if inner.kind.as_str() == "validation" => {
                variable.validations.extend(condition(inner, errors))
            }
            Item::Block(inner) => errors.push(unknown_block(inner, KNOWN)),
        }
    }
    if let (None, Some(Ok(default))) = (&variable.ty, variable.default.as_ref().map(constant)) {
        variable.ty = Some(type_of(&default));
    }
    variable
}

pub(super) fn output(block: &Block, names: &Names<'_>, errors: Errors<'_>) -> Option<Output> {
    const KNOWN: &[&str] = &["value", "type", "description", "sensitive", "precondition"];
    let invalid = Expr { kind: ExprKind::Invalid, span: block.header };
    let mut output = Output {
        value: invalid,
        ty: None,
        sensitive: false,
        description: None,
        preconditions: Vec::new(),
        span: block.header,
    };
    let mut has_value = false;
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) => match attribute.name.as_str() {
                "value" => {
                    output.value = attribute.value.clone();
                    has_value = true;
                }
                "type" => {
                    let ty = read(&attribute.value, names, errors);
                    output.sensitive |= ty.is_sensitive();
                    output.ty = Some(ty);
                }
                "description" => output.description = text(&attribute.value, errors),
                "sensitive" => output.sensitive |= flag(&attribute.value, errors),
                name => errors.push(unknown(name, attribute, KNOWN)),
            },
            Item::Block(inner) if inner.kind.as_str() == "precondition" => {
                output.preconditions.extend(condition(inner, errors))
            }
            Item::Block(inner) => errors.push(unknown_block(inner, KNOWN)),
        }
    }
    if !has_value && block.body.complete {
        errors.push(Diagnostic::error(codes::MISSING, block.header, "the output has no `value`"));
    }
    has_value.then_some(output)
}

pub(super) fn function(block: &Block, names: &Names<'_>, errors: Errors<'_>) -> Option<UserFunction> {
    let (mut params, mut description) = (Vec::new(), None);
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) if attribute.name.as_str() == "params" => {
                params = parameters(&attribute.value, names, errors);
            }
            Item::Attribute(attribute) if attribute.name.as_str() == "description" => {
                description = text(&attribute.value, errors);
            }
            Item::Attribute(attribute) if attribute.name.as_str() == "result" => {}
            Item::Attribute(attribute) => {
                errors.push(unknown(attribute.name.as_str(), attribute, &["params", "result", "description"]))
            }
            Item::Block(inner) => errors.push(unknown_block(inner, &[])),
        }
    }
    match block.body.attribute("result") {
        Some(result) => {
            Some(UserFunction { params, result: result.value.clone(), description, span: block.header })
        }
        None => {
            let message = "the function has no `result`";
            errors.extend(
                block.body.complete.then(|| Diagnostic::error(codes::MISSING, block.header, message)),
            );
            None
        }
    }
}

fn parameters(expr: &Expr, names: &Names<'_>, errors: Errors<'_>) -> Vec<(Identifier, Type)> {
    let ExprKind::Object(entries) = &expr.bare().kind else {
        if expr.bare().kind != ExprKind::Invalid {
            errors.push(Diagnostic::error(
                codes::TYPE,
                expr.span,
                "parameters are names with types: `{ name = string }`",
            ));
        }
        return Vec::new();
    };
    let mut params: Vec<(Identifier, Type)> = Vec::new();
    for entry in entries {
        let Some(name) = entry.key.literal().map(Identifier::new) else {
            errors.push(Diagnostic::error(
                codes::TYPE,
                entry.key.span(),
                "the name of a parameter is a word",
            ));
            continue;
        };
        if params.iter().any(|(other, _)| *other == name) {
            let message = format!("the parameter `{name}` is declared twice");
            errors.push(Diagnostic::error(codes::DUPLICATE, entry.key.span(), message));
            continue;
        }
        params.push((name, read(&entry.value, names, errors)));
    }
    params
}
