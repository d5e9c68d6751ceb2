//! Running a test, and what comes of it.

use super::answers::Answers;
use super::suite::given;
use super::{Assertion, Expected, Suite, Test};
use crate::address::Address;
use crate::ast::{Binary, BinaryOp, Expr, ExprKind, UnaryOp};
use crate::check::check_expression;
use crate::constant::constant;
use crate::diagnostic::Diagnostic;
use crate::evaluate::evaluate_expression;
use crate::explain::codes;
use crate::inputs::Inputs;
use crate::partial;
use crate::program::Program;
use crate::residual::{Residual, references, simplify};
use crate::schema::SchemaSet;
use crate::types::{Fit, Type, fit, spoken};
use crate::value::Value;

/// More than so many characters of a value are not shown beside it.
const SHOWN: usize = 72;

impl Suite {
    /// Runs a test: nothing, or all that does not hold.
    ///
    /// `inputs` has neither variables nor answers, which are the test's.
    pub fn run(&self, test: &Test, schemas: &SchemaSet, inputs: Inputs<'_>) -> Vec<Diagnostic> {
        let outcome = self.attempt(test, schemas, inputs);
        match (&test.expected, outcome) {
            (None, Ok(failures) | Err(failures)) => failures,
            (Some(expected), Ok(_)) => {
                let message = format!("an error {} was expected, and there was none", expected.code);
                vec![Diagnostic::error(codes::TEST, expected.span, message)]
            }
            (Some(expected), Err(errors)) => unexpected(expected, errors),
        }
    }

    /// The assertions that do not hold; an error is what keeps the run from coming that far.
    fn attempt(
        &self,
        test: &Test,
        schemas: &SchemaSet,
        mut inputs: Inputs<'_>,
    ) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let program = self.program(Some(test), schemas)?;
        if self.directory.is_empty() {
            given(test, &mut inputs)?;
        }
        let answers = Answers::read(self, test, &program)?;
        let desired = answers.evaluate(&program, &mut inputs)?;
        let open = desired.lookups.into_values().filter(|lookup| lookup.answer.is_none());
        let open = open.map(|lookup| lookup.address).collect();
        let court = Court { suite: self, program: &program, inputs: &inputs, answers: &answers, open };
        Ok(test.assertions.iter().flat_map(|assertion| court.judge(assertion)).collect())
    }
}

/// What is left to say if an error was expected and these came.
fn unexpected(expected: &Expected, errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let meant = |error: &Diagnostic| error.code.0.eq_ignore_ascii_case(&expected.code);
    let said = |error: &Diagnostic| expected.text.as_ref().is_none_or(|text| error.message.contains(text));
    if errors.iter().any(|error| meant(error) && said(error)) {
        return Vec::new();
    }
    let message = match (errors.iter().any(meant), &expected.text) {
        (true, Some(text)) => format!("the error was expected to say `{text}`"),
        _ => format!("an error {} was expected, and another came", expected.code),
    };
    let mut all = vec![Diagnostic::error(codes::TEST, expected.span, message)];
    all.extend(errors);
    all
}

/// Where assertions are judged.
struct Court<'a> {
    suite: &'a Suite,
    program: &'a Program,
    inputs: &'a Inputs<'a>,
    answers: &'a Answers,
    /// The lookups that nothing answers.
    open: Vec<Address>,
}

impl Court<'_> {
    /// What does not hold of an assertion.
    fn judge(&self, assertion: &Assertion) -> Vec<Diagnostic> {
        let condition = &assertion.condition;
        let value = match self.evaluate(condition, &Type::Bool) {
            Ok(value) => value,
            Err(errors) => return errors.into_iter().map(|error| self.with_lookups(error)).collect(),
        };
        match partial::condition(&value).map(|(held, _)| held) {
            Ok(Some(true)) => Vec::new(),
            Ok(Some(false)) => match self.message(&assertion.message) {
                Ok(message) => {
                    let failed = Diagnostic::error(codes::CONDITION, condition.span, message);
                    vec![self.with_values(failed, condition)]
                }
                Err(errors) => errors,
            },
            Ok(None) => vec![self.unknown(condition, &value)],
            Err(fault) => vec![Diagnostic::error(fault.code, condition.span, fault.message)],
        }
    }

    fn evaluate(&self, expr: &Expr, wanted: &Type) -> Result<Residual, Vec<Diagnostic>> {
        let checked = check_expression(self.program, &self.suite.path(), expr)?;
        if fit(&checked.ty, wanted) == Fit::No {
            let message = format!("{} is wanted, not {}", spoken(wanted), spoken(&checked.ty));
            return Err(vec![Diagnostic::error(codes::TYPE, expr.span, message)]);
        }
        let value = evaluate_expression(self.program, self.inputs, &checked)?;
        Ok(simplify(&value, &|reference| self.answers.told(reference)))
    }

    fn message(&self, message: &Expr) -> Result<String, Vec<Diagnostic>> {
        Ok(match self.evaluate(message, &Type::string())? {
            Residual::Known(Value::String(text)) => text.trim_end_matches('.').to_owned(),
            _ => "this does not hold".to_owned(),
        })
    }

    /// Only AWS could tell: for what the assertion waits.
    fn unknown(&self, condition: &Expr, value: &Residual) -> Diagnostic {
        let waits: Vec<String> = references(value).iter().map(|one| format!("`{one}`")).collect();
        let message = match waits.as_slice() {
            [] => "this is not known without AWS".to_owned(),
            waits => format!("this is not known without AWS: it waits for {}", waits.join(", ")),
        };
        let error = Diagnostic::error(codes::UNANSWERED, condition.span, message);
        match references(value).into_iter().next() {
            Some(first) => {
                let (object, attribute) = (self.seen(first.object), first.attribute);
                error.hint(format!(
                    "let the test stand in for AWS: `answers = {{ {object} = {{ {attribute} = … }} }}`"
                ))
            }
            None => error,
        }
    }

    /// Which instances there are is not known: which lookups the test may answer.
    fn with_lookups(&self, error: Diagnostic) -> Diagnostic {
        if error.code != codes::UNANSWERED || self.open.is_empty() {
            return error;
        }
        let open: Vec<String> =
            self.open.iter().map(|lookup| format!("{} = {{ … }}", self.seen(lookup.clone()))).collect();
        error.hint(format!("let the test stand in for AWS: `answers = {{ {} }}`", open.join(", ")))
    }

    /// An address as the test spells it: seen from what is tested.
    fn seen(&self, mut object: Address) -> Address {
        let around = self.suite.path().len().min(object.module.len());
        object.module.drain(..around);
        object
    }

    /// Puts the values beside the operands that made a condition fail.
    fn with_values(&self, failed: Diagnostic, condition: &Expr) -> Diagnostic {
        match &condition.bare().kind {
            ExprKind::Binary(binary) if binary.op == BinaryOp::And => {
                let fails = |side: &&Expr| {
                    matches!(self.evaluate(side, &Type::Any), Ok(Residual::Known(Value::Bool(false))))
                };
                match [&binary.left, &binary.right].into_iter().find(fails) {
                    Some(side) => self.with_values(failed, side),
                    None => failed,
                }
            }
            ExprKind::Binary(binary) => self.both_sides(failed, binary),
            ExprKind::Unary(UnaryOp::Not, operand) => self.with_values(failed, operand),
            ExprKind::Call(call) => {
                call.arguments.iter().fold(failed, |failed, argument| self.with_value(failed, argument))
            }
            _ => failed,
        }
    }

    fn both_sides(&self, failed: Diagnostic, binary: &Binary) -> Diagnostic {
        let failed = self.with_value(failed, &binary.left);
        self.with_value(failed, &binary.right)
    }

    /// Puts the value of an operand beside it, unless it is written there.
    fn with_value(&self, failed: Diagnostic, operand: &Expr) -> Diagnostic {
        if constant(operand).is_ok() {
            return failed;
        }
        match self.evaluate(operand, &Type::Any) {
            Ok(value) => failed.label(operand.span, format!("is {}", short(&value.to_string()))),
            Err(_) => failed,
        }
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN - 1).chain(['…']).collect()
}
