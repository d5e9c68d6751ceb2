//! What a condition tells about null: where `x != null` holds, `x` has a value.

use std::fmt;

use crate::ast::{Binary, BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::{Field, Type};
use crate::value::{Key, Quoted};

/// A value by the way to it: `var.x`, `each.value.autoscale`, `xs[each.key].f`. Values do not change, so that what is
/// known of a path holds wherever its words mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A name, `.name` or `["name"]`.
    Field(String),
    /// `[0]`.
    Position(String),
    /// `[key]`, where the key is a path itself.
    Key(Path),
}

impl Path {
    /// The path an expression spells, if it is one.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        match &expr.bare().kind {
            ExprKind::Name(name) => Some(Self(vec![Step::Field(name.as_str().to_owned())])),
            ExprKind::Attribute(of, name) => Self::of(of)?.then(Step::Field(name.as_str().to_owned())),
            ExprKind::Index(of, key) => Self::of(of)?.then(match &key.bare().kind {
                ExprKind::String(text) => Step::Field(text.clone()),
                ExprKind::Number(number) => Step::Position(number.value().to_string()),
                _ => Step::Key(Self::of(key)?),
            }),
            _ => None,
        }
    }

    /// The path to a field of what stands here.
    pub(super) fn field(&self, name: &str) -> Self {
        let steps = self.0.iter().cloned().chain([Step::Field(name.to_owned())]);
        Self(steps.collect())
    }

    fn then(mut self, step: Step) -> Option<Self> {
        self.0.push(step);
        Some(self)
    }

    /// Whether its meaning changes where `name` is bound.
    pub(super) fn depends_on(&self, name: &str) -> bool {
        let first = matches!(self.0.first(), Some(Step::Field(word)) if word == name);
        first || self.0.iter().any(|step| matches!(step, Step::Key(key) if key.depends_on(name)))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => f.write_str(name)?,
                Step::Field(name) => match Key(name).to_string() {
                    quoted if quoted.starts_with('"') => write!(f, "[{}]", Quoted(name))?,
                    word => write!(f, ".{word}")?,
                },
                Step::Position(at) => write!(f, "[{at}]")?,
                Step::Key(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// The paths that have a value where `condition` is `truth`.
pub(super) fn present(condition: &Expr, truth: bool) -> Vec<Path> {
    match &condition.bare().kind {
        ExprKind::Unary(UnaryOp::Not, inner) => present(inner, !truth),
        ExprKind::Binary(binary) => match (binary.op, truth) {
            (BinaryOp::NotEqual, true) | (BinaryOp::Equal, false) => compared_to_null(binary),
            (BinaryOp::And, true) | (BinaryOp::Or, false) => {
                let mut paths = present(&binary.left, truth);
                paths.extend(present(&binary.right, truth));
                paths
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn compared_to_null(binary: &Binary) -> Vec<Path> {
    let is_null = |expr: &Expr| expr.bare().kind == ExprKind::Null;
    match (is_null(&binary.left), is_null(&binary.right)) {
        (false, true) => Path::of(&binary.left).into_iter().collect(),
        (true, false) => Path::of(&binary.right).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The type of what stands at `path`, where each of `known` has a value.
pub(super) fn refined(mut ty: Type, path: &Path, known: &[Path]) -> Type {
    for fact in known {
        if let Some(rest) = fact.0.strip_prefix(path.0.as_slice()) {
            ty = with_value(ty, rest);
        }
    }
    ty
}

/// The type where what `steps` lead to is not null.
fn with_value(ty: Type, steps: &[Step]) -> Type {
    match (ty, steps) {
        (ty, []) => without_null(&ty).unwrap_or(ty),
        (Type::Object(fields), [Step::Field(name), rest @ ..]) => {
            let Some(field) = fields.get(name) else { return Type::Object(fields) };
            let optional = field.optional && !rest.is_empty();
            let field = Field { ty: with_value(field.ty.clone(), rest), optional, ..field.clone() };
            let others = fields.iter().map(|(name, field)| (name.clone(), field.clone()));
            Type::object(others.chain([(name.clone(), field)]))
        }
        (Type::Sensitive(inner), _) => Type::Sensitive(Box::new(with_value(*inner, steps))),
        (Type::Nullable(inner), _) => Type::Nullable(Box::new(with_value(*inner, steps))),
        (ty, _) => ty,
    }
}

/// The type without null; `None` if null is none of its values, or if it may be anything.
pub(super) fn without_null(ty: &Type) -> Option<Type> {
    match ty {
        Type::Nullable(inner) => Some((**inner).clone()),
        Type::Sensitive(inner) => Some(Type::Sensitive(Box::new(without_null(inner)?))),
        _ => None,
    }
}
