//! Libraries: directories of types and functions, without an instance.

use std::collections::BTreeMap;

use super::Checker;
use super::sources::{shown, standard};
use crate::ast::{Block, Ident, Item};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::Identifier;
use crate::program::{Library, Module};
use crate::span::Span;
use crate::tool::Tool;

use super::settings::{Errors, unknown, unknown_block};

/// Reads a `library` block of the module in `directory`.
pub(super) fn library(block: &Block, directory: &str, errors: Errors<'_>) -> Option<Library> {
    for item in &block.body.items {
        match item {
            Item::Attribute(attribute) if attribute.name.as_str() == "source" => {}
            Item::Attribute(attribute) => {
                let error = unknown(attribute.name.as_str(), attribute, &["source"]);
                errors.push(error.hint("a library has no instance, so it takes nothing but a `source`"));
            }
            Item::Block(inner) => errors.push(unknown_block(inner, &[])),
        }
    }
    let directory = super::sources::read(block, directory, errors)?;
    Some(Library { directory, span: block.header })
}

/// Whether a library may hold blocks of this word.
pub(super) fn may_hold(word: &str) -> bool {
    matches!(word, "types" | "function" | "locals" | "library")
}

/// The libraries of a module that are none: without files, or with blocks that need an instance.
pub(super) fn check(module: &Module, modules: &BTreeMap<String, Module>, tool: &Tool) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for library in module.libraries.values() {
        match modules.get(&library.directory) {
            None => errors.push(missing(&library.directory, library.span, tool)),
            Some(Module { instance: Some((word, span)), .. }) => {
                let message =
                    format!("a library holds `types`, `function`, `locals` and `library`, not `{word}`");
                let error = Diagnostic::error(codes::LIBRARY, *span, message);
                errors.push(error.label(library.span, "used as a library here"));
            }
            Some(_) => {}
        }
    }
    errors
}

/// The error for a directory that has no files.
pub(super) fn missing(directory: &str, span: Span, tool: &Tool) -> Diagnostic {
    let Some(name) = standard(directory) else {
        let message = format!("there are no `.infra` files in `{}`", shown(directory));
        return Diagnostic::error(codes::MODULE_SOURCE, span, message);
    };
    let message = format!("the standard library has no `std/{name}`");
    let error = Diagnostic::error(codes::MODULE_SOURCE, span, message);
    let names = tool.standard.iter().map(String::as_str);
    match nearest(name, names.clone()) {
        Some(near) => error.hint(format!("did you mean `std/{near}`?")),
        None if tool.standard.is_empty() => error,
        None => {
            let names: Vec<String> = names.map(|name| format!("`std/{name}`")).collect();
            error.hint(format!("there are {}", names.join(", ")))
        }
    }
}

impl<'a> Checker<'a> {
    /// The library that a call's `name::` means, with its name; what is wrong with the name is reported.
    pub(super) fn namespace(&mut self, namespace: &[Ident]) -> Option<&'a Module> {
        let (first, more) = namespace.split_first()?;
        if let Some(inner) = more.first() {
            let error = Diagnostic::error(
                codes::UNKNOWN_NAME,
                inner.span,
                "a library shows nothing of its libraries",
            );
            self.report(error.hint(format!("declare it here: `library \"{inner}\" {{ source = … }}`")));
            return None;
        }
        match self.module.libraries.get(&first.name) {
            // One without files has been reported.
            Some(library) => self.known.modules.get(&library.directory),
            None => {
                let known = self.module.libraries.keys().map(Identifier::as_str);
                let error = unknown_library(first.as_str(), first.span, known);
                if self.module.complete {
                    self.report(error);
                }
                None
            }
        }
    }
}

/// The error for the name of a library that is not declared.
pub(crate) fn unknown_library<'n>(
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let error = Diagnostic::error(codes::UNKNOWN_NAME, span, format!("there is no library `{name}`"));
    match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
        None => error.hint(format!("declare it: `library \"{name}\" {{ source = \"./{name}\" }}`")),
    }
}
