//! Reading test files.

use super::{Answer, Assertion, Expected, Test, TestFile};
use crate::ast::{Attribute, Block, Body, Expr, ExprKind, File, Item, Key};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::{codes, explain};
use crate::span::Span;

/// What may stand in a `test`.
const ATTRIBUTES: &[&str] = &["variables", "answers", "assert", "expect_error", "expect_message"];

/// Reads a test file.
///
/// # Errors
/// All independent errors of its form.
pub fn test_file(file: &File) -> Result<TestFile, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let (shared, rest) = shared(&file.body, &mut errors);
    let (tests, around): (Vec<&Block>, Vec<&Block>) =
        rest.into_iter().partition(|block| block.kind.as_str() == "test");
    let tests: Vec<Test> = tests.into_iter().filter_map(|block| test(block, &shared, &mut errors)).collect();
    twice(&tests, &mut errors);
    if errors.is_empty() {
        Ok(TestFile { tests, around: around.into_iter().cloned().collect() })
    } else {
        Err(crate::check::sorted(errors))
    }
}

/// What all tests of a file share.
struct Shared {
    variables: Vec<Attribute>,
    answers: Vec<Answer>,
}

fn shared<'a>(body: &'a Body, errors: &mut Vec<Diagnostic>) -> (Shared, Vec<&'a Block>) {
    let words = ["variables", "answers"];
    for attribute in body.attributes().filter(|attribute| !words.contains(&attribute.name.as_str())) {
        errors.push(unknown(attribute.name.as_str(), attribute.name.span, &words));
    }
    let rest = body.blocks().filter(|block| !words.contains(&block.kind.as_str())).collect();
    (Shared { variables: variables(body, errors), answers: answers(body, errors) }, rest)
}

fn test(block: &Block, shared: &Shared, errors: &mut Vec<Diagnostic>) -> Option<Test> {
    let [label] = block.labels.as_slice() else {
        let error = Diagnostic::error(codes::LABELS, block.header, "`test` takes one label: what it shows");
        errors.push(error.hint("write `test \"the fleet has two machines\" { … }`"));
        return None;
    };
    let body = &block.body;
    let before = errors.len();
    for item in &body.items {
        let name = match item {
            Item::Attribute(attribute) => &attribute.name,
            Item::Block(block) => &block.kind,
        };
        if !ATTRIBUTES.contains(&name.as_str()) {
            errors.push(unknown(name.as_str(), name.span, ATTRIBUTES));
        }
    }
    let test = Test {
        name: label.text.clone(),
        span: block.header,
        variables: shared.variables.iter().cloned().chain(variables(body, errors)).collect(),
        answers: shared.answers.iter().cloned().chain(answers(body, errors)).collect(),
        assertions: assertions(body, errors),
        expected: expected(body, errors),
    };
    if body.complete && errors.len() == before {
        purpose(&test, errors);
    }
    Some(test)
}

/// A test asserts something, or expects an error, and not both: a run that ends in an error has nothing to look at.
fn purpose(test: &Test, errors: &mut Vec<Diagnostic>) {
    let message = match (test.assertions.is_empty(), &test.expected) {
        (true, None) => "this test neither asserts anything nor expects an error",
        (false, Some(_)) => "this test expects an error, and then there is nothing to assert",
        _ => return,
    };
    let error = Diagnostic::error(codes::TEST, test.span, message);
    errors.push(
        error.hint("write `assert { condition = …, error_message = … }`, or `expect_error = \"E0703\"`"),
    );
}

/// Results are known by their names.
fn twice(tests: &[Test], errors: &mut Vec<Diagnostic>) {
    for (at, test) in tests.iter().enumerate() {
        if let Some(first) = tests[..at].iter().find(|first| first.name == test.name) {
            let message = format!("two tests are called `{}`", test.name);
            errors
                .push(Diagnostic::error(codes::DUPLICATE, test.span, message).label(first.span, "the first"));
        }
    }
}

/// The entries of the object `name`, written as an attribute or as a block.
fn variables(body: &Body, errors: &mut Vec<Diagnostic>) -> Vec<Attribute> {
    let mut found = Vec::new();
    for block in body.blocks().filter(|block| block.kind.as_str() == "variables") {
        found.extend(block.body.attributes().cloned());
        for inner in block.body.blocks() {
            errors.push(not_an_object("variables", inner.header));
        }
    }
    for entry in entries("variables", body, errors) {
        match entry.key {
            Key::Name(name) => {
                let span = name.span.to(entry.value.span);
                found.push(Attribute { name, value: entry.value, span });
            }
            Key::Expr(key) => errors.push(not_an_object("variables", key.span)),
        }
    }
    found
}

fn answers(body: &Body, errors: &mut Vec<Diagnostic>) -> Vec<Answer> {
    for block in body.blocks().filter(|block| block.kind.as_str() == "answers") {
        let error = Diagnostic::error(codes::BOTH_FORMS, block.header, "`answers` is an attribute");
        errors.push(error.hint("write `answers = { data.route53_zone.main = { id = \"Z1\" } }`"));
    }
    let entries = entries("answers", body, errors).into_iter();
    entries.map(|entry| Answer { key: expr_of(entry.key), value: entry.value }).collect()
}

fn expr_of(key: Key) -> Expr {
    match key {
        Key::Name(name) => Expr { span: name.span, kind: ExprKind::Name(name) },
        Key::Expr(expr) => expr,
    }
}

fn entries(name: &str, body: &Body, errors: &mut Vec<Diagnostic>) -> Vec<crate::ast::Entry> {
    let Some(attribute) = body.attribute(name) else { return Vec::new() };
    match &attribute.value.bare().kind {
        ExprKind::Object(entries) => entries.clone(),
        ExprKind::Invalid => Vec::new(),
        _ => {
            errors.push(not_an_object(name, attribute.value.span));
            Vec::new()
        }
    }
}

fn not_an_object(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` is an object, written out: `{name} = {{ … }}`");
    Diagnostic::error(codes::TYPE, span, message)
}

fn assertions(body: &Body, errors: &mut Vec<Diagnostic>) -> Vec<Assertion> {
    let blocks = body.blocks().filter(|block| block.kind.as_str() == "assert");
    let conditions = blocks.filter_map(|block| crate::check::condition(block, errors));
    conditions.map(|one| Assertion { condition: one.condition, message: one.message }).collect()
}

fn expected(body: &Body, errors: &mut Vec<Diagnostic>) -> Option<Expected> {
    let text = text(body, "expect_message", errors);
    let Some((code, span)) = self::text(body, "expect_error", errors) else {
        if let Some((_, span)) = text {
            let error = Diagnostic::error(codes::TEST, span, "`expect_message` goes with `expect_error`");
            errors.push(error.hint("add the code of the error: `expect_error = \"E0703\"`"));
        }
        return None;
    };
    if explain(&code).is_none() {
        let message = format!("there is no error `{code}`");
        errors.push(Diagnostic::error(codes::TEST, span, message).hint("`infra explain` lists all codes"));
    }
    Some(Expected { code, text: text.map(|(text, _)| text), span })
}

fn text(body: &Body, name: &str, errors: &mut Vec<Diagnostic>) -> Option<(String, Span)> {
    let value = &body.attribute(name)?.value;
    match value.as_string() {
        Some(text) => Some((text.to_owned(), value.span)),
        None => {
            let message = format!("`{name}` is a text, without anything to be computed");
            errors.push(Diagnostic::error(codes::CONSTANT, value.span, message));
            None
        }
    }
}

fn unknown(name: &str, span: Span, known: &[&str]) -> Diagnostic {
    let error =
        Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, span, format!("there is no attribute `{name}` here"));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
        None => {
            let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            error.hint(format!("there are {}", known.join(", ")))
        }
    }
}
