//! A checked program: every declaration by its name, nested blocks as the attributes they stand for.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Mode, ModuleStep};
use crate::ast::{Block, Expr, ExprKind, File, Ident};
use crate::name::{AttributeName, Identifier, KindName};
use crate::schema::SchemaSet;
use crate::span::{FileId, Span};
use crate::types::Type;

/// One source file and the module it belongs to.
#[derive(Debug, Clone)]
pub struct Source {
    /// The directory of its module, relative to the project; empty for the root module.
    pub directory: String,
    /// What it says.
    pub file: File,
}

impl Source {
    /// The file's id in its source map.
    pub fn id(&self) -> FileId {
        self.file.body.span.file
    }
}

/// A project whose names are resolved and whose types are known, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Program {
    pub(crate) modules: BTreeMap<String, Module>,
    pub(crate) schemas: SchemaSet,
    pub(crate) project: Project,
    /// The outputs of each module, as an object's type, by directory.
    pub(crate) outputs: BTreeMap<String, Type>,
    /// Where a field is read that may be absent: there absence is null, elsewhere an error.
    pub(crate) optional_reads: BTreeSet<Span>,
    /// The types of functions' results, by directory.
    pub(crate) results: BTreeMap<String, BTreeMap<Identifier, Type>>,
    pub(crate) warnings: Vec<crate::diagnostic::Diagnostic>,
}

impl Program {
    /// What is worth knowing, though nothing is wrong.
    pub fn warnings(&self) -> &[crate::diagnostic::Diagnostic] {
        &self.warnings
    }

    /// What an expression of the root module may begin with: `var.x`, `local.x`, `elb.web`, and functions with their
    /// parenthesis.
    pub fn names(&self) -> Vec<String> {
        let root = self.root();
        let under = |word: &'static str, name: &Identifier| format!("{word}.{name}");
        let variables = root.variables.keys().map(|name| under("var", name));
        let locals = root.locals.keys().map(|name| under("local", name));
        let modules = root.calls.keys().map(|name| under("module", name));
        let settings = ["name", "region", "account", "tags"].map(|name| format!("project.{name}"));
        let functions = root.functions.keys().map(Identifier::as_str);
        let functions = functions.chain(crate::functions::functions().map(|function| function.name));
        let objects = root.objects.keys().map(ToString::to_string);
        let all = variables.chain(locals).chain(modules).chain(settings).chain(objects);
        all.chain(functions.map(|name| format!("{name}("))).collect()
    }

    pub(crate) fn root(&self) -> &Module {
        self.module(&[]).expect("a program has a root module")
    }

    /// The module of an instance, or a library by its [`library_path`].
    pub(crate) fn module(&self, path: &[ModuleStep]) -> Option<&Module> {
        let mut module = self.modules.get("")?;
        for step in path {
            let directory = match step.name.as_str().strip_prefix(LIBRARY) {
                Some(directory) => directory,
                None => &module.calls.get(&step.name)?.directory,
            };
            module = self.modules.get(directory)?;
        }
        Some(module)
    }
}

/// The `project` block.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) name: Identifier,
    pub(crate) region: Option<Expr>,
    pub(crate) account: Option<Expr>,
    pub(crate) tags: Option<Expr>,
    pub(crate) required_version: Option<Expr>,
    pub(crate) backend: Option<Block>,
    pub(crate) span: Span,
}

/// The declarations of one directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Module {
    pub(crate) directory: String,
    /// False if part of a file did not parse, so that no declaration may be said to be missing.
    pub(crate) complete: bool,
    /// First words of blocks that are no kind: they have been reported, so references to them are silent.
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) variables: BTreeMap<Identifier, Variable>,
    pub(crate) locals: BTreeMap<Identifier, Local>,
    /// The locals, each after those it refers to.
    pub(crate) local_order: Vec<Identifier>,
    /// All that declares a value, each after what it refers to; known once the module is checked.
    pub(crate) order: Vec<Declaration>,
    pub(crate) types: BTreeMap<String, Type>,
    pub(crate) functions: BTreeMap<Identifier, UserFunction>,
    pub(crate) outputs: BTreeMap<Identifier, Output>,
    pub(crate) objects: BTreeMap<ObjectKey, Object>,
    pub(crate) calls: BTreeMap<Identifier, Call>,
    pub(crate) libraries: BTreeMap<Identifier, Library>,
    pub(crate) checks: Vec<CheckBlock>,
    pub(crate) moves: Vec<MovedBlock>,
    pub(crate) removals: Vec<RemovedBlock>,
    pub(crate) imports: Vec<ImportBlock>,
    /// A block that only an instance can have, if there is one: then it is no library.
    pub(crate) instance: Option<(String, Span)>,
}

/// What declares a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Declaration {
    Local(Identifier),
    Object(ObjectKey),
    Call(Identifier),
}

/// What the name of a library's step on a path begins with: no identifier does.
const LIBRARY: &str = "::";

/// The path of a library, which has no instance: one step that names its directory.
pub(crate) fn library_path(directory: &str) -> Vec<ModuleStep> {
    vec![ModuleStep { name: Identifier::new(format!("{LIBRARY}{directory}")), key: None }]
}

impl Module {
    /// The directory from which paths in it lead: of a standard module, which has no files, the root.
    pub(crate) fn root(&self) -> &str {
        if crate::check::standard(&self.directory).is_some() { "" } else { &self.directory }
    }
}

/// A `library` block.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    /// Its directory, relative to the project.
    pub(crate) directory: String,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) ty: Option<Type>,
    pub(crate) default: Option<Expr>,
    pub(crate) description: Option<String>,
    pub(crate) sensitive: bool,
    pub(crate) ephemeral: bool,
    pub(crate) validations: Vec<Condition>,
    pub(crate) span: Span,
}

impl Variable {
    /// Whether its value may not be shown.
    pub(crate) fn is_hidden(&self) -> bool {
        self.sensitive || self.ephemeral
    }

    /// The type of what may be given: null too, if that is its default.
    pub(crate) fn accepts(&self) -> Type {
        let null = self.default.as_ref().is_some_and(|default| default.bare().kind == ExprKind::Null);
        let ty = self.ty.clone().unwrap_or(Type::Any);
        if null { ty.nullable() } else { ty }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) value: Expr,
}

#[derive(Debug, Clone)]
pub(crate) struct UserFunction {
    pub(crate) params: Vec<(Identifier, Type)>,
    pub(crate) result: Expr,
    pub(crate) description: Option<String>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) value: Expr,
    pub(crate) ty: Option<Type>,
    pub(crate) sensitive: bool,
    pub(crate) description: Option<String>,
    pub(crate) preconditions: Vec<Condition>,
    pub(crate) span: Span,
}

/// `condition` and `error_message`.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) condition: Expr,
    pub(crate) message: Expr,
}

/// A `check` block.
#[derive(Debug, Clone)]
pub(crate) struct CheckBlock {
    pub(crate) name: String,
    pub(crate) assertions: Vec<Condition>,
}

/// A `moved` block; of its meta-arguments only `for_each`.
#[derive(Debug, Clone)]
pub(crate) struct MovedBlock {
    pub(crate) meta: Meta,
    pub(crate) from: WrittenPlace,
    pub(crate) to: WrittenPlace,
    pub(crate) span: Span,
}

/// A `removed` block.
#[derive(Debug, Clone)]
pub(crate) struct RemovedBlock {
    pub(crate) meta: Meta,
    pub(crate) from: WrittenPlace,
    pub(crate) destroy: Option<Expr>,
    pub(crate) span: Span,
}

/// An `import` block.
#[derive(Debug, Clone)]
pub(crate) struct ImportBlock {
    pub(crate) meta: Meta,
    pub(crate) to: WrittenPlace,
    pub(crate) id: Expr,
    pub(crate) span: Span,
}

/// An address in one of these, seen from the module it is written in.
#[derive(Debug, Clone)]
pub(crate) struct WrittenPlace {
    /// The module calls on the way.
    pub(crate) modules: Vec<WrittenStep>,
    /// The kind and the object; without, all of the module.
    pub(crate) object: Option<(Ident, WrittenStep)>,
    pub(crate) span: Span,
}

/// A name with the key behind it, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct WrittenStep {
    pub(crate) name: Ident,
    pub(crate) key: Option<Expr>,
}

impl WrittenPlace {
    /// The names in it and the keys of it.
    fn steps(&self) -> impl Iterator<Item = &WrittenStep> {
        self.modules.iter().chain(self.object.as_ref().map(|(_, object)| object))
    }

    /// Its keys, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Expr> {
        self.steps().filter_map(|step| step.key.as_ref())
    }

    /// The key at its end.
    pub(crate) fn last_key(&self) -> Option<&Expr> {
        self.steps().last().and_then(|step| step.key.as_ref())
    }

    /// The address without keys, as it is written.
    pub(crate) fn pattern(&self) -> String {
        let modules = self.modules.iter().map(|step| format!("module.{}", step.name));
        let object = self.object.iter().map(|(kind, object)| format!("{kind}.{}", object.name));
        modules.chain(object).collect::<Vec<_>>().join(".")
    }
}

/// Which block of a module declares an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectKey {
    pub(crate) mode: Mode,
    pub(crate) kind: KindName,
    pub(crate) name: Identifier,
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = if self.mode == Mode::Data { "data." } else { "" };
        write!(f, "{data}{}.{}", self.kind, self.name)
    }
}

/// A block of a kind, or a `data` block.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) meta: Meta,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) steps: Vec<Step>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) timeouts: Vec<Argument>,
    /// The kind and label.
    pub(crate) header: Span,
    /// False if a part did not parse, so that nothing may be said to be missing.
    pub(crate) complete: bool,
}

/// The arguments of every kind, `data` and `module`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) for_each: Option<Expr>,
    pub(crate) when: Option<Expr>,
    pub(crate) depends_on: Vec<Expr>,
}

/// An attribute, however it was written.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) name: AttributeName,
    /// Nested blocks have become an object, or a tuple of objects.
    pub(crate) value: Expr,
    pub(crate) name_span: Span,
    pub(crate) span: Span,
}

/// A step of an image.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: AttributeName,
    /// Its arguments, without `when`.
    pub(crate) value: Expr,
    pub(crate) when: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle {
    pub(crate) prevent_destroy: Option<Expr>,
    pub(crate) ignore_changes: Vec<Expr>,
    pub(crate) replace_triggered_by: Vec<Expr>,
    pub(crate) preconditions: Vec<Condition>,
    pub(crate) postconditions: Vec<Condition>,
}

/// A `module` block.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The directory of the module, relative to the project.
    pub(crate) directory: String,
    pub(crate) meta: Meta,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) span: Span,
}
