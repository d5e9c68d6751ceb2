//! A project with its cloud, its state and its journal.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use infra_engine::apply::{Apply, ApplyError, ApplyReport, Limits, Stop, apply};
use infra_engine::ephemeral::Given;
use infra_engine::event::{ApplyEvent, StepEvent, Watch};
use infra_engine::plan::{Plan, PlanError, PlanInput, destroy, plan};
use infra_engine::refresh::refresh;
use infra_engine::seal::{SealKey, secrets_of, unseal};
use infra_engine::state::State;
use infra_engine::store::{MemoryStore, StateStore, StoreError, load_journal, load_state};
use infra_lang::desired::Desired;

use super::memory::{Cloud, Failure, Memory};
use super::text;

#[derive(Default)]
pub struct World {
    pub memory: Memory,
    pub store: Crashing,
    pub limits: Limits,
    pub stop: Stop,
    pub told: Told,
    pub ephemeral: Given,
}

/// A store that crashes: from the given append on, nothing is written any more.
#[derive(Default)]
pub struct Crashing {
    pub inner: MemoryStore,
    pub appends: AtomicUsize,
    pub crash_at: Option<usize>,
    /// Whether the line at which it crashes is half on disk.
    pub torn: bool,
    /// After so many writes somebody else has the lock.
    pub lost_at: Option<usize>,
}

#[async_trait]
impl StateStore for Crashing {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load().await
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        self.append_allowed()?;
        self.inner.save(state).await
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.backup().await
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.inner.keep(label, bytes).await
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        let crash = self.append_allowed();
        if crash.is_err() && self.torn {
            let mut journal = self.inner.journal_load().await?.unwrap_or_default();
            journal.extend(line.bytes().take(line.len() / 2));
            self.inner.set_journal(Some(journal));
        }
        crash?;
        self.inner.journal_append(line).await
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.journal_load().await
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        self.append_allowed()?;
        self.inner.journal_clear().await
    }

    async fn lost(&self) -> StoreError {
        match self.lost_at {
            Some(lost) if self.appends.load(Ordering::SeqCst) >= lost => StoreError::new("lost"),
            _ => std::future::pending().await,
        }
    }
}

impl Crashing {
    fn append_allowed(&self) -> Result<(), StoreError> {
        let at = self.appends.fetch_add(1, Ordering::SeqCst);
        match self.crash_at {
            Some(crash) if at >= crash => Err(StoreError::new("crashed")),
            _ => Ok(()),
        }
    }
}

/// What was told while applying, one line for each event.
#[derive(Default)]
pub struct Told(Mutex<Vec<String>>);

impl Told {
    pub fn take(&self) -> String {
        self.0.lock().expect("no panic").drain(..).map(|line| line + "\n").collect()
    }
}

impl Watch for Told {
    fn event(&self, event: &ApplyEvent) {
        let what = match &event.what {
            StepEvent::Started(title) => format!("start: {title}"),
            StepEvent::Acted(what) => format!("act: {what}"),
            StepEvent::Waiting(on) => format!("wait: {on}"),
            StepEvent::Succeeded(_) => "done".to_owned(),
            StepEvent::Failed(failure) => format!("failed: {failure}"),
            StepEvent::Undoing(title) => format!("undo: {title}"),
            StepEvent::Undone => "undone".to_owned(),
            StepEvent::Skipped(because) => format!("skipped because of {because}"),
        };
        let line = format!("{:>3}s {} {what}", event.at.as_secs(), event.address);
        self.0.lock().expect("no panic").push(line);
    }
}

impl World {
    pub async fn with(config: &str) -> Self {
        let world = Self::default();
        let report = world.apply(config).await;
        assert!(report.is_success(), "{report:?}");
        world.told.take();
        world.cloud(|cloud| cloud.log.clear());
        world
    }

    pub fn cloud<T>(&self, f: impl FnOnce(&mut Cloud) -> T) -> T {
        f(&mut self.memory.cloud.lock().expect("no panic"))
    }

    pub fn fails(&self, place: &str, failure: Failure) {
        self.cloud(|cloud| cloud.failures.insert(place.to_owned(), failure));
    }

    pub async fn state(&self) -> State {
        let state = load_state(&self.store).await.expect("the state is good");
        let new = || State::new("l".repeat(32), SealKey([7; 32]), "test", "123456789012", "eu-west-1");
        state.unwrap_or_else(new)
    }

    pub async fn try_plan(&self, config: &str) -> Result<Plan, PlanError> {
        self.plan_of(&text::desired(config), plan).await
    }

    pub async fn try_plan_of(&self, desired: &Desired) -> Result<Plan, PlanError> {
        self.plan_of(desired, plan).await
    }

    pub async fn plan(&self, config: &str) -> Plan {
        self.try_plan(config).await.expect("there is a plan")
    }

    pub async fn plan_destroy(&self) -> Result<Plan, PlanError> {
        self.plan_destroy_of(&text::desired("")).await
    }

    pub async fn plan_destroy_of(&self, desired: &Desired) -> Result<Plan, PlanError> {
        self.plan_of(desired, destroy).await
    }

    async fn plan_of(
        &self,
        desired: &Desired,
        make: fn(&PlanInput<'_>) -> Result<Plan, PlanError>,
    ) -> Result<Plan, PlanError> {
        let state = self.state().await;
        let observed = refresh(desired, &state, &self.memory).await.expect("the cloud can be read");
        let provider = &self.memory;
        make(&PlanInput { desired, state: &state, observed: &observed, provider, location: &text::location })
    }

    pub async fn try_apply(&self, plan: &Plan) -> Result<ApplyReport, ApplyError> {
        self.run(plan, Vec::new()).await
    }

    pub async fn apply(&self, config: &str) -> ApplyReport {
        let plan = self.plan(config).await;
        self.try_apply(&plan).await.expect("it runs to its end")
    }

    /// Goes on with an unfinished apply, if there is one; `original` gives the secrets again.
    pub async fn resume(&self, original: &Plan) -> Option<Result<ApplyReport, ApplyError>> {
        let journal = load_journal(&self.store).await.expect("the journal is good")?;
        let state = self.state().await;
        let plan = unseal(&journal.plan, &state.key, secrets_of(original)).expect("all secrets are there");
        Some(self.run(&plan, journal.events).await)
    }

    async fn run(
        &self,
        plan: &Plan,
        events: Vec<infra_engine::journal::JournalEvent>,
    ) -> Result<ApplyReport, ApplyError> {
        apply(Apply {
            plan,
            events,
            state: self.state().await,
            ephemeral: self.ephemeral.clone(),
            provider: &self.memory,
            store: &self.store,
            watch: &self.told,
            limits: self.limits,
            stop: self.stop.clone(),
        })
        .await
    }

    /// The plan of one configuration when another has been applied, as text.
    pub async fn check(before: &str, config: &str) -> String {
        let world = Self::with(before).await;
        match world.try_plan(config).await {
            Ok(plan) => plan.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// The objects of the state as text.
    pub async fn state_text(&self) -> String {
        let state = self.state().await;
        let line = |(address, record): (&infra_lang::address::Address, &infra_engine::state::Record)| {
            let current = record.current.as_ref().map_or("none".to_owned(), |object| object.id.to_string());
            let former: Vec<String> = record.former.iter().map(|object| object.id.to_string()).collect();
            let former =
                if former.is_empty() { String::new() } else { format!(" formerly {}", former.join(", ")) };
            format!("{address} {current}{former}\n")
        };
        state.records.iter().map(line).collect()
    }
}
