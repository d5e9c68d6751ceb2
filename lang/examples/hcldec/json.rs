//! What `hcldec` prints: values with cty's types, diagnostics, and the references in expressions.

use infra_lang::ast::{Expr, ExprKind};
use infra_lang::diagnostic::Diagnostic;
use infra_lang::span::{SourceMap, Span};
use infra_lang::types::{Text, Type};
use infra_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::decode::Typed;

/// `{"value":V,"type":T}`.
pub fn with_type(typed: &Typed) -> String {
    format!("{{\"value\":{},\"type\":{}}}", value(typed), type_of(typed))
}

/// The value. Written by hand: numbers have more digits than a JSON library keeps.
pub fn value(typed: &Typed) -> String {
    match typed {
        Typed::Value(known, _) => plain(known),
        Typed::Object(fields) => object(fields.iter().map(|(name, field)| (name, value(field)))),
        Typed::List(items) => array(items.iter().map(value)),
        Typed::Map(entries) => object(entries.iter().map(|(key, entry)| (key, value(entry)))),
    }
}

fn object<'a>(entries: impl Iterator<Item = (&'a String, String)>) -> String {
    let entries: Vec<String> = entries.map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", entries.join(","))
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Sealed(_) => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => json!(text).to_string(),
        Value::Quantity(quantity) => json!(quantity.to_string()).to_string(),
        Value::List(items) => array(items.iter().map(plain)),
        Value::Set(items) => array(items.iter().map(plain)),
        Value::Map(entries) => object(entries.iter().map(|(key, value)| (key, plain(value)))),
        Value::Sensitive(inner) => plain(inner),
    }
}

fn type_of(typed: &Typed) -> Json {
    match typed {
        Typed::Value(value, ty) => declared(ty, value),
        Typed::Object(fields) => {
            let fields: serde_json::Map<String, Json> =
                fields.iter().map(|(name, field)| (name.clone(), type_of(field))).collect();
            json!(["object", fields])
        }
        Typed::List(items) => json!(["list", items.first().map_or(json!("dynamic"), type_of)]),
        Typed::Map(entries) => json!(["map", entries.values().next().map_or(json!("dynamic"), type_of)]),
    }
}

/// cty's name of a declared type; where it is open, that of the value.
fn declared(ty: &Type, value: &Value) -> Json {
    let first = |value: &Value| match value {
        Value::List(items) => items.first().cloned(),
        Value::Set(items) => items.first().cloned(),
        Value::Map(entries) => entries.values().next().cloned(),
        _ => None,
    };
    let inner = |ty: &Type| declared(ty, &first(value).unwrap_or(Value::Null));
    match ty {
        Type::Bool => json!("bool"),
        Type::String(Text::Any) => json!("string"),
        Type::Number { .. } => json!("number"),
        Type::List(element, _) => json!(["list", inner(element)]),
        Type::Set(element) => json!(["set", inner(element)]),
        Type::Map(element) => json!(["map", inner(element)]),
        _ => implied(value),
    }
}

fn implied(value: &Value) -> Json {
    match value {
        Value::Null | Value::Sealed(_) => json!("dynamic"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) | Value::Quantity(_) => json!("string"),
        Value::List(items) => json!(["tuple", items.iter().map(implied).collect::<Vec<_>>()]),
        Value::Set(items) => json!(["set", items.first().map_or(json!("dynamic"), implied)]),
        Value::Map(entries) => {
            let fields: serde_json::Map<String, Json> =
                entries.iter().map(|(key, value)| (key.clone(), implied(value))).collect();
            json!(["object", fields])
        }
        Value::Sensitive(inner) => implied(inner),
    }
}

/// `{"diagnostics":[…]}`.
pub fn diagnostics(errors: &[Diagnostic], sources: &SourceMap) -> Json {
    let one = |error: &Diagnostic| {
        json!({
            "severity": "error",
            "summary": error.message,
            "detail": error.hint.clone().unwrap_or_default(),
            "subject": error.span.map(|span| range(span, sources)),
        })
    };
    json!({ "diagnostics": errors.iter().map(one).collect::<Vec<_>>() })
}

fn range(span: Span, sources: &SourceMap) -> Json {
    let file = sources.file(span.file);
    let position = |byte: u32| {
        let position = file.position(byte as usize);
        json!({ "line": position.line, "column": position.column, "byte": position.byte })
    };
    json!({ "filename": file.path, "start": position(span.start), "end": position(span.end) })
}

/// The references in expressions, as `--var-refs` tells them.
pub fn references(expressions: &[&Expr], sources: &SourceMap) -> String {
    let mut found = Vec::new();
    expressions.iter().for_each(|expr| collect(expr, &mut Vec::new(), sources, &mut found));
    Json::Array(found).to_string()
}

fn collect<'e>(expr: &'e Expr, bound: &mut Vec<&'e str>, sources: &SourceMap, found: &mut Vec<Json>) {
    if let Some((root, steps)) = traversal(expr, sources) {
        if !bound.contains(&root.as_str()) {
            found.push(json!({ "root_name": root, "steps": steps, "range": range(expr.span, sources) }));
        }
        return;
    }
    let outer = bound.len();
    if let ExprKind::For(each) = &expr.kind {
        bound.extend(each.key.iter().chain([&each.value]).map(|name| name.as_str()));
    }
    expr.for_each_child(&mut |child| collect(child, bound, sources, found));
    bound.truncate(outer);
}

/// The steps of a reference from its first name on, if it is one.
fn traversal(expr: &Expr, sources: &SourceMap) -> Option<(String, Vec<Json>)> {
    let step = |kind: &str, span: Span| json!({ "kind": kind, "range": range(span, sources) });
    let (of, mut last) = match &expr.kind {
        ExprKind::Name(name) => {
            let mut root = step("root", name.span);
            root["name"] = json!(name.as_str());
            return Some((name.as_str().to_owned(), vec![root]));
        }
        ExprKind::Attribute(of, name) => {
            let mut attribute = step("attr", Span { start: name.span.start - 1, ..name.span });
            attribute["name"] = json!(name.as_str());
            (of, attribute)
        }
        ExprKind::Index(of, key) => match &key.kind {
            ExprKind::String(text) => {
                let mut index = step("index", Span { start: of.span.end, ..expr.span });
                index["key"] = json!(text);
                (of, index)
            }
            ExprKind::Number(_) => (of, step("index", Span { start: of.span.end, ..expr.span })),
            _ => return None,
        },
        _ => return None,
    };
    let (root, mut steps) = traversal(of, sources)?;
    if last.get("key").is_none()
        && let ExprKind::Index(_, key) = &expr.kind
    {
        last["key"] = serde_json::from_str(sources.text(key.span)).unwrap_or(Json::Null);
    }
    steps.push(last);
    Some((root, steps))
}
