//! `data` blocks: questions, and the answers that have come in.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::access::address;
use super::{Eval, Evaluator, Path, Reads, Scope, Sources, Stop};
use crate::address::{Address, Mode};
use crate::desired::{Desired, Lookup};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::program::{Object, ObjectKey};
use crate::residual::{Reference, Residual, references};
use crate::value::Value;

/// A lookup, and what else was read for its arguments than they refer to.
pub(super) struct Question {
    pub(super) lookup: Lookup,
    sources: Sources,
}

impl Evaluator<'_> {
    /// The question of an instance of a `data` block.
    pub(super) fn lookup(&self, object: &Address) -> Result<Rc<Question>, Stop> {
        self.remembered(|memo| &mut memo.lookups, object.clone(), || self.question(object).map(Rc::new))
    }

    fn question(&self, object: &Address) -> Result<Question, Stop> {
        let (block, scope) = self.declaration(object)?;
        let (arguments, sources) = self.apart(|| self.arguments(object, &block.arguments, &scope));
        let arguments = arguments?;
        let objects = self.unseen(&arguments, sources.objects.iter());
        let sources = Rc::new(Reads { objects, conditions: sources.conditions.clone() });
        let depends_on = self.made_before(self.written_order(object, block, &scope)?)?;
        let answer = self.inputs.data.get(object).cloned();
        let (address, kind) = (object.clone(), object.kind.clone());
        Ok(Question {
            lookup: Lookup { address, kind, arguments, answer, depends_on, span: block.header },
            sources,
        })
    }

    /// The managed objects among these, and those that a lookup among them waits for.
    fn made_before(&self, objects: BTreeSet<Address>) -> Result<BTreeSet<Address>, Stop> {
        let mut found = BTreeSet::new();
        for object in objects {
            if object.mode == Mode::Managed {
                found.insert(object);
                continue;
            }
            let question = self.lookup(&object)?;
            let arguments = question.lookup.arguments.values().flat_map(references);
            found.extend(question.lookup.depends_on.iter().cloned());
            found.extend(self.made_before(arguments.map(|reference| reference.object).collect())?);
        }
        Ok(found)
    }

    /// The block that declares an object, and the scope of this instance.
    pub(super) fn declaration(&self, object: &Address) -> Result<(&Object, Scope), Stop> {
        let key = ObjectKey { mode: object.mode, kind: object.kind.clone(), name: object.name.clone() };
        let module = self.program.module(&object.module).ok_or(Stop::Reported)?;
        let block = module.objects.get(&key).ok_or(Stop::Reported)?;
        let each = self.instances(&object.module, &key)?.each_of(object.key.as_ref());
        Ok((block, Scope { each, ..Scope::of(&object.module) }))
    }

    /// An attribute of what was looked up, known if the answer is in.
    pub(super) fn looked_up(&self, object: &Address, name: &str) -> Eval {
        let question = self.lookup(object)?;
        self.uses(&question.sources);
        let lookup = &question.lookup;
        let secret =
            self.program.schemas.kind(object.kind.as_str()).and_then(|schema| schema.attribute(name));
        let value = match &lookup.answer {
            Some(answer) => Residual::Known(answer.get(name).cloned().unwrap_or(Value::Null)),
            None => match lookup.arguments.get(name) {
                Some(written) => written.clone(),
                None => Residual::Attribute(Reference { object: object.clone(), attribute: name.into() }),
            },
        };
        Ok(if secret.is_some_and(|attribute| attribute.sensitive) { value.concealed() } else { value })
    }

    /// What has been answered, put in for references to it, so that a whole object becomes its known id.
    pub(super) fn answered(&self, value: &Residual) -> Residual {
        let answer = |reference: &Reference| {
            let answer =
                self.inputs.data.get(&reference.object).filter(|_| reference.object.mode == Mode::Data)?;
            self.uses(&self.behind_lookup(&reference.object));
            answer.get(reference.attribute.as_str()).cloned()
        };
        crate::residual::simplify(value, &answer)
    }

    /// A value that must be known now: what was looked up as a whole is its id, all answers are put in.
    pub(super) fn settled(&self, value: Residual) -> Residual {
        if value.known().is_some() {
            return value;
        }
        let schemas = &self.program.schemas;
        self.answered(&value.with_leaves(&|leaf| match leaf {
            Residual::Attribute(whole) if whole.is_whole() && whole.object.mode == Mode::Data => {
                Residual::Attribute(whole.to_handle(schemas))
            }
            other => other,
        }))
    }

    /// The objects behind a lookup's arguments that no reference in them shows.
    pub(super) fn behind_lookup(&self, object: &Address) -> Sources {
        self.lookup(object).map_or_else(|_| Sources::default(), |question| question.sources.clone())
    }

    /// Adds all instances of a block to what is wanted; undecided ones are left out.
    pub(super) fn block(&self, path: &Path, key: &ObjectKey, desired: &mut Desired) {
        let instances = match self.reported(self.instances(path, key)) {
            Ok(instances) => instances,
            Err(stop) => return self.left_out(&stop),
        };
        for instance in instances.keys() {
            let object = address(path, key, instance.map(String::as_str));
            match key.mode {
                Mode::Data => match self.lookup(&object) {
                    Ok(question) => drop(desired.lookups.insert(object, question.lookup.clone())),
                    Err(stop) => self.left_out(&stop),
                },
                Mode::Managed => match self.object(&object) {
                    Ok(wanted) => {
                        let mut wanted = (*wanted).clone();
                        wanted.conditions.extend(self.conditions(&object));
                        desired.objects.insert(object, wanted);
                    }
                    Err(stop) => self.left_out(&stop),
                },
            }
        }
    }

    /// Notes that something is left out, and why.
    pub(super) fn left_out(&self, stop: &Stop) {
        match stop {
            Stop::Undecided => self.undecided.set(true),
            Stop::Reported | Stop::Error(_) => self.failed.set(true),
        }
    }

    /// What is left out must hang on a lookup that can be asked now, or on an error: else it would be missing for
    /// good, and a plan would take it for removed.
    pub(super) fn check_left_out(&self, desired: &Desired) {
        let open = |lookup: &Lookup| {
            lookup.answer.is_none()
                && lookup.depends_on.is_empty()
                && lookup.arguments.values().all(|value| value.known().is_some())
        };
        let decidable = self.inputs.account.is_none() || desired.lookups.values().any(open);
        if self.undecided.get() && !decidable {
            let message = "some objects depend on lookups that cannot be asked before others are made";
            self.report(Diagnostic::global(codes::SHAPE, message));
        }
        if self.failed.get() && self.errors.borrow().is_empty() {
            self.report(Diagnostic::global(codes::FAILED, "some objects could not be evaluated"));
        }
    }
}
