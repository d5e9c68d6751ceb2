//! Expressions that stand in no file of the program: typed at a prompt, or asserted in a test.

use std::collections::BTreeMap;

use super::{Eval, Evaluator, Scope, Stop};
use crate::check::{Expression, OUTPUT, mentions};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::inputs::Inputs;
use crate::program::Program;
use crate::residual::{Residual, simplify};

/// Evaluates a checked expression; nothing of the program is evaluated but what it reads.
///
/// # Errors
/// All independent errors on the way; one at the expression itself if which instances there are hangs on a lookup
/// that has not been answered.
pub fn evaluate_expression(
    program: &Program,
    inputs: &Inputs<'_>,
    expression: &Expression,
) -> Result<Residual, Vec<Diagnostic>> {
    let evaluator = Evaluator { asked: Some(expression), ..Evaluator::new(program, inputs) };
    let result = evaluator.reported(evaluator.ask(expression));
    if let Err(Stop::Undecided) = result {
        let message = "this hangs on a lookup that has not been answered";
        evaluator.report(Diagnostic::error(codes::UNANSWERED, expression.expr.span, message));
    }
    evaluator.concluded(result.ok())
}

impl Evaluator<'_> {
    fn ask(&self, expression: &Expression) -> Eval {
        let mut scope = Scope::of(&expression.path);
        if mentions(&expression.expr, OUTPUT) {
            scope = scope.with(OUTPUT, self.outputs_here(expression)?);
        }
        let value = self.answered(&self.handles(self.evaluate(&expression.expr, &scope)?));
        // With whole objects turned into their ids, more can be compared.
        Ok(simplify(&value, &|_| None))
    }

    fn outputs_here(&self, expression: &Expression) -> Eval {
        let module = self.program.module(&expression.path).ok_or(Stop::Reported)?;
        let mut outputs = BTreeMap::new();
        for name in module.outputs.keys() {
            outputs.insert(name.as_str().to_owned(), self.output(&expression.path, name)?);
        }
        Ok(Residual::map(outputs))
    }
}
