//! What content-addressed objects are made from, before anything is asked of AWS.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::desired::Desired;

use crate::change::Identity;
use crate::links;
use crate::provider::Provider;

/// The identities of the desired objects that have one.
pub type Identities = BTreeMap<Address, Identity>;

/// The identities of all content-addressed objects, each after those it is built on. In a configuration with a ring
/// there are none: planning reports the ring.
pub fn identify(desired: &Desired, provider: &dyn Provider) -> Identities {
    let mut identities = Identities::new();
    for address in links::order(desired).unwrap_or_default() {
        let Some(object) = desired.objects.get(&address) else { continue };
        let Some(kind) = provider.kind(&address.kind) else { continue };
        let parent = |parent: &Address| identities.get(parent).cloned();
        if let Some(identity) = kind.identity(object, &parent) {
            identities.insert(address, identity);
        }
    }
    identities
}
