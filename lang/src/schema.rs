//! What blocks may hold, as data: the checker, the planner, the reference pages and editors read the same.

use std::collections::BTreeMap;

use crate::name::{AttributeName, KindName};
use crate::types::Type;
use crate::value::Value;

/// Whether an attribute must, may or cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Must be written.
    Required,
    /// May be written; left out, it is absent.
    Optional,
    /// May be written; left out, it is this.
    Default(Value),
    /// May be written; left out, AWS chooses and we only watch.
    ObservedIfUnset,
    /// Cannot be written; AWS tells it once the object exists.
    Observed,
}

/// The shape of a nested block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSchema {
    /// What it may hold.
    pub attributes: Vec<AttributeSchema>,
    /// The attributes that tell one from another, so that order never counts; empty for a single block.
    pub key: Vec<AttributeName>,
    /// Whether at most one may be written: its value is the object, not a list of objects.
    pub single: bool,
    /// Rules over several attributes.
    pub rules: Vec<Rule>,
}

/// One attribute of a kind, or of a nested block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeSchema {
    /// Its name.
    pub name: AttributeName,
    /// What it means, in Markdown; from the doc comment of the kind's field.
    pub doc: String,
    /// Its type. Of a nested block, the object type of `block` or a list of it.
    pub ty: Type,
    /// Whether it must be written.
    pub presence: Presence,
    /// Whether a change of it means a new object.
    pub immutable: bool,
    /// Whether its value is always a secret.
    pub sensitive: bool,
    /// Whether it is a path whose files' contents matter, not its name.
    pub content: bool,
    /// Whether its value must be known when the plan is made, all but references to other objects in it: what enters
    /// an image's digest, how a group is swapped.
    pub at_plan: bool,
    /// Set when it is a nested block.
    pub block: Option<BlockSchema>,
}

/// A rule over several attributes of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Exactly one of these.
    ExactlyOne(Vec<AttributeName>),
    /// Not two of these.
    AtMostOne(Vec<AttributeName>),
    /// The first is not above the second.
    NotAbove(AttributeName, AttributeName),
}

/// How an object gets its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// It has none.
    None,
    /// The user writes it, in these attributes: its id shows them.
    Written(Vec<AttributeName>),
    /// `attribute`, by default `PROJECT-LABEL[-KEY]`.
    Fixed {
        /// The attribute that holds it.
        attribute: AttributeName,
        /// AWS's limit in characters.
        limit: usize,
    },
    /// `attribute`, or `prefix` completed by us, so that old and new can stand side by side.
    Prefixed {
        /// The attribute that holds the whole name.
        attribute: AttributeName,
        /// The attribute that holds the prefix; by default `PROJECT-LABEL[-KEY]-`.
        prefix: AttributeName,
        /// AWS's limit in characters, for the whole name.
        limit: usize,
    },
}

impl Naming {
    /// The attributes that the name stands in. Everybody may read them.
    pub fn attributes(&self) -> Vec<&AttributeName> {
        match self {
            Self::None => Vec::new(),
            Self::Written(attributes) => attributes.iter().collect(),
            Self::Fixed { attribute, .. } => vec![attribute],
            Self::Prefixed { attribute, prefix, .. } => vec![attribute, prefix],
        }
    }
}

/// A kind of step inside a block that runs its steps in the order written (`file`, `shell`, … of an `ami`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSchema {
    /// The block's name.
    pub name: AttributeName,
    /// What it does, in Markdown.
    pub doc: String,
    /// Its arguments.
    pub block: BlockSchema,
}

/// The attribute under which a block's steps stand in its attributes, in the order written: a list of objects,
/// each with its step's name under [`STEP_KIND`] beside its arguments.
pub const STEPS: &str = "steps";

/// The field of an entry of [`STEPS`] that holds the step's name.
pub const STEP_KIND: &str = "step";

/// The argument of a step that evaluation fills in: the template in the file `source`, rendered with the step's `vars`.
pub const RENDERED: &str = "rendered";

/// The argument of a step that holds its environment, the one place for ephemeral values.
pub const ENV: &str = "env";

/// Everything known about a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSchema {
    /// Its name.
    pub name: KindName,
    /// What it is, in Markdown; the first line is the summary.
    pub doc: String,
    /// Its attributes, in the order of the reference page. `id` is among them, observed.
    pub attributes: Vec<AttributeSchema>,
    /// Rules over several attributes.
    pub rules: Vec<Rule>,
    /// How its objects are named.
    pub naming: Naming,
    /// Whether `tags` may be written, and the project's tags are added.
    pub tagged: bool,
    /// The observed attribute that a reference to the whole object stands for: `id`, but for a launch template
    /// its exact version.
    pub handle: AttributeName,
    /// The steps it may hold, run in the order written.
    pub steps: Vec<StepSchema>,
    /// What a `data` block of this kind may be asked by; empty if it cannot be looked up.
    pub lookup: Vec<AttributeSchema>,
    /// Whether it exists only to be looked up.
    pub lookup_only: bool,
    /// How its ids look (a regular expression), so that a wrong literal is found early.
    pub id_pattern: String,
}

impl KindSchema {
    /// The attribute `name`.
    pub fn attribute(&self, name: &str) -> Option<&AttributeSchema> {
        self.attributes.iter().find(|attribute| attribute.name == *name)
    }

    /// Whether a change of the attribute `name` means a new object.
    pub fn is_immutable(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|attribute| attribute.immutable)
    }
}

/// All kinds, by name.
#[derive(Debug, Clone, Default)]
pub struct SchemaSet {
    kinds: BTreeMap<KindName, KindSchema>,
}

impl SchemaSet {
    /// The set of these kinds.
    pub fn new(kinds: impl IntoIterator<Item = KindSchema>) -> Self {
        Self { kinds: kinds.into_iter().map(|kind| (kind.name.clone(), kind)).collect() }
    }

    /// The kind of that name.
    pub fn kind(&self, name: &str) -> Option<&KindSchema> {
        self.kinds.get(name)
    }

    /// All kinds in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &KindSchema> {
        self.kinds.values()
    }
}
