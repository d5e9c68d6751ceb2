//! Variables, locals, functions, outputs and named types of a module.

use std::collections::BTreeMap;

use super::Checker;
use super::collect::Collected;
use super::cycles::Node;
use super::named_types::named_types;
use super::offers::{function, output, variable};
use super::scope::Scope;
use super::settings::Errors;
use crate::constant::constant;
use crate::name::Identifier;
use crate::program::{Condition, Library, Module};
use crate::schema::SchemaSet;
use crate::types::{Type, TypeNames};

/// The names types may use in a module.
pub(crate) struct Names<'a> {
    pub(crate) types: &'a BTreeMap<String, Type>,
    pub(crate) libraries: &'a BTreeMap<Identifier, Library>,
    /// The modules that libraries are of.
    pub(crate) modules: &'a BTreeMap<String, Module>,
    pub(crate) schemas: &'a SchemaSet,
}

static NO_TYPES: BTreeMap<String, Type> = BTreeMap::new();

impl TypeNames for Names<'_> {
    fn named(&self, name: &str) -> Option<Type> {
        self.types.get(name).cloned()
    }

    fn is_kind(&self, name: &str) -> bool {
        self.schemas.kind(name).is_some()
    }

    fn names(&self) -> Vec<String> {
        self.types.keys().cloned().collect()
    }

    fn library(&self, name: &str) -> Option<(&BTreeMap<String, Type>, bool)> {
        let library = self.libraries.get(name)?;
        // What is missing or broken has been reported.
        let module = self.modules.get(&library.directory);
        Some(module.map_or((&NO_TYPES, false), |module| (&module.types, module.complete)))
    }

    fn libraries(&self) -> Vec<String> {
        self.libraries.keys().map(Identifier::to_string).collect()
    }
}

/// Reads the named types, and then all blocks that hold types, into the module.
pub(super) fn declare(
    collected: Collected,
    modules: &BTreeMap<String, Module>,
    schemas: &SchemaSet,
    errors: Errors<'_>,
) -> Module {
    let Collected { mut module, types, typed, .. } = collected;
    module.local_order = super::order::local_order(&module.locals);
    let libraries = std::mem::take(&mut module.libraries);
    let names = Names { types: &NO_TYPES, libraries: &libraries, modules, schemas };
    module.types = named_types(&types, &names, errors);
    for block in &typed {
        let Some(name) = block.labels.first().map(|label| Identifier::new(&label.text)) else { continue };
        let names = Names { types: &module.types, libraries: &libraries, modules, schemas };
        match block.kind.as_str() {
            "variable" => {
                let variable = variable(block, &names, errors);
                module.variables.insert(name, variable);
            }
            "output" => {
                if let Some(output) = output(block, &names, errors) {
                    module.outputs.insert(name, output);
                }
            }
            _ => {
                if let Some(function) = function(block, &names, errors) {
                    module.functions.insert(name, function);
                }
            }
        }
    }
    module.libraries = libraries;
    module
}

impl Checker<'_> {
    pub(super) fn type_names(&self) -> Names<'_> {
        Names {
            types: &self.module.types,
            libraries: &self.module.libraries,
            modules: self.known.modules,
            schemas: self.schemas,
        }
    }

    /// The types of all variables: declared, or their default's.
    pub(super) fn check_variables(&mut self) {
        let module = self.module;
        for (name, variable) in &module.variables {
            if let Some(Err(error)) = variable.default.as_ref().map(constant) {
                self.errors.extend(error);
                self.variable_types.insert(name.clone(), variable.ty.clone().unwrap_or(Type::never()));
                continue;
            }
            let ty = variable.accepts();
            if let Some(default) = &variable.default {
                self.expect(default, &ty, &Scope::default());
            }
            let given = self.given.get(name).cloned();
            self.variable_types.insert(name.clone(), given.unwrap_or(ty.labelled(variable.is_hidden())));
        }
    }

    /// The validations of all variables, which may speak of locals.
    pub(super) fn check_validations(&mut self) {
        for variable in self.module.variables.values() {
            self.conditions(&variable.validations, &Scope::default());
        }
    }

    /// The assertions of all checks: they order nothing.
    pub(super) fn check_checks(&mut self) {
        for check in &self.module.checks {
            self.conditions(&check.assertions, &Scope::default());
        }
    }

    /// Conditions and their messages.
    pub(super) fn conditions(&mut self, conditions: &[Condition], scope: &Scope) {
        for condition in conditions {
            self.asserted(condition, scope);
        }
    }

    /// The type of a local; without values while it is being found, for rings are reported elsewhere.
    pub(super) fn local(&mut self, name: &Identifier) -> Type {
        if let Some(ty) = self.local_types.get(name) {
            return ty.clone();
        }
        let Some(local) = self.module.locals.get(name) else { return Type::never() };
        self.local_types.insert(name.clone(), Type::never());
        let outer = self.current.replace(Node::Local(name.clone()));
        let ty = self.infer(&local.value, &Scope::default());
        self.current = outer;
        self.local_types.insert(name.clone(), ty.clone());
        ty
    }

    /// The type of a function's result, found in the same way.
    pub(super) fn function_result(&mut self, name: &Identifier) -> Type {
        if let Some(ty) = self.function_types.get(name) {
            return ty.clone();
        }
        let Some(function) = self.module.functions.get(name) else { return Type::never() };
        self.function_types.insert(name.clone(), Type::never());
        let outer = self.current.replace(Node::Function(name.clone()));
        let bind = |scope: Scope, (name, ty): &(Identifier, Type)| scope.with(name.as_str(), ty.clone());
        let scope = function.params.iter().fold(Scope::default(), bind);
        let ty = self.infer(&function.result, &scope);
        self.current = outer;
        self.function_types.insert(name.clone(), ty.clone());
        ty
    }

    /// The type of a function's result where its parameters have these types, of which some hold secrets that are not
    /// declared; `None` for those declared.
    pub(super) fn result_of(&mut self, name: &Identifier, params: Option<Vec<Type>>) -> Type {
        let declared = self.function_result(name);
        let (Some(types), Some(function)) = (params, self.module.functions.get(name)) else {
            return declared;
        };
        let known = self.secret_results.entry(name.clone()).or_default();
        if let Some((_, result)) = known.iter().find(|(params, _)| *params == types) {
            return result.clone();
        }
        known.push((types.clone(), declared));
        let outer = self.current.replace(Node::Function(name.clone()));
        let params = function.params.iter().zip(&types);
        let bind = |scope: Scope, ((name, _), ty): (&(Identifier, Type), &Type)| {
            scope.with(name.as_str(), ty.clone())
        };
        let result = self.infer(&function.result, &params.fold(Scope::default(), bind));
        self.current = outer;
        let known = self.secret_results.entry(name.clone()).or_default();
        known.retain(|(params, _)| *params != types);
        known.push((types, result.clone()));
        result
    }

    /// Checks the outputs; their types by name.
    pub(super) fn check_outputs(&mut self) -> BTreeMap<String, Type> {
        let module = self.module;
        let mut types = BTreeMap::new();
        for (name, output) in &module.outputs {
            self.current = Some(Node::Output(name.clone()));
            let found =
                self.expect(&output.value, output.ty.as_ref().unwrap_or(&Type::Any), &Scope::default());
            if self.module.directory.is_empty() && !output.sensitive {
                let message = format!("the output `{name}` would show a sensitive value");
                if let Some(error) = self.shown(&found, &output.value, message) {
                    error.hint = Some("mark it `sensitive = true`".to_owned());
                }
            }
            let ty = output.ty.as_ref().map_or(found.clone(), |ty| ty.with_labels_of(&found));
            let ty = ty.labelled(output.sensitive);
            self.conditions(&output.preconditions, &Scope::default());
            self.current = None;
            types.insert(name.as_str().to_owned(), ty);
        }
        types
    }
}
