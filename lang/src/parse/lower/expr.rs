//! Expressions.

use std::sync::LazyLock;

use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::{Lower, Parts, too_deep};
use crate::ast::{
    Binary, BinaryOp, Call, Conditional, Entry, Expr, ExprKind, For, ForResult, Ident, Key, NumberLiteral,
    QuantityLiteral, Splat, UnaryOp, Unit, Wrapping,
};
use crate::diagnostic::Diagnostic;
use crate::parse::{MAX_DEPTH, Rule, codes};
use crate::span::Span;

/// From weak to strong.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    PrattParser::new()
        .op(Op::infix(Rule::op_or, Assoc::Left))
        .op(Op::infix(Rule::op_and, Assoc::Left))
        .op(Op::infix(Rule::op_equal, Assoc::Left))
        .op(Op::infix(Rule::op_order, Assoc::Left))
        .op(Op::infix(Rule::op_add, Assoc::Left))
        .op(Op::infix(Rule::op_mul, Assoc::Left))
        .op(Op::prefix(Rule::negate) | Op::prefix(Rule::not))
        .op(Op::postfix(Rule::member)
            | Op::postfix(Rule::legacy_index)
            | Op::postfix(Rule::index)
            | Op::postfix(Rule::attr_splat)
            | Op::postfix(Rule::full_splat))
});

impl Lower {
    pub(in crate::parse) fn only_expression(&self, pairs: Pairs<'_, Rule>) -> Expr {
        self.expr(Parts(pairs).next())
    }

    /// An expression: operands and operators in the order written, then the branches of a conditional, if any.
    pub(in crate::parse) fn expr(&self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts(pair.into_inner());
        let lowered = match parts.0.len() {
            1 => self.nested(1, span, || self.term(parts.next())),
            _ => self.nested(levels(parts.0.clone()), span, || self.conditional(parts, span)),
        };
        lowered.unwrap_or(Expr { kind: ExprKind::Invalid, span })
    }

    fn conditional(&self, mut parts: Parts<'_>, span: Span) -> Expr {
        let condition = self.operation(std::iter::from_fn(|| parts.next_if_not(Rule::expr)));
        match (parts.0.next(), parts.0.next()) {
            (Some(yes), Some(no)) => {
                let parts = Conditional { condition, yes: self.expr(yes), no: self.expr(no) };
                Expr { kind: ExprKind::Conditional(Box::new(parts)), span }
            }
            _ => condition,
        }
    }

    /// Runs `build` `levels` deeper, unless that is too deep.
    pub(in crate::parse) fn nested<T>(
        &self,
        levels: usize,
        span: Span,
        build: impl FnOnce() -> T,
    ) -> Option<T> {
        let depth = self.depth.get();
        if depth + levels > MAX_DEPTH {
            if !self.diagnostics.borrow().iter().any(|earlier| earlier.code == codes::TOO_DEEP) {
                self.report(too_deep(span));
            }
            return None;
        }
        self.depth.set(depth + levels);
        let built = build();
        self.depth.set(depth);
        Some(built)
    }

    fn operation<'i>(&self, flat: impl Iterator<Item = Pair<'i, Rule>>) -> Expr {
        PRECEDENCE
            .map_primary(|pair| self.term(pair))
            .map_prefix(|op, operand| self.unary(&op, operand))
            .map_postfix(|object, access| self.access(object, access))
            .map_infix(|left, op, right| self.binary(left, &op, right))
            .parse(flat)
    }

    fn unary(&self, op: &Pair<'_, Rule>, operand: Expr) -> Expr {
        let span = self.span(op).to(operand.span);
        let op = if op.as_rule() == Rule::negate { UnaryOp::Negate } else { UnaryOp::Not };
        Expr { kind: ExprKind::Unary(op, Box::new(operand)), span }
    }

    fn binary(&self, left: Expr, op: &Pair<'_, Rule>, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let parts = Binary { op: binary_op(op.as_str()), op_span: self.span(op), left, right };
        Expr { kind: ExprKind::Binary(Box::new(parts)), span }
    }

    fn term(&self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::named => self.named(pair),
            Rule::number => self.number(pair.as_str(), span),
            Rule::template => self.template(pair),
            Rule::heredoc => self.heredoc(pair),
            Rule::parens => {
                let inner = self.expr(Parts(pair.into_inner()).next());
                ExprKind::Wrapped(Wrapping::Parentheses, Box::new(inner))
            }
            Rule::tuple => self.tuple(pair),
            _ => self.object(pair),
        };
        Expr { kind, span }
    }

    fn named(&self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut parts = Parts(pair.into_inner());
        let first = parts.next();
        if !parts.0.is_empty() {
            return self.call(self.ident(&first), parts);
        }
        match first.as_str() {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            _ => ExprKind::Name(self.ident(&first)),
        }
    }

    /// A call: the names behind the first, and the arguments.
    fn call(&self, first: Ident, mut parts: Parts<'_>) -> ExprKind {
        let mut namespace = Vec::new();
        let mut name = first;
        while let Some(next) = parts.next_if(Rule::ident) {
            namespace.push(std::mem::replace(&mut name, self.ident(&next)));
        }
        let (arguments, expand) = self.arguments(parts.next());
        ExprKind::Call(Call { namespace, name, arguments, expand })
    }

    fn arguments(&self, pair: Pair<'_, Rule>) -> (Vec<Expr>, Option<Span>) {
        let mut expand = None;
        let mut arguments = Vec::new();
        for argument in pair.into_inner() {
            match argument.as_rule() {
                Rule::ellipsis => expand = Some(self.span(&argument)),
                _ => arguments.push(self.expr(argument)),
            }
        }
        (arguments, expand)
    }

    fn number(&self, written: &str, span: Span) -> ExprKind {
        let digits = written.rfind(|c: char| c.is_ascii_digit()).map_or(0, |last| last + 1);
        let Some(amount) = NumberLiteral::new(&written[..digits]) else {
            let message = format!("`{}` is beyond all numbers that can be worked with", &written[..digits]);
            self.report(
                Diagnostic::error(codes::BAD_NUMBER, span, message)
                    .hint("digits and exponents go up to 9999"),
            );
            return ExprKind::Invalid;
        };
        match Unit::new(&written[digits..]) {
            Some(unit) => ExprKind::Quantity(QuantityLiteral { amount, unit }),
            None => ExprKind::Number(amount),
        }
    }

    fn tuple(&self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut parts = pair.into_inner().peekable();
        match parts.next_if(|first| first.as_rule() == Rule::for_tuple) {
            Some(each) => self.for_expr(each),
            None => ExprKind::Tuple(parts.map(|element| self.expr(element)).collect()),
        }
    }

    fn object(&self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut parts = pair.into_inner().peekable();
        match parts.next_if(|first| first.as_rule() == Rule::for_object) {
            Some(each) => self.for_expr(each),
            None => ExprKind::Object(parts.map(|entry| self.entry(entry)).collect()),
        }
    }

    fn entry(&self, pair: Pair<'_, Rule>) -> Entry {
        let mut parts = Parts(pair.into_inner());
        let written = parts.next();
        // `null`, `true` and `false` are bare words here too.
        let key = match bare_word(&written) {
            Some(name) => Key::Name(self.ident(&name)),
            None => Key::Expr(self.expr(written)),
        };
        Entry { key, value: self.expr(parts.next()) }
    }

    fn for_expr(&self, pair: Pair<'_, Rule>) -> ExprKind {
        let is_object = pair.as_rule() == Rule::for_object;
        let mut parts = Parts(pair.into_inner());
        let (key, value) = self.for_names(&mut parts);
        let collection = self.expr(parts.next());
        let first = self.expr(parts.next());
        let result = match is_object {
            true => {
                let value = self.expr(parts.next());
                let grouped = parts.next_if(Rule::ellipsis).is_some();
                ForResult::Object { key: first, value, grouped }
            }
            false => ForResult::Tuple(first),
        };
        let condition = parts.0.next().map(|guard| self.only_expression(guard.into_inner()));
        ExprKind::For(Box::new(For { key, value, collection, result, condition }))
    }

    /// The one or two names behind `for`.
    pub(in crate::parse) fn for_names(&self, parts: &mut Parts<'_>) -> (Option<Ident>, Ident) {
        let first = self.ident(&parts.next());
        match parts.next_if(Rule::ident) {
            Some(second) => (Some(first), self.ident(&second)),
            None => (None, first),
        }
    }

    // --- what follows an operand

    fn access(&self, object: Expr, access: Pair<'_, Rule>) -> Expr {
        let span = object.span.to(self.span(&access));
        if let ExprKind::Splat(splat) = object.kind {
            return match takes_in(&splat, access.as_rule()) {
                true => {
                    let each = self.access(splat.each, access);
                    Expr { kind: ExprKind::Splat(Box::new(Splat { each, ..*splat })), span }
                }
                false => {
                    self.access_outside(Expr { kind: ExprKind::Splat(splat), span: object.span }, access)
                }
            };
        }
        self.access_outside(object, access)
    }

    fn access_outside(&self, object: Expr, access: Pair<'_, Rule>) -> Expr {
        let place = self.span(&access);
        let span = object.span.to(place);
        let rule = access.as_rule();
        let nested =
            rule == Rule::attr_splat && matches!(&object.kind, ExprKind::Splat(splat) if !splat.full);
        if nested {
            let message = "a `.*` may not follow another `.*`";
            self.report(Diagnostic::error(codes::NESTED_SPLAT, place, message).hint("write `[*]` for both"));
            return Expr { kind: ExprKind::Invalid, span };
        }
        let inner = access.into_inner().next();
        let kind = match (rule, inner) {
            (Rule::member, Some(name)) => ExprKind::Attribute(Box::new(object), self.ident(&name)),
            (Rule::legacy_index, Some(digits)) => {
                let kind = self.number(digits.as_str(), self.span(&digits));
                let index = Expr { kind, span: self.span(&digits) };
                ExprKind::Index(Box::new(object), Box::new(index))
            }
            (Rule::index, Some(index)) => ExprKind::Index(Box::new(object), Box::new(self.expr(index))),
            _ => {
                let each = Expr { kind: ExprKind::Element, span: place };
                ExprKind::Splat(Box::new(Splat { source: object, each, full: rule == Rule::full_splat }))
            }
        };
        Expr { kind, span }
    }
}

/// The one name that an expression consists of.
fn bare_word<'i>(expr: &Pair<'i, Rule>) -> Option<Pair<'i, Rule>> {
    let mut parts = expr.clone().into_inner();
    let only = parts.next().filter(|only| only.as_rule() == Rule::named && parts.is_empty())?;
    let mut names = only.into_inner();
    names.next().filter(|_| names.is_empty())
}

/// Whether an access belongs to each element of the splat rather than to its result.
fn takes_in(splat: &Splat, rule: Rule) -> bool {
    splat.full || matches!(rule, Rule::member | Rule::legacy_index)
}

/// How many levels an expression takes: its longest operand, and half of its binary operators, as these may be many
/// in flat conditions and cost less.
fn levels(flat: Pairs<'_, Rule>) -> usize {
    use Rule::{attr_splat, full_splat, index, legacy_index, member, negate, not};
    use Rule::{op_add, op_and, op_equal, op_mul, op_or, op_order};
    let (mut binary, mut operand, mut longest) = (0, 0, 0);
    for pair in flat {
        match pair.as_rule() {
            negate | not | member | legacy_index | index | attr_splat | full_splat => operand += 1,
            op_or | op_and | op_equal | op_order | op_add | op_mul => (binary, operand) = (binary + 1, 0),
            _ => {}
        }
        longest = longest.max(operand);
    }
    1 + longest + binary / 2
}

fn binary_op(sign: &str) -> BinaryOp {
    match sign {
        "||" => BinaryOp::Or,
        "&&" => BinaryOp::And,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessOrEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterOrEqual,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        _ => BinaryOp::Remainder,
    }
}
