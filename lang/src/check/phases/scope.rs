//! What an expression sees besides the names of its module.

use std::rc::Rc;

use super::tree::{Declared, Tree};

/// What is bound around an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) names: Vec<(String, Tree)>,
    /// `each.key` and `each.value`, under `for_each`.
    pub(super) each: Option<(Tree, Tree)>,
    /// The object behind `self`, in conditions.
    pub(super) this: Option<Rc<Declared>>,
    /// A splat's element.
    pub(super) element: Option<Tree>,
}

impl Scope {
    pub(super) fn with(&self, name: &str, tree: Tree) -> Self {
        let mut inner = self.clone();
        inner.names.push((name.to_owned(), tree));
        inner
    }

    pub(super) fn with_element(&self, tree: Tree) -> Self {
        Self { element: Some(tree), ..self.clone() }
    }

    /// A bound name; the innermost wins.
    pub(super) fn get(&self, name: &str) -> Option<&Tree> {
        self.names.iter().rev().find(|(bound, _)| bound == name).map(|(_, tree)| tree)
    }
}
