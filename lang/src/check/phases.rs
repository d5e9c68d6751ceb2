//! When each expression is known, and that it is known where it must be, for any state and whatever AWS answers: if
//! this pass has nothing to say, no plan stops because a value is not known yet.
//!
//! It looks at no values. Of each expression it knows a [`Tree`]: from which [`Phase`] on its parts are known. A module
//! is looked at once for each different set of trees its variables are given, each declaration in it once.

mod builtins;
mod calls;
mod demands;
mod expression;
mod known;
mod modules;
mod moves;
mod objects;
mod references;
mod scope;
mod tree;
mod typed;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::name::Identifier;
use crate::program::{Declaration, Module, ObjectKey, Project};
use crate::schema::SchemaSet;
use crate::span::Span;

use known::{Phase, When};
use objects::Block;
use scope::Scope;
use tree::{Sort, Tree};
use typed::typed;

/// What the checks of single modules have found that matters here.
#[derive(Default)]
pub(super) struct Facts {
    /// The declarations of each module by its directory, each after what it refers to.
    pub(super) order: BTreeMap<String, Vec<Declaration>>,
    /// Written attributes that may be null, so that they may not be set at all.
    pub(super) maybe_null: BTreeSet<Span>,
}

/// All values that are not known where they must be.
pub(super) fn check(
    modules: &BTreeMap<String, Module>,
    project: Option<&Project>,
    schemas: &SchemaSet,
    facts: &Facts,
) -> Vec<Diagnostic> {
    let account = project.and_then(|project| project.account.as_ref());
    let mut run = Run {
        modules,
        schemas,
        facts,
        project,
        account_is_written: account.is_some_and(|account| !facts.maybe_null.contains(&account.span)),
        errors: Vec::new(),
        reported: BTreeSet::new(),
        results: BTreeMap::new(),
        ids: 0,
    };
    if let Some(root) = modules.get("") {
        run.module(root, BTreeMap::new(), false, String::new());
    }
    run.errors
}

/// What all modules share.
struct Run<'a> {
    modules: &'a BTreeMap<String, Module>,
    schemas: &'a SchemaSet,
    facts: &'a Facts,
    project: Option<&'a Project>,
    /// Whether `project.account` needs no asking.
    account_is_written: bool,
    errors: Vec<Diagnostic>,
    /// Where something is wrong already.
    reported: BTreeSet<Span>,
    /// The outputs of each module and the result of each library's function, by what they are given.
    results: BTreeMap<String, Tree>,
    ids: usize,
}

/// Looks at a module with what its variables are given. The root's are known from the configuration.
struct Looker<'a, 'r> {
    run: &'r mut Run<'a>,
    module: &'a Module,
    variables: BTreeMap<Identifier, Tree>,
    /// Whether a `depends_on` around it makes all lookups in it wait.
    ordered: bool,
    locals: BTreeMap<Identifier, Tree>,
    objects: BTreeMap<ObjectKey, Option<Block>>,
    calls: BTreeMap<Identifier, Tree>,
    /// The results of the module's functions, by name and what they are given.
    results: BTreeMap<String, Tree>,
    /// The latest phase of what has been read so far.
    read: Phase,
    /// How many conditions of `for`s with open variables are around.
    open: usize,
}

impl<'a> Run<'a> {
    fn next_id(&mut self) -> usize {
        self.ids += 1;
        self.ids
    }

    /// The outputs of a module; `told` tells it and what its variables are given from all others.
    fn module(
        &mut self,
        module: &'a Module,
        variables: BTreeMap<Identifier, Tree>,
        ordered: bool,
        told: String,
    ) -> Tree {
        self.once(told, |run| Looker { ordered, ..run.look(module, variables) }.all())
    }

    /// The result of a library's function; `told` tells it and what it is given from all others.
    fn library(
        &mut self,
        module: &'a Module,
        told: String,
        result: impl FnOnce(&mut Looker<'a, '_>) -> Tree,
    ) -> Tree {
        self.once(told, |run| result(&mut run.look(module, BTreeMap::new())))
    }

    /// What has been found out before under that name. What needs itself has been reported.
    fn once(&mut self, told: String, find: impl FnOnce(&mut Self) -> Tree) -> Tree {
        if let Some(known) = self.results.get(&told) {
            return known.clone();
        }
        self.results.insert(told.clone(), Tree::CONFIG);
        let found = find(self);
        self.results.insert(told, found.clone());
        found
    }

    fn look(&mut self, module: &'a Module, variables: BTreeMap<Identifier, Tree>) -> Looker<'a, '_> {
        Looker {
            run: self,
            module,
            variables,
            ordered: false,
            locals: BTreeMap::new(),
            objects: BTreeMap::new(),
            calls: BTreeMap::new(),
            results: BTreeMap::new(),
            read: Phase::Config,
            open: 0,
        }
    }
}

impl<'a> Looker<'a, '_> {
    /// Looks at everything in the module; its outputs as an object.
    fn all(&mut self) -> Tree {
        let module = self.module;
        let facts = self.run.facts;
        facts.order.get(&module.directory).into_iter().flatten().for_each(|one| self.declaration(one));
        if let Some(project) = self.run.project.filter(|_| module.directory.is_empty()) {
            self.project(project);
        }
        module.locals.keys().for_each(|name| drop(self.local(name)));
        module.objects.keys().for_each(|key| drop(self.block(key)));
        module.calls.keys().for_each(|name| drop(self.called(name)));
        for (key, object) in &module.objects {
            self.conditions(key, object);
        }
        self.moves();
        self.validations();
        self.outputs()
    }

    fn declaration(&mut self, declaration: &Declaration) {
        match declaration {
            Declaration::Local(name) => drop(self.local(name)),
            Declaration::Object(key) => drop(self.block(key)),
            Declaration::Call(name) => drop(self.called(name)),
        }
    }

    fn local(&mut self, name: &Identifier) -> Tree {
        if let Some(known) = self.locals.get(name) {
            return known.clone();
        }
        let Some(local) = self.module.locals.get(name) else { return Tree::CONFIG };
        self.locals.insert(name.clone(), Tree::CONFIG);
        let tree = self.tree(&local.value, &Scope::default());
        self.locals.insert(name.clone(), tree.clone());
        tree
    }

    fn outputs(&mut self) -> Tree {
        let mut fields = BTreeMap::new();
        for (name, output) in &self.module.outputs {
            let tree = self.tree(&output.value, &Scope::default());
            let tree = output.ty.as_ref().map_or_else(|| tree.clone(), |ty| typed(&tree, ty));
            output.preconditions.iter().for_each(|condition| self.condition(condition, &Scope::default()));
            fields.insert(name.as_str().to_owned(), tree);
        }
        Tree::node(Sort::Map, When::CONFIG, fields, None)
    }

    /// Validations hold of variables, whatever these are given; all else in them is known from the configuration.
    fn validations(&mut self) {
        let given = std::mem::take(&mut self.variables);
        for condition in self.module.variables.values().flat_map(|variable| &variable.validations) {
            let when = self.when(&condition.condition, &Scope::default());
            self.demand_config(&when, condition.condition.span, "a validation");
            let when = self.when(&condition.message, &Scope::default());
            self.demand_config(&when, condition.message.span, "the message of a validation");
        }
        self.variables = given;
    }

    fn project(&mut self, project: &'a Project) {
        let backend = project.backend.iter().flat_map(|backend| backend.body.attributes());
        let settings = [&project.region, &project.account, &project.tags].into_iter().flatten();
        for setting in settings.chain(backend.map(|attribute| &attribute.value)) {
            let when = self.when(setting, &Scope::default());
            self.demand_config(&when, setting.span, "the project's settings");
        }
    }
}
