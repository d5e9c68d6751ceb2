//! The declarations of a module, by name: which blocks there are, and that no name is declared twice.

use std::collections::BTreeMap;

use super::{habits, libraries, places, settings};
use crate::address::Mode;
use crate::ast::{Block, Expr, Item};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::{Identifier, KindName};
use crate::program::{Local, Module, ObjectKey, Project, Source};
use crate::schema::SchemaSet;
use crate::span::Span;

/// The blocks of the language itself, for suggestions.
const WORDS: &[&str] = &[
    "project", "variable", "locals", "types", "function", "output", "module", "library", "data", "import",
    "moved", "removed", "check",
];

/// The declarations of one directory, with what has to be read once all names are known.
pub(super) struct Collected {
    pub(super) module: Module,
    pub(super) project: Option<Project>,
    /// `name = T` of all `types` blocks.
    pub(super) types: BTreeMap<String, (Expr, Span)>,
    /// Blocks whose contents hold types.
    pub(super) typed: Vec<Block>,
}

/// Collects the declarations of the module in `directory`.
pub(super) fn collect(
    directory: &str,
    sources: &[&Source],
    schemas: &SchemaSet,
    errors: &mut Vec<Diagnostic>,
) -> Collected {
    let mut collector = Collector {
        schemas,
        errors,
        places: BTreeMap::new(),
        out: Collected {
            module: Module {
                directory: directory.to_owned(),
                complete: sources.iter().all(|source| source.file.body.complete),
                ..Module::default()
            },
            project: None,
            types: BTreeMap::new(),
            typed: Vec::new(),
        },
    };
    for item in sources.iter().flat_map(|source| &source.file.body.items) {
        match item {
            Item::Attribute(attribute) => {
                let message = format!("`{}` stands outside of any block", attribute.name);
                let error = Diagnostic::error(codes::UNKNOWN_KIND, attribute.name.span, message);
                collector.errors.push(error.hint("named expressions stand in `locals { … }`"));
            }
            Item::Block(block) => collector.block(block),
        }
    }
    collector.out
}

struct Collector<'a> {
    schemas: &'a SchemaSet,
    errors: &'a mut Vec<Diagnostic>,
    /// Where each name was declared first.
    places: BTreeMap<String, Span>,
    out: Collected,
}

impl Collector<'_> {
    fn block(&mut self, block: &Block) {
        let word = block.kind.as_str();
        if !libraries::may_hold(word) {
            self.out.module.instance.get_or_insert_with(|| (word.to_owned(), block.header));
        }
        match block.kind.as_str() {
            "project" => self.project(block),
            "locals" => self.locals(block),
            "types" => self.types(block),
            "variable" | "output" | "function" => {
                let word = block.kind.as_str();
                if self.label(block).is_some_and(|name| self.declare(&format!("{word}.{name}"), block.header))
                {
                    self.out.typed.push(block.clone());
                }
            }
            "module" => self.call(block),
            "data" => self.data(block),
            "library" => self.library(block),
            "check" => self.check(block),
            "moved" => self.out.module.moves.extend(places::moved(block, self.errors)),
            "removed" => self.out.module.removals.extend(places::removed(block, self.errors)),
            "import" => self.out.module.imports.extend(places::import(block, self.errors)),
            kind => self.object(block, kind),
        }
    }

    /// The one label of a block, which is an identifier.
    fn label(&mut self, block: &Block) -> Option<Identifier> {
        match block.labels.as_slice() {
            [label] if label.computed => None,
            [label] => self.identifier(&label.text, label.span),
            _ => {
                let message = format!("`{}` takes one label, its name", block.kind);
                let error = Diagnostic::error(codes::LABELS, block.header, message);
                self.errors.push(error.hint(format!("write `{} \"name\" {{ … }}`", block.kind)));
                None
            }
        }
    }

    fn identifier(&mut self, text: &str, span: Span) -> Option<Identifier> {
        let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if starts && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Some(Identifier::new(text));
        }
        let message =
            format!("`{text}` is not a name: letters, digits, `_` and `-`, not starting with a digit");
        self.errors.push(Diagnostic::error(codes::LABELS, span, message));
        None
    }

    /// Notes a declaration; false if there is one of that name.
    fn declare(&mut self, name: &str, span: Span) -> bool {
        if let Some(first) = self.places.get(name) {
            let message = format!("`{name}` is declared twice");
            self.errors.push(
                Diagnostic::error(codes::DUPLICATE, span, message).label(*first, "first declared here"),
            );
            return false;
        }
        self.places.insert(name.to_owned(), span);
        true
    }

    fn project(&mut self, block: &Block) {
        if !self.out.module.directory.is_empty() {
            let message = "only the root module has a `project`";
            self.errors.push(Diagnostic::error(codes::PROJECT, block.header, message));
        } else if self.declare("project", block.header)
            && let Some(name) = self.label(block)
        {
            self.out.project = Some(settings::project(name, block, self.errors));
        }
    }

    fn locals(&mut self, block: &Block) {
        self.no_label(block);
        for item in &block.body.items {
            match item {
                Item::Attribute(attribute) => {
                    if self.declare(&format!("local.{}", attribute.name), attribute.name.span) {
                        let local = Local { value: attribute.value.clone() };
                        self.out.module.locals.insert(attribute.name.name.clone(), local);
                    }
                }
                Item::Block(inner) => self.no_blocks(inner, "locals"),
            }
        }
    }

    fn types(&mut self, block: &Block) {
        self.no_label(block);
        for item in &block.body.items {
            match item {
                Item::Attribute(attribute) => {
                    let name = attribute.name.as_str();
                    if crate::types::prelude(name).is_some() || self.schemas.kind(name).is_some() {
                        let message = format!("`{name}` is a type already");
                        self.errors.push(Diagnostic::error(codes::DUPLICATE, attribute.name.span, message));
                    } else if self.declare(&format!("the type {name}"), attribute.name.span) {
                        let named = (attribute.value.clone(), attribute.name.span);
                        self.out.types.insert(name.to_owned(), named);
                    }
                }
                Item::Block(inner) => self.no_blocks(inner, "types"),
            }
        }
    }

    fn no_label(&mut self, block: &Block) {
        if let Some(label) = block.labels.first() {
            let message = format!("`{}` takes no label", block.kind);
            self.errors.push(Diagnostic::error(codes::LABELS, label.span, message));
        }
    }

    fn no_blocks(&mut self, inner: &Block, outer: &str) {
        let message = format!("`{outer}` holds `name = …` only");
        self.errors.push(Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, inner.header, message));
    }

    fn call(&mut self, block: &Block) {
        let Some(name) = self.label(block) else { return };
        if !self.declare(&format!("module.{name}"), block.header) {
            return;
        }
        if let Some(call) = settings::call(block, &self.out.module.directory, self.errors) {
            self.out.module.calls.insert(name, call);
        }
    }

    fn check(&mut self, block: &Block) {
        let [label] = block.labels.as_slice() else {
            let error =
                Diagnostic::error(codes::LABELS, block.header, "`check` takes one label, what it is about");
            self.errors.push(error.hint("write `check \"the site answers\" { … }`"));
            return;
        };
        if self.declare(&format!("check \"{}\"", label.text), block.header) {
            self.out.module.checks.push(settings::check(&label.text, block, self.errors));
        }
    }

    fn library(&mut self, block: &Block) {
        let Some(name) = self.label(block) else { return };
        if self.declare(&format!("library.{name}"), block.header)
            && let Some(library) = libraries::library(block, &self.out.module.directory, self.errors)
        {
            self.out.module.libraries.insert(name, library);
        }
    }

    fn data(&mut self, block: &Block) {
        let [kind, name] = block.labels.as_slice() else {
            let error =
                Diagnostic::error(codes::LABELS, block.header, "`data` takes two labels, a kind and a name");
            self.errors.push(error.hint("write `data \"vpc\" \"main\" { … }`"));
            return;
        };
        if kind.computed || name.computed {
            return;
        }
        let Some(name) = self.identifier(&name.text, name.span) else { return };
        match self.schemas.kind(&kind.text) {
            Some(schema) if !schema.lookup.is_empty() || schema.lookup_only => {
                self.declare_object(Mode::Data, &kind.text, name, block);
            }
            Some(_) => {
                let message = format!("`{}` cannot be looked up", kind.text);
                self.errors.push(Diagnostic::error(codes::UNKNOWN_KIND, kind.span, message));
            }
            None => {
                let error = self.unknown_kind(&kind.text, kind.span, true);
                self.errors.push(error);
                self.out.module.unknown.insert(kind.text.clone());
            }
        }
    }

    fn object(&mut self, block: &Block, kind: &str) {
        if let Some(error) = habits::block(block, self.schemas) {
            self.errors.push(error);
            self.out.module.unknown.insert(kind.to_owned());
            return;
        }
        match self.schemas.kind(kind) {
            Some(schema) if schema.lookup_only => {
                let message = format!("`{kind}` can only be looked up");
                let error = Diagnostic::error(codes::UNKNOWN_KIND, block.header, message);
                self.errors.push(error.hint(format!("write `data \"{kind}\" \"name\" {{ … }}`")));
            }
            Some(_) => {
                if let Some(name) = self.label(block) {
                    self.declare_object(Mode::Managed, kind, name, block);
                }
            }
            None => {
                let error = self.unknown_kind(kind, block.kind.span, false);
                self.errors.push(error);
                self.out.module.unknown.insert(kind.to_owned());
            }
        }
    }

    fn unknown_kind(&self, kind: &str, span: Span, data: bool) -> Diagnostic {
        if let Some(new) = habits::kind_of(kind, self.schemas) {
            let new = if data { format!("\"{new}\"") } else { new };
            return habits::habit(span, &format!("`{kind}` is written `{}`", new.trim_matches('"')))
                .fix(span, new);
        }
        let kinds = self.schemas.iter().map(|schema| schema.name.as_str());
        let words = WORDS.iter().copied().filter(|_| !data);
        let error =
            Diagnostic::error(codes::UNKNOWN_KIND, span, format!("there is no kind of block `{kind}`"));
        match nearest(kind, kinds.chain(words)) {
            Some(near) if data => {
                error.hint(format!("did you mean `{near}`?")).suggest(span, format!("\"{near}\""))
            }
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
            None => error,
        }
    }

    fn declare_object(&mut self, mode: Mode, kind: &str, name: Identifier, block: &Block) {
        let key = ObjectKey { mode, kind: KindName::new(kind), name };
        let Some(schema) = self.schemas.kind(kind) else { return };
        if self.declare(&key.to_string(), block.header) {
            let object = settings::object(mode, schema, block, self.errors);
            self.out.module.objects.insert(key, object);
        }
    }
}
