//! What an expression sees while it is evaluated.

use std::rc::Rc;

use super::sources::Sources;
use crate::address::{Address, ModuleStep};
use crate::residual::Residual;

/// `each` in an instance of a block with `for_each`.
#[derive(Debug, Clone)]
pub(super) struct Each {
    pub(super) key: String,
    pub(super) value: Residual,
    /// What was read for all of `for_each`.
    pub(super) sources: Sources,
}

/// The module instance an expression belongs to, and what is bound around it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) path: Vec<ModuleStep>,
    /// What `for`s and parameters bind, the innermost first; inner scopes share what is bound further out.
    pub(super) names: Option<Rc<Binding>>,
    /// `each.key` and `each.value`.
    pub(super) each: Option<Each>,
    /// The object behind `self`.
    pub(super) this: Option<Address>,
    /// The element of the splat around.
    pub(super) element: Option<Residual>,
    /// How many `for`s over waiting collections are around: their variables are told apart by it.
    pub(super) depth: usize,
    /// Whether only bound names are seen, as in a template file.
    pub(super) closed: bool,
}

/// A name and what it stands for.
#[derive(Debug)]
pub(super) struct Binding {
    name: String,
    value: Residual,
    outer: Option<Rc<Binding>>,
}

impl Scope {
    pub(super) fn of(path: &[ModuleStep]) -> Self {
        Self { path: path.to_vec(), ..Self::default() }
    }

    pub(super) fn with(&self, name: &str, value: Residual) -> Self {
        let binding = Binding { name: name.to_owned(), value, outer: self.names.clone() };
        Self { names: Some(Rc::new(binding)), ..self.clone() }
    }

    pub(super) fn with_element(&self, value: Residual) -> Self {
        Self { element: Some(value), ..self.clone() }
    }

    pub(super) fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Residual> {
        let mut bindings = std::iter::successors(self.names.as_deref(), |binding| binding.outer.as_deref());
        bindings.find(|binding| binding.name == name).map(|binding| &binding.value)
    }
}
