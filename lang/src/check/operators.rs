//! The types of what operators give.

use super::Checker;
use super::narrow::present;
use super::null::Need;
use super::scope::Scope;
use crate::ast::{Binary, BinaryOp, Expr, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::types::{Bounds, Fit, Type, fit, spoken};

impl Checker<'_> {
    pub(super) fn binary(&mut self, binary: &Binary, scope: &Scope) -> Type {
        let left = self.infer(&binary.left, scope);
        let right = match binary.op {
            BinaryOp::And => self.infer(&binary.right, &scope.knowing(present(&binary.left, true))),
            BinaryOp::Or => self.infer(&binary.right, &scope.knowing(present(&binary.left, false))),
            _ => self.infer(&binary.right, scope),
        };
        let secret = left.is_sensitive() || right.is_sensitive();
        match binary.op {
            BinaryOp::Equal | BinaryOp::NotEqual => {
                // Whether something is there tells nothing of the secrets in it.
                let inside = ![&left, &right].into_iter().any(|side| *side == Type::null());
                Type::Bool.labelled(secret || inside && (left.holds_secret() || right.holds_secret()))
            }
            BinaryOp::And | BinaryOp::Or => {
                self.decides(left, binary.op.as_str(), &binary.left, scope);
                self.decides(right, binary.op.as_str(), &binary.right, scope);
                Type::Bool.labelled(secret)
            }
            op => {
                let comparison = matches!(
                    op,
                    BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual
                );
                let result = self.arithmetic(binary, left, right, scope);
                (if comparison { Type::Bool } else { result }).labelled(secret)
            }
        }
    }

    fn arithmetic(&mut self, binary: &Binary, left: Type, right: Type, scope: &Scope) -> Type {
        let sign = binary.op.as_str();
        let left = self.calculates(left, sign, &binary.left, scope);
        let right = self.calculates(right, sign, &binary.right, scope);
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

    /// Reports an operand that is no number and no quantity; its type, without null.
    fn calculates(&mut self, ty: Type, sign: &str, expr: &Expr, scope: &Scope) -> Type {
        let ty = self.value(ty, expr, Need::Operand(sign), scope);
        let hint = match (sign, ty.core()) {
            (_, Type::Number { .. } | Type::Quantity { .. } | Type::Any | Type::OneOf(_)) => return ty,
            ("+", Type::String(_)) => Some("join strings in a template: `\"${a}${b}\"`"),
            ("+", Type::List(..) | Type::Tuple(_)) => Some("use `concat(a, b)`"),
            (_, Type::String(_)) => Some("use `tonumber(x)`"),
            _ => None,
        };
        let mut error = does_not_work(sign, &ty, expr);
        error.hint = hint.map(str::to_owned);
        self.report(error)
    }

    /// Reports an operand that is neither true nor false.
    fn decides(&mut self, ty: Type, sign: &str, expr: &Expr, scope: &Scope) {
        let ty = self.value(ty, expr, Need::Operand(sign), scope);
        if fit(&ty, &Type::Bool) == Fit::No {
            self.report(does_not_work(sign, &ty, expr));
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Expr, scope: &Scope) -> Type {
        let ty = self.infer(operand, scope);
        let secret = ty.is_sensitive();
        match op {
            UnaryOp::Not => {
                self.decides(ty, "!", operand, scope);
                Type::Bool.labelled(secret)
            }
            UnaryOp::Negate => negated(self.calculates(ty, "-", operand, scope).core()).labelled(secret),
        }
    }
}

fn does_not_work(sign: &str, ty: &Type, expr: &Expr) -> Diagnostic {
    Diagnostic::error(codes::OPERAND, expr.span, format!("`{sign}` does not work on {}", spoken(ty)))
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
