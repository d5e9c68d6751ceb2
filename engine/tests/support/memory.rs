//! A strict cloud in memory: it refuses a reference to nothing, the removal of what is in use, and a second object
//! for the same token or the same fixed name. It fails where it is told to.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use infra_engine::change::Identity;
use infra_engine::id::{RemoteId, Token};
use infra_engine::provider::{
    FailureClass, Kind, Observation, Outcome, Progress, Provider, ProviderError, ReadBy, ReadRequest, Tagged,
    Task, Verdict,
};
use infra_engine::steps::{Effect, Operation};
use infra_lang::address::Address;
use infra_lang::desired::Lookup;
use infra_lang::name::KindName;
use infra_lang::residual::Values;
use infra_lang::schema::SchemaSet;
use infra_lang::value::Value;
use serde_json::json;

use super::kinds;

/// One object of the cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    pub kind: KindName,
    pub name: String,
    pub values: Values,
    pub identity: Option<Identity>,
    pub token: Token,
}

#[derive(Default)]
pub struct Cloud {
    pub things: BTreeMap<RemoteId, Thing>,
    /// Every visible effect, in order.
    pub log: Vec<String>,
    /// What fails, as `box.a create`, and how.
    pub failures: BTreeMap<String, Failure>,
    pub unreadable: Option<FailureClass>,
    /// What carries tags.
    pub tagged: Vec<Tagged>,
    made: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Failure {
    /// For good, before anything is done.
    Refused,
    /// For good, after it was done.
    Late,
    /// It is delivered twice once, and the second delivery is refused because of the first.
    Echo,
    /// So many times, and then it works.
    Passing(u32),
    /// It never gets done.
    Never,
    /// No call gets through.
    Outage(FailureClass),
    /// The guard does not hold so many times.
    Unsafe(u32),
}

pub struct Memory {
    kinds: BTreeMap<KindName, Box<dyn Kind>>,
    schemas: SchemaSet,
    pub cloud: Mutex<Cloud>,
}

impl Default for Memory {
    fn default() -> Self {
        let kinds: BTreeMap<KindName, Box<dyn Kind>> =
            kinds::all().into_iter().map(|kind| (kind.schema().name.clone(), kind)).collect();
        let schemas = SchemaSet::new(kinds.values().map(|kind| kind.schema().clone()));
        Self { kinds, schemas, cloud: Mutex::default() }
    }
}

fn refusal(operation: &str, code: &str, class: FailureClass) -> ProviderError {
    ProviderError {
        class,
        operation: operation.to_owned(),
        code: Some(code.to_owned()),
        message: code.to_owned(),
        request_id: None,
        hint: None,
    }
}

fn permanent(code: &str) -> ProviderError {
    refusal("Call", code, FailureClass::Permanent)
}

fn done(id: Option<&RemoteId>, cloud: &Cloud) -> Progress {
    let observed = id.and_then(|id| cloud.things.get(id)).map(|thing| thing.values.clone());
    Progress::Done(Outcome { id: id.cloned(), observed })
}

impl Cloud {
    pub fn called(&self, kind: &str, name: &str) -> Vec<RemoteId> {
        let named = self.things.iter().filter(|(_, thing)| thing.kind == *kind && thing.name == name);
        named.map(|(id, _)| id.clone()).collect()
    }

    fn mentions(&self, id: &RemoteId) -> bool {
        let text = Value::string(id.0.as_str());
        self.things.values().any(|thing| thing.values.values().any(|value| *value == text))
    }

    fn refers_to_nothing(&self, values: &Values) -> bool {
        let ids = values.values().filter_map(|value| value.as_str()).filter(|text| text.contains("-id"));
        ids.into_iter().any(|id| !self.things.contains_key(&RemoteId::from(id)))
    }

    fn create(&mut self, task: &Task) -> Result<Progress, ProviderError> {
        let noted = task.notes.get("create").and_then(|note| note["id"].as_str()).map(RemoteId::from);
        let same_token =
            || self.things.iter().find(|(_, thing)| thing.token == task.token).map(|(id, _)| id.clone());
        let found = noted.clone().or_else(|| if task.in_doubt { same_token() } else { None });
        match found {
            Some(id) if noted.is_some() => Ok(done(Some(&id), self)),
            Some(id) => Ok(Progress::Note(json!({ "id": id.0 }))),
            None => self.make(task),
        }
    }

    fn make(&mut self, task: &Task) -> Result<Progress, ProviderError> {
        let name = task.address.name.to_string();
        if self.things.values().any(|thing| thing.token == task.token) {
            return Err(permanent("Duplicate"));
        }
        if task.kind == *"slot" && !self.called("slot", &name).is_empty() {
            return Err(permanent("NameTaken"));
        }
        if self.refers_to_nothing(&task.desired) {
            return Err(permanent("NoSuchObject"));
        }
        self.made += 1;
        let mut id = RemoteId(format!("{}-id{}", task.address.name, self.made));
        if task.kind == *"cask" {
            let holds = task.desired.get("holds").and_then(Value::as_str).unwrap_or_default();
            id = RemoteId(format!("{}-idof-{holds}", task.address.name));
        }
        if self.things.contains_key(&id) {
            return Ok(Progress::Note(json!({ "id": id.0 })));
        }
        let mut values: Values =
            task.desired.iter().map(|(name, value)| (name.clone(), value.revealed().clone())).collect();
        values.insert("id".into(), Value::string(id.0.as_str()));
        if task.kind == *"box" {
            values.insert("version".into(), Value::int(1));
            values.entry("zone".into()).or_insert(Value::string("z1"));
            values.remove("hidden");
        }
        let thing = Thing {
            kind: task.kind.clone(),
            name,
            values,
            identity: task.identity.clone(),
            token: task.token.clone(),
        };
        self.things.insert(id.clone(), thing);
        Ok(Progress::Note(json!({ "id": id.0 })))
    }

    fn update(&mut self, task: &Task) -> Result<Progress, ProviderError> {
        let Effect::Update(names) = &task.effect else { return Err(permanent("NoUpdate")) };
        let id = task.target.clone().ok_or_else(|| permanent("NoTarget"))?;
        if self.refers_to_nothing(&task.desired) {
            return Err(permanent("NoSuchObject"));
        }
        let thing = self.things.get_mut(&id).ok_or_else(|| permanent("NoSuchObject"))?;
        for name in names {
            match task.desired.get(name) {
                Some(value) if *name != *"hidden" => {
                    thing.values.insert(name.clone(), value.revealed().clone())
                }
                _ => thing.values.remove(name),
            };
        }
        if thing.kind == *"box" && names.iter().any(|name| *name == *"size") {
            let version =
                thing.values.get("version").and_then(|value| value.to_string().parse().ok()).unwrap_or(0);
            thing.values.insert("version".into(), Value::int(version + 1));
        }
        Ok(done(Some(&id), self))
    }

    fn delete(&mut self, task: &Task) -> Result<Progress, ProviderError> {
        let id = task.target.clone().ok_or_else(|| permanent("NoTarget"))?;
        if task.kind == *"rack" {
            let text = Value::string(id.0.as_str());
            self.things.retain(|_, thing| thing.kind != *"shelf" || thing.values.get("rack") != Some(&text));
        }
        if let Some(thing) = self.things.remove(&id)
            && self.mentions(&id)
        {
            self.things.insert(id, thing);
            return Err(permanent("ResourceInUse"));
        }
        Ok(done(None, self))
    }

    fn operate(&mut self, task: &Task, operation: &Operation) -> Result<Progress, ProviderError> {
        if operation.name == "pin" && !task.notes.contains_key("pin") {
            return Ok(Progress::Note(json!({ "was": 3 })));
        }
        if operation.name == "unpin" && !task.notes.contains_key("pin") {
            return Err(permanent("NothingPinned"));
        }
        let Some(id) = &task.target else { return Ok(done(None, self)) };
        if operation.name == "discard" {
            self.things.remove(id);
        } else if let Some(thing) = self.things.get_mut(id) {
            match operation.name.strip_prefix("un") {
                Some(undone) => thing.values.remove(undone),
                None => thing.values.insert(operation.name.as_str().into(), Value::Bool(true)),
            };
        }
        Ok(done(None, self))
    }

    fn act(&mut self, task: &Task) -> Result<Progress, ProviderError> {
        match &task.effect {
            Effect::Create => self.create(task),
            Effect::Update(_) => self.update(task),
            Effect::Delete => self.delete(task),
            Effect::Adopt => Ok(done(task.target.as_ref(), self)),
            Effect::Forget => Err(permanent("ForgetIsNotForAws")),
            Effect::Operate(operation) => self.operate(task, operation),
        }
    }

    fn advance(&mut self, task: &Task) -> Result<Progress, ProviderError> {
        let name = match &task.effect {
            Effect::Update(_) => "update".to_owned(),
            effect => effect.to_string(),
        };
        let place = format!("{} {name}", task.address);
        let failure = self.failures.get(&place).copied();
        match failure {
            Some(Failure::Refused) => return Err(permanent("Refused")),
            Some(Failure::Outage(class)) => return Err(refusal("Call", "Outage", class)),
            Some(Failure::Never) => {
                return Ok(Progress::Waiting { on: "nothing".to_owned(), again: Duration::from_secs(5) });
            }
            Some(Failure::Passing(times)) if times > 0 => {
                self.failures.insert(place, Failure::Passing(times - 1));
                return Err(refusal("Call", "Throttling", FailureClass::Transient));
            }
            _ => {}
        }
        let progress = self.act(task)?;
        if failure == Some(Failure::Echo) {
            self.failures.remove(&place);
            return Err(permanent("Duplicate"));
        }
        if let Progress::Done(_) = &progress {
            if failure == Some(Failure::Late) {
                return Ok(Progress::Stuck("it was made and does not work".to_owned()));
            }
            self.log.push(place);
        }
        Ok(progress)
    }

    fn observe(&self, request: &ReadRequest) -> Observation {
        let found = match &request.by {
            ReadBy::Id(id) => self.things.get_key_value(id),
            ReadBy::Digest(digest) => self.things.iter().find(|(_, thing)| {
                thing.identity.as_ref().is_some_and(|identity| identity.digest == *digest)
            }),
        };
        match found {
            Some((id, thing)) => Observation::Present { id: id.clone(), values: thing.values.clone() },
            None => Observation::Absent,
        }
    }
}

#[async_trait]
impl Provider for Memory {
    fn schemas(&self) -> &SchemaSet {
        &self.schemas
    }

    fn kind(&self, name: &KindName) -> Option<&dyn Kind> {
        self.kinds.get(name).map(|kind| &**kind)
    }

    async fn account(&self) -> Result<String, ProviderError> {
        Ok("123456789012".to_owned())
    }

    async fn read(&self, requests: &[ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        let cloud = self.cloud.lock().expect("no panic");
        let read = |request| match cloud.unreadable {
            Some(class) => Err(refusal("DescribeBoxes", "No", class)),
            None => Ok(cloud.observe(request)),
        };
        requests.iter().map(read).collect()
    }

    async fn lookup(&self, _: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let of = arguments.get("of").and_then(Value::as_str).ok_or_else(|| permanent("NoQuestion"))?;
        let cloud = self.cloud.lock().expect("no panic");
        let thing = cloud.things.get(&RemoteId::from(of)).ok_or_else(|| permanent("NotFound"))?;
        Ok(Values::from([
            ("id".into(), Value::string(of)),
            ("answer".into(), Value::string(format!("{}!", thing.name))),
        ]))
    }

    async fn tagged(&self) -> Result<Vec<Tagged>, ProviderError> {
        Ok(self.cloud.lock().expect("no panic").tagged.clone())
    }

    /// A slot is known by the box that it is for.
    async fn named(&self, kind: &KindName, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        let cloud = self.cloud.lock().expect("no panic");
        let of_box = |wanted: &Values| {
            let same = |values: &Values| wanted.contains_key("box") && values.get("box") == wanted.get("box");
            let slots = cloud.things.iter().filter(|(_, thing)| *kind == *"slot" && thing.kind == *kind);
            slots.filter(|(_, thing)| same(&thing.values)).map(|(id, _)| id.clone()).collect()
        };
        Ok(wanted.iter().map(of_box).collect())
    }

    fn tag_of(&self, address: &Address) -> String {
        address.to_string()
    }

    fn address_of(&self, tag: &str) -> Option<Address> {
        Address::parse(tag)
    }

    async fn advance(&self, task: &Task) -> Result<Progress, ProviderError> {
        // Steps that could run at the same time do.
        tokio::task::yield_now().await;
        self.cloud.lock().expect("no panic").advance(task)
    }

    async fn judge(&self, guard: &Operation, _: &Values, task: &Task) -> Result<Verdict, ProviderError> {
        let mut cloud = self.cloud.lock().expect("no panic");
        let place = format!("{} {}", task.address, guard.name);
        match cloud.failures.get(&place).copied() {
            Some(Failure::Unsafe(times)) if times > 0 => {
                cloud.failures.insert(place, Failure::Unsafe(times - 1));
                Ok(Verdict::Broken("2 of 3 serve".to_owned()))
            }
            _ => Ok(Verdict::Holds),
        }
    }
}
