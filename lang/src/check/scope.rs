//! The names an expression sees besides the module's own.

use crate::name::KindName;
use crate::types::Type;

/// What is bound around an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    names: Vec<(String, Type)>,
    /// The type of `each.value`, under `for_each`.
    pub(super) each: Option<Type>,
    /// The kind behind `self`, in conditions.
    pub(super) this: Option<KindName>,
    /// The type of a splat's element.
    pub(super) element: Option<Type>,
}

impl Scope {
    pub(super) fn under_each(value: Option<Type>) -> Self {
        Self { each: value, ..Self::default() }
    }

    pub(super) fn with(&self, name: &str, ty: Type) -> Self {
        let mut inner = self.clone();
        inner.names.push((name.to_owned(), ty));
        inner
    }

    pub(super) fn with_element(&self, ty: Type) -> Self {
        Self { element: Some(ty), ..self.clone() }
    }

    pub(super) fn with_this(&self, kind: KindName) -> Self {
        Self { this: Some(kind), ..self.clone() }
    }

    /// The type of a bound name; the innermost wins.
    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        self.names.iter().rev().find(|(bound, _)| bound == name).map(|(_, ty)| ty)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }
}
