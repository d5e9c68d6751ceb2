//! From syntax trees to a program: names resolved, types known, modules linked.

mod access;
mod any;
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
mod libraries;
mod loops;
mod modules;
mod moves;
mod named_types;
mod narrow;
mod null;
mod objects;
mod offers;
mod operators;
mod order;
mod phases;
mod places;
mod purity;
mod references;
mod results;
mod rules;
mod scope;
mod secrets;
mod settings;
mod sources;
mod uses;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Module, Program, Project, Source};
use crate::schema::SchemaSet;
use crate::span::Span;
use crate::tool::Tool;
use crate::types::{Field, Type};

pub(crate) use declarations::Names;
pub use expression::{Expression, check_expression};
pub(crate) use expression::{OUTPUT, mentions};
pub(crate) use libraries::unknown_library;
pub use modules::module_directories;
pub(crate) use objects::{block_type, default_of, extra_type, written_type};
pub(crate) use settings::{attribute_of, condition};
pub(crate) use sources::standard;

/// Checks the files of a project against the kinds there are, whatever tool runs; see [`check_for`].
///
/// # Errors
/// All independent errors, in the order of their places.
pub fn check(sources: &[Source], schemas: &SchemaSet) -> Result<Program, Vec<Diagnostic>> {
    check_for(sources, schemas, &Tool::default())
}

/// Checks the files of a project against the kinds there are and the tool that runs.
///
/// `sources` holds the files of the root module and of every module it calls, see [`module_directories`].
///
/// # Errors
/// All independent errors, in the order of their places.
pub fn check_for(sources: &[Source], schemas: &SchemaSet, tool: &Tool) -> Result<Program, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let Declared { mut modules, order, project } = declared(sources, schemas, &mut errors);
    let required = project.as_ref().and_then(|project| project.required_version.as_ref());
    if let Some(error) = required.and_then(|required| version::check(required, tool)) {
        // Another version may know what this one does not: nothing else is said.
        return Err(vec![error]);
    }
    let mut optional_reads = BTreeSet::new();
    let (mut outputs, mut results) = (BTreeMap::new(), BTreeMap::new());
    let mut facts = phases::Facts::default();
    for directory in order {
        let Some(module) = modules.get(&directory) else { continue };
        let known = Known { modules: &modules, schemas, outputs: &outputs, results: &results, tool };
        let mut checker = Checker::new(module, known);
        let types = checker.check_module(project.as_ref());
        let Checker {
            errors: mut found,
            function_types,
            optional_reads: mut reads,
            edges,
            mut maybe_null,
            ..
        } = checker;
        facts.order.insert(directory.clone(), order::declarations(module, &edges));
        facts.maybe_null.append(&mut maybe_null);
        errors.append(&mut found);
        optional_reads.append(&mut reads);
        results.insert(directory.clone(), function_types);
        let types = types.into_iter().map(|(name, ty)| (name, Field::required(ty)));
        outputs.insert(directory, Type::object(types));
    }
    errors.extend(phases::check(&modules, project.as_ref(), schemas, &facts));
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
    let warnings = sorted(warnings);
    for (directory, order) in facts.order {
        modules.entry(directory).and_modify(|module| module.order = order);
    }
    Ok(Program { modules, schemas: schemas.clone(), project, outputs, results, optional_reads, warnings })
}

/// All modules with their declarations, by directory.
struct Declared {
    modules: BTreeMap<String, Module>,
    /// The directories, each after those it needs.
    order: Vec<String>,
    /// The root's project.
    project: Option<Project>,
}

fn declared(sources: &[Source], schemas: &SchemaSet, errors: &mut Vec<Diagnostic>) -> Declared {
    let mut by_directory: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources {
        by_directory.entry(&source.directory).or_default().push(source);
    }
    let mut project = None;
    let mut collected = BTreeMap::new();
    for (directory, sources) in by_directory {
        let mut found = collect::collect(directory, &sources, schemas, errors);
        project = found.project.take().or(project);
        collected.insert(directory, found);
    }
    let mut declared = Declared { modules: BTreeMap::new(), order: Vec::new(), project };
    for directory in modules::order(&collected, errors) {
        let Some(found) = collected.remove(directory) else { continue };
        let module = declarations::declare(found, &declared.modules, schemas, errors);
        declared.modules.insert(directory.to_owned(), module);
        declared.order.push(directory.to_owned());
    }
    declared
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

/// What is known beyond the module that is checked.
#[derive(Clone, Copy)]
struct Known<'a> {
    schemas: &'a SchemaSet,
    modules: &'a BTreeMap<String, Module>,
    /// The outputs of the modules checked before, as objects' types, by directory.
    outputs: &'a BTreeMap<String, Type>,
    /// The types of their functions' results.
    results: &'a BTreeMap<String, BTreeMap<Identifier, Type>>,
    tool: &'a Tool,
}

/// Checks one module.
struct Checker<'a> {
    schemas: &'a SchemaSet,
    module: &'a Module,
    known: Known<'a>,
    errors: Vec<Diagnostic>,
    optional_reads: BTreeSet<Span>,
    /// Written attributes and settings that may be null.
    maybe_null: BTreeSet<Span>,
    variable_types: BTreeMap<Identifier, Type>,
    local_types: BTreeMap<Identifier, Type>,
    function_types: BTreeMap<Identifier, Type>,
    /// The types of functions' results where arguments hold secrets.
    secret_results: BTreeMap<Identifier, Vec<(Vec<Type>, Type)>>,
    /// The outputs of each module call, as an object's type.
    call_types: BTreeMap<Identifier, Type>,
    /// The types of arguments of blocks that are read elsewhere, by their places.
    written_types: BTreeMap<Span, Option<Type>>,
    /// Where something is read from a value of type `any`.
    any_reads: BTreeSet<Span>,
    /// How many calls and arguments are being looked at, each for the sake of another.
    depth: usize,
    /// The types of variables to which a caller gives secrets.
    given: BTreeMap<Identifier, Type>,
    edges: cycles::Edges,
    /// The declaration at hand, from which references lead.
    current: Option<cycles::Node>,
}

/// So many calls of modules and arguments of blocks are looked at, each for the sake of another, before the next one's
/// secrets are no longer followed: evaluation follows them without end.
const MOST_FOLLOWED: usize = 64;

impl<'a> Checker<'a> {
    fn new(module: &'a Module, known: Known<'a>) -> Self {
        Self {
            schemas: known.schemas,
            module,
            known,
            errors: Vec::new(),
            optional_reads: BTreeSet::new(),
            maybe_null: BTreeSet::new(),
            variable_types: BTreeMap::new(),
            local_types: BTreeMap::new(),
            function_types: BTreeMap::new(),
            secret_results: BTreeMap::new(),
            call_types: BTreeMap::new(),
            any_reads: BTreeSet::new(),
            depth: 0,
            written_types: BTreeMap::new(),
            given: BTreeMap::new(),
            edges: BTreeMap::new(),
            current: None,
        }
    }

    /// The outputs of the modules in a directory, as an object's type.
    fn outputs_of(&self, directory: &str) -> Type {
        self.known.outputs.get(directory).cloned().unwrap_or(Type::never())
    }

    /// Checks everything in the module; the types of its outputs.
    fn check_module(&mut self, project: Option<&Project>) -> BTreeMap<String, Type> {
        let module = self.module;
        self.check_variables();
        module.local_order.iter().for_each(|name| drop(self.local(name)));
        self.check_validations();
        self.check_checks();
        let project = project.filter(|_| module.directory.is_empty());
        if let Some(project) = project {
            self.check_project(project);
        }
        module.functions.keys().for_each(|name| drop(self.function_result(name)));
        for (key, object) in &module.objects {
            self.check_object(key, object);
        }
        module.calls.keys().for_each(|name| drop(self.call_outputs(name)));
        self.check_moves();
        let outputs = self.check_outputs();
        self.errors.extend(cycles::rings(&self.edges));
        self.errors.extend(purity::check(module));
        self.errors.extend(libraries::check(module, self.known.modules, self.known.tool));
        let modules = self.known.modules;
        self.errors.extend(ephemeral::check(module, project, |call, variable| {
            modules::takes_ephemeral(modules, module, call, variable)
        }));
        outputs
    }

    /// Notes that what is written at `span` may be null, and so as good as not written.
    fn note_null(&mut self, found: &Type, span: Span) {
        if found.may_be_null() {
            self.maybe_null.insert(span);
        }
    }

    /// Notes that the declaration at hand refers to another.
    fn edge(&mut self, target: cycles::Node, span: Span) {
        if let Some(current) = &self.current {
            self.edges.entry(current.clone()).or_default().entry(target).or_insert(span);
        }
    }
}
