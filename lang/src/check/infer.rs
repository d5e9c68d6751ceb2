//! The type of an expression, in one pass from the bottom up; names are resolved on the way.

use std::collections::BTreeMap;

use super::Checker;
use super::expect::object_of;
use super::scope::Scope;
use crate::ast::{
    Binary, BinaryOp, Conditional, Entry, Expr, ExprKind, For, ForResult, Part, Splat, UnaryOp, Wrapping,
};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::span::Span;
use crate::types::{Bounds, Field, Fit, Lengths, Text, Type, any_of, fit, spoken, unify};

impl Checker<'_> {
    /// The type of `expr`; what is wrong with it is reported, and then its type has no values, so that what depends
    /// on it is silent.
    pub(super) fn infer(&mut self, expr: &Expr, scope: &Scope) -> Type {
        match &expr.kind {
            ExprKind::Invalid => Type::never(),
            ExprKind::Null => Type::null(),
            ExprKind::Bool(_) => Type::Bool,
            ExprKind::Number(number) => {
                let value = number.value();
                let integer = value.is_integer();
                Type::Number { integer, bounds: Bounds { min: Some(value.clone()), max: Some(value) } }
            }
            ExprKind::Quantity(quantity) => {
                let quantity = quantity.value();
                let bounds = Bounds { min: Some(quantity.amount.clone()), max: Some(quantity.amount) };
                Type::Quantity { dimension: quantity.dimension, bounds }
            }
            ExprKind::String(text) => Type::String(Text::Enum(vec![text.clone()])),
            ExprKind::Template(parts) => self.template(parts, scope),
            ExprKind::Wrapped(wrapping, inner) => {
                let ty = self.infer(inner, scope);
                if *wrapping == Wrapping::Template && matches!(ty.core(), Type::Kind(_)) {
                    self.no_object_in_text(&ty, inner);
                }
                ty
            }
            ExprKind::Tuple(items) => Type::Tuple(items.iter().map(|item| self.infer(item, scope)).collect()),
            ExprKind::Object(entries) => self.object(entries, scope),
            ExprKind::For(each) => self.comprehension(each, scope),
            ExprKind::Conditional(conditional) => self.conditional(conditional, expr.span, scope),
            ExprKind::Binary(binary) => self.binary(binary, scope),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, scope),
            ExprKind::Call(call) => self.call(call, expr, scope),
            ExprKind::Name(_) | ExprKind::Attribute(..) => self.reference(expr, scope),
            ExprKind::Index(of, key) => self.index(of, key, expr.span, scope),
            ExprKind::Splat(splat) => self.splat(splat, scope),
            ExprKind::Element => scope.element.clone().unwrap_or(Type::never()),
        }
    }

    pub(super) fn report(&mut self, error: Diagnostic) -> Type {
        self.errors.push(error);
        Type::never()
    }

    fn template(&mut self, parts: &[Part], scope: &Scope) -> Type {
        let secret = self.parts(parts, scope);
        if secret { Type::Sensitive(Box::new(Type::string())) } else { Type::string() }
    }

    /// Checks the parts of a template; whether one is secret.
    fn parts(&mut self, parts: &[Part], scope: &Scope) -> bool {
        let mut secret = false;
        for part in parts {
            secret |= match part {
                Part::Text(_) => false,
                Part::Interpolation(expr) => {
                    let ty = self.infer(expr, scope);
                    self.no_object_in_text(&ty, expr);
                    ty.is_sensitive()
                }
                Part::If(part) => {
                    self.condition(&part.condition, scope);
                    let yes = self.parts(&part.yes, scope);
                    self.parts(&part.no, scope) || yes
                }
                Part::For(part) => {
                    let collection = self.infer(&part.collection, scope);
                    let (key, value) = self.elements(&collection, part.collection.span);
                    let key_name = part.key.as_ref().map(|key| key.as_str());
                    let inner = bind(scope, key_name, part.value.as_str(), key, value);
                    self.parts(&part.body, &inner) || collection.is_sensitive()
                }
            };
        }
        secret
    }

    fn no_object_in_text(&mut self, ty: &Type, expr: &Expr) {
        match ty.core() {
            Type::Kind(kind) => {
                let message = format!("this is a whole `{kind}`, which cannot be part of a string");
                let error = Diagnostic::error(codes::WHOLE, expr.span, message);
                self.report(error.hint("say which attribute is meant: add `.id` or `.name`"));
            }
            Type::List(..) | Type::Set(_) | Type::Map(_) | Type::Tuple(_) | Type::Object(_) => {
                let error = Diagnostic::error(
                    codes::TYPE,
                    expr.span,
                    format!("{} cannot be part of a string", spoken(ty)),
                );
                self.report(error.hint("use `join(\", \", x)` or `jsonencode(x)`"));
            }
            _ => {}
        }
    }

    fn object(&mut self, entries: &[Entry], scope: &Scope) -> Type {
        self.keys(entries, scope);
        let types = entries.iter().map(|entry| self.infer(&entry.value, scope)).collect();
        object_of(entries, types)
    }

    /// Reports at `span` a type that can never be the one wanted.
    pub(super) fn must_fit(&mut self, found: &Type, wanted: &Type, span: Span) {
        if fit(found, wanted) == Fit::No {
            let message = format!("{} is wanted, not {}", spoken(wanted), spoken(found));
            self.report(Diagnostic::error(codes::TYPE, span, message));
        }
    }

    pub(super) fn condition(&mut self, expr: &Expr, scope: &Scope) {
        let ty = self.infer(expr, scope);
        if fit(&ty, &Type::Bool) == Fit::No {
            let message = format!("a condition is `true` or `false`, not {}", spoken(&ty));
            self.report(Diagnostic::error(codes::TYPE, expr.span, message));
        }
    }

    fn conditional(&mut self, conditional: &Conditional, span: Span, scope: &Scope) -> Type {
        self.condition(&conditional.condition, scope);
        let yes = self.infer(&conditional.yes, scope);
        let no = self.infer(&conditional.no, scope);
        unify(&yes, &no).unwrap_or_else(|clash| {
            let message = format!("the two sides have no common type: {clash}");
            self.report(Diagnostic::error(codes::CLASH, span, message))
        })
    }

    fn binary(&mut self, binary: &Binary, scope: &Scope) -> Type {
        let left = self.infer(&binary.left, scope);
        let right = self.infer(&binary.right, scope);
        let label = |ty: Type| match left.is_sensitive() || right.is_sensitive() {
            true => Type::Sensitive(Box::new(ty)),
            false => ty,
        };
        match binary.op {
            BinaryOp::Equal | BinaryOp::NotEqual => label(Type::Bool),
            BinaryOp::And | BinaryOp::Or => {
                self.operand(&left, &[Type::Bool], binary.op.as_str(), &binary.left);
                self.operand(&right, &[Type::Bool], binary.op.as_str(), &binary.right);
                label(Type::Bool)
            }
            op => {
                let comparison = matches!(
                    op,
                    BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual
                );
                let result = self.arithmetic(binary, &left, &right);
                label(if comparison { Type::Bool } else { result })
            }
        }
    }

    fn arithmetic(&mut self, binary: &Binary, left: &Type, right: &Type) -> Type {
        let sign = binary.op.as_str();
        self.calculates(left, sign, &binary.left);
        self.calculates(right, sign, &binary.right);
        match (left.core(), right.core()) {
            (Type::Quantity { dimension: a, .. }, Type::Quantity { dimension: b, .. }) if a != b => {
                let message = format!("`{sign}` does not work on a {a} and a {b}");
                self.report(Diagnostic::error(codes::OPERAND, binary.op_span, message))
            }
            (Type::Quantity { .. }, Type::Quantity { .. }) if binary.op == BinaryOp::Divide => Type::number(),
            (Type::Quantity { dimension, .. }, _) | (_, Type::Quantity { dimension, .. }) => {
                Type::quantity(*dimension)
            }
            (Type::Number { integer: true, .. }, Type::Number { integer: true, .. })
                if binary.op != BinaryOp::Divide =>
            {
                Type::int()
            }
            (Type::Number { .. }, Type::Number { .. }) => Type::number(),
            (Type::OneOf(none), _) | (_, Type::OneOf(none)) if none.is_empty() => Type::never(),
            _ => Type::Any,
        }
    }

    fn calculates(&mut self, ty: &Type, sign: &str, expr: &Expr) {
        let hint = match (sign, ty.core()) {
            ("+", Type::String(_)) => Some("join strings in a template: `\"${a}${b}\"`"),
            ("+", Type::List(..) | Type::Tuple(_)) => Some("use `concat(a, b)`"),
            (_, Type::String(_)) => Some("use `tonumber(x)`"),
            (_, Type::Number { .. } | Type::Quantity { .. } | Type::Any | Type::OneOf(_)) => return,
            _ => None,
        };
        let mut error =
            Diagnostic::error(codes::OPERAND, expr.span, format!("`{sign}` does not work on {}", spoken(ty)));
        error.hint = hint.map(str::to_owned);
        self.report(error);
    }

    fn operand(&mut self, ty: &Type, wanted: &[Type], sign: &str, expr: &Expr) {
        if wanted.iter().all(|wanted| fit(ty, wanted) == Fit::No) {
            let message = format!("`{sign}` does not work on {}", spoken(ty));
            self.report(Diagnostic::error(codes::OPERAND, expr.span, message));
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr, scope: &Scope) -> Type {
        let ty = self.infer(operand, scope);
        match op {
            UnaryOp::Not => {
                self.operand(&ty, &[Type::Bool], "!", operand);
                Type::Bool
            }
            UnaryOp::Negate => {
                self.calculates(&ty, "-", operand);
                negated(&ty)
            }
        }
    }

    fn comprehension(&mut self, each: &For, scope: &Scope) -> Type {
        let collection = self.infer(&each.collection, scope);
        let secret = collection.is_sensitive();
        let result = match (collection.core(), &each.result) {
            (Type::Object(fields), ForResult::Object { key, value, grouped: false })
                if names_key(each, key) =>
            {
                self.for_fields(each, fields, value, scope)
            }
            _ => {
                let (key, value) = self.elements(&collection, each.collection.span);
                let key_name = each.key.as_ref().map(|key| key.as_str());
                self.for_result(each, &bind(scope, key_name, each.value.as_str(), key, value))
            }
        };
        if secret { Type::Sensitive(Box::new(result)) } else { result }
    }

    fn for_result(&mut self, each: &For, inner: &Scope) -> Type {
        if let Some(condition) = &each.condition {
            self.condition(condition, inner);
        }
        match &each.result {
            ForResult::Tuple(value) => Type::list(self.infer(value, inner)),
            ForResult::Object { key, value, grouped } => {
                let ty = self.infer(key, inner);
                self.must_fit(&ty, &Type::string(), key.span);
                let value = self.infer(value, inner);
                Type::map(if *grouped { Type::list(value) } else { value })
            }
        }
    }

    /// `{ for k, v in object : k => … }` keeps each field's own type.
    fn for_fields(
        &mut self,
        each: &For,
        fields: &BTreeMap<String, Field>,
        value: &Expr,
        scope: &Scope,
    ) -> Type {
        let mut result = BTreeMap::new();
        for (name, field) in fields {
            let key = Type::String(Text::Enum(vec![name.clone()]));
            let key_name = each.key.as_ref().map(|key| key.as_str());
            let inner = bind(scope, key_name, each.value.as_str(), key, field.ty.clone());
            if let Some(condition) = &each.condition {
                self.condition(condition, &inner);
            }
            let ty = self.infer(value, &inner);
            let optional = field.optional || each.condition.is_some();
            result.insert(name.clone(), Field { ty, optional, default: None });
        }
        Type::object(result)
    }

    /// The types of key and element of what a `for` runs over.
    pub(super) fn elements(&mut self, collection: &Type, span: Span) -> (Type, Type) {
        match collection.core() {
            Type::List(element, _) => (Type::int(), (**element).clone()),
            Type::Set(element) => ((**element).clone(), (**element).clone()),
            Type::Map(element) => (Type::string(), (**element).clone()),
            Type::Tuple(items) => (Type::int(), any_of(items.iter())),
            Type::Object(fields) => {
                let all = any_of(fields.values().map(|field| &field.ty));
                (Type::String(Text::Enum(fields.keys().cloned().collect())), all)
            }
            Type::OneOf(types) => {
                let (keys, values): (Vec<Type>, Vec<Type>) =
                    types.iter().map(|ty| self.elements(ty, span)).unzip();
                (any_of(&keys), any_of(&values))
            }
            Type::Any => (Type::Any, Type::Any),
            other => {
                let message =
                    format!("`for` runs over lists, sets, maps and objects, not over {}", spoken(other));
                let nothing = self.report(Diagnostic::error(codes::TYPE, span, message));
                (nothing.clone(), nothing)
            }
        }
    }

    fn splat(&mut self, splat: &Splat, scope: &Scope) -> Type {
        let source = self.infer(&splat.source, scope);
        let label = |ty: Type| if source.is_sensitive() { Type::Sensitive(Box::new(ty)) } else { ty };
        match source.core() {
            Type::Tuple(items) => {
                let each =
                    items.iter().map(|item| self.infer(&splat.each, &scope.with_element(item.clone())));
                label(Type::tuple(each))
            }
            Type::List(element, _) | Type::Set(element) => {
                label(Type::list(self.infer(&splat.each, &scope.with_element((**element).clone()))))
            }
            Type::OneOf(none) if none.is_empty() => Type::never(),
            Type::Any => Type::list(self.infer(&splat.each, &scope.with_element(Type::Any))),
            single => {
                let each = self.infer(&splat.each, &scope.with_element(single.clone()));
                label(Type::List(Box::new(each), Lengths { min: None, max: Some(1) }))
            }
        }
    }
}

fn negated(ty: &Type) -> Type {
    let flip = |bounds: &Bounds| Bounds {
        min: bounds.max.as_ref().map(|end| -end),
        max: bounds.min.as_ref().map(|end| -end),
    };
    match ty {
        Type::Number { integer, bounds } => Type::Number { integer: *integer, bounds: flip(bounds) },
        Type::Quantity { dimension, bounds } => {
            Type::Quantity { dimension: *dimension, bounds: flip(bounds) }
        }
        other => other.clone(),
    }
}

fn names_key(each: &For, key: &Expr) -> bool {
    let name = each.key.as_ref().map(|name| name.as_str());
    name.is_some() && key.bare().as_name().map(|key| key.as_str()) == name
}

fn bind(scope: &Scope, key_name: Option<&str>, value_name: &str, key: Type, value: Type) -> Scope {
    match key_name {
        Some(name) => scope.with(name, key).with(value_name, value),
        None => scope.with(value_name, value),
    }
}
