//! The names that objects get when none is written: `PROJECT-LABEL[-KEY]`, fit for AWS.

use crate::address::Address;
use crate::desired::Project;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::AttributeName;
use crate::program::Object;
use crate::residual::{Attributes, Residual};
use crate::schema::{KindSchema, Naming};
use crate::value::Value;

/// Characters that complete a prefix: old and new must differ.
const COMPLETION: usize = 6;

/// Gives the object its default name or prefix, unless one is written; checks the one that is.
pub(super) fn name(
    project: &Project,
    schema: &KindSchema,
    object: &Address,
    block: &Object,
    attributes: &mut Attributes,
) -> Result<(), Diagnostic> {
    match &schema.naming {
        Naming::None => Ok(()),
        Naming::Written(names) => {
            names.iter().try_for_each(|name| check(name, usize::MAX, block, attributes))
        }
        Naming::Fixed { attribute, limit } => {
            if !attributes.contains_key(attribute) {
                let name = cut(&base(project, object), *limit);
                attributes.insert(attribute.clone(), Value::String(name).into());
            }
            check(attribute, *limit, block, attributes)
        }
        Naming::Prefixed { attribute, prefix, limit } => {
            if !attributes.contains_key(attribute) && !attributes.contains_key(prefix) {
                let name = cut(&base(project, object), limit.saturating_sub(COMPLETION + 1));
                attributes.insert(prefix.clone(), Value::String(format!("{name}-")).into());
            }
            check(attribute, *limit, block, attributes)?;
            check(prefix, limit.saturating_sub(COMPLETION), block, attributes)
        }
    }
}

/// Whether the attribute is the name that completes a prefix, known once the object exists.
pub(super) fn generated(schema: &KindSchema, name: &str) -> bool {
    matches!(&schema.naming, Naming::Prefixed { attribute, .. } if *attribute == *name)
}

/// `PROJECT-LABEL[-KEY]`, with the modules around between, in letters, digits and hyphens.
fn base(project: &Project, object: &Address) -> String {
    let mut parts = vec![project.name.as_str()];
    for step in &object.module {
        parts.push(step.name.as_str());
        parts.extend(step.key.as_deref());
    }
    parts.push(object.name.as_str());
    parts.extend(object.key.as_deref());
    sanitised(&parts.join("-"))
}

/// Everything AWS takes nowhere becomes a hyphen; hyphens neither repeat nor stand at an end.
fn sanitised(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The name within the limit: a long one keeps its start and ends in a digest of the whole, so that names that
/// differ only in their ends stay apart.
fn cut(name: &str, limit: usize) -> String {
    use sha2::{Digest as _, Sha256};
    if name.len() <= limit {
        return name.to_owned();
    }
    let digest = hex::encode(Sha256::digest(name));
    let kept = name.get(..limit.saturating_sub(7)).unwrap_or_default().trim_end_matches('-');
    format!("{kept}-{}", &digest[..6])
}

/// A written name within the limit, and no secret.
fn check(
    attribute: &AttributeName,
    limit: usize,
    block: &Object,
    attributes: &Attributes,
) -> Result<(), Diagnostic> {
    let place = block.arguments.iter().find(|argument| argument.name == *attribute);
    let (Some(value), Some(place)) = (attributes.get(attribute), place.map(|argument| argument.value.span))
    else {
        return Ok(());
    };
    if value.is_sensitive() {
        return Err(Diagnostic::error(
            codes::SECRET,
            place,
            format!("`{attribute}` would show a sensitive value"),
        ));
    }
    match value {
        Residual::Known(Value::String(text)) if text.chars().count() > limit => {
            let length = text.chars().count();
            let message = format!("`{attribute}` is {length} characters long, and AWS takes {limit}");
            Err(Diagnostic::error(codes::NAME_LIMIT, place, message))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_aws_and_stay_apart_when_cut() {
        assert_eq!(sanitised("shop-web-eu west/1_a."), "shop-web-eu-west-1-a");
        assert_eq!(cut("shop-web", 32), "shop-web");
        let (a, b) = (
            cut("a-project-of-many-words-web-production-a", 32),
            cut("a-project-of-many-words-web-production-b", 32),
        );
        assert!(a.len() <= 32 && b.len() <= 32 && a != b, "{a} {b}");
    }
}
