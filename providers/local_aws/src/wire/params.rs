//! The parameters of the two query protocols, as a tree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ApiError, Protocol};
use crate::model::Time;

/// Deeper than any AWS request, shallow enough for recursion.
const DEEPEST: usize = 24;

/// `A.1.B=x` read as a tree: each name between dots is a branch, a value sits where its name ends.
///
/// ```
/// use infra_local_aws::wire::{Params, Protocol};
/// let params = Params::parse(Protocol::Ec2, "Filter.1.Name=tag%3ARole&Filter.1.Value.1=web");
/// let filter = &params.list("Filter")[0];
/// assert_eq!((filter.text("Name"), filter.texts("Value")), (Some("tag:Role"), vec!["web"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Params {
    protocol: Protocol,
    value: Option<String>,
    branches: BTreeMap<String, Params>,
}

impl Params {
    /// No parameters.
    pub fn empty(protocol: Protocol) -> Self {
        Self { protocol, value: None, branches: BTreeMap::new() }
    }

    /// A value without a name.
    pub fn leaf(protocol: Protocol, value: String) -> Self {
        Self { protocol, value: Some(value), branches: BTreeMap::new() }
    }

    /// Puts a tree at a name, dots and all.
    pub fn insert(&mut self, name: String, params: Self) {
        self.branches.insert(name, params);
    }

    /// Reads a form (`application/x-www-form-urlencoded`) or a query string.
    pub fn parse(protocol: Protocol, form: &str) -> Self {
        let mut root = Self::empty(protocol);
        for (name, value) in form_urlencoded::parse(form.as_bytes()) {
            root.set(&name, &value);
        }
        root
    }

    /// Puts a value at a dotted name. What is nested deeper than any request of AWS stays in one piece.
    pub fn set(&mut self, name: &str, value: &str) {
        let mut place = self;
        for part in name.splitn(DEEPEST, '.') {
            let protocol = place.protocol;
            place = place.branches.entry(part.to_owned()).or_insert_with(|| Self::empty(protocol));
        }
        place.value = Some(value.to_owned());
    }

    /// The value that sits right here: a list's plain element.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Whether nothing was sent here.
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.branches.is_empty()
    }

    /// The names one level down, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.branches.keys().map(String::as_str)
    }

    /// The branch with this name, if anything was sent for it. `name` may be dotted.
    pub fn get(&self, name: &str) -> Option<&Self> {
        name.split('.').try_fold(self, |place, part| place.branches.get(part))
    }

    /// A text, if it was sent. An empty text counts as sent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Self::value)
    }

    /// A text that must be there and not be empty.
    ///
    /// # Errors
    /// The protocol's words for a missing parameter.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| ApiError::missing(self.protocol, name))
    }

    /// An integer, if it was sent.
    ///
    /// # Errors
    /// The protocol's words for a malformed parameter.
    pub fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.read(name, "an integer", |text| text.parse().ok())
    }

    /// A number, if it was sent.
    ///
    /// # Errors
    /// The protocol's words for a malformed parameter.
    pub fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        self.read(name, "a number", |text| text.parse().ok().filter(|number: &f64| number.is_finite()))
    }

    /// A moment, if it was sent: RFC 3339, or seconds since the Unix epoch, as CBOR has them.
    ///
    /// # Errors
    /// The protocol's words for a malformed parameter.
    pub fn time(&self, name: &str) -> Result<Option<Time>, ApiError> {
        let seconds = |text: &str| text.parse::<f64>().ok().filter(|seconds| (0.0..1e12).contains(seconds));
        let read =
            |text: &str| Time::parse(text).or_else(|| seconds(text).map(|s| Time((s * 1000.0) as u64)));
        self.read(name, "a timestamp", read)
    }

    /// `true` or `false`, if it was sent.
    ///
    /// # Errors
    /// The protocol's words for a malformed parameter.
    pub fn bool(&self, name: &str) -> Result<Option<bool>, ApiError> {
        self.read(name, "a Boolean", |text| match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    /// The elements of a list in order, whether sent as `X.1` or as `X.member.1`; none if the list was not
    /// sent or is empty.
    pub fn list(&self, name: &str) -> Vec<&Self> {
        let Some(list) = self.get(name) else { return Vec::new() };
        let list = list.branches.get("member").unwrap_or(list);
        let mut elements: Vec<(u32, &Self)> =
            list.branches.iter().filter_map(|(key, element)| Some((key.parse().ok()?, element))).collect();
        elements.sort_by_key(|(index, _)| *index);
        elements.into_iter().map(|(_, element)| element).collect()
    }

    /// The elements of a list of texts.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).into_iter().filter_map(Self::value).collect()
    }

    /// Like [`Self::texts`], owned.
    pub fn strings(&self, name: &str) -> Vec<String> {
        self.texts(name).into_iter().map(str::to_owned).collect()
    }

    /// These parameters on top of `base`: a name sent here replaces everything `base` has under it.
    pub fn over(&self, base: &Self) -> Self {
        let mut merged = base.clone();
        merged.branches.extend(self.branches.clone());
        merged
    }

    /// These parameters and a value at a dotted name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// These parameters without one name and all under it.
    pub fn without(&self, name: &str) -> Self {
        let mut rest = self.clone();
        rest.branches.remove(name);
        rest
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        match self.text(name) {
            None | Some("") => Ok(None),
            Some(text) => {
                parse(text).map(Some).ok_or_else(|| ApiError::malformed(self.protocol, name, text, expected))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_two_spellings_and_in_numeric_order() {
        let params = Params::parse(Protocol::Query, "A.member.10=j&A.member.2=b&A.member.1=a&B.2=y&B.1=x&C=");
        assert_eq!(params.texts("A"), ["a", "b", "j"]);
        assert_eq!(params.texts("B"), ["x", "y"]);
        assert!(params.texts("C").is_empty() && params.get("C").is_some());
    }

    #[test]
    fn nesting_has_an_end() {
        let name = "a.".repeat(1_000_000);
        let params = Params::parse(Protocol::Ec2, &format!("{name}=x"));
        assert_eq!(params.clone(), params);
    }

    #[test]
    fn numbers_and_switches_are_read_strictly() {
        let params = Params::parse(Protocol::Ec2, "Min=2&Max=two&On=true&Off=no");
        assert_eq!(params.int("Min"), Ok(Some(2)));
        assert_eq!(params.int("Absent"), Ok(None));
        assert_eq!(params.bool("On"), Ok(Some(true)));
        let refusals =
            [params.int("Max").map(drop), params.bool("Off").map(drop), params.required("ImageId").map(drop)];
        let said: Vec<String> =
            refusals.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
        insta::assert_snapshot!(said.join("\n"), @"
        InvalidParameterValue: Value (two) for parameter Max is invalid. Expected an integer
        InvalidParameterValue: Value (no) for parameter Off is invalid. Expected a Boolean
        MissingParameter: The request must contain the parameter ImageId
        ");
    }
}
