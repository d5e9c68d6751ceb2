//! What a `source` names: a directory of the project, or a module of the standard library.

use super::settings::Errors;
use crate::ast::{Block, Expr};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::value::Quoted;

/// What the directories of standard modules begin with: a project's own `std/` is another.
const STANDARD: &str = "std:";

/// The directory of a standard module without the word that says so; `None` for one of the project.
pub(crate) fn standard(directory: &str) -> Option<&str> {
    directory.strip_prefix(STANDARD)
}

/// A directory as people write it.
pub(crate) fn shown(directory: &str) -> String {
    standard(directory).map_or_else(|| directory.to_owned(), |name| format!("std/{name}"))
}

/// The directory `source` names, seen from `directory`, relative to the project; `None` if it is no path or leads out.
pub(crate) fn join(directory: &str, source: &str) -> Option<String> {
    if let Some(name) = source.strip_prefix("std/") {
        return walk("", name).map(|path| format!("{STANDARD}{path}"));
    }
    if !is_path(source) {
        return None;
    }
    match standard(directory) {
        Some(name) => walk(name, source).map(|path| format!("{STANDARD}{path}")),
        None => walk(directory, source),
    }
}

fn is_path(source: &str) -> bool {
    ["./", "../"].iter().any(|start| source.starts_with(start)) || matches!(source, "." | "..")
}

fn walk(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// The directory that the `source` of a `module` or `library` block in `directory` names.
pub(super) fn read(block: &Block, directory: &str, errors: Errors<'_>) -> Option<String> {
    let Some(source) = block.body.attribute("source") else {
        let message = format!("the {} has no `source`", block.kind);
        let error = Diagnostic::error(codes::MISSING, block.header, message);
        errors.extend(block.body.complete.then(|| error.hint("write `source = \"./network\"`")));
        return None;
    };
    let text = source.value.as_string();
    let found = text.and_then(|text| join(directory, text));
    if found.is_none() && source.value.bare().kind != crate::ast::ExprKind::Invalid {
        errors.push(wrong(&source.value, text));
    }
    found
}

fn wrong(source: &Expr, text: Option<&str>) -> Diagnostic {
    let error = |message: &str| Diagnostic::error(codes::MODULE_SOURCE, source.span, message);
    match text {
        None => error("a `source` is a string literal: sources are read before anything is evaluated")
            .hint("write `source = \"./network\"`"),
        Some(text) if is_path(text) => error("this leads out of the project")
            .hint("a project is one directory: put what it uses into it"),
        Some(text) if is_remote(text) => {
            error("sources are directories of the project: nothing is downloaded")
                .hint("vendor it as a directory: copy it to `./modules/NAME` and write that")
        }
        Some(text) => error("a `source` begins with `./`, `../` or `std/`")
            .hint("it is a directory of the project; what comes from a registry is vendored as one")
            .suggest(source.span, Quoted(&format!("./{}", text.trim_start_matches('/'))).to_string()),
    }
}

/// Whether Terraform would download it: an address, or a host or registry with its three parts.
fn is_remote(source: &str) -> bool {
    let parts: Vec<&str> = source.split('/').collect();
    let host = parts.len() > 1 && parts[0].contains('.');
    source.contains("::") || source.contains("://") || source.starts_with("git@") || host || parts.len() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_lead_from_where_they_are_written() {
        let cases = [
            ("", "./net", Some("net")),
            ("modules/a", "../b/./c", Some("modules/b/c")),
            ("modules", "..", Some("")),
            ("", "../x", None),
            ("", "net", None),
            ("net", "std/network", Some("std:network")),
            ("std:service", "../network", Some("std:network")),
            ("std:service", "./parts", Some("std:service/parts")),
            ("std:service", "../../x", None),
            ("std", "../x", Some("x")),
        ];
        for (directory, source, expected) in cases {
            assert_eq!(join(directory, source).as_deref(), expected, "{source} in {directory}");
        }
    }
}
