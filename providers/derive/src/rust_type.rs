//! What a Rust type is in the language.

use syn::{GenericArgument, PathArguments, Type};

/// The language's spelling of a Rust type; `None` if it has to be written with `ty = "…"`.
pub(crate) fn spelling(ty: &Type) -> Option<String> {
    let (name, arguments) = generic(ty)?;
    match (name.as_str(), arguments.as_slice()) {
        ("Option" | "Box", [inner]) => spelling(inner),
        ("String", []) => Some("string".to_owned()),
        ("bool", []) => Some("bool".to_owned()),
        ("i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize", []) => Some("int".to_owned()),
        ("f32" | "f64", []) => Some("number".to_owned()),
        ("Vec", [element]) => Some(format!("list({})", spelling(element)?)),
        ("BTreeSet", [element]) => Some(format!("set({})", spelling(element)?)),
        ("BTreeMap", [_, element]) => Some(format!("map({})", spelling(element)?)),
        _ => None,
    }
}

/// The struct behind a nested block's field, and whether there may be several.
pub(crate) fn nested(ty: &Type) -> (&Type, bool) {
    match generic(ty) {
        Some((name, arguments)) => match (name.as_str(), arguments.as_slice()) {
            ("Option" | "Box", [inner]) => nested(inner),
            ("Vec", [inner]) => (inner, true),
            _ => (ty, false),
        },
        None => (ty, false),
    }
}

/// The last name of a path type and its type arguments.
fn generic(ty: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((last.ident.to_string(), arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rust_type_suggests_a_type_of_the_language() {
        for (rust, expected) in [
            ("String", Some("string")),
            ("Option<i32>", Some("int")),
            ("std::collections::BTreeSet<String>", Some("set(string)")),
            ("Option<Vec<f64>>", Some("list(number)")),
            ("BTreeMap<String, bool>", Some("map(bool)")),
            ("Listener", None),
        ] {
            let ty: Type = syn::parse_str(rust).expect(rust);
            assert_eq!(spelling(&ty).as_deref(), expected, "{rust}");
        }
    }

    #[test]
    fn a_vec_of_blocks_may_be_repeated() {
        for (rust, repeated) in
            [("Vec<Listener>", true), ("Option<HealthCheck>", false), ("HealthCheck", false)]
        {
            let ty: Type = syn::parse_str(rust).expect(rust);
            assert_eq!(nested(&ty).1, repeated, "{rust}");
        }
    }
}
