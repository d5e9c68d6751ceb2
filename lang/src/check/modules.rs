//! Modules and what they call, and the project's settings.

use std::collections::{BTreeMap, BTreeSet};

use super::collect::Collected;
use super::cycles::Node;
use super::scope::Scope;
use super::settings::{unknown, unknown_block};
use super::sources::join;
use super::{Checker, MOST_FOLLOWED};
use crate::ast::{Block, Expr, File, Item};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Argument, Call, Module, Project};
use crate::types::{Field, Type, prelude};

/// The directories of the modules that a file calls and of its libraries, relative to the project, so that whoever
/// reads files can hand their sources to [`check`](super::check). `directory` is that of the file's own module, empty
/// for the root. Those of the standard library begin with `std:`.
pub fn module_directories(directory: &str, file: &File) -> Vec<String> {
    let calls = file.body.blocks().filter(|block| matches!(block.kind.as_str(), "module" | "library"));
    let source = |block: &Block| join(directory, block.body.attribute("source")?.value.as_string()?);
    calls.filter_map(source).collect()
}

/// The directories in an order in which each comes after those it calls and takes as libraries; one that needs itself
/// is an error.
pub(super) fn order<'m>(
    modules: &BTreeMap<&'m str, Collected>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<&'m str> {
    let mut walk = Walk { modules, path: Vec::new(), done: BTreeSet::new(), order: Vec::new(), errors };
    modules.keys().for_each(|directory| walk.visit(directory));
    walk.order
}

struct Walk<'w, 'm> {
    modules: &'w BTreeMap<&'m str, Collected>,
    /// Those around the one at hand.
    path: Vec<&'m str>,
    done: BTreeSet<&'m str>,
    order: Vec<&'m str>,
    errors: &'w mut Vec<Diagnostic>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, directory: &str) {
        let Some((directory, collected)) = self.modules.get_key_value(directory) else { return };
        if self.done.contains(directory) {
            return;
        }
        self.path.push(directory);
        let module = &collected.module;
        let calls = module.calls.values().map(|call| ("module", &call.directory, call.span));
        let libraries = module.libraries.values();
        let libraries = libraries.map(|library| ("library", &library.directory, library.span));
        for (word, target, span) in calls.chain(libraries) {
            if self.path.contains(&target.as_str()) {
                let message = format!("a {word} cannot need itself, not even through others");
                self.errors.push(Diagnostic::error(codes::CYCLE, span, message));
            } else {
                self.visit(target);
            }
        }
        self.path.pop();
        self.done.insert(directory);
        self.order.push(directory);
    }
}

/// Whether the variable of the module that a call is of is ephemeral.
pub(super) fn takes_ephemeral(
    modules: &BTreeMap<String, Module>,
    module: &Module,
    call: &Identifier,
    variable: &str,
) -> bool {
    let called = module.calls.get(call).and_then(|call| modules.get(&call.directory));
    let variable = called.and_then(|module| module.variables.get(variable));
    variable.is_none_or(|variable| variable.ephemeral)
}

impl Checker<'_> {
    /// A call of a module: its arguments are the module's variables. The type of one instance's outputs; that of a
    /// module without secrets while it is being found.
    pub(super) fn call_outputs(&mut self, name: &Identifier) -> Type {
        if let Some(ty) = self.call_types.get(name) {
            return ty.clone();
        }
        let Some(call) = self.module.calls.get(name) else { return Type::never() };
        if self.depth == MOST_FOLLOWED {
            return self.outputs_of(&call.directory);
        }
        self.depth += 1;
        self.call_types.insert(name.clone(), self.outputs_of(&call.directory));
        let outer = self.current.replace(Node::Module(name.clone()));
        let scope = self.meta(&call.meta);
        match self.known.modules.get(&call.directory) {
            None => {
                let error = super::libraries::missing(&call.directory, call.span, self.known.tool);
                self.report(error);
            }
            Some(module) => {
                let secrets = self.arguments(call, module, &scope);
                if !secrets.is_empty() {
                    let outputs = self.outputs_with(call, module, secrets);
                    self.call_types.insert(name.clone(), outputs);
                }
            }
        }
        self.current = outer;
        self.depth -= 1;
        self.call_types.get(name).cloned().unwrap_or(Type::never())
    }

    /// The outputs of a module whose variables are given secrets that it does not declare, so that their labels go
    /// through it; where it would show one is reported.
    fn outputs_with(&mut self, call: &Call, module: &Module, secrets: BTreeMap<Identifier, Type>) -> Type {
        let mut checker = Checker { given: secrets, ..Checker::new(module, self.known) };
        let types = checker.check_module(None);
        let shown = checker.errors.into_iter().filter(|error| error.code == codes::SECRET);
        self.errors.extend(shown.map(|error| error.label(call.span, "given a secret here")));
        Type::object(types.into_iter().map(|(name, ty)| (name, Field::required(ty))))
    }

    /// Checks the arguments; the types of those variables that are given secrets they do not declare.
    fn arguments(&mut self, call: &Call, module: &Module, scope: &Scope) -> BTreeMap<Identifier, Type> {
        let mut secrets = BTreeMap::new();
        for argument in &call.arguments {
            match module.variables.get_key_value(argument.name.as_str()) {
                Some((name, variable)) => {
                    let wanted = variable.accepts();
                    let found = self.expect_declared(&argument.value, &wanted, variable.span, scope);
                    let declared = wanted.labelled(variable.is_hidden());
                    let given = declared.with_labels_of(&found);
                    if given != declared {
                        secrets.insert(name.clone(), given);
                    }
                }
                None => {
                    self.infer(&argument.value, scope);
                    self.no_variable(argument, module);
                }
            }
        }
        self.missing_variables(call, module);
        secrets
    }

    fn no_variable(&mut self, argument: &Argument, module: &Module) {
        let message = format!("the module has no variable `{}`", argument.name);
        let error = Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, argument.name_span, message);
        let known = module.variables.keys().map(|name| name.as_str());
        self.report(match nearest(argument.name.as_str(), known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(argument.name_span, near),
            None => error,
        });
    }

    fn missing_variables(&mut self, call: &Call, module: &Module) {
        for (name, variable) in &module.variables {
            let given = call.arguments.iter().any(|argument| argument.name == *name.as_str());
            if variable.default.is_none() && !given {
                let error = Diagnostic::error(codes::MISSING, call.span, format!("`{name}` is missing"));
                self.report(error.label(variable.span, "declared here"));
            }
        }
    }

    pub(super) fn check_project(&mut self, project: &Project) {
        self.current = Some(Node::Project);
        let named = |name: &str| prelude(name).unwrap_or(Type::string());
        let settings = [
            (&project.region, named("region")),
            (&project.account, named("account_id").nullable()),
            (&project.tags, Type::map(Type::string())),
        ];
        for (setting, ty) in settings {
            if let Some(expr) = setting {
                let found = self.setting(expr, &ty);
                self.note_null(&found, expr.span);
            }
        }
        if let Some(backend) = &project.backend {
            self.check_backend(backend);
        }
        self.current = None;
    }

    fn setting(&mut self, expr: &Expr, wanted: &Type) -> Type {
        let found = self.expect(expr, wanted, &Scope::default());
        self.shown(&found, expr, "a setting is shown, and this is sensitive");
        found
    }

    fn check_backend(&mut self, backend: &Block) {
        let known: &[&str] = match backend.labels.first().map(|label| label.text.as_str()) {
            Some("local") => &["path"],
            Some("s3") => &["bucket", "key", "region", "kms_key_id"],
            _ => {
                let error =
                    Diagnostic::error(codes::PROJECT, backend.header, "a backend is `\"local\"` or `\"s3\"`");
                self.report(error.hint("write `backend \"local\" { path = \"infra.state\" }`"));
                return;
            }
        };
        for item in &backend.body.items {
            match item {
                Item::Attribute(attribute) if known.contains(&attribute.name.as_str()) => {
                    self.setting(&attribute.value, &Type::string());
                }
                Item::Attribute(attribute) => {
                    let error = unknown(attribute.name.as_str(), attribute, known);
                    self.report(error);
                }
                Item::Block(block) => {
                    let error = unknown_block(block, &[]);
                    self.report(error);
                }
            }
        }
        for name in ["bucket", "key"].into_iter().filter(|name| known.contains(name)) {
            if backend.body.attribute(name).is_none() {
                self.report(Diagnostic::error(
                    codes::MISSING,
                    backend.header,
                    format!("`{name}` is missing"),
                ));
            }
        }
    }
}
