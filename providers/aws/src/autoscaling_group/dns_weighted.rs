//! Users move from one load balancer to another by the weight of what leads them there: DNS records. A second group
//! serves behind the new load balancer before anything does; the old one serves on until nobody is led to it.
//!
//! The same order serves a group whose load balancer is replaced for reasons of its own. Then its instances stay:
//! they serve behind both until users have left the old one.

use std::collections::BTreeSet;

use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual};
use infra_lang::value::Value;

use super::act::Act;
use super::blue_green::{STABLE_POLLS, check_by, of, originals};
use super::canary::unfit;
use super::group::{Group, count};
use super::observed::Observed;
use super::phase::{Looks, Next, Phase, always};
use super::strategy::{Strategy, plainly};
use super::swap::{Swap, given};

pub(super) mod steps;

/// The strategy.
pub(crate) const STRATEGY: Strategy = Strategy {
    name: "dns_weighted",
    uses: &["min_in_service", "stages", "bake", "drain", "dns_grace", "timeout", "alarms", "on_failure"],
    second_group: true,
    rolls_back: true,
    problems,
    manner: plainly,
    lower: steps::swap,
};

/// The instances serve behind the new load balancers too.
const JOIN: Phase = Phase { name: "join", looks: Looks::HEALTH, steady: all_pass, next: join };
/// And no longer.
const UNJOIN: Phase = Phase { name: "unjoin", looks: Looks::HEALTH, steady: always, next: unjoin };
/// Nobody is led to the old load balancers any more.
const DEPART: Phase = Phase { name: "depart", looks: Looks::HEALTH, steady: always, next: depart };

/// The phases that no other strategy has.
pub(crate) const PHASES: [Phase; 3] = [JOIN, UNJOIN, DEPART];

/// What to do where the strategy has no load balancer or no record to work with.
pub(crate) const INSTEAD: &str = "write `strategy = \"blue_green\"`, which needs no records, or refer to an `elb` and a \
                                  `route53_record` of this project";

fn problems(desired: &Attributes) -> Vec<String> {
    let unbalanced = (!given(desired, "load_balancers")).then(|| {
        "`dns_weighted` moves users from one load balancer to another, and `load_balancers` names none"
            .to_owned()
    });
    let stages = Swap::of(desired).stages.and_then(|stages| unfit(STRATEGY.name, &stages));
    unbalanced.into_iter().chain(stages).collect()
}

/// What the `swap` block says of moving users, in its own words. The stages of another strategy are of something else.
pub(crate) fn settings(desired: &Attributes) -> Attributes {
    let by_weight = Swap::of(desired).strategy.as_deref() == Some(STRATEGY.name);
    let named = |name: &str| match name {
        "stages" => by_weight,
        _ => ["bake", "dns_grace", "min_in_service", "on_failure", "alarms"].contains(&name),
    };
    let said = |(name, residual): (&String, Residual)| {
        let is_said = named(name) && residual.known() != Some(&Value::Null);
        is_said.then(|| (AttributeName::new(name), residual))
    };
    match desired.get("swap") {
        Some(Residual::Known(Value::Map(fields))) => {
            fields.iter().filter_map(|(name, value)| said((name, Residual::Known(value.clone())))).collect()
        }
        Some(Residual::Map(fields)) => {
            fields.iter().filter_map(|(name, residual)| said((name, residual.clone()))).collect()
        }
        _ => Attributes::new(),
    }
}

/// How many of the ready instances get requests from every load balancer that the file names, and how many are ready.
fn passing(o: &Observed) -> (i32, i32) {
    let Some(group) = &o.old else { return (0, 0) };
    (group.serving(&o.wanted.balancers, &o.health), count(group.ready().count()))
}

fn all_pass(o: &Observed) -> bool {
    let (passing, ready) = passing(o);
    ready > 0 && passing == ready
}

/// While the new load balancers get to know the instances, their word must not cost one its life.
fn join(o: &Observed) -> Next {
    let Some(group) = &o.old else { return Next::Stuck("the group is gone".to_owned()) };
    if o.pinned.is_none() {
        return Next::Act(Act::Note(Box::new(originals(o, group))));
    }
    let missing: Vec<String> = o.wanted.balancers.difference(&group.balancers).cloned().collect();
    let (passing, ready) = passing(o);
    match (missing.is_empty(), group.health_check_type.as_str()) {
        (false, "EC2") => Next::Act(Act::Attach { group: group.name.clone(), balancers: missing }),
        (false, _) => check_by(group, "EC2"),
        (true, _) if !all_pass(o) || o.held.polls < STABLE_POLLS => {
            Next::Wait(format!("{} instances serve behind the new load balancers", of(passing, ready)))
        }
        (true, by) if by != o.wanted.health_check_type => check_by(group, &o.wanted.health_check_type),
        (true, _) => Next::Done,
    }
}

/// Leaves load balancers, lets open connections finish, and then has health judged as it is to be.
fn leave(o: &Observed, group: &Group, balancers: &BTreeSet<String>, by: &str) -> Next {
    let leaving: Vec<String> = group.balancers.intersection(balancers).cloned().collect();
    match (leaving.is_empty(), group.health_check_type.as_str()) {
        (false, "EC2") => Next::Act(Act::Detach { group: group.name.clone(), balancers: leaving }),
        (false, _) => check_by(group, "EC2"),
        (true, checked) => match group.registered(balancers, &o.health) {
            0 if checked != by => check_by(group, by),
            0 => Next::Done,
            open => Next::Wait(format!("{open} instances to finish their open connections")),
        },
    }
}

fn unjoin(o: &Observed) -> Next {
    let (Some(group), Some(pinned)) = (&o.old, &o.pinned) else { return Next::Done };
    let new = o.wanted.balancers.difference(&pinned.balancers).cloned().collect();
    leave(o, group, &new, &pinned.health_check_type)
}

fn depart(o: &Observed) -> Next {
    let (Some(group), Some(pinned)) = (&o.old, &o.pinned) else { return Next::Done };
    let old: BTreeSet<String> = pinned.balancers.difference(&o.wanted.balancers).cloned().collect();
    let (floor, (passing, _)) = (o.share(group.desired), passing(o));
    match !old.is_disjoint(&group.balancers) && passing < floor {
        true => Next::Wait(format!("{} instances serve behind the new load balancers", of(passing, floor))),
        false => leave(o, group, &old, &o.wanted.health_check_type),
    }
}

#[cfg(test)]
mod tests;
