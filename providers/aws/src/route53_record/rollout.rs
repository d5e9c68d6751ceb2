//! A record that leads users to what is replaced: the steps by which it leads them to the new.

use std::time::Duration;

use infra_engine::change::{Action, Change, Role};
use infra_engine::id::RemoteId;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Operation, Part};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual};
use infra_lang::value::Value;
use serde::Deserialize;

use super::shift::{NEW, OLD, weight};
use crate::autoscaling_group::listed;
use crate::codec::{decode, known};
use crate::kind::simple;

/// How long a change of records may take, the wait for a new load balancer's name included.
pub(super) const CHANGING: Duration = Duration::from_secs(600);
/// How long resolvers keep the answer that an alias gives, and the shortest time that is waited for them.
pub(super) const ALIAS_TTL: u64 = 60;
/// The shares of users if nothing is said, in percent.
const STAGES: [f64; 4] = [1.0, 10.0, 50.0, 100.0];
/// The argument of a step that says how much the new side weighs.
const WEIGHT: &str = "weight";

/// How users are to be moved.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Pace {
    stages: Option<Vec<f64>>,
    bake: Option<u64>,
    dns_grace: Option<u64>,
    min_in_service: Option<f64>,
    /// The alarms that watch.
    pub(super) alarms: Vec<String>,
    /// The weight of the new side, of a step that sets it.
    pub(super) weight: i64,
}

impl Pace {
    /// What the `swap` block of what serves says, as far as it is known.
    fn of(change: &Change) -> Self {
        let settings = change.rollout.as_ref().map(|rollout| known(&rollout.settings));
        settings.and_then(|settings| decode(&settings).ok()).unwrap_or_default()
    }

    fn stages(&self) -> Vec<f64> {
        self.stages.clone().unwrap_or_else(|| STAGES.to_vec())
    }

    /// How long each stage must hold.
    pub(super) fn bake(&self) -> Duration {
        Duration::from_secs(self.bake.unwrap_or(300))
    }

    /// How long the old side serves on.
    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(self.dns_grace.unwrap_or(3600))
    }

    /// How many instances have to serve on the new side, if so many did on the old one.
    pub(super) fn floor(&self, before: usize) -> usize {
        (before as f64 * self.min_in_service.unwrap_or(100.0) / 100.0).ceil() as usize
    }
}

/// The ways in which a record leads users elsewhere.
enum Way {
    /// It is written anew, and that is all.
    AtOnce,
    /// By weight.
    ByWeight,
    /// All users at one time: it has a routing policy, and no room for weights.
    InOneGo,
    /// It was left as two records by an earlier attempt, and becomes one again.
    Rejoined,
}

fn way(change: &Change) -> Way {
    let leads = change.rollout.as_ref().is_some_and(|rollout| rollout.role == Role::Leads);
    let set = change.prior.as_ref().and_then(|prior| prior.observed.get("set_identifier")?.as_str());
    let identity = ["type", "set_identifier"];
    let moves_itself = change.attributes.iter().any(|attribute| identity.contains(&attribute.name.as_str()));
    match (change.action, set) {
        (Action::Update, Some(OLD | NEW)) => Way::Rejoined,
        (Action::Update, _) if !leads => Way::AtOnce,
        (Action::Update, None) if !moves_itself => Way::ByWeight,
        (Action::Update, _) if !moves_itself => Way::InOneGo,
        (Action::Update, _) => Way::Rejoined,
        _ => Way::AtOnce,
    }
}

/// What moving users means, in one sentence.
pub(super) fn consequence(change: &Change) -> Option<String> {
    let pace = Pace::of(change);
    let (bake, grace) = (words(pace.bake()), words(pace.grace()));
    let moves = match way(change) {
        Way::AtOnce => return None,
        Way::ByWeight => format!("users move in stages of {}, each held for {bake}", listed(&pace.stages())),
        Way::InOneGo => "users move in one go, for the record has a routing policy of its own".to_owned(),
        Way::Rejoined => "users move in one go".to_owned(),
    };
    Some(format!("{moves}; the old side serves on for {grace}"))
}

fn words(time: Duration) -> String {
    Value::seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)).to_string()
}

/// The steps of a change.
pub(super) fn lower(change: &Change) -> Vec<LoweredStep> {
    let pace = Pace::of(change);
    let Some(id) = change.prior.as_ref().map(|prior| &prior.id) else { return simple(change, CHANGING) };
    let moving = Moving { change, id, pace: &pace };
    let mut steps = match way(change) {
        Way::AtOnce => return simple(change, CHANGING),
        Way::Rejoined => {
            let update = simple(&Change { retires: Vec::new(), ..change.clone() }, CHANGING);
            update.into_iter().chain([moving.grace()]).collect()
        }
        Way::InOneGo => vec![moving.ready(), moving.switch(), moving.grace()],
        Way::ByWeight => {
            let stages = pace.stages();
            let shifts = stages.iter().map(|share| moving.shift(*share));
            let mut steps = vec![moving.ready(), moving.split()];
            steps.extend(shifts.chain([moving.grace(), moving.join()]));
            steps
        }
    };
    for (at, step) in steps.iter_mut().enumerate() {
        step.after = Vec::from_iter(at.checked_sub(1));
    }
    let older = change.retires.iter().map(|id| crate::kind::retire(change, CHANGING, id));
    steps.into_iter().chain(older).collect()
}

/// A change whose users move.
struct Moving<'a> {
    change: &'a Change,
    id: &'a RemoteId,
    pace: &'a Pace,
}

impl Moving<'_> {
    fn step(&self, name: &str, title: String, timeout: Duration) -> LoweredStep {
        LoweredStep {
            effect: Effect::Operate(self.operation(name, None)),
            target: LoweredTarget::Existing(self.id.clone()),
            part: Part::Establish,
            title,
            guard: None,
            undo: None,
            timeout,
            after: Vec::new(),
        }
    }

    fn operation(&self, name: &str, weight: Option<i64>) -> Operation {
        let settings = self.change.rollout.as_ref().map(|rollout| rollout.settings.clone());
        let mut arguments: Attributes = settings.unwrap_or_default();
        arguments
            .extend(weight.map(|weight| (AttributeName::new(WEIGHT), Residual::Known(Value::int(weight)))));
        Operation { name: name.to_owned(), arguments }
    }

    /// What takes a step back may take as long as clients are given to forget an answer.
    fn undone(&self, step: LoweredStep, undo: &str) -> LoweredStep {
        let undo = Some(self.operation(undo, None));
        LoweredStep { undo, timeout: step.timeout + CHANGING + self.pace.grace(), ..step }
    }

    fn ready(&self) -> LoweredStep {
        self.step("ready", "see that as many serve on the new side".to_owned(), CHANGING)
    }

    fn split(&self) -> LoweredStep {
        let title = "make two weighted records of it, all weight on the old side".to_owned();
        self.undone(self.step("split", title, CHANGING), "unsplit")
    }

    fn switch(&self) -> LoweredStep {
        let title = format!("lead all users to the new side; hold for {}", words(self.pace.bake()));
        self.undone(self.step("switch", title, CHANGING + self.pace.bake()), "unswitch")
    }

    fn shift(&self, share: f64) -> LoweredStep {
        let title = format!("lead {share}% of users to the new side; hold for {}", words(self.pace.bake()));
        let effect = Effect::Operate(self.operation("shift", Some(weight(share))));
        LoweredStep { effect, ..self.step("shift", title, CHANGING + self.pace.bake()) }
    }

    fn grace(&self) -> LoweredStep {
        let grace = self.pace.grace();
        let title = format!("serve clients that keep the old answer for {}", words(grace));
        self.step("grace", title, CHANGING + grace)
    }

    fn join(&self) -> LoweredStep {
        self.step("join", "make one record of them, leading to the new side".to_owned(), CHANGING)
    }
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
