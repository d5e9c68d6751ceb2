//! `required_version`: constraints on the tool's version, in Terraform's and Cargo's operators.
//!
//! The `semver` crate's requirements know neither `!=` nor `~>`, and read a bare version as compatible where
//! Terraform reads it as equal; what is left is a comparison of three numbers.

use crate::ast::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::tool::Tool;

/// Major, minor and patch.
type Version = [u64; 3];

/// One comparison, with as many numbers as were written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Constraint {
    operator: String,
    version: Version,
    written: usize,
}

/// What is wrong with the tool for a project that requires a version; `None` if it will do.
pub(super) fn check(required: &Expr, tool: &Tool) -> Option<Diagnostic> {
    let wrong = |message: &str| {
        let error = Diagnostic::error(codes::VERSION, required.span, message);
        Some(error.hint("write it such as `required_version = \">= 0.1, < 2\"`"))
    };
    let Some(text) = required.as_string() else {
        return match required.bare().kind {
            ExprKind::Invalid => None,
            _ => wrong("`required_version` is a string literal: it is read before anything is evaluated"),
        };
    };
    let constraints: Option<Vec<Constraint>> = text.split(',').map(constraint).collect();
    let Some(constraints) = constraints else {
        return wrong(
            "this is no constraint on a version: `=`, `!=`, `>`, `>=`, `<`, `<=` or `~>` and numbers",
        );
    };
    let version = tool.version.as_deref()?;
    let (running, _) = numbers(version)?;
    if constraints.iter().all(|constraint| constraint.allows(running)) {
        return None;
    }
    let message = format!("the project requires `{text}` of infra, and this is {version}");
    let error = Diagnostic::error(codes::VERSION, required.span, message);
    Some(error.hint("use a version that it allows, or change `required_version` once it works with this one"))
}

fn constraint(text: &str) -> Option<Constraint> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_ascii_digit())?;
    let operator = match text[..end].trim() {
        "" => "=",
        known @ ("=" | "!=" | ">" | ">=" | "<" | "<=" | "~>") => known,
        _ => return None,
    };
    let (version, written) = numbers(&text[end..])?;
    Some(Constraint { operator: operator.to_owned(), version, written })
}

/// The numbers of a version, and how many are written; what comes before a release counts as the release.
fn numbers(text: &str) -> Option<(Version, usize)> {
    let release = text.split(['-', '+']).next()?;
    let parts: Option<Vec<u64>> = release.split('.').map(|part| part.parse().ok()).collect();
    let parts = parts.filter(|parts| parts.len() <= 3)?;
    let mut version = [0; 3];
    version[..parts.len()].copy_from_slice(&parts);
    Some((version, parts.len()))
}

impl Constraint {
    fn allows(&self, running: Version) -> bool {
        match self.operator.as_str() {
            "!=" => running != self.version,
            ">" => running > self.version,
            ">=" => running >= self.version,
            "<" => running < self.version,
            "<=" => running <= self.version,
            // All but the last number written stay.
            "~>" => {
                let fixed = self.written.saturating_sub(1);
                running >= self.version && running[..fixed] == self.version[..fixed]
            }
            _ => running == self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_allow_what_they_say() {
        let allows = |text: &str, version: &str| {
            let (running, _) = numbers(version).expect(version);
            text.split(',').all(|part| constraint(part).expect(part).allows(running))
        };
        for (text, yes, no) in [
            (">= 0.1, < 2", "1.9.9", "2.0.0"),
            ("= 1.2.3", "1.2.3", "1.2.4"),
            ("1.2", "1.2.0", "1.2.1"),
            ("!= 1.2.3", "1.2.4", "1.2.3"),
            ("~> 1.2", "1.9.0", "2.0.0"),
            ("~> 1.2.3", "1.2.9", "1.3.0"),
            ("~>1", "7.0.0", "0.9.0"),
            ("> 0.1", "0.1.1", "0.1.0"),
            ("<= 0.1", "0.1.0-beta", "0.1.1"),
        ] {
            assert!(allows(text, yes) && !allows(text, no), "{text}");
        }
        for text in ["", "latest", "=> 1", "1.2.3.4", "~1", "1.x", "> "] {
            assert_eq!(constraint(text), None, "{text}");
        }
    }
}
