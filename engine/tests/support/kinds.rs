//! Made-up kinds: a `box` that is made anew when its color changes, a `slot` whose name is fixed, a `cask` whose name
//! follows from what it holds and of which one older stays, a `cup` with a name that may be prefixed, a `layer` known by
//! its contents, a `fleet` that is swapped in several steps, and a `rack` that is filled once the `shelf`s that are its
//! parts are there. Of `movers`: a `gate`, a `herd` that serves behind gates, a `sign` that leads to them.

use std::collections::BTreeMap;
use std::time::Duration;

use infra_engine::change::{Action, Change, Identity, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::Kind;
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Operation, Part};
use infra_lang::address::Address;
use infra_lang::desired::DesiredObject;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual};
use infra_lang::schema::{AttributeSchema, KindSchema, Naming, Presence};
use infra_lang::types::Type;
use infra_lang::value::Value;

/// A kind whose schema says all; how its objects are replaced, and how many older ones stay.
pub struct Simple(KindSchema, ReplaceOrder, usize);
pub struct Layer(KindSchema);
pub struct Fleet(KindSchema);
pub struct Rack(KindSchema);
pub struct Shelf(KindSchema);

pub fn all() -> Vec<Box<dyn Kind>> {
    let box_schema = schema(
        "box",
        &[
            ("size", Type::number(), Presence::Optional, false),
            ("color", Type::string(), Presence::Optional, true),
            ("peer", Type::string(), Presence::Optional, false),
            ("secret", Type::string(), Presence::Optional, false),
            ("hidden", Type::string(), Presence::Optional, false),
            ("zone", Type::string(), Presence::ObservedIfUnset, true),
            ("tags", Type::Set(Box::new(Type::string())), Presence::Optional, false),
            ("version", Type::number(), Presence::Observed, false),
        ],
    );
    let slot = schema(
        "slot",
        &[
            ("box", Type::string(), Presence::Optional, true),
            ("note", Type::string(), Presence::Optional, false),
        ],
    );
    let cask = schema("cask", &[("holds", Type::string(), Presence::Required, true)]);
    let layer = schema(
        "layer",
        &[
            ("base", Type::string(), Presence::Optional, true),
            ("script", Type::string(), Presence::Required, true),
            ("shared", Type::Set(Box::new(Type::string())), Presence::Optional, false),
        ],
    );
    let fleet = schema(
        "fleet",
        &[
            ("launch", Type::string(), Presence::Required, false),
            ("size", Type::number(), Presence::Optional, false),
            ("on_failure", Type::string(), Presence::Optional, false),
        ],
    );
    let rack = schema("rack", &[("load", Type::string(), Presence::Required, true)]);
    let shelf = schema("shelf", &[("rack", Type::string(), Presence::Required, true)]);
    let cup = KindSchema {
        naming: Naming::Prefixed { attribute: "name".into(), prefix: "name_prefix".into(), limit: 32 },
        ..schema(
            "cup",
            &[
                ("name", Type::string(), Presence::Optional, true),
                ("name_prefix", Type::string(), Presence::Optional, true),
                ("glaze", Type::string(), Presence::Optional, true),
            ],
        )
    };
    let own: [Box<dyn Kind>; 8] = [
        Box::new(Simple(box_schema, ReplaceOrder::NewFirst, 0)),
        Box::new(Simple(slot, ReplaceOrder::OldFirst, 0)),
        Box::new(Simple(cask, ReplaceOrder::NewFirst, 1)),
        Box::new(Simple(cup, ReplaceOrder::NewFirst, 0)),
        Box::new(Layer(layer)),
        Box::new(Fleet(fleet)),
        Box::new(Rack(rack)),
        Box::new(Shelf(shelf)),
    ];
    own.into_iter().chain(super::movers::all()).collect()
}

pub fn schema(name: &str, attributes: &[(&str, Type, Presence, bool)]) -> KindSchema {
    let id = ("id", Type::string(), Presence::Observed, false);
    let attributes = attributes.iter().chain([&id]).map(|(name, ty, presence, immutable)| AttributeSchema {
        name: AttributeName::new(name),
        doc: String::new(),
        ty: ty.clone(),
        presence: presence.clone(),
        immutable: *immutable,
        sensitive: false,
        content: false,
        at_plan: false,
        block: None,
    });
    KindSchema {
        name: name.into(),
        doc: String::new(),
        attributes: attributes.collect(),
        rules: Vec::new(),
        naming: Naming::None,
        tagged: false,
        handle: "id".into(),
        steps: Vec::new(),
        lookup: Vec::new(),
        lookup_only: false,
        id_pattern: String::new(),
    }
}

pub fn step(effect: Effect, target: LoweredTarget, part: Part, title: &str, after: &[usize]) -> LoweredStep {
    LoweredStep {
        effect,
        target,
        part,
        title: title.to_owned(),
        guard: None,
        undo: None,
        timeout: Duration::from_secs(600),
        after: after.to_vec(),
    }
}

pub fn operation(name: &str) -> Operation {
    Operation { name: name.to_owned(), arguments: Attributes::new() }
}

fn delete(id: &RemoteId, after: &[usize]) -> LoweredStep {
    step(Effect::Delete, LoweredTarget::Existing(id.clone()), Part::Retire, "delete", after)
}

/// What most kinds do.
pub fn simple(change: &Change) -> Vec<LoweredStep> {
    let names = || change.attributes.iter().map(|attribute| attribute.name.clone()).collect();
    let create =
        |after: &[usize]| step(Effect::Create, LoweredTarget::None, Part::Establish, "create", after);
    let own = change.prior.as_ref().map(|prior| prior.id.clone());
    let on = |effect: Effect, part: Part, title: &str| {
        let id = own.clone().expect("there is an object");
        step(effect, LoweredTarget::Existing(id), part, title, &[])
    };
    let mut steps = match change.action {
        Action::Create => vec![create(&[])],
        Action::Update | Action::Swap => vec![on(Effect::Update(names()), Part::Establish, "update")],
        Action::Replace(ReplaceOrder::NewFirst) => {
            vec![create(&[]), on(Effect::Delete, Part::Retire, "delete the old one")]
        }
        Action::Replace(ReplaceOrder::OldFirst) => {
            vec![on(Effect::Delete, Part::Retire, "delete the old one"), create(&[0])]
        }
        Action::Delete => vec![on(Effect::Delete, Part::Retire, "delete")],
        Action::Adopt => vec![on(Effect::Adopt, Part::Establish, "adopt")],
        Action::Forget => vec![on(Effect::Forget, Part::Establish, "forget")],
        Action::Prune => Vec::new(),
    };
    steps.extend(change.retires.iter().map(|id| delete(id, &[])));
    steps
}

impl Kind for Simple {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        self.1
    }

    fn known_by(&self) -> &[&str] {
        if self.0.attribute("name").is_some() { &["name"] } else { &[] }
    }

    fn keep(&self, _: &Attributes) -> usize {
        self.2
    }

    fn unsettled(&self, _: &[AttributeName]) -> Vec<AttributeName> {
        vec!["version".into()]
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        let lower = |value: &Value| value.as_str().map(str::to_lowercase);
        one == other || (*attribute == *"peer" && lower(one).is_some() && lower(one) == lower(other))
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        match desired.get("size").and_then(Residual::known) {
            Some(Value::Number(size)) if size.to_i64() == Some(13) => {
                vec![("size".into(), "a box cannot be of size 13".to_owned())]
            }
            _ => Vec::new(),
        }
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change)
    }
}

impl Kind for Layer {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn keep(&self, _: &Attributes) -> usize {
        1
    }

    fn identity(
        &self,
        object: &DesiredObject,
        parent: &dyn Fn(&Address) -> Option<Identity>,
    ) -> Option<Identity> {
        let text = |name: &str| match object.attributes.get(name)? {
            Residual::Known(value) => value.as_str().map(str::to_owned),
            Residual::Attribute(reference) => parent(&reference.object).map(|parent| parent.digest),
            _ => None,
        };
        let inputs: BTreeMap<String, String> =
            ["base", "script"].into_iter().filter_map(|name| Some((name.to_owned(), text(name)?))).collect();
        let digest =
            format!("{}({})", object.address.name, inputs.values().cloned().collect::<Vec<_>>().join("+"));
        Some(Identity { digest, inputs })
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change)
    }
}

impl Kind for Fleet {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn action(&self, changed: &[AttributeName], _: &Attributes, _: &Prior) -> Action {
        if changed.iter().any(|name| *name == *"launch") { Action::Swap } else { Action::Update }
    }

    fn pauses(&self, change: &Change) -> bool {
        let said = change.desired.get("on_failure").and_then(Residual::known).and_then(Value::as_str);
        said == Some("pause")
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        match (change.action, &change.prior) {
            (Action::Swap, Some(prior)) => swap(&prior.id, change),
            _ => simple(change),
        }
    }
}

impl Kind for Rack {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        let mut steps = simple(change);
        let Some(make) = steps.iter().position(|step| step.effect == Effect::Create) else { return steps };
        steps[make].part = Part::Prepare;
        let fill = Effect::Operate(operation("fill"));
        steps.push(step(fill, LoweredTarget::MadeBy(make), Part::Establish, "fill", &[make]));
        steps
    }
}

impl Kind for Shelf {
    fn schema(&self) -> &KindSchema {
        &self.0
    }

    fn replace_order(&self, _: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn part_of(&self) -> Option<AttributeName> {
        Some("rack".into())
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change)
    }
}

/// Pin the old fleet, make the new one, attach it, cut over; then the old one goes.
fn swap(old: &RemoteId, change: &Change) -> Vec<LoweredStep> {
    let existing = || LoweredTarget::Existing(old.clone());
    let operate = |name: &str, target: LoweredTarget, after: &[usize]| LoweredStep {
        undo: Some(operation(&format!("un{name}"))),
        ..step(Effect::Operate(operation(name)), target, Part::Establish, name, after)
    };
    let create = LoweredStep {
        undo: Some(operation("discard")),
        ..step(Effect::Create, LoweredTarget::None, Part::Establish, "launch the new fleet", &[0])
    };
    let retire = LoweredStep {
        guard: Some(operation("enough")),
        ..step(Effect::Delete, existing(), Part::Retire, "retire the old fleet", &[3])
    };
    let mut steps = vec![
        operate("pin", existing(), &[]),
        create,
        operate("attach", LoweredTarget::MadeBy(1), &[1]),
        operate("cut_over", LoweredTarget::MadeBy(1), &[2]),
        retire,
    ];
    steps.extend(change.retires.iter().map(|id| delete(id, &[3])));
    steps
}
