//! Evaluating with variables that nobody has given yet: what is wrong whatever they will be.

use super::Evaluator;
use crate::address::{Address, Mode};
use crate::desired::{Backend, Desired, Project};
use crate::diagnostic::Diagnostic;
use crate::inputs::Inputs;
use crate::name::{Identifier, KindName};
use crate::program::Program;
use crate::residual::{Reference, Residual, references};

/// The kind under which a variable without a value stands as a question that has not been answered. No kind of
/// object has this name, for it is a root of references.
const QUESTION: &str = "var";

/// All that is wrong with a checked program and can be known from what is given. A variable without a value is no
/// error: what depends on it is checked as far as that goes.
pub fn validate(program: &Program, inputs: &Inputs<'_>) -> Vec<Diagnostic> {
    let evaluator = Evaluator { open: true, ..Evaluator::new(program, inputs) };
    evaluator.check_given_variables();
    evaluator.declarations(&[]);
    let settings = evaluator.reported(evaluator.settings());
    drop(evaluator.project());
    let mut desired = Desired::nothing(settings.unwrap_or_else(|_| evaluator.nameless()));
    evaluator.module(&[], &mut desired);
    evaluator.check_moves(&desired);
    super::rings::rings(&desired).into_iter().for_each(|error| evaluator.report(error));
    crate::check::sorted(evaluator.errors.into_inner())
}

impl Evaluator<'_> {
    /// A variable that nobody has given: a question to the user, as a lookup is one to AWS.
    pub(super) fn question_of(&self, name: &Identifier) -> Residual {
        let object = Address {
            module: Vec::new(),
            mode: Mode::Data,
            kind: KindName::new(QUESTION),
            name: name.clone(),
            key: None,
        };
        Residual::Attribute(Reference { object, attribute: "value".into() })
    }

    /// Whether a value waits for variables that nobody has given, and for nothing else.
    pub(super) fn is_open(&self, value: &Residual) -> bool {
        let references = references(value);
        self.open
            && !references.is_empty()
            && references.iter().all(|reference| reference.object.kind.as_str() == QUESTION)
    }

    /// The project as far as it is known while its settings hang on variables that nobody has given.
    pub(super) fn nameless(&self) -> Project {
        let block = &self.program.project;
        Project {
            name: block.name.clone(),
            region: String::new(),
            account: None,
            backend: Backend::Local { path: String::new() },
            span: block.span,
        }
    }
}
