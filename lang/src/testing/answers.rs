//! What stands in for AWS in a test.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Suite, Test};
use crate::address::{Address, Mode, ModuleStep};
use crate::ast::{Entry, Expr, ExprKind};
use crate::check::{attribute_of, written_type};
use crate::constant::constant;
use crate::desired::Desired;
use crate::diagnostic::{Diagnostic, nearest};
use crate::evaluate::evaluate;
use crate::explain::codes;
use crate::inputs::Inputs;
use crate::name::{AttributeName, Identifier, KindName};
use crate::program::Program;
use crate::residual::{Reference, Values};
use crate::schema::KindSchema;
use crate::types::{Type, convert_value};
use crate::value::Value;

/// The answers of a test, by address; one without a key is for all instances of the block.
pub(super) struct Answers(BTreeMap<Address, (Values, crate::span::Span)>);

impl Answers {
    /// Reads the answers of a test.
    pub(super) fn read(suite: &Suite, test: &Test, program: &Program) -> Result<Self, Vec<Diagnostic>> {
        let (mut answers, mut errors) = (BTreeMap::new(), Vec::new());
        for answer in &test.answers {
            match values(answer, program) {
                Ok((address, values)) => {
                    let module = suite.path().into_iter().chain(address.module).collect();
                    answers.insert(Address { module, ..address }, (values, answer.key.span));
                }
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(Self(answers)) } else { Err(errors) }
    }

    /// The answer for an object.
    fn of(&self, object: &Address) -> Option<&Values> {
        let all = || self.0.get(&Address { key: None, ..object.clone() });
        self.0.get(object).or_else(all).map(|(values, _)| values)
    }

    /// What AWS is said to have told about an attribute.
    pub(super) fn told(&self, reference: &Reference) -> Option<Value> {
        self.of(&reference.object)?.get(&reference.attribute).cloned()
    }

    /// Evaluates a program, and again with the answers to what it asks, until it asks nothing more that is answered.
    pub(super) fn evaluate(
        &self,
        program: &Program,
        inputs: &mut Inputs<'_>,
    ) -> Result<Desired, Vec<Diagnostic>> {
        loop {
            let desired = evaluate(program, inputs)?;
            let open = desired.lookups.values().filter(|lookup| lookup.answer.is_none());
            let fresh: Vec<(Address, Values)> = open
                .filter_map(|lookup| Some((lookup.address.clone(), self.of(&lookup.address)?.clone())))
                .collect();
            if fresh.is_empty() {
                return self.all_asked(&desired).map(|()| desired);
            }
            inputs.data.extend(fresh);
        }
    }

    /// An answer that nobody asks for is a slip.
    fn all_asked(&self, desired: &Desired) -> Result<(), Vec<Diagnostic>> {
        let objects: BTreeSet<&Address> = desired.objects.keys().chain(desired.lookups.keys()).collect();
        let asked = |answer: &Address| {
            let whole = |object: &Address| Address { key: None, ..object.clone() } == *answer;
            objects.contains(answer) || objects.iter().any(|object| whole(object))
        };
        let stray = self.0.iter().filter(|(answer, _)| !asked(answer));
        let errors: Vec<Diagnostic> = stray
            .map(|(answer, (_, span))| {
                let message = format!("nothing asks for this: there is no `{answer}`");
                let names: Vec<String> = objects.iter().map(ToString::to_string).collect();
                let error = Diagnostic::error(codes::TEST, *span, message);
                match nearest(&answer.to_string(), names.iter().map(String::as_str)) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error,
                }
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// The address of an answer, and its attributes in their types.
fn values(answer: &Answer, program: &Program) -> Result<(Address, Values), Vec<Diagnostic>> {
    let wrong = |message: &str| {
        let error = Diagnostic::error(codes::TEST, answer.key.span, message);
        vec![error.hint("write `answers = { data.route53_zone.main = { id = \"Z1\" } }`")]
    };
    let address = address(&answer.key).ok_or_else(|| wrong("this is not the address of an object"))?;
    let schema = program.schemas.kind(address.kind.as_str());
    let schema = schema.ok_or_else(|| wrong(&format!("there is no kind `{}`", address.kind)))?;
    let ExprKind::Object(entries) = &answer.value.bare().kind else {
        return Err(wrong("an answer is an object: the attributes that AWS tells"));
    };
    let (mut values, mut errors) = (Values::new(), Vec::new());
    for entry in entries {
        match attribute(entry, &address, schema, program) {
            Ok((name, value)) => drop(values.insert(name, value)),
            Err(error) => errors.extend(error),
        }
    }
    if errors.is_empty() { Ok((address, values)) } else { Err(errors) }
}

fn attribute(
    entry: &Entry,
    address: &Address,
    schema: &KindSchema,
    program: &Program,
) -> Result<(AttributeName, Value), Option<Diagnostic>> {
    let name = entry.key.literal().unwrap_or_default();
    let ty = type_of(name, address.mode, schema).ok_or_else(|| {
        let message = format!("`{}` has no attribute `{name}`", schema.name);
        let error = Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, entry.key.span(), message);
        let names = schema.attributes.iter().map(|attribute| attribute.name.as_str());
        Some(match nearest(name, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(entry.key.span(), near),
            None => error,
        })
    })?;
    let value = constant(&entry.value)?;
    let value = convert_value(&value, &ty.nullable(), &program.schemas)
        .map_err(|error| Some(Diagnostic::error(codes::TYPE, entry.value.span, error.to_string())))?;
    Ok((AttributeName::new(name), value))
}

/// The type of an attribute that AWS may tell.
fn type_of(name: &str, mode: Mode, schema: &KindSchema) -> Option<Type> {
    let attribute = schema.attribute(name).or_else(|| attribute_of(mode, schema, name));
    match attribute {
        Some(attribute) => Some(written_type(attribute)),
        None if name == "tags" && schema.tagged => Some(Type::map(Type::string())),
        None => None,
    }
}

/// The address that a reference spells: `module.m["k"].data.subnet.a["x"]`.
fn address(key: &Expr) -> Option<Address> {
    let (expr, instance) = keyed(key)?;
    let ExprKind::Attribute(of, name) = &expr.kind else { return None };
    let (of, kind) = match &of.kind {
        ExprKind::Attribute(of, kind) => (Some(of.as_ref()), kind),
        ExprKind::Name(kind) => (None, kind),
        _ => return None,
    };
    let (of, mode) = match of.map(|of| (of, &of.kind)) {
        Some((_, ExprKind::Name(word))) if word.as_str() == "data" => (None, Mode::Data),
        Some((_, ExprKind::Attribute(of, word))) if word.as_str() == "data" => {
            (Some(of.as_ref()), Mode::Data)
        }
        _ => (of, Mode::Managed),
    };
    Some(Address {
        module: of.map_or(Some(Vec::new()), modules)?,
        mode,
        kind: KindName::new(kind.as_str()),
        name: name.name.clone(),
        key: instance,
    })
}

/// The modules of `module.a["k"].module.b`.
fn modules(expr: &Expr) -> Option<Vec<ModuleStep>> {
    let (expr, key) = keyed(expr)?;
    let ExprKind::Attribute(of, name) = &expr.kind else { return None };
    let step = ModuleStep { name: Identifier::new(name.as_str()), key };
    let mut steps = match &of.kind {
        ExprKind::Name(word) if word.as_str() == "module" => Vec::new(),
        ExprKind::Attribute(of, word) if word.as_str() == "module" => modules(of)?,
        _ => return None,
    };
    steps.push(step);
    Some(steps)
}

/// `x["key"]` as x and the key; `None` if the key is no literal.
fn keyed(expr: &Expr) -> Option<(&Expr, Option<String>)> {
    match &expr.bare().kind {
        ExprKind::Index(of, key) => Some((of.bare(), Some(key.as_string()?.to_owned()))),
        _ => Some((expr.bare(), None)),
    }
}
