//! Outputs of modules, and of the root.

use std::collections::BTreeMap;

use super::{Eval, Evaluator, Path, Scope, Stop, fail};
use crate::desired::{DesiredOutput, Moment};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::Output;
use crate::types::convert;

impl Evaluator<'_> {
    /// The value of an output; whole objects in it stay whole.
    pub(super) fn output(&self, path: &Path, name: &Identifier) -> Eval {
        self.remembered(
            |memo| &mut memo.outputs,
            (path.to_vec(), name.clone()),
            || {
                let output = self
                    .program
                    .module(path)
                    .and_then(|module| module.outputs.get(name))
                    .ok_or(Stop::Reported)?;
                self.compute_output(output, path)
            },
        )
    }

    fn compute_output(&self, output: &Output, path: &Path) -> Eval {
        let scope = Scope::of(path);
        for condition in &output.preconditions {
            let open = self.met(condition, &scope, Moment::Before, (output.span, "of this output"))?;
            open.iter().for_each(|condition| self.hangs_on(condition));
        }
        let value = self.evaluate(&output.value, &scope)?;
        let value = match &output.ty {
            Some(ty) => convert(&value, ty, &self.program.schemas)
                .or_else(|error| fail(super::objects::mismatch(&output.value, &error)))?,
            None => value,
        };
        Ok(if output.sensitive { value.concealed() } else { value })
    }

    /// The outputs of the root, with nothing secret in the open.
    pub(super) fn root_outputs(&self) -> BTreeMap<Identifier, DesiredOutput> {
        let mut outputs = BTreeMap::new();
        for (name, output) in &self.program.root().outputs {
            let (value, sources) = self.apart(|| self.reported(self.output(&[], name)));
            let Ok(value) = value else { continue };
            let value = self.answered(&self.handles(value));
            if value.is_sensitive() && !output.sensitive {
                let message = format!("the output `{name}` would show a sensitive value");
                let error = Diagnostic::error(codes::SECRET, output.value.span, message);
                self.report(error.hint("mark it `sensitive = true`"));
                continue;
            }
            let desired = DesiredOutput {
                value,
                sensitive: output.sensitive,
                description: output.description.clone(),
                conditions: sources.conditions.clone(),
                span: output.span,
            };
            outputs.insert(name.clone(), desired);
        }
        outputs
    }
}
