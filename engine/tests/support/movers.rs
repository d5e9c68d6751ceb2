//! Kinds that move users together: a `gate` that is replaced when its color changes (its name is fixed if it says so),
//! a `herd` that serves behind gates and is swapped when its launch changes, and a `sign` that leads users to a gate.

use infra_engine::change::{Action, Change, Prior, ReplaceOrder, Role};
use infra_engine::provider::Kind;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Part};
use infra_lang::name::AttributeName;
use infra_lang::residual::Attributes;
use infra_lang::schema::{KindSchema, Presence};
use infra_lang::types::Type;

use super::kinds::{operation, schema, simple, step};

pub struct Gate(KindSchema);
pub struct Herd(KindSchema);
pub struct Sign(KindSchema);

pub fn all() -> [Box<dyn Kind>; 3] {
    let text = |name: &'static str, immutable| (name, Type::string(), Presence::Optional, immutable);
    let gates = ("gates", Type::Set(Box::new(Type::string())), Presence::Optional, false);
    let herd = [text("launch", false), text("along", false), text("pace", false), gates];
    [
        Box::new(Gate(schema("gate", &[text("color", true), text("fixed", false)]))),
        Box::new(Herd(schema("herd", &herd))),
        Box::new(Sign(schema("sign", &[text("to", false), text("text", false)]))),
    ]
}

fn says(desired: &Attributes, name: &str) -> bool {
    desired.contains_key(name)
}

/// Steps of a rollout can be taken back.
fn undone(change: &Change, steps: Vec<LoweredStep>) -> Vec<LoweredStep> {
    let undo = |made: LoweredStep| match (&change.rollout, &made.effect) {
        (Some(_), Effect::Create) => LoweredStep { undo: Some(operation("discard")), ..made },
        (Some(_), Effect::Update(_)) => LoweredStep { undo: Some(operation("unupdate")), ..made },
        _ => made,
    };
    steps.into_iter().map(undo).collect()
}

impl Kind for Gate {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder {
        if says(desired, "fixed") { ReplaceOrder::OldFirst } else { ReplaceOrder::NewFirst }
    }

    fn objection(&self, change: &Change) -> Option<(AttributeName, String)> {
        let alone = change.action == Action::Replace(ReplaceOrder::OldFirst);
        alone.then(|| ("fixed".into(), "two gates of one name cannot stand side by side".to_owned()))
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        undone(change, simple(change))
    }
}

impl Kind for Herd {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn action(&self, changed: &[AttributeName], _: &Attributes, _: &Prior) -> Action {
        if changed.iter().any(|name| *name == *"launch") { Action::Swap } else { Action::Update }
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn serves_behind(&self) -> Option<&'static str> {
        Some("gates")
    }

    fn takes_along(&self, desired: &Attributes) -> Option<&'static str> {
        says(desired, "along").then_some("leave `along` out")
    }

    fn rollout(&self, desired: &Attributes) -> Attributes {
        desired.iter().filter(|(name, _)| **name == *"pace").map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        let leave = |change: &Change| {
            let old = change.prior.as_ref().map(|prior| prior.id.clone()).expect("there is an object");
            let target = LoweredTarget::Existing(old);
            step(Effect::Operate(operation("leave")), target, Part::Retire, "leave the old gates", &[0])
        };
        let swap = Change { action: Action::Replace(ReplaceOrder::NewFirst), ..change.clone() };
        match (change.action, change.rollout.as_ref().map(|rollout| rollout.role)) {
            (Action::Swap, _) => undone(change, simple(&swap)),
            (Action::Update, Some(Role::Serves)) => {
                undone(change, simple(change)).into_iter().chain([leave(change)]).collect()
            }
            _ => simple(change),
        }
    }
}

impl Kind for Sign {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn leads_users(&self) -> bool {
        true
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        undone(change, simple(change))
    }
}
