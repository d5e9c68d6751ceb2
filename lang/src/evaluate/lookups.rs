//! `data` blocks: questions, and the answers that have come in.

use std::rc::Rc;

use super::access::address;
use super::{Eval, Evaluator, Path, Scope, Stop};
use crate::address::{Address, Mode};
use crate::desired::{Desired, Lookup};
use crate::program::{Object, ObjectKey};
use crate::residual::{Reference, Residual};
use crate::value::Value;

impl Evaluator<'_> {
    /// The question of an instance of a `data` block.
    pub(super) fn lookup(&self, object: &Address) -> Result<Rc<Lookup>, Stop> {
        self.remembered(|memo| &mut memo.lookups, object.clone(), || self.question(object).map(Rc::new))
    }

    fn question(&self, object: &Address) -> Result<Lookup, Stop> {
        let (block, scope) = self.declaration(object)?;
        let arguments = self.arguments(object, &block.arguments, &scope)?;
        let answer = self.inputs.data.get(object).cloned();
        Ok(Lookup {
            address: object.clone(),
            kind: object.kind.clone(),
            arguments,
            answer,
            span: block.header,
        })
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
        let lookup = self.lookup(object)?;
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
            answer.get(reference.attribute.as_str()).cloned()
        };
        crate::residual::simplify(value, &answer)
    }

    /// Adds all instances of a block to what is wanted; undecided ones are left out.
    pub(super) fn block(&self, path: &Path, key: &ObjectKey, desired: &mut Desired) {
        let Ok(instances) = self.reported(self.instances(path, key)) else { return };
        for instance in instances.keys() {
            let object = address(path, key, instance.map(String::as_str));
            match key.mode {
                Mode::Data => {
                    if let Ok(lookup) = self.lookup(&object) {
                        desired.lookups.insert(object, (*lookup).clone());
                    }
                }
                Mode::Managed => {
                    if let Ok(wanted) = self.object(&object) {
                        self.check_conditions(&object);
                        desired.objects.insert(object, (*wanted).clone());
                    }
                }
            }
        }
    }
}
