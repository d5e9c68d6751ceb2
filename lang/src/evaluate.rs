//! From a program to what it wants: each object with its attributes, as far as they are known.
//!
//! Evaluation is lazy and remembers: a local, a variable or an object is evaluated when it is first needed. Two
//! things stop it short of a value. What is wrong is reported once, and what depends on it is silent. What hangs on
//! a lookup that has not been answered yet is undecided, see [`evaluate`].

mod access;
mod asked;
mod calls;
mod conditions;
mod contents;
mod expression;
mod instances;
mod limits;
mod lookups;
mod modules;
mod moves;
mod naming;
mod objects;
mod open;
mod order;
mod outputs;
mod parts;
mod rings;
mod scope;
mod settings;
mod sources;
mod variables;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::address::{Address, Mode, ModuleStep};
use crate::check::Expression;
use crate::desired::{Desired, DesiredObject, Project};
use crate::diagnostic::Diagnostic;
use crate::inputs::Inputs;
use crate::name::Identifier;
use crate::partial::Fault;
use crate::program::{Declaration, ObjectKey, Program};
use crate::residual::Residual;
use crate::span::Span;
use crate::value::Value;

pub use asked::evaluate_expression;
use instances::Instances;
pub use open::validate;
use scope::Scope;
use sources::{Reads, Remembered, Sources};

/// Evaluates a checked program with what the run is given.
///
/// What needs the answer to a lookup before it can be said which objects there are, such as a `for_each` over
/// `data.subnets.all.ids`, is undecided: the objects concerned are left out of [`Desired`], which then has
/// unanswered [`lookups`](Desired::lookups) whose arguments are known. Whoever drives the evaluation answers those,
/// puts the answers into [`Inputs::data`] and evaluates again, until none is left; only then is the result complete.
/// The same holds for what needs the account as long as [`Inputs::account`] is not given.
/// Lookups whose arguments wait for other objects stay open: they are asked during apply.
///
/// # Errors
/// All independent errors, in the order of their places.
pub fn evaluate(program: &Program, inputs: &Inputs<'_>) -> Result<Desired, Vec<Diagnostic>> {
    let evaluator = Evaluator::new(program, inputs);
    let desired = evaluator.desired();
    evaluator.concluded(desired)
}

/// Evaluates the `project` block alone: whoever only looks at the state needs no variable that it does not read.
///
/// # Errors
/// What is wrong with it, or with what it reads.
pub fn project(program: &Program, inputs: &Inputs<'_>) -> Result<Project, Vec<Diagnostic>> {
    let evaluator = Evaluator::new(program, inputs);
    let settings = evaluator.reported(evaluator.settings()).ok();
    evaluator.concluded(settings)
}

/// Why there is no value.
#[derive(Debug, Clone)]
enum Stop {
    /// An error that nobody has reported yet.
    Error(Box<Diagnostic>),
    /// An error that has been reported.
    Reported,
    /// A lookup must be answered first.
    Undecided,
}

type Eval = Result<Residual, Stop>;

/// Where a module's own names live: the calls on the way from the root.
type Path = [ModuleStep];

struct Evaluator<'a> {
    program: &'a Program,
    inputs: &'a Inputs<'a>,
    /// What stands in no file of the program and is evaluated in it.
    asked: Option<&'a Expression>,
    /// Whether variables may be missing: then only what is wrong is asked for.
    open: bool,
    memo: RefCell<Memo>,
    errors: RefCell<Vec<Diagnostic>>,
    /// What has been read for the value that is being computed.
    sources: RefCell<Reads>,
    /// Whether something was left out because a lookup is not answered.
    undecided: Cell<bool>,
    /// How many steps `for` expressions have taken.
    steps: Cell<usize>,
    /// Whether something was left out because of an error.
    failed: Cell<bool>,
}

/// What has been evaluated already.
#[derive(Default)]
struct Memo {
    project: Option<Result<Rc<settings::Settings>, Stop>>,
    variables: BTreeMap<(Vec<ModuleStep>, Identifier), Remembered<Residual>>,
    /// The values of the root's ephemeral variables, each a secret.
    ephemeral: BTreeMap<Identifier, Value>,
    locals: BTreeMap<(Vec<ModuleStep>, Identifier), Remembered<Residual>>,
    outputs: BTreeMap<(Vec<ModuleStep>, Identifier), Remembered<Residual>>,
    instances: BTreeMap<(Vec<ModuleStep>, ObjectKey), Remembered<Rc<Instances>>>,
    calls: BTreeMap<(Vec<ModuleStep>, Identifier), Remembered<Rc<Instances>>>,
    objects: BTreeMap<Address, Remembered<Rc<DesiredObject>>>,
    lookups: BTreeMap<Address, Remembered<Rc<lookups::Question>>>,
}

impl Memo {
    /// What is labelled in variables and locals.
    fn secrets(&self) -> BTreeSet<Value> {
        let (variables, locals) = (self.variables.values(), self.locals.values());
        let mut secrets = BTreeSet::new();
        for value in variables.chain(locals).filter_map(|(result, _)| result.as_ref().ok()) {
            value.for_each_leaf(&mut |leaf| {
                let mut note = |secret: &Value| {
                    secrets.insert(secret.clone());
                };
                leaf.known().into_iter().for_each(|known| known.for_each_secret(&mut note));
            });
        }
        secrets
    }
}

impl<'a> Evaluator<'a> {
    fn new(program: &'a Program, inputs: &'a Inputs<'a>) -> Self {
        Self {
            program,
            inputs,
            asked: None,
            open: false,
            memo: RefCell::default(),
            errors: RefCell::default(),
            sources: RefCell::default(),
            undecided: Cell::new(false),
            steps: Cell::new(0),
            failed: Cell::new(false),
        }
    }

    /// What came out, unless something is wrong.
    fn concluded<T>(self, result: Option<T>) -> Result<T, Vec<Diagnostic>> {
        let errors = self.errors.into_inner();
        match result {
            Some(result) if errors.is_empty() => Ok(result),
            _ => Err(crate::check::sorted(errors)),
        }
    }
}

impl Evaluator<'_> {
    /// Everything; `None` if the project itself cannot be read.
    fn desired(&self) -> Option<Desired> {
        self.check_given_variables();
        self.declarations(&[]);
        let project = self.reported(self.settings());
        // Its tags are checked here even if nothing has tags.
        drop(self.project());
        let mut desired = Desired::nothing(project.ok()?);
        self.module(&[], &mut desired);
        desired.outputs = self.root_outputs();
        self.check_moves(&desired);
        rings::rings(&desired).into_iter().for_each(|error| self.report(error));
        desired.ephemeral = self.memo.borrow().ephemeral.clone();
        desired.secrets = self.memo.borrow().secrets();
        self.check_left_out(&desired);
        Some(desired)
    }

    /// Evaluates all of a module instance, and of those it calls.
    fn module(&self, path: &Path, desired: &mut Desired) {
        let Some(module) = self.program.module(path) else { return };
        module.variables.keys().for_each(|name| drop(self.reported(self.variable(path, name))));
        for key in module.objects.keys() {
            self.block(path, key, desired);
        }
        for name in module.calls.keys() {
            match self.reported(self.call_instances(path, name)) {
                Ok(instances) => {
                    instances.steps(path, name).iter().for_each(|step| self.module(step, desired))
                }
                Err(stop) => self.left_out(&stop),
            }
        }
        module.outputs.keys().for_each(|name| drop(self.reported(self.output(path, name))));
        self.checks(path, desired);
        self.moves(path, desired);
    }

    /// Evaluates what a module instance declares, each after what it refers to: a long chain is no deep recursion.
    fn declarations(&self, path: &Path) {
        let Some(module) = self.program.module(path) else { return };
        for declaration in &module.order {
            match declaration {
                Declaration::Local(name) => drop(self.local(path, name)),
                Declaration::Object(key) => self.objects_of(path, key),
                Declaration::Call(name) => {
                    let instances = self.call_instances(path, name);
                    let steps = instances.map(|instances| instances.steps(path, name));
                    steps.unwrap_or_default().iter().for_each(|step| self.declarations(step));
                }
            }
        }
    }

    fn objects_of(&self, path: &Path, key: &ObjectKey) {
        let Ok(instances) = self.instances(path, key) else { return };
        for instance in instances.keys() {
            let object = access::address(path, key, instance.map(String::as_str));
            match key.mode {
                Mode::Managed => drop(self.object(&object)),
                Mode::Data => drop(self.lookup(&object)),
            }
        }
    }

    /// Puts an error on the list of what is wrong, unless it is there.
    fn reported<T>(&self, result: Result<T, Stop>) -> Result<T, Stop> {
        result.map_err(|stop| match stop {
            Stop::Error(error) => {
                self.report(*error);
                Stop::Reported
            }
            other => other,
        })
    }

    fn report(&self, error: Diagnostic) {
        let mut errors = self.errors.borrow_mut();
        if !errors.contains(&error) {
            errors.push(error);
        }
    }

    /// The remembered result under a key, or that of `compute`, whose error is reported here and now. Either way
    /// what was read for it counts for what is being computed.
    fn remembered<K: Ord + Clone, T: Clone>(
        &self,
        table: impl Fn(&mut Memo) -> &mut BTreeMap<K, Remembered<T>>,
        key: K,
        compute: impl FnOnce() -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let known = table(&mut self.memo.borrow_mut()).get(&key).cloned();
        let (result, sources) = known.unwrap_or_else(|| {
            let fresh = self.apart(|| self.reported(compute()));
            table(&mut self.memo.borrow_mut()).insert(key, fresh.clone());
            fresh
        });
        self.uses(&sources);
        result
    }

    /// The value of a local.
    fn local(&self, path: &Path, name: &Identifier) -> Eval {
        let key = (path.to_vec(), name.clone());
        self.remembered(
            |memo| &mut memo.locals,
            key,
            || {
                let local = self.program.module(path).and_then(|module| module.locals.get(name));
                let local = local.ok_or(Stop::Reported)?;
                let value = self.evaluate(&local.value, &Scope::of(path))?;
                self.measured(&value, &mut limits::budget(), local.value.span)?;
                Ok(value)
            },
        )
    }
}

/// An error at a place.
fn fail<T>(error: Diagnostic) -> Result<T, Stop> {
    Err(Stop::Error(Box::new(error)))
}

/// Gives a failed operation its place.
fn at(span: Span) -> impl Fn(Fault) -> Stop {
    move |fault| {
        let mut error = Diagnostic::error(fault.code, span, fault.message);
        error.hint = fault.hint;
        Stop::Error(Box::new(error))
    }
}
