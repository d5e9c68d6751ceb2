//! The names an expression sees besides the module's own.

use std::rc::Rc;

use super::narrow::{Path, refined};
use crate::ast::Expr;
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
    /// What is known not to be null.
    present: Rc<Vec<Path>>,
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
        let present = match self.present.iter().any(|path| path.depends_on(name)) {
            true => Rc::new(self.present.iter().filter(|path| !path.depends_on(name)).cloned().collect()),
            false => self.present.clone(),
        };
        Self { innermost: Some(Rc::new(binding)), present, ..self.clone() }
    }

    /// The scope where these paths are known to have a value.
    pub(super) fn knowing(&self, paths: Vec<Path>) -> Self {
        if paths.is_empty() {
            return self.clone();
        }
        let present = self.present.iter().cloned().chain(paths).collect();
        Self { present: Rc::new(present), ..self.clone() }
    }

    /// The type of a reference, by what is known not to be null.
    pub(super) fn refined(&self, expr: &Expr, ty: Type) -> Type {
        if self.present.is_empty() {
            return ty;
        }
        match Path::of(expr) {
            Some(path) => refined(ty, &path, &self.present),
            None => ty,
        }
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
