//! Configurations for tests: one object a line.
//!
//! `box a size=1 color=red peer=box.b.id secret=secret:x hidden=ephemeral:token tags=[p|q] !prevent_destroy !ignore=size !trigger=box.b.id
//! !after=box.c`, `data box d of=box.a.id`, `output o = box.a.id`, `moved box.a -> box.b`, `removed box.a`,
//! `forget box.a` (removed, and left alone), `import box.a a-id1`, `check c box.a.size==1`; `!pre=box.b.size==1` and `!post=box.a.size==1` of
//! objects, `!pre=…` of outputs.

use std::collections::{BTreeMap, BTreeSet};

use infra_engine::graph::DependencyGraph;
use infra_lang::address::{Address, Mode};
use infra_lang::desired::{
    Backend, Check, Desired, DesiredObject, DesiredOutput, Import, Lifecycle, Lookup, Moment, Move,
    OpenCondition, Place, Project, Removal,
};
use infra_lang::name::{AttributeName, Identifier};
use infra_lang::residual::{Attributes, Reference, Residual};
use infra_lang::span::{FileId, Span};
use infra_lang::value::Value;

pub fn desired(text: &str) -> Desired {
    let mut desired = Desired::nothing(Project {
        name: Identifier::new("test"),
        region: "eu-west-1".to_owned(),
        account: None,
        backend: Backend::Local { path: "infra.state".to_owned() },
        span: span(0),
    });
    for (at, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            ["moved", from, "->", to] => {
                desired.moves.push(Move { from: place(from), to: place(to), span: span(at) });
            }
            ["removed" | "forget", from] => {
                let destroy = words[0] == "removed";
                desired.removals.push(Removal { from: place(from), destroy, span: span(at) });
            }
            ["import", to, id] => {
                let to = Address::parse(to).expect(to);
                desired.imports.push(Import { to, id: id.to_owned(), span: span(at) });
            }
            ["check", name, text] => {
                let (condition, message) = (condition(text), denial(text));
                let (name, module) = (name.to_owned(), Vec::new());
                desired.checks.push(Check { name, module, condition, message, span: span(at) });
            }
            ["output", name, "=", value, ref rest @ ..] => {
                let value = residual(value);
                let sensitive = value.is_sensitive();
                let output = DesiredOutput {
                    value,
                    sensitive,
                    description: None,
                    conditions: conditions(rest, at),
                    span: span(at),
                };
                desired.outputs.insert(Identifier::new(name), output);
            }
            ["data", kind, name, ref rest @ ..] => {
                let address = Address { mode: Mode::Data, ..Address::managed(kind, name) };
                let arguments = attributes(rest);
                let lookup = Lookup {
                    address: address.clone(),
                    kind: kind.into(),
                    arguments,
                    answer: None,
                    depends_on: after(rest),
                    span: span(at),
                };
                desired.lookups.insert(address, lookup);
            }
            [kind, name, ref rest @ ..] => {
                let object = object(Address::managed(kind, name), rest, at);
                desired.objects.insert(object.address.clone(), object);
            }
            _ => panic!("not a line: {line}"),
        }
    }
    desired
}

fn place(text: &str) -> Place {
    Place::Object(Address::parse(text).expect(text))
}

fn span(line: usize) -> Span {
    Span::new(FileId(0), line, line)
}

pub fn location(span: Span) -> String {
    format!("main.infra:{}", span.start)
}

fn object(address: Address, words: &[&str], line: usize) -> DesiredObject {
    let mut lifecycle = Lifecycle::default();
    for word in words.iter().filter_map(|word| word.strip_prefix('!')) {
        match word.split_once('=') {
            None => lifecycle.prevent_destroy = true,
            Some(("ignore", name)) => lifecycle.ignore_changes.extend([AttributeName::new(name)]),
            Some(("trigger", name)) => lifecycle.replace_triggered_by.extend([reference(name).expect(name)]),
            Some(_) => {}
        }
    }
    DesiredObject {
        address,
        attributes: attributes(words),
        contents: BTreeMap::new(),
        depends_on: after(words),
        lifecycle,
        conditions: conditions(words, line),
        timeouts: BTreeMap::new(),
        span: span(line),
        attribute_spans: BTreeMap::new(),
    }
}

/// The values of the words `!name=value`.
fn said<'w>(words: &[&'w str], name: &str) -> Vec<&'w str> {
    let values =
        words.iter().filter_map(|word| word.strip_prefix('!')?.strip_prefix(name)?.strip_prefix('='));
    values.collect()
}

fn after(words: &[&str]) -> BTreeSet<Address> {
    said(words, "after").into_iter().map(|name| Address::parse(name).expect(name)).collect()
}

fn conditions(words: &[&str], line: usize) -> Vec<OpenCondition> {
    let of = |name: &str, moment: Moment| {
        let open = |text: &str| OpenCondition {
            moment,
            condition: condition(text),
            message: denial(text),
            span: span(line),
        };
        said(words, name).into_iter().map(open).collect::<Vec<_>>()
    };
    of("pre", Moment::Before).into_iter().chain(of("post", Moment::After)).collect()
}

/// `box.a.size==1`.
fn condition(text: &str) -> Residual {
    let (left, right) = text.split_once("==").expect(text);
    Residual::Call("==".to_owned(), vec![residual(left), residual(right)])
}

/// What is said when a condition does not hold; no secret.
fn denial(text: &str) -> Residual {
    Residual::Known(Value::string(format!("not {}.", text.split("secret:").next().unwrap_or_default())))
}

fn attributes(words: &[&str]) -> Attributes {
    let pairs = words.iter().filter(|word| !word.starts_with('!')).filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.into(), residual(value))).collect()
}

fn residual(text: &str) -> Residual {
    if let Some(set) = text.strip_prefix('[') {
        let items: Vec<Residual> =
            set.trim_end_matches(']').split('|').filter(|item| !item.is_empty()).map(residual).collect();
        let known: Option<BTreeSet<Value>> = items.iter().map(|item| item.known().cloned()).collect();
        return known.map_or(Residual::Set(items), |known| Residual::Known(Value::Set(known)));
    }
    if let Some(name) = text.strip_prefix("ephemeral:") {
        return Residual::Sensitive(Box::new(Residual::Ephemeral(Identifier::new(name))));
    }
    match (reference(text), text.strip_prefix("secret:"), text.parse::<i64>()) {
        (Some(reference), ..) => Residual::Attribute(reference),
        (_, Some(secret), _) => Residual::Known(Value::Sensitive(Box::new(Value::string(secret)))),
        (.., Ok(number)) => Residual::Known(Value::int(number)),
        _ => Residual::Known(Value::string(text)),
    }
}

fn reference(text: &str) -> Option<Reference> {
    let (object, attribute) = text.rsplit_once('.')?;
    Some(Reference { object: Address::parse(object)?, attribute: attribute.into() })
}

/// The addresses of a configuration, each after what it refers to.
pub fn in_order(desired: &Desired) -> Vec<Address> {
    let nodes = desired.objects.values().map(|object| {
        let referred = object.attributes.values().flat_map(infra_lang::residual::references);
        (object.address.clone(), referred.map(|reference| reference.object).collect())
    });
    DependencyGraph::new(&nodes.collect()).order().expect("no ring")
}
