//! From syntax trees to a program: names resolved, types known, modules linked.

mod access;
mod blocks;
mod calls;
mod collect;
mod cycles;
mod declarations;
mod ephemeral;
mod expect;
mod expression;
mod habits;
mod infer;
mod modules;
mod objects;
mod order;
mod references;
mod rules;
mod scope;
mod settings;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Module, Program, Project, Source};
use crate::schema::SchemaSet;
use crate::span::Span;
use crate::types::{Field, Type};

pub(crate) use declarations::Names;
pub use expression::{Expression, check_expression};
pub(crate) use expression::{OUTPUT, mentions};
pub use modules::module_directories;
pub(crate) use objects::{block_type, default_of, extra_type, written_type};
pub(crate) use settings::{attribute_of, condition};

/// Checks the files of a project against the kinds there are.
///
/// `sources` holds the files of the root module and of every module it calls, see [`module_directories`].
///
/// # Errors
/// All independent errors, in the order of their places.
pub fn check(sources: &[Source], schemas: &SchemaSet) -> Result<Program, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let (modules, project) = declarations_of(sources, schemas, &mut errors);
    let mut optional_reads = BTreeSet::new();
    let (mut outputs, mut results) = (BTreeMap::new(), BTreeMap::new());
    for directory in modules::order(&modules, &mut errors) {
        let Some(module) = modules.get(&directory) else { continue };
        let mut checker = Checker::new(module, &modules, schemas, &outputs);
        let types = checker.check_module(project.as_ref());
        errors.append(&mut checker.errors);
        results.insert(directory.clone(), std::mem::take(&mut checker.function_types));
        optional_reads.append(&mut checker.optional_reads);
        let settings = project.as_ref().filter(|_| module.directory.is_empty());
        errors.extend(ephemeral::check(module, settings, |call, variable| {
            modules::takes_ephemeral(&modules, module, call, variable)
        }));
        let types = types.into_iter().map(|(name, ty)| (name, Field::required(ty)));
        outputs.insert(directory, Type::object(types));
    }
    let Some(project) = project else {
        // A file that did not parse, or a block with a wrong label, has been reported and may hold it.
        let complete = modules.get("").is_none_or(|root| root.complete);
        if complete && errors.iter().all(|error: &Diagnostic| error.code != codes::LABELS) {
            errors.push(missing_project());
        }
        return Err(sorted(errors));
    };
    let (errors, warnings): (Vec<_>, Vec<_>) = errors.into_iter().partition(Diagnostic::is_error);
    if !errors.is_empty() {
        return Err(sorted(errors));
    }
    Ok(Program { modules, schemas: schemas.clone(), project, outputs, results, optional_reads, warnings })
}

/// All modules with their declarations, by directory, and the root's project.
fn declarations_of(
    sources: &[Source],
    schemas: &SchemaSet,
    errors: &mut Vec<Diagnostic>,
) -> (BTreeMap<String, Module>, Option<Project>) {
    let mut by_directory: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources {
        by_directory.entry(&source.directory).or_default().push(source);
    }
    let mut project = None;
    let mut modules = BTreeMap::new();
    for (directory, sources) in by_directory {
        let mut collected = collect::collect(directory, &sources, schemas, errors);
        project = collected.project.take().or(project);
        modules.insert(directory.to_owned(), declarations::declare(collected, schemas, errors));
    }
    (modules, project)
}

fn missing_project() -> Diagnostic {
    Diagnostic::global(codes::PROJECT, "there is no `project` block")
        .hint("write `project \"NAME\" { region = \"us-east-1\" }` in one of the files")
}

/// In the order of their places, each once.
pub(crate) fn sorted(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|error| error.span);
    let mut distinct: Vec<Diagnostic> = Vec::with_capacity(errors.len());
    for error in errors {
        let here = distinct.iter().rev().take_while(|other| other.span == error.span);
        if !here.into_iter().any(|other| *other == error) {
            distinct.push(error);
        }
    }
    distinct
}

/// Checks one module.
struct Checker<'a> {
    schemas: &'a SchemaSet,
    module: &'a Module,
    modules: &'a BTreeMap<String, Module>,
    /// The outputs of the modules it calls, as an object's type, by directory.
    outputs: &'a BTreeMap<String, Type>,
    errors: Vec<Diagnostic>,
    optional_reads: BTreeSet<Span>,
    variable_types: BTreeMap<Identifier, Type>,
    local_types: BTreeMap<Identifier, Type>,
    function_types: BTreeMap<Identifier, Type>,
    edges: cycles::Edges,
    /// The declaration at hand, from which references lead.
    current: Option<cycles::Node>,
}

impl<'a> Checker<'a> {
    fn new(
        module: &'a Module,
        modules: &'a BTreeMap<String, Module>,
        schemas: &'a SchemaSet,
        outputs: &'a BTreeMap<String, Type>,
    ) -> Self {
        Self {
            schemas,
            module,
            modules,
            outputs,
            errors: Vec::new(),
            optional_reads: BTreeSet::new(),
            variable_types: BTreeMap::new(),
            local_types: BTreeMap::new(),
            function_types: BTreeMap::new(),
            edges: BTreeMap::new(),
            current: None,
        }
    }

    /// Checks everything in the module; the types of its outputs.
    fn check_module(&mut self, project: Option<&Project>) -> BTreeMap<String, Type> {
        let module = self.module;
        self.check_variables();
        module.local_order.iter().for_each(|name| drop(self.local(name)));
        self.check_validations();
        if let Some(project) = project.filter(|_| module.directory.is_empty()) {
            self.check_project(project);
        }
        module.functions.keys().for_each(|name| drop(self.function_result(name)));
        for (key, object) in &module.objects {
            self.check_object(key, object);
        }
        for (name, call) in &module.calls {
            self.check_call(name, call);
        }
        let outputs = self.check_outputs();
        self.errors.extend(cycles::rings(&self.edges));
        outputs
    }

    /// Notes that the declaration at hand refers to another.
    fn edge(&mut self, target: cycles::Node, span: Span) {
        if let Some(current) = &self.current {
            self.edges.entry(current.clone()).or_default().entry(target).or_insert(span);
        }
    }
}
