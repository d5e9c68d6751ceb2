//! What an object has from another of its kind where it says nothing itself: the builder of an image layer is its
//! base's.

use infra_lang::desired::{Desired, DesiredObject};
use infra_lang::name::KindName;
use infra_lang::residual::{Attributes, Residual};

use crate::links;
use crate::provider::{Inherited, Kind};

/// Fills in what is inherited, through a chain of objects too. In a configuration with a ring nothing is: planning
/// reports the ring.
pub fn inherit<'k>(mut desired: Desired, kind: impl Fn(&KindName) -> Option<&'k dyn Kind>) -> Desired {
    for address in links::order(&desired).unwrap_or_default() {
        let Some(object) = desired.objects.get(&address) else { continue };
        let Some(inherited) = kind(&address.kind).and_then(Kind::inherits) else { continue };
        let attributes = missing(&desired, object, &inherited);
        if let Some(object) = desired.objects.get_mut(&address) {
            object.attributes.extend(attributes);
        }
    }
    desired
}

/// The attributes that an object lacks and the one it refers to has.
fn missing(desired: &Desired, object: &DesiredObject, inherited: &Inherited) -> Attributes {
    let parent = match object.attributes.get(&inherited.from) {
        Some(Residual::Attribute(reference)) => desired.objects.get(&reference.object),
        _ => None,
    };
    let Some(parent) = parent.filter(|parent| parent.address.kind == object.address.kind) else {
        return Attributes::new();
    };
    let lacking = inherited.attributes.iter().filter(|name| !object.attributes.contains_key(*name));
    lacking.filter_map(|name| Some((name.clone(), parent.attributes.get(name)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use infra_lang::address::Address;
    use infra_lang::desired::{Backend, Lifecycle, Project};
    use infra_lang::name::{AttributeName, Identifier};
    use infra_lang::residual::Reference;
    use infra_lang::schema::{KindSchema, Naming};
    use infra_lang::span::{FileId, Span};
    use infra_lang::value::Value;

    use super::*;
    use crate::change::{Change, ReplaceOrder};
    use crate::steps::LoweredStep;

    struct Layer(KindSchema);

    impl Kind for Layer {
        fn schema(&self) -> &KindSchema {
            &self.0
        }

        fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
            ReplaceOrder::NewFirst
        }

        fn inherits(&self) -> Option<Inherited> {
            let attributes = ["user", "builder"].map(AttributeName::new).to_vec();
            Some(Inherited { from: AttributeName::new("base"), attributes })
        }

        fn lower(&self, _: &Change) -> Vec<LoweredStep> {
            Vec::new()
        }
    }

    fn layer() -> Layer {
        Layer(KindSchema {
            name: KindName::new("layer"),
            doc: String::new(),
            attributes: Vec::new(),
            rules: Vec::new(),
            naming: Naming::None,
            tagged: false,
            handle: AttributeName::new("id"),
            steps: Vec::new(),
            lookup: Vec::new(),
            lookup_only: false,
            id_pattern: String::new(),
        })
    }

    fn text(text: &str) -> Residual {
        Residual::Known(Value::string(text))
    }

    fn on(kind: &str, name: &str) -> Residual {
        let object = Address::managed(kind, name);
        Residual::Attribute(Reference { object, attribute: AttributeName::new("id") })
    }

    fn desired(objects: &[(&str, &[(&str, Residual)])]) -> Desired {
        let span = Span::new(FileId(0), 0, 0);
        let object = |(name, written): &(&str, &[(&str, Residual)])| DesiredObject {
            address: Address::managed("layer", name),
            attributes: written
                .iter()
                .map(|(name, value)| (AttributeName::new(name), value.clone()))
                .collect(),
            contents: BTreeMap::new(),
            depends_on: Default::default(),
            lifecycle: Lifecycle::default(),
            conditions: Vec::new(),
            timeouts: BTreeMap::new(),
            span,
            attribute_spans: BTreeMap::new(),
        };
        Desired {
            objects: objects.iter().map(object).map(|object| (object.address.clone(), object)).collect(),
            ..Desired::nothing(Project {
                name: Identifier::new("p"),
                region: "us-east-1".to_owned(),
                account: None,
                backend: Backend::Local { path: "infra.state".to_owned() },
                span,
            })
        }
    }

    #[test]
    fn what_is_not_written_comes_from_the_base_and_its_base() {
        let layer = layer();
        let before = desired(&[
            ("c", &[("base", on("layer", "b"))]),
            ("b", &[("base", on("layer", "a")), ("user", text("ubuntu"))]),
            (
                "a",
                &[
                    ("base", text("ami-1")),
                    ("user", text("admin")),
                    ("builder", on("subnet", "s")),
                    ("size", text("1")),
                ],
            ),
        ]);
        let after = inherit(before, |_| Some(&layer));
        let of = |name: &str| after.objects[&Address::managed("layer", name)].attributes.clone();
        assert_eq!(
            (of("c").get("user"), of("c").get("builder")),
            (Some(&text("ubuntu")), Some(&on("subnet", "s")))
        );
        assert_eq!((of("c").get("size"), of("a").len()), (None, 4));
    }
}
