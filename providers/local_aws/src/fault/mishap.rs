//! What happens to a model by itself.

use super::{Answer, Fate, Flaw, Mishap};
use crate::autoscaling;
use crate::ec2::{fleet, pattern_matches};
use crate::model::Model;
use crate::model::autoscaling::{Consumer, HookResult, MemberState};
use crate::model::behaviour::{App, Behaviour, Condition, Rule};
use crate::model::ec2::{CapacityLimit, Instance, InstanceId, InstanceState};
use crate::timing::Delay;

/// Lets it happen, at `model.now`.
pub fn apply(model: &mut Model, mishap: Mishap) {
    match mishap {
        Mishap::Instance { pattern, fate, count } => {
            for id in victims(model, &pattern, fate).into_iter().take(usize::try_from(count).unwrap_or(1)) {
                meet(model, &id, fate);
            }
        }
        Mishap::Image { pattern, flaw } => {
            let rule = Rule { images: pattern, behaviour: behaviour(flaw) };
            model.behaviours.insert(0, rule);
        }
        Mishap::Group { pattern, desired } => {
            let fits = |name: &&String| pattern_matches(&pattern, name);
            let names: Vec<String> = model.autoscaling.groups.keys().filter(fits).cloned().collect();
            for name in names {
                autoscaling::scale(model, &name, desired);
            }
        }
        Mishap::Hook { pattern, answer } => {
            let soon = Some(Delay::secs(5, 5));
            let (answers_after, result) = match answer {
                Answer::Abandons => (soon, HookResult::Abandon),
                Answer::Continues => (soon, HookResult::Continue),
                Answer::Silent => (None, HookResult::Abandon),
            };
            model.autoscaling.consumers.insert(pattern, Consumer { answers_after, result });
        }
        Mishap::Capacity { of, left } => {
            let is_zone = of.as_deref().is_some_and(|of| of.starts_with(&model.region));
            let (zone, instance_type) = if is_zone { (of, None) } else { (None, of) };
            let fits = |limit: &CapacityLimit| limit.zone == zone && limit.instance_type == instance_type;
            model.ec2.capacity.limits.retain(|limit| !fits(limit));
            model.ec2.capacity.limits.push(CapacityLimit { zone, instance_type, left });
        }
        Mishap::Quota(most) => model.ec2.capacity.quota = Some(most),
    }
}

fn behaviour(flaw: Flaw) -> Behaviour {
    match flaw {
        Flaw::NeverHealthy => Behaviour { boot: None, app: App::NeverListens },
        Flaw::FailsChecks => Behaviour { boot: None, app: App::ListensButFails },
        Flaw::Serves5xx => Behaviour { boot: None, app: App::PassesButServes5xx },
        Flaw::DiesAfter(span) => Behaviour { boot: None, app: App::DiesAfter(span) },
        Flaw::Boots(span) => Behaviour { boot: Some(span), app: App::Healthy },
    }
}

/// The running instances that fit, those in service in a group first; then by id, which is as good as by chance.
fn victims(model: &Model, pattern: &str, fate: Fate) -> Vec<InstanceId> {
    let able = |instance: &&Instance| match fate {
        Fate::Recovers => !fleet::is_listening(model, instance.id.as_str()),
        Fate::Crashes => fleet::is_listening(model, instance.id.as_str()),
        Fate::Dies | Fate::Stops => true,
    };
    let running =
        model.ec2.instances.values().filter(|instance| instance.state == InstanceState::Running).filter(able);
    let mut found: Vec<(bool, InstanceId)> = running
        .filter_map(|instance| {
            let member = membership(model, &instance.id);
            let names =
                [Some(instance.id.as_str()), Some(instance.image.as_str()), member.map(|(group, _)| group)];
            let fits = names.into_iter().flatten().any(|name| pattern_matches(pattern, name));
            let in_service = member.is_some_and(|(_, state)| state == MemberState::InService);
            fits.then(|| (!in_service, instance.id.clone()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, id)| id).collect()
}

fn membership<'m>(model: &'m Model, id: &InstanceId) -> Option<(&'m str, MemberState)> {
    let groups = model.autoscaling.groups.values();
    let mut of = groups.filter_map(|group| Some((group.name.as_str(), group.members.get(id)?.state)));
    of.next()
}

fn meet(model: &mut Model, id: &InstanceId, fate: Fate) {
    match fate {
        Fate::Dies => fleet::terminate(model, id.as_str()),
        Fate::Stops => fleet::stop(model, id.as_str()),
        Fate::Crashes => fleet::turn_app(model, id.as_str(), Condition::Closed),
        Fate::Recovers => fleet::turn_app(model, id.as_str(), Condition::Well),
    }
}
