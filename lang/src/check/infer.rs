//! The type of an expression, in one pass from the bottom up; names are resolved on the way.

use super::Checker;
use super::expect::object_of;
use super::narrow::present;
use super::null::Need;
use super::scope::Scope;
use crate::ast::{Conditional, Entry, Expr, ExprKind, Part, Wrapping};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::span::Span;
use crate::types::{Bounds, Fit, Text, Type, fit, spoken, unify};

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
            ExprKind::Name(_) | ExprKind::Attribute(..) => {
                let ty = self.reference(expr, scope);
                scope.refined(expr, ty)
            }
            ExprKind::Index(of, key) => {
                let ty = self.index(of, key, expr, scope);
                scope.refined(expr, ty)
            }
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
        Type::string().labelled(secret)
    }

    /// Checks the parts of a template; whether one is secret.
    pub(super) fn parts(&mut self, parts: &[Part], scope: &Scope) -> bool {
        let mut secret = false;
        for part in parts {
            secret |= match part {
                Part::Text(_) => false,
                Part::Interpolation(expr) => {
                    let ty = self.infer(expr, scope);
                    let ty = self.value(ty, expr, Need::Text, scope);
                    self.no_object_in_text(&ty, expr);
                    ty.is_sensitive()
                }
                Part::If(part) => {
                    let condition = self.condition(&part.condition, scope);
                    let yes = self.parts(&part.yes, &scope.knowing(present(&part.condition, true)));
                    let no = self.parts(&part.no, &scope.knowing(present(&part.condition, false)));
                    condition || yes || no
                }
                Part::For(part) => self.for_part(part, scope),
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

    /// Checks that `expr` is true or false; whether which is a secret.
    pub(super) fn condition(&mut self, expr: &Expr, scope: &Scope) -> bool {
        let ty = self.infer(expr, scope);
        let ty = self.value(ty, expr, Need::Condition, scope);
        if fit(&ty, &Type::Bool) == Fit::No {
            let message = format!("a condition is `true` or `false`, not {}", spoken(&ty));
            self.report(Diagnostic::error(codes::TYPE, expr.span, message));
        }
        ty.is_sensitive()
    }

    fn conditional(&mut self, conditional: &Conditional, span: Span, scope: &Scope) -> Type {
        let secret = self.condition(&conditional.condition, scope);
        let yes = self.infer(&conditional.yes, &scope.knowing(present(&conditional.condition, true)));
        let no = self.infer(&conditional.no, &scope.knowing(present(&conditional.condition, false)));
        let both = unify(&yes, &no).unwrap_or_else(|clash| {
            let message = format!("the two sides have no common type: {clash}");
            self.report(Diagnostic::error(codes::CLASH, span, message))
        });
        both.labelled(secret)
    }
}
