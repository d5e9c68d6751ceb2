//! The names an expression sees besides the module's own.

use std::rc::Rc;

use crate::name::KindName;
use crate::types::Type;

/// What is bound around an expression. Inner scopes share what is bound further out.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    innermost: Option<Rc<Binding>>,
    /// The type of `each.value`, under `for_each`.
    pub(super) each: Option<Type>,
    /// The kind behind `self`, in conditions.
    pub(super) this: Option<KindName>,
    /// The type of a splat's element.
    pub(super) element: Option<Type>,
}

#[derive(Debug)]
struct Binding {
    name: String,
    ty: Type,
    outer: Option<Rc<Binding>>,
}

impl Scope {
    pub(super) fn under_each(value: Option<Type>) -> Self {
        Self { each: value, ..Self::default() }
    }

    pub(super) fn with(&self, name: &str, ty: Type) -> Self {
        let binding = Binding { name: name.to_owned(), ty, outer: self.innermost.clone() };
        Self { innermost: Some(Rc::new(binding)), ..self.clone() }
    }

    pub(super) fn with_element(&self, ty: Type) -> Self {
        Self { element: Some(ty), ..self.clone() }
    }

    pub(super) fn with_this(&self, kind: KindName) -> Self {
        Self { this: Some(kind), ..self.clone() }
    }

    fn bindings(&self) -> impl Iterator<Item = &Binding> {
        std::iter::successors(self.innermost.as_deref(), |binding| binding.outer.as_deref())
    }

    /// The type of a bound name; the innermost wins.
    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        self.bindings().find(|binding| binding.name == name).map(|binding| &binding.ty)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.bindings().map(|binding| binding.name.as_str())
    }
}
