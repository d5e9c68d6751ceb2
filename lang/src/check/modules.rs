//! Modules and what they call, and the project's settings.

use std::collections::BTreeMap;

use super::Checker;
use super::cycles::Node;
use super::scope::Scope;
use super::settings::{join, unknown, unknown_block};
use crate::ast::{Block, File, Item};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Call, Module, Project};
use crate::types::{Type, prelude};

/// The directories of the modules that a file calls, relative to the project, so that whoever reads files can hand
/// their sources to [`check`](super::check). `directory` is that of the file's own module, empty for the root.
pub fn module_directories(directory: &str, file: &File) -> Vec<String> {
    let calls = file.body.blocks().filter(|block| block.kind.as_str() == "module");
    let source = |block: &Block| join(directory, block.body.attribute("source")?.value.as_string()?);
    calls.filter_map(source).collect()
}

/// The modules in an order in which each comes after those it calls; a module that calls itself is an error.
pub(super) fn order(modules: &BTreeMap<String, Module>, errors: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut order = Vec::new();
    for directory in modules.keys() {
        visit(directory, modules, &mut Vec::new(), &mut order, errors);
    }
    order
}

fn visit(
    directory: &str,
    modules: &BTreeMap<String, Module>,
    path: &mut Vec<String>,
    order: &mut Vec<String>,
    errors: &mut Vec<Diagnostic>,
) {
    let Some(module) = modules.get(directory).filter(|_| !order.iter().any(|done| done == directory)) else {
        return;
    };
    path.push(directory.to_owned());
    for call in module.calls.values() {
        if path.contains(&call.directory) {
            errors.push(Diagnostic::error(
                codes::CYCLE,
                call.span,
                "a module cannot call itself, not even through others",
            ));
        } else {
            visit(&call.directory, modules, path, order, errors);
        }
    }
    path.pop();
    order.push(directory.to_owned());
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
    /// A call of a module: its arguments are the module's variables.
    pub(super) fn check_call(&mut self, name: &Identifier, call: &Call) {
        self.current = Some(Node::Module(name.clone()));
        let scope = self.meta(&call.meta);
        match self.modules.get(&call.directory) {
            None => {
                let message = format!("there are no `.infra` files in `{}`", call.directory);
                self.report(Diagnostic::error(codes::MODULE_SOURCE, call.span, message));
            }
            Some(module) => self.arguments(call, module, &scope),
        }
        self.current = None;
    }

    fn arguments(&mut self, call: &Call, module: &Module, scope: &Scope) {
        for argument in &call.arguments {
            match module.variables.get(argument.name.as_str()) {
                Some(variable) => {
                    self.expect(&argument.value, &variable.ty.clone().unwrap_or(Type::Any), scope);
                }
                None => {
                    self.infer(&argument.value, scope);
                    let message = format!("the module has no variable `{}`", argument.name);
                    let error = Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, argument.name_span, message);
                    let near =
                        nearest(argument.name.as_str(), module.variables.keys().map(|name| name.as_str()));
                    self.report(match near {
                        Some(near) => {
                            error.hint(format!("did you mean `{near}`?")).suggest(argument.name_span, near)
                        }
                        None => error,
                    });
                }
            }
        }
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
                self.expect(expr, &ty, &Scope::default());
            }
        }
        if let Some(backend) = &project.backend {
            self.check_backend(backend);
        }
        self.current = None;
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
                    self.expect(&attribute.value, &Type::string(), &Scope::default());
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
