//! What the configuration asks for: the project, its objects with their attributes, lookups and outputs.

mod display;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::name::{AttributeName, Identifier, KindName};
use crate::residual::{Attributes, Reference, Residual, Values};
use crate::span::Span;

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
    /// Where the block stands.
    pub span: Span,
}
