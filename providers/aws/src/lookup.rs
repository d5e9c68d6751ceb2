//! What a `data` block of most kinds may be asked by, and that there is exactly one answer.

use std::collections::BTreeMap;

use infra_derive::Block;
use infra_engine::provider::{FailureClass, ProviderError};
use infra_lang::desired::Lookup;
use serde::{Deserialize, Serialize};

/// The arguments of a `data` block: all that are written must match.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Query {
    /// Its id.
    pub(crate) id: Option<String>,
    /// Its name; of what has none, the tag `Name`.
    pub(crate) name: Option<String>,
    /// Tags that it carries, among others.
    pub(crate) tags: BTreeMap<String, String>,
    /// Further filters, as the `Describe` operation of AWS names them.
    #[attribute(block(key = "name"))]
    pub(crate) filter: Vec<QueryFilter>,
}

/// One filter of AWS's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Block)]
pub(crate) struct QueryFilter {
    /// The filter's name, such as `availability-zone`.
    #[attribute(required)]
    pub(crate) name: String,
    /// Any of these matches; `*` and `?` are wildcards.
    #[attribute(required)]
    pub(crate) values: Vec<String>,
}

/// The one object that was found.
///
/// # Errors
/// Permanent if there is none, or more than one.
pub(crate) fn exactly_one<T>(
    lookup: &Lookup,
    found: BTreeMap<String, T>,
) -> Result<(String, T), ProviderError> {
    let count = found.len();
    let ids: Vec<String> = found.keys().take(4).cloned().collect();
    let mut found = found.into_iter();
    match (found.next(), count) {
        (Some(one), 1) => Ok(one),
        (None, _) => Err(unanswered(
            lookup,
            format!("no {} matches `{}`", lookup.kind, lookup.address),
            "check its arguments, the region and the account",
        )),
        _ => Err(unanswered(
            lookup,
            format!(
                "{count} objects of kind `{}` match `{}`: {}",
                lookup.kind,
                lookup.address,
                list(&ids, count)
            ),
            "narrow it down: by `id`, or with one more tag or filter",
        )),
    }
}

fn list(ids: &[String], count: usize) -> String {
    let rest = if count > ids.len() { ", …" } else { "" };
    format!("{}{rest}", ids.join(", "))
}

/// A lookup that has no one answer.
pub(crate) fn unanswered(lookup: &Lookup, message: String, hint: &str) -> ProviderError {
    ProviderError {
        class: FailureClass::Permanent,
        operation: format!("looking up {}", lookup.kind),
        code: None,
        message,
        request_id: None,
        hint: Some(hint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use infra_lang::address::{Address, Mode};
    use infra_lang::span::{FileId, Span};

    use super::*;

    fn lookup() -> Lookup {
        let address = Address { mode: Mode::Data, ..Address::managed("vpc", "main") };
        let span = Span { file: FileId(0), start: 0, end: 0 };
        Lookup {
            kind: address.kind.clone(),
            address,
            arguments: BTreeMap::new(),
            answer: None,
            depends_on: BTreeSet::new(),
            span,
        }
    }

    fn answer(ids: &[&str]) -> Result<String, String> {
        let found = ids.iter().map(|id| ((*id).to_owned(), ())).collect();
        exactly_one(&lookup(), found).map(|(id, ())| id).map_err(|error| error.message)
    }

    #[test]
    fn one_is_an_answer_and_others_are_not() {
        assert_eq!(answer(&["vpc-1"]), Ok("vpc-1".to_owned()));
        assert_eq!(answer(&[]), Err("no vpc matches `data.vpc.main`".to_owned()));
        let several = "2 objects of kind `vpc` match `data.vpc.main`: vpc-1, vpc-2";
        assert_eq!(answer(&["vpc-1", "vpc-2"]), Err(several.to_owned()));
    }
}
