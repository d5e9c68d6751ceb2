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
