//! Expressions that stand in no file of the program: typed at a prompt, or asserted in a test.

use std::collections::BTreeSet;

use super::scope::Scope;
use super::{Checker, Known};
use crate::address::ModuleStep;
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::program::Program;
use crate::span::Span;
use crate::tool::Tool;
use crate::types::Type;

/// The name by which such an expression reads the outputs of its module.
pub(crate) const OUTPUT: &str = "output";

/// A checked expression in the scope of a module instance.
#[derive(Debug, Clone)]
pub struct Expression {
    pub(crate) expr: Expr,
    pub(crate) path: Vec<ModuleStep>,
    /// Where it reads fields that may be absent.
    pub(crate) optional_reads: BTreeSet<Span>,
    /// Its type.
    pub ty: Type,
}

/// Checks an expression that sees what the module instance at `path` sees (the root's is empty), and the module's
/// outputs as `output.x`. It may read from what may be null, for it is evaluated at once. The span of each of its parts must be of no file of the program.
///
/// # Errors
/// All independent errors, in the order of their places.
pub fn check_expression(
    program: &Program,
    path: &[ModuleStep],
    expr: &Expr,
) -> Result<Expression, Vec<Diagnostic>> {
    let module = program
        .module(path)
        .ok_or_else(|| vec![Diagnostic::error(codes::UNKNOWN_NAME, expr.span, "there is no such module")])?;
    let known = Known {
        schemas: &program.schemas,
        modules: &program.modules,
        outputs: &program.outputs,
        results: &program.results,
        tool: &Tool::default(),
    };
    let mut checker = Checker::new(module, known);
    checker.check_variables();
    module.local_order.iter().for_each(|name| drop(checker.local(name)));
    // What is wrong with the program, and where it reads what may be absent, is known.
    checker.errors.clear();
    checker.optional_reads.clear();
    let mut scope = Scope::default();
    if mentions(expr, OUTPUT) {
        let outputs = program.outputs.get(&module.directory).cloned();
        scope = scope.with(OUTPUT, outputs.unwrap_or(Type::never()));
    }
    let ty = checker.infer(expr, &scope);
    // That something may be null is no error where the value is at hand: reading from one that is null fails then.
    checker.errors.retain(|error| error.code != codes::NULL);
    if checker.errors.iter().any(Diagnostic::is_error) {
        return Err(super::sorted(checker.errors));
    }
    let optional_reads = checker.optional_reads;
    Ok(Expression { expr: expr.clone(), path: path.to_vec(), optional_reads, ty })
}

/// Whether a name stands in an expression, bound or not.
pub(crate) fn mentions(expr: &Expr, name: &str) -> bool {
    let mut found = matches!(&expr.kind, ExprKind::Name(word) if word.as_str() == name);
    expr.for_each_child(&mut |child| found |= mentions(child, name));
    found
}
