//! Calls of modules, and of the functions that modules declare: each is looked at once for each different set of trees
//! that it is given.

use std::collections::BTreeMap;

use super::Looker;
use super::scope::Scope;
use super::tree::{Sort, Tree, union_all};
use super::typed::typed;
use crate::ast::Call;
use crate::name::Identifier;
use crate::program::{Call as ModuleCall, Module, UserFunction};

impl<'a> Looker<'a, '_> {
    /// The declared function that a call means, with the module it belongs to.
    pub(super) fn function(&self, call: &Call) -> Option<(&'a Module, &'a UserFunction)> {
        let home = match call.namespace.first() {
            Some(name) => self.run.modules.get(&self.module.libraries.get(&name.name)?.directory)?,
            None => self.module,
        };
        Some((home, home.functions.get(&call.name.name)?))
    }

    /// The result of a declared function. Those of libraries see the library's own names.
    pub(super) fn user_call(
        &mut self,
        home: &'a Module,
        function: &'a UserFunction,
        arguments: &[Tree],
        call: &'a Call,
    ) -> Tree {
        let spread = call.expand.map(|_| union_all(arguments));
        let mut scope = Scope::default();
        let mut told = format!("{}::{}", home.directory, call.name);
        for (at, (parameter, ty)) in function.params.iter().enumerate() {
            let argument = spread.as_ref().or(arguments.get(at)).map_or(Tree::CONFIG, |tree| typed(tree, ty));
            argument.fingerprint(&mut told);
            scope = scope.with(parameter.as_str(), argument.through(parameter.as_str(), call.name.span));
        }
        if !call.namespace.is_empty() {
            return self.run.library(home, told, |looker| looker.tree(&function.result, &scope));
        }
        if let Some(known) = self.results.get(&told) {
            return known.clone();
        }
        // A function that calls itself has been reported.
        self.results.insert(told.clone(), Tree::CONFIG);
        let result = self.tree(&function.result, &scope);
        self.results.insert(told, result.clone());
        result
    }

    /// The outputs of a module, as its name stands for them.
    pub(super) fn called(&mut self, name: &Identifier) -> Tree {
        if let Some(known) = self.calls.get(name) {
            return known.clone();
        }
        let Some(call) = self.module.calls.get(name) else { return Tree::CONFIG };
        self.calls.insert(name.clone(), Tree::CONFIG);
        let around = self.around(&call.meta);
        let outputs = self.outputs_of(call, &around.scope);
        let tree = match around.keyed {
            true => Tree::node(Sort::Map, around.at, BTreeMap::new(), Some(outputs)),
            false => outputs.delayed(&around.at),
        };
        self.calls.insert(name.clone(), tree.clone());
        tree
    }

    fn outputs_of(&mut self, call: &'a ModuleCall, scope: &Scope) -> Tree {
        let mut given: BTreeMap<&str, Tree> = BTreeMap::new();
        for argument in &call.arguments {
            given.insert(argument.name.as_str(), self.tree(&argument.value, scope));
        }
        let Some(module) = self.run.modules.get(&call.directory) else { return Tree::CONFIG };
        let ordered = self.ordered || !call.meta.depends_on.is_empty();
        let mut told = format!("{} {ordered}", call.directory);
        let mut variables = BTreeMap::new();
        for (name, variable) in &module.variables {
            let Some(tree) = given.get(name.as_str()) else { continue };
            let tree = variable.ty.as_ref().map_or_else(|| tree.clone(), |ty| typed(tree, ty));
            told.push_str(name.as_str());
            tree.fingerprint(&mut told);
            variables.insert(name.clone(), tree);
        }
        self.run.module(module, variables, ordered, told)
    }
}
