//! `Filter.N`, the same for every Describe.

use crate::model::Model;
use crate::wire::{ApiError, Params};

/// A filter's name, and what it compares: the values a thing has there. A thing matches if any of them does.
pub type Field<T> = (&'static str, fn(&Model, &T) -> Vec<String>);

/// Keeps the things that match every filter of a request.
///
/// `fields` are the names a kind knows; `id` tells whose tags `tag:KEY`, `tag-key` and `tag-value` look at.
/// Within one filter any value will do, and `*` and `?` stand for any text and any character.
///
/// # Errors
/// `InvalidParameterValue` for a name the kind does not have, even if there is nothing to filter.
pub fn select<'t, T>(
    model: &Model,
    params: &Params,
    things: impl IntoIterator<Item = &'t T>,
    fields: &[Field<T>],
    id: impl Fn(&T) -> &str,
) -> Result<Vec<&'t T>, ApiError> {
    let mut kept: Vec<&T> = things.into_iter().collect();
    for filter in params.list("Filter") {
        let name = filter.required("Name")?;
        let values = filter.texts("Value");
        let fits = |found: &str| values.iter().any(|pattern| matches(pattern, found));
        if let Some(key) = name.strip_prefix("tag:") {
            kept.retain(|thing| model.ec2.tags_of(id(thing)).get(key).is_some_and(|value| fits(value)));
        } else if name == "tag-key" {
            kept.retain(|thing| model.ec2.tags_of(id(thing)).keys().any(|key| fits(key)));
        } else if name == "tag-value" {
            kept.retain(|thing| model.ec2.tags_of(id(thing)).values().any(|value| fits(value)));
        } else {
            let field = fields.iter().find(|(known, _)| *known == name).ok_or_else(|| unknown(name))?;
            kept.retain(|thing| field.1(model, thing).iter().any(|value| fits(value)));
        }
    }
    Ok(kept)
}

fn unknown(name: &str) -> ApiError {
    ApiError::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))
}

/// Whether a text fits a pattern with `*` and `?`; a backslash takes the next character literally.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut seen) = (0, 0);
    // Where to go on after the latest star: past it in the pattern, and one character further in the text
    // each time.
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, seen));
                at += 1;
                continue;
            }
            Some('?') => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            Some('\\') if pattern.get(at + 1) == text.get(seen) => {
                (at, seen) = (at + 2, seen + 1);
                continue;
            }
            Some(letter) if *letter == text[seen] => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            _ => {}
        }
        match retry {
            Some((after, from)) => {
                retry = Some((after, from + 1));
                (at, seen) = (after, from + 1);
            }
            None => return false,
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let table = [
            ("web", "web", true),
            ("web", "webs", false),
            ("w*b", "wildweb", true),
            ("*", "", true),
            ("?", "", false),
            ("debian-??-*", "debian-12-amd64", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} against {text}");
        }
    }
}
