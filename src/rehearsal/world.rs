//! A copy of AWS under the rehearsal's clock, and whoever prompts it to misbehave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Request;
use infra_aws::Wire;
use infra_engine::event::{ApplyEvent, StepEvent, Watch};
use infra_engine::id::StepId;
use infra_engine::plan::Plan;
use infra_local_aws::cloud::DEFAULT_ACCOUNT;
use infra_local_aws::fault::Fault;
use infra_local_aws::gauge::Gauge;
use infra_local_aws::model::route53::RecordSet;
use infra_local_aws::model::{Model, Time};
use infra_local_aws::service::HOME;
use infra_local_aws::traffic::{TrafficReport, TrafficSpec};
use infra_local_aws::{Exchange, LocalAws};
use tokio::time::Instant;

use super::Stage;
use super::looks::Looks;
use super::trouble::{Cue, Strike, Trouble};
use crate::cloud::CALL;

/// A copy of AWS, and the clock it lives by.
#[derive(Clone)]
pub struct World {
    aws: LocalAws,
    region: String,
    origin: Time,
    begun: Instant,
}

impl World {
    /// A copy for one rehearsal. Must be made in the runtime whose clock it follows.
    pub fn new(stage: &Stage<'_>, seed: u64) -> Self {
        let aws = stage.aws.fork(seed);
        aws.with_model(DEFAULT_ACCOUNT, &stage.region, stage.now, be_known);
        Self { aws, region: stage.region.clone(), origin: stage.now, begun: Instant::now() }
    }

    /// Milliseconds since the rehearsal began.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How the groups are now.
    pub fn gauge(&self) -> Gauge {
        self.aws.gauge(DEFAULT_ACCOUNT, &self.region, self.now())
    }

    /// Has users ask from now on.
    pub fn ask(&self, spec: TrafficSpec) {
        self.aws.start_traffic(DEFAULT_ACCOUNT, &self.region, self.now(), spec);
    }

    /// What became of all requests so far.
    pub fn reports(&self) -> Vec<TrafficReport> {
        self.aws.traffic_report(DEFAULT_ACCOUNT, &self.region, self.now())
    }

    /// Looks at what there is.
    pub fn model<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        self.aws.with_model(DEFAULT_ACCOUNT, &self.region, self.now(), |model| look(model))
    }

    /// The name of a record that leads to a load balancer, given by its own name.
    pub fn record_to(&self, dns_name: &str) -> Option<String> {
        let leads = |record: &RecordSet| {
            let alias = record.alias.iter().map(|alias| &alias.dns_name);
            alias
                .chain(&record.values)
                .any(|to| to.trim_end_matches('.').trim_start_matches("dualstack.") == dns_name)
        };
        self.aws.with_model(DEFAULT_ACCOUNT, HOME, self.now(), |model| {
            let mut records = model.route53.zones.values().flat_map(|zone| zone.records.values());
            records.find(|record| leads(record)).map(|record| record.name.clone())
        })
    }

    /// When the rehearsal began.
    pub fn origin(&self) -> Time {
        self.origin
    }

    fn now(&self) -> Time {
        self.origin + self.begun.elapsed()
    }

    /// The copy as the SDK's connector; one looks at it after every request.
    pub fn wire(&self, prompter: Prompter, looks: Looks) -> Wire {
        let world = self.clone();
        Arc::new(move |request| {
            prompter.before(&request);
            let Exchange { answer, delay } = world.aws.exchange(world.now(), &request);
            looks.look(&world);
            Box::pin(async move {
                tokio::time::sleep(CALL + delay).await;
                answer
            })
        })
    }
}

/// Has name servers know every load balancer that is there, as in copies of AWS itself: a new one's name takes up to a
/// minute to resolve, which is no doing of the plan, and users do not know it before.
fn be_known(model: &mut Model) {
    model.elb.balancers.values_mut().for_each(|balancer| balancer.resolvable = balancer.created);
}

/// Watches an apply: writes down what happens, and has things go wrong at their cue.
#[derive(Clone)]
pub struct Prompter {
    world: World,
    /// What each step may be called by, in lower case: the name of its operation, and its title.
    words: Arc<BTreeMap<StepId, (String, String)>>,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    events: Vec<ApplyEvent>,
    troubles: Vec<Trouble>,
    /// What strikes a write of the step that has begun, and how many writes before it go well.
    armed: Vec<(String, u32)>,
}

impl Prompter {
    /// Somebody who knows the plan, and what is to go wrong.
    pub fn new(world: &World, plan: &Plan, troubles: &[Trouble]) -> Self {
        let steps = plan.steps.steps.iter().enumerate();
        let words = steps
            .map(|(at, step)| (StepId(at), (step.effect.name().to_lowercase(), step.title.to_lowercase())));
        let kept = Kept { events: Vec::new(), troubles: troubles.to_vec(), armed: Vec::new() };
        let (world, words) = (world.clone(), Arc::new(words.collect()));
        let prompter = Self { world, words, kept: Arc::new(Mutex::new(kept)) };
        prompter.cue(|cue| *cue == Cue::Curtain);
        prompter
    }

    /// What has happened so far.
    pub fn events(&self) -> Vec<ApplyEvent> {
        self.kept().events.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has everything go wrong whose cue this is, each thing once.
    fn cue(&self, is_now: impl Fn(&Cue) -> bool) {
        let mut kept = self.kept();
        let (due, rest) =
            std::mem::take(&mut kept.troubles).into_iter().partition(|it: &Trouble| is_now(&it.cue));
        kept.troubles = rest;
        for trouble in due {
            match trouble.strike {
                Strike::Fault(fault) => self.world.aws.inject(self.world.now(), fault),
                Strike::Write { effect, number } => kept.armed.push((effect, number)),
            }
        }
    }

    /// A write meets what is armed once enough went well.
    fn before(&self, request: &Request<Bytes>) {
        if !is_write(request) {
            return;
        }
        let mut kept = self.kept();
        kept.armed.iter_mut().for_each(|(_, left)| *left = left.saturating_sub(1));
        let (struck, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut kept.armed).into_iter().partition(|it| it.1 == 0);
        kept.armed = rest;
        for fault in struck.iter().filter_map(|(effect, _)| format!("*:*={effect}").parse::<Fault>().ok()) {
            self.world.aws.inject(self.world.now(), fault);
        }
    }
}

/// By the query protocol's `Action`; the other protocols have a path or a method that tells.
fn is_write(request: &Request<Bytes>) -> bool {
    let looks =
        |action: &[u8]| ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb.as_bytes()));
    let operation = request.uri().path().rsplit('/').next().unwrap_or_default();
    match request.body().strip_prefix(b"Action=".as_slice()) {
        Some(action) => !looks(action),
        None => request.method() != http::Method::GET && !looks(operation.as_bytes()),
    }
}

impl Watch for Prompter {
    fn event(&self, event: &ApplyEvent) {
        self.kept().events.push(event.clone());
        if matches!(event.what, StepEvent::Started(_))
            && let Some((name, title)) = self.words.get(&event.step)
        {
            self.cue(|cue| cue.is_of(name, title));
        }
    }
}
