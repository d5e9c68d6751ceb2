//! Where null may stand and a value is needed.

use super::Checker;
use super::narrow::{Path, without_null};
use super::scope::Scope;
use crate::ast::Expr;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::KindName;
use crate::program::ObjectKey;
use crate::reference::{Root, root};
use crate::span::Span;
use crate::types::Type;
use crate::value::Key;

impl Checker<'_> {
    /// The type of `expr` where a value is needed: that it may be null is reported, with what is `needed` it for and
    /// what to write instead. Null apart, the type stays, so that other mistakes are still found.
    pub(super) fn value(&mut self, ty: Type, expr: &Expr, need: Need<'_>, scope: &Scope) -> Type {
        let Some(rest) = without_null(&ty) else { return ty };
        let path = Path::of(expr);
        let subject = path.as_ref().map_or("this".to_owned(), |path| format!("`{path}`"));
        let verb = if rest == Type::never() { "is" } else { "may be" };
        let message = format!("{subject} {verb} null, {}", need.consequence());
        let mut error = Diagnostic::error(codes::NULL, expr.span, message).hint(need.hint(path.as_ref()));
        if let Some((span, text)) = self.may_be_null_since(expr, scope) {
            error = error.label(span, text);
        }
        self.report(error);
        rest
    }

    /// Where the null of an expression may come from.
    fn may_be_null_since(&self, expr: &Expr, scope: &Scope) -> Option<(Span, &'static str)> {
        match root(expr.bare(), |name| scope.get(name).is_some())? {
            Root::Variable(name) => {
                Some((self.module.variables.get(&name.name)?.span, "may be null as it is declared here"))
            }
            Root::Local(name) => {
                let value = &self.module.locals.get(&name.name)?.value;
                let further = self.may_be_null_since(value, &Scope::default());
                Some(further.unwrap_or((value.span, "may be null")))
            }
            Root::Object(mode, kind, name) => {
                let key = ObjectKey { mode, kind: KindName::new(kind.as_str()), name: name.name.clone() };
                let when = self.module.objects.get(&key)?.meta.when.as_ref()?;
                Some((when.span, "there is one or none"))
            }
            Root::Module(name) => {
                let when = self.module.calls.get(&name.name)?.meta.when.as_ref()?;
                Some((when.span, "there is one or none"))
            }
            Root::Project(_) | Root::Path(_) | Root::Each(_) | Root::This => None,
        }
    }
}

/// What a value is needed for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need<'a> {
    /// To read a field.
    Field(&'a str),
    /// To read an element.
    Element,
    /// To run over it.
    Elements,
    /// To be part of a string.
    Text,
    /// To be an operand.
    Operand(&'a str),
    /// To decide.
    Condition,
}

impl Need<'_> {
    fn consequence(self) -> String {
        match self {
            Self::Field(name) => format!("so `{}` cannot be read from it", Key(name)),
            Self::Element => "so no element can be read from it".to_owned(),
            Self::Elements => "so nothing can run over it".to_owned(),
            Self::Text => "so it cannot be part of a string".to_owned(),
            Self::Operand(sign) => format!("so `{sign}` does not work on it"),
            Self::Condition => "so it decides nothing".to_owned(),
        }
    }

    fn hint(self, path: Option<&Path>) -> String {
        match (self, path) {
            (Self::Field(name), Some(path)) => {
                let read = path.field(name);
                format!("test it, `{path} != null ? {read} : …`, or name another value, `try({read}, …)`")
            }
            (Self::Elements, Some(path)) => {
                format!("test it, `{path} != null ? … : …`, or write `coalesce({path}, [])`")
            }
            (_, Some(path)) => {
                format!("test it, `{path} != null ? … : …`, or name another value, `coalesce({path}, …)`")
            }
            (Self::Field(_) | Self::Element, None) => {
                "name another value, `try(…, another)`, or test it with `!= null`".to_owned()
            }
            (_, None) => "name another value: `coalesce(…, another)`".to_owned(),
        }
    }
}
