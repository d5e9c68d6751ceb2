//! Every expression of a module that makes something of values, with what it is for.

use crate::ast::{Block, Expr, Item};
use crate::name::Identifier;
use crate::program::{Condition, Meta, Module, Object, Project};

/// What an expression is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use<'a> {
    /// The condition of a variable's validation.
    Validation,
    /// An argument of a module, by the names of call and variable.
    Argument(&'a Identifier, &'a str),
    /// A step of an image, as an object of its arguments.
    Step,
    /// Anything else that is kept, shown or decided by.
    Kept,
}

type Visit<'v, 'a> = &'v mut dyn FnMut(Use<'a>, &'a Expr);

/// Visits all expressions of a module, with the root's settings, but not the values of locals and the results of
/// functions.
pub(super) fn uses<'a>(module: &'a Module, project: Option<&'a Project>, visit: Visit<'_, 'a>) {
    if let Some(project) = project {
        let own = [&project.region, &project.account, &project.tags].into_iter().flatten();
        own.for_each(|expr| visit(Use::Kept, expr));
        project.backend.iter().for_each(|block| body(block, visit));
    }
    for condition in module.variables.values().flat_map(|variable| &variable.validations) {
        visit(Use::Validation, &condition.condition);
        visit(Use::Kept, &condition.message);
    }
    for output in module.outputs.values() {
        visit(Use::Kept, &output.value);
        conditions(&output.preconditions, visit);
    }
    module.objects.values().for_each(|block| object(block, visit));
    module.checks.iter().for_each(|check| conditions(&check.assertions, visit));
    moves(module, visit);
    for (name, call) in &module.calls {
        meta(&call.meta, visit);
        for argument in &call.arguments {
            visit(Use::Argument(name, argument.name.as_str()), &argument.value);
        }
    }
}

fn moves<'a>(module: &'a Module, visit: Visit<'_, 'a>) {
    let moved = module.moves.iter().flat_map(|block| [(&block.meta, &block.from), (&block.meta, &block.to)]);
    let removed = module.removals.iter().map(|block| (&block.meta, &block.from));
    let imported = module.imports.iter().map(|block| (&block.meta, &block.to));
    for (written, place) in moved.chain(removed).chain(imported) {
        meta(written, visit);
        place.keys().for_each(|key| visit(Use::Kept, key));
    }
    let own = module.removals.iter().filter_map(|block| block.destroy.as_ref());
    own.chain(module.imports.iter().map(|block| &block.id)).for_each(|expr| visit(Use::Kept, expr));
}

fn body<'a>(block: &'a Block, visit: Visit<'_, 'a>) {
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) => visit(Use::Kept, &attribute.value),
            Item::Block(inner) => body(inner, visit),
        }
    }
}

fn meta<'a>(meta: &'a Meta, visit: Visit<'_, 'a>) {
    let all = meta.for_each.iter().chain(&meta.when).chain(&meta.depends_on);
    all.for_each(|expr| visit(Use::Kept, expr));
}

fn conditions<'a>(conditions: &'a [Condition], visit: Visit<'_, 'a>) {
    for condition in conditions {
        visit(Use::Kept, &condition.condition);
        visit(Use::Kept, &condition.message);
    }
}

fn object<'a>(object: &'a Object, visit: Visit<'_, 'a>) {
    meta(&object.meta, visit);
    let arguments = object.arguments.iter().chain(&object.timeouts);
    arguments.for_each(|argument| visit(Use::Kept, &argument.value));
    for step in &object.steps {
        visit(Use::Step, &step.value);
        step.when.iter().for_each(|when| visit(Use::Kept, when));
    }
    let lifecycle = &object.lifecycle;
    let own = lifecycle.prevent_destroy.iter().chain(&lifecycle.replace_triggered_by);
    own.for_each(|expr| visit(Use::Kept, expr));
    conditions(&lifecycle.preconditions, visit);
    conditions(&lifecycle.postconditions, visit);
}
