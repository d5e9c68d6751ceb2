//! Rings that open conditions close: what an object waits for must not come after it. Checking has refused all others;
//! it leaves conditions be, for most are known by now and order nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::desired::{Desired, DesiredObject, OpenCondition};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::residual::{Residual, references};

/// What each object and lookup comes after.
type Order = BTreeMap<Address, BTreeSet<Address>>;

/// An error for each condition that asks what comes after its object.
pub(super) fn rings(desired: &Desired) -> Vec<Diagnostic> {
    let conditional = || desired.objects.values().filter(|object| !object.conditions.is_empty());
    if conditional().next().is_none() {
        return Vec::new();
    }
    let order = order(desired);
    if has_no_ring(&order) {
        return Vec::new();
    }
    let wrong = |object: &DesiredObject, open: &OpenCondition| {
        let later = asked(open, &object.address).find(|asked| comes_after(asked, &object.address, &order))?;
        let address = &object.address;
        let message =
            format!("`{address}` waits for this condition, which asks `{later}`, and that comes after it");
        Some(
            Diagnostic::error(codes::CYCLE, open.span, message)
                .hint("assert it in a `check`, which orders nothing"),
        )
    };
    conditional().flat_map(|object| object.conditions.iter().filter_map(|open| wrong(object, open))).collect()
}

/// The objects that a condition asks, besides its own.
fn asked<'a>(open: &OpenCondition, own: &'a Address) -> impl Iterator<Item = Address> + use<'a> {
    let both: BTreeSet<Address> = objects([&open.condition, &open.message].into_iter());
    both.into_iter().filter(move |asked| asked != own)
}

fn objects<'r>(residuals: impl Iterator<Item = &'r Residual>) -> BTreeSet<Address> {
    residuals.flat_map(references).map(|reference| reference.object).collect()
}

fn order(desired: &Desired) -> Order {
    let mut order = Order::new();
    for (address, object) in &desired.objects {
        let mut before = objects(object.attributes.values());
        before.extend(object.depends_on.iter().cloned());
        before.extend(object.conditions.iter().flat_map(|open| asked(open, address)));
        before.remove(address);
        order.insert(address.clone(), before);
    }
    for (address, lookup) in &desired.lookups {
        let mut before = objects(lookup.arguments.values());
        before.extend(lookup.depends_on.iter().cloned());
        order.insert(address.clone(), before);
    }
    order
}

/// Whether all can be put in order: each is taken once all it comes after has been.
fn has_no_ring(order: &Order) -> bool {
    let mut after: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    let mut waiting: BTreeMap<&Address, usize> = BTreeMap::new();
    for (address, before) in order {
        let known = before.iter().filter(|other| order.contains_key(*other));
        waiting.insert(address, known.clone().count());
        known.for_each(|other| after.entry(other).or_default().push(address));
    }
    let mut ready: Vec<&Address> =
        waiting.iter().filter(|(_, count)| **count == 0).map(|(address, _)| *address).collect();
    let mut taken = 0;
    while let Some(address) = ready.pop() {
        taken += 1;
        for later in after.get(address).into_iter().flatten() {
            let Some(count) = waiting.get_mut(later) else { continue };
            *count -= 1;
            if *count == 0 {
                ready.push(later);
            }
        }
    }
    taken == order.len()
}

fn comes_after(later: &Address, earlier: &Address, order: &Order) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![later];
    while let Some(address) = open.pop() {
        if address == earlier {
            return true;
        }
        if seen.insert(address) {
            open.extend(order.get(address).into_iter().flatten());
        }
    }
    false
}
