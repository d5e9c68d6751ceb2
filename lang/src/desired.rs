//! What the configuration asks for: the project, its objects with their attributes, lookups and outputs.

mod display;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::{Address, ModuleStep};
use crate::name::{AttributeName, Identifier, KindName};
use crate::residual::{Attributes, Reference, Residual, Values};
use crate::span::Span;
use crate::value::Value;

/// Everything one run wants.
#[derive(Debug, Clone)]
pub struct Desired {
    /// The `project` block.
    pub project: Project,
    /// The objects to manage.
    pub objects: BTreeMap<Address, DesiredObject>,
    /// The objects to look up; those answered already (see [`Inputs`](crate::inputs::Inputs)) are among them.
    pub lookups: BTreeMap<Address, Lookup>,
    /// The root module's outputs.
    pub outputs: BTreeMap<Identifier, DesiredOutput>,
    /// The `moved` blocks, in the order of their places.
    pub moves: Vec<Move>,
    /// The `removed` blocks.
    pub removals: Vec<Removal>,
    /// The `import` blocks, one entry for each instance.
    pub imports: Vec<Import>,
    /// The assertions of `check` blocks, of all modules.
    pub checks: Vec<Check>,
    /// The values of the root's ephemeral variables, each a secret, for [`supplied`](crate::supplied): nothing of them
    /// may be written anywhere, not even a hash.
    pub ephemeral: BTreeMap<Identifier, Value>,
    /// The secrets in variables and locals, of modules too: what is made of them stands elsewhere, but a part of that may
    /// be told as well.
    pub secrets: BTreeSet<Value>,
}

/// What a `moved` or `removed` block names in the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// One object; without a key, all instances of its block.
    Object(Address),
    /// All objects of a module instance; if the last step has no key, of all instances of the module.
    Module(Vec<ModuleStep>),
}

impl Place {
    /// Reads what `Display` writes: `elb.web`, `subnet.a["x"]`, `module.m["k"]`; `None` if the text is no place.
    pub fn parse(text: &str) -> Option<Self> {
        // A module's steps are written as before an object of it.
        let inside = || Address::parse(&format!("{text}.x.x")).filter(|inner| !inner.module.is_empty());
        Address::parse(text).map(Self::Object).or_else(|| inside().map(|inner| Self::Module(inner.module)))
    }

    /// Whether it names one instance by its key.
    pub fn has_key(&self) -> bool {
        match self {
            Self::Object(address) => address.key.is_some(),
            Self::Module(steps) => steps.last().is_some_and(|step| step.key.is_some()),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no address")))
    }
}

/// A `moved` block: what the state has under one address is known by another from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its address so far.
    pub from: Place,
    /// Its address now, of the same form as `from`.
    pub to: Place,
    /// Where the block stands.
    pub span: Span,
}

/// A `removed` block: what the state has under an address is no longer wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its address.
    pub from: Place,
    /// Whether it is destroyed; if not it is forgotten and left alone.
    pub destroy: bool,
    /// Where the block stands.
    pub span: Span,
}

/// One instance of an `import` block: an object that exists already is ours from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The address it gets.
    pub to: Address,
    /// Its id, as AWS knows it.
    pub id: String,
    /// Where the block stands.
    pub span: Span,
}

/// One `assert` of a `check` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The block's label.
    pub name: String,
    /// The modules around it.
    pub module: Vec<ModuleStep>,
    /// What is asserted, as far as it is known.
    pub condition: Residual,
    /// What is said when it does not hold.
    pub message: Residual,
    /// Where the condition stands.
    pub span: Span,
}

/// When a condition of a life cycle must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Moment {
    /// Before anything is done to the object: a `precondition`.
    Before,
    /// Once the object is as it should be: a `postcondition`.
    After,
}

/// A condition whose outcome evaluation could not tell. Those that hold are gone, those that do not are errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCondition {
    /// When it must hold.
    pub moment: Moment,
    /// What must hold; `self` has become the object's own address.
    pub condition: Residual,
    /// What is said when it does not.
    pub message: Residual,
    /// Where the condition stands.
    pub span: Span,
}

impl Desired {
    /// A project that wants nothing.
    pub fn nothing(project: Project) -> Self {
        Self {
            project,
            objects: BTreeMap::new(),
            lookups: BTreeMap::new(),
            outputs: BTreeMap::new(),
            moves: Vec::new(),
            removals: Vec::new(),
            imports: Vec::new(),
            checks: Vec::new(),
            ephemeral: BTreeMap::new(),
            secrets: BTreeSet::new(),
        }
    }
}

/// The settings of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its label, the first part of default names.
    pub name: Identifier,
    /// The AWS region of everything in it.
    pub region: String,
    /// The account it belongs to; checked before the first call if given.
    pub account: Option<String>,
    /// Where the state is.
    pub backend: Backend,
    /// Where the block stands.
    pub span: Span,
}

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A file, its path relative to the project.
    Local {
        /// `infra.state` if nothing is said.
        path: String,
    },
    /// An S3 object.
    S3 {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// The bucket's region; the project's if nothing is said.
        region: Option<String>,
        /// The KMS key that encrypts it.
        kms_key_id: Option<String>,
    },
}

/// One object as the configuration wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredObject {
    /// Its identity.
    pub address: Address,
    /// Its attributes: those written and those with a default, names and project tags included. Sets and blocks
    /// with a natural key are sorted by it. Observed attributes are absent.
    pub attributes: Attributes,
    /// The files behind the attributes that are marked `content`, by path.
    pub contents: BTreeMap<String, Content>,
    /// The objects it comes after though no reference left in its attributes may show it: those of the written
    /// `depends_on`, and those whose attributes are known and were read for its own. Never itself.
    pub depends_on: BTreeSet<Address>,
    /// The `lifecycle` block.
    pub lifecycle: Lifecycle,
    /// The conditions of the `lifecycle` block that are still open.
    pub conditions: Vec<OpenCondition>,
    /// The `timeouts` block, in seconds, by operation (`create`, `update`, `delete`).
    pub timeouts: BTreeMap<String, u64>,
    /// Where the block stands.
    pub span: Span,
    /// Where each written attribute stands.
    pub attribute_spans: BTreeMap<AttributeName, Span>,
}

/// The `lifecycle` block of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifecycle {
    /// Whether a plan that destroys it is refused.
    pub prevent_destroy: bool,
    /// Attributes whose changes are left alone.
    pub ignore_changes: BTreeSet<AttributeName>,
    /// What else replaces it when it changes.
    pub replace_triggered_by: BTreeSet<Reference>,
}

/// A file or a tree of files, by what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// One digest for all of it: paths, executable bits, links and bytes; times and owners do not count.
    pub digest: String,
    /// What is in it, by path relative to it; a plain file has the one entry "".
    pub entries: BTreeMap<String, Entry>,
}

/// One file or link of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// SHA-256 of the bytes, or of the link's target, in hexadecimal.
    pub digest: String,
    /// Whether it may be executed.
    pub executable: bool,
    /// Whether it is a symbolic link.
    pub link: bool,
    /// Bytes.
    pub size: u64,
}

/// A `data` block's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Its address, in data mode.
    pub address: Address,
    /// The kind that is looked for.
    pub kind: KindName,
    /// What it is asked by.
    pub arguments: Attributes,
    /// The answer, if it has been given.
    pub answer: Option<Values>,
    /// The objects that must be made first, by its written `depends_on`: with any, it is asked during apply.
    pub depends_on: BTreeSet<Address>,
    /// Where the block stands.
    pub span: Span,
}

/// One output of the root module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredOutput {
    /// Its value.
    pub value: Residual,
    /// Whether it is marked as a secret.
    pub sensitive: bool,
    /// What it is for.
    pub description: Option<String>,
    /// The preconditions that are still open.
    pub conditions: Vec<OpenCondition>,
    /// Where the block stands.
    pub span: Span,
}
