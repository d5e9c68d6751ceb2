//! What refers to what: in the configuration, and in the state.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::{Address, Mode};
use infra_lang::desired::{Desired, DesiredObject, Lookup};
use infra_lang::residual::{Attributes, references};

use crate::graph::{DependencyGraph, Ring};
use crate::state::State;

/// For each object what it refers to directly.
pub type Links = BTreeMap<Address, BTreeSet<Address>>;

/// The objects that attributes refer to.
pub fn referred(attributes: &Attributes) -> impl Iterator<Item = Address> {
    attributes
        .values()
        .flat_map(|residual| references(residual).into_iter().map(|reference| reference.object))
}

/// What an object comes after: what its attributes and its conditions refer to, itself apart, and what it says so of.
fn of_object(object: &DesiredObject) -> BTreeSet<Address> {
    let conditions = object.conditions.iter().flat_map(|it| [&it.condition, &it.message]);
    let conditions = conditions.flat_map(|it| references(it).into_iter().map(|reference| reference.object));
    let depends_on = object.depends_on.iter().cloned();
    let all = referred(&object.attributes).chain(conditions).chain(depends_on);
    all.filter(|other| *other != object.address).collect()
}

fn of_lookup(lookup: &Lookup) -> BTreeSet<Address> {
    referred(&lookup.arguments).chain(lookup.depends_on.iter().cloned()).collect()
}

/// What the desired objects and lookups refer to directly, order without a reference (`depends_on`) included.
pub fn direct(desired: &Desired) -> Links {
    let objects = desired.objects.iter().map(|(address, object)| (address.clone(), of_object(object)));
    let lookups = desired.lookups.iter().map(|(address, lookup)| (address.clone(), of_lookup(lookup)));
    objects.chain(lookups).collect()
}

/// The addresses of objects and lookups, each after what it refers to.
pub fn order(desired: &Desired) -> Result<Vec<Address>, Ring<Address>> {
    DependencyGraph::new(&direct(desired)).order()
}

/// What the objects of the state refer to.
pub fn of_state(state: &State) -> Links {
    state.records.iter().map(|(address, record)| (address.clone(), record.dependencies.clone())).collect()
}

/// The managed objects an object refers to, also by way of lookups: what its record keeps.
pub fn managed(links: &Links, address: &Address) -> BTreeSet<Address> {
    reach(links, address, &|found| found.mode == Mode::Managed)
}

/// What is found from an address along the links, stopping at whatever `stop` holds for; only that is returned.
pub fn reach(links: &Links, from: &Address, stop: &dyn Fn(&Address) -> bool) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for linked in links.get(next).into_iter().flatten() {
            if stop(linked) {
                found.insert(linked.clone());
            } else if seen.insert(linked) {
                open.push(linked);
            }
        }
    }
    found.remove(from);
    found
}
