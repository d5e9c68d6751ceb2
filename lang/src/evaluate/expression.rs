//! Expressions, from the bottom up.

use std::collections::BTreeMap;

use super::{Eval, Evaluator, Scope, Stop, at, fail, limits};
use crate::ast::{
    Binary, BinaryOp, Conditional, Entry, Expr, ExprKind, For, ForPart, ForResult, Ident, IfPart, Key, Part,
    Splat,
};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::functions;
use crate::partial::{self, Gathered, kind_of};
use crate::residual::{Comprehension, Residual};
use crate::span::Span;
use crate::value::{Key as Spelled, Value};

impl Evaluator<'_> {
    pub(super) fn evaluate(&self, expr: &Expr, scope: &Scope) -> Eval {
        match &expr.kind {
            ExprKind::Invalid => Err(Stop::Reported),
            ExprKind::Null => Ok(Value::Null.into()),
            ExprKind::Bool(value) => Ok(Value::Bool(*value).into()),
            ExprKind::Number(number) => Ok(Value::Number(number.value()).into()),
            ExprKind::Quantity(quantity) => Ok(Value::Quantity(quantity.value()).into()),
            ExprKind::String(text) => Ok(Value::string(text).into()),
            ExprKind::Template(parts) => self.template(parts, expr.span, scope),
            ExprKind::Wrapped(_, inner) => self.evaluate(inner, scope),
            ExprKind::Tuple(items) => {
                let items = items.iter().map(|item| self.evaluate(item, scope));
                Ok(Residual::list(items.collect::<Result<_, _>>()?))
            }
            ExprKind::Object(entries) => self.object_literal(entries, scope),
            ExprKind::For(each) => self.comprehension(each, expr.span, scope),
            ExprKind::Conditional(conditional) => self.conditional(conditional, scope),
            ExprKind::Binary(binary) => self.binary(binary, scope),
            ExprKind::Unary(op, operand) => {
                functions::unary(*op, self.evaluate(operand, scope)?).map_err(at(expr.span))
            }
            ExprKind::Call(call) => self.call(call, expr.span, scope),
            ExprKind::Name(_) | ExprKind::Attribute(..) => self.reference(expr, scope),
            ExprKind::Index(of, key) => {
                if let Some(part) = self.part(expr, scope) {
                    return Ok(part);
                }
                let of = self.evaluate(of, scope)?;
                self.element(of, self.evaluate(key, scope)?, expr.span)
            }
            ExprKind::Splat(splat) => self.splat(splat, scope),
            ExprKind::Element => scope.element.clone().ok_or(Stop::Reported),
        }
    }

    fn object_literal(&self, entries: &[Entry], scope: &Scope) -> Eval {
        let mut map = BTreeMap::new();
        let mut waiting = Vec::new();
        let mut hidden = false;
        for entry in entries {
            let (key, secret) = self.key(&entry.key, scope)?;
            hidden |= secret;
            let value = self.evaluate(&entry.value, scope)?;
            let Residual::Known(Value::String(key)) = key else {
                waiting.push((key, value));
                continue;
            };
            if map.insert(key.clone(), value).is_some() {
                let name = if secret { String::new() } else { format!(" `{}`", Spelled(&key)) };
                let message = format!("the key{name} comes up twice");
                return fail(Diagnostic::error(codes::FAILED, entry.key.span(), message));
            }
        }
        let object = if waiting.is_empty() { Residual::map(map) } else { zipped(map, waiting) };
        Ok(if hidden { object.concealed() } else { object })
    }

    /// An object's key, a string if it is known, and whether it is secret.
    fn key(&self, key: &Key, scope: &Scope) -> Result<(Residual, bool), Stop> {
        let Key::Expr(expr) = key else {
            return Ok((Value::string(key.literal().unwrap_or_default()).into(), false));
        };
        let (value, hidden) = self.settled(self.evaluate(expr, scope)?).uncovered();
        match value {
            Residual::Known(value @ (Value::Number(_) | Value::Bool(_))) => {
                Ok((Value::String(value.to_string()).into(), hidden))
            }
            Residual::Known(Value::String(_)) => Ok((value, hidden)),
            Residual::Known(_) | Residual::List(_) | Residual::Set(_) | Residual::Map(_) => {
                let message = format!("a key is a string, not {}", kind_of(&value));
                fail(Diagnostic::error(codes::TYPE, expr.span, message))
            }
            waiting => Ok((waiting, hidden)),
        }
    }

    fn conditional(&self, conditional: &Conditional, scope: &Scope) -> Eval {
        let condition = self.settled(self.evaluate(&conditional.condition, scope)?);
        let decided = partial::condition(&condition).map_err(at(conditional.condition.span))?;
        let side = |yes| self.evaluate(if yes { &conditional.yes } else { &conditional.no }, scope);
        match decided {
            (Some(chosen), false) => side(chosen),
            (Some(chosen), true) => Ok(side(chosen)?.concealed()),
            (None, hidden) => {
                let both = Residual::Conditional(
                    Box::new(condition.uncovered().0),
                    Box::new(side(true)?),
                    Box::new(side(false)?),
                );
                Ok(if hidden { both.concealed() } else { both })
            }
        }
    }

    fn binary(&self, binary: &Binary, scope: &Scope) -> Eval {
        let left = self.evaluate(&binary.left, scope)?;
        let decides = match binary.op {
            BinaryOp::And => Some(false),
            BinaryOp::Or => Some(true),
            _ => None,
        };
        let known = left.known().map(Value::revealed);
        if decides.is_some_and(|decides| known == Some(&Value::Bool(decides))) {
            return Ok(left);
        }
        let right = self.evaluate(&binary.right, scope)?;
        functions::binary(binary.op, left, right).map_err(at(binary.left.span.to(binary.right.span)))
    }

    pub(super) fn template(&self, parts: &[Part], span: Span, scope: &Scope) -> Eval {
        let mut texts = Vec::new();
        for part in parts {
            let (text, place) = match part {
                Part::Text(text) => (Value::string(text).into(), span),
                Part::Interpolation(expr) => (self.evaluate(expr, scope)?, expr.span),
                Part::If(part) => (self.if_part(part, scope)?, part.span),
                Part::For(part) => (self.for_part(part, scope)?, part.span),
            };
            // Alone first, so that an error stands at the part.
            texts.push(functions::apply("template", vec![text]).map_err(at(place))?);
        }
        functions::apply("template", texts).map_err(at(span))
    }

    fn if_part(&self, part: &IfPart, scope: &Scope) -> Eval {
        let condition = self.settled(self.evaluate(&part.condition, scope)?);
        let side = |yes: bool| self.template(if yes { &part.yes } else { &part.no }, part.span, scope);
        match partial::condition(&condition).map_err(at(part.condition.span))? {
            (Some(chosen), false) => side(chosen),
            (Some(chosen), true) => Ok(side(chosen)?.concealed()),
            (None, _) => {
                Ok(Residual::Conditional(Box::new(condition), Box::new(side(true)?), Box::new(side(false)?)))
            }
        }
    }

    fn for_part(&self, part: &ForPart, scope: &Scope) -> Eval {
        let collection = self.evaluate(&part.collection, scope)?;
        let names = ForNames { key: part.key.as_ref(), value: &part.value };
        let result =
            self.run(&names, collection, part.span, scope, Gathered::new(false, false), |inner| {
                Ok((None, None, self.template(&part.body, part.span, inner)?))
            })?;
        let separator = Value::string("").into();
        functions::apply("join", vec![separator, result]).map_err(at(part.span))
    }

    fn comprehension(&self, each: &For, span: Span, scope: &Scope) -> Eval {
        let collection = self.evaluate(&each.collection, scope)?;
        let names = ForNames { key: each.key.as_ref(), value: &each.value };
        let (object, grouped) = match &each.result {
            ForResult::Tuple(_) => (false, false),
            ForResult::Object { grouped, .. } => (true, *grouped),
        };
        self.run(&names, collection, span, scope, Gathered::new(object, grouped), |inner| {
            let taken =
                each.condition.as_ref().map(|condition| self.evaluate(condition, inner)).transpose()?;
            if taken == Some(Value::Bool(false).into()) {
                return Ok((taken, Some(Value::string("").into()), Value::Null.into()));
            }
            Ok(match &each.result {
                ForResult::Tuple(value) => (taken, None, self.evaluate(value, inner)?),
                ForResult::Object { key, value, .. } => {
                    (taken, Some(self.evaluate(key, inner)?), self.evaluate(value, inner)?)
                }
            })
        })
    }

    /// Runs a `for`: `body` gives condition, key and value of a step. Over a collection that waits, or with
    /// conditions that do, the whole waits.
    fn run(
        &self,
        names: &ForNames<'_>,
        collection: Residual,
        span: Span,
        scope: &Scope,
        mut gathered: Gathered,
        body: impl Fn(&Scope) -> Result<StepResult, Stop>,
    ) -> Eval {
        let grouped = gathered.grouped;
        let collection = match partial::steps(&collection) {
            Ok(None) => self.settled(collection),
            _ => collection,
        };
        let mut answerable = self.may_be_answered(&collection);
        if let Some(steps) = partial::steps(&collection).map_err(at(span))? {
            let mut left = limits::budget();
            for (key, value) in steps {
                self.step_of_for(span)?;
                let (taken, key, value) = body(&names.bind(scope, key.into(), value))?;
                let (taken, key) = (taken.map(|taken| self.settled(taken)), key.map(|key| self.settled(key)));
                answerable |= taken.iter().chain(&key).any(|waiting| self.may_be_answered(waiting));
                self.measured(&value, &mut left, span)?;
                gathered.add(taken, key, value).map_err(at(span))?;
            }
            if let Some(result) = gathered.finish(&collection) {
                return Ok(result);
            }
        }
        let (key, value) = names.symbols(scope.depth);
        let variable = |name: &str| Residual::Variable(name.to_owned());
        let key_value = key.as_deref().map_or(Value::Null.into(), variable);
        let inner = names.bind(&scope.deeper(), key_value, variable(&value));
        let (condition, result_key, result) = body(&inner).map_err(|stop| match stop {
            // The body may need to know what only an answer tells: then it is tried again with it.
            Stop::Error(_) if answerable => Stop::Undecided,
            other => other,
        })?;
        let (collection, hidden) = collection.uncovered();
        let comprehension = Comprehension { key, value, collection, result_key, result, condition, grouped };
        let waiting = Residual::For(Box::new(comprehension));
        Ok(if hidden { waiting.concealed() } else { waiting })
    }

    fn splat(&self, splat: &Splat, scope: &Scope) -> Eval {
        let (source, hidden) = self.evaluate(&splat.source, scope)?.uncovered();
        let each = |item: Residual| self.evaluate(&splat.each, &scope.with_element(item));
        let result = match (source.items(), &source) {
            (Some(items), _) => Residual::list(items.into_iter().map(each).collect::<Result<_, _>>()?),
            (None, Residual::Known(Value::Null)) => Value::List(Vec::new()).into(),
            (None, Residual::Attribute(reference)) if reference.is_whole() => {
                Residual::list(vec![each(source)?])
            }
            (None, Residual::Known(_) | Residual::Map(_)) => Residual::list(vec![each(source)?]),
            (None, _) => {
                let value = symbol("item", scope.depth);
                let result = self
                    .evaluate(&splat.each, &scope.deeper().with_element(Residual::Variable(value.clone())))?;
                Residual::For(Box::new(Comprehension {
                    key: None,
                    value,
                    collection: source,
                    result_key: None,
                    result,
                    condition: None,
                    grouped: false,
                }))
            }
        };
        Ok(if hidden { result.concealed() } else { result })
    }
}

/// An object some of whose keys wait, so that the whole must.
fn zipped(known: BTreeMap<String, Residual>, waiting: Vec<(Residual, Residual)>) -> Residual {
    let known = known.into_iter().map(|(key, value)| (Value::String(key).into(), value));
    let (keys, values) = known.chain(waiting).unzip();
    Residual::Call("zipmap".to_owned(), vec![Residual::list(keys), Residual::list(values)])
}

/// Condition, key and value of one step of a `for`.
type StepResult = (Option<Residual>, Option<Residual>, Residual);

/// The names a `for` binds.
struct ForNames<'a> {
    key: Option<&'a Ident>,
    value: &'a Ident,
}

impl ForNames<'_> {
    fn bind(&self, scope: &Scope, key: Residual, value: Residual) -> Scope {
        match self.key {
            Some(name) => scope.with(name.as_str(), key).with(self.value.as_str(), value),
            None => scope.with(self.value.as_str(), value),
        }
    }

    /// The names of the variables in a residual, told apart from those of `for`s around.
    fn symbols(&self, depth: usize) -> (Option<String>, String) {
        (self.key.map(|key| symbol(key.as_str(), depth)), symbol(self.value.as_str(), depth))
    }
}

fn symbol(name: &str, depth: usize) -> String {
    if depth == 0 { name.to_owned() } else { format!("{name}'{depth}") }
}
