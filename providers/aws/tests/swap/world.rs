//! A group, the cloud it lives in, and a run that carries a change of it out step by step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_elasticloadbalancing::types::{
    ConnectionDraining, CrossZoneLoadBalancing, HealthCheck, Listener, LoadBalancerAttributes,
};
use infra_aws::transport::NoLog;
use infra_aws::transport::record::Record;
use infra_aws::{AwsProvider, Options, Wire};
use infra_engine::change::{Action, Change, Prior};
use infra_engine::id::{RemoteId, Token};
use infra_engine::provider::{
    Observation, Outcome, Progress, Provider as _, ReadBy, ReadRequest, Task, Verdict,
};
use infra_engine::steps::{Effect, LoweredStep, LoweredTarget, Operation};
use infra_lang::address::Address;
use infra_lang::desired::Content;
use infra_lang::inputs::{FileError, Files};
use infra_lang::residual::{Residual, Values};
use infra_local_aws::LocalAws;
use infra_local_aws::fault::Fault;
use infra_local_aws::gauge::GroupGauge;
use infra_local_aws::model::Time;
use serde_json::json;
use tokio::time::Instant;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::Missing)
    }

    fn content(&self, _: &str, _: &[String]) -> Result<Content, FileError> {
        Err(FileError::Missing)
    }

    fn matching(&self, _: &str, _: &str) -> Result<Vec<String>, FileError> {
        Ok(Vec::new())
    }
}

/// The group's address.
fn web() -> Address {
    Address::managed("autoscaling_group", "web")
}

/// What the block says, launching from `launch`.
pub(crate) fn desired(launch: &str) -> Values {
    let json = json!({
        "name_prefix": "shop-web-",
        "launch": launch,
        "min_size": 1,
        "max_size": 6,
        "desired_capacity": 2,
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "load_balancers": { "$set": ["lb"] },
        "health_check_grace_period": { "$seconds": 60 },
        "default_cooldown": { "$seconds": 300 },
        "termination_policies": ["Default"],
        "metrics_granularity": "1Minute",
        "tags": { "app": "shop" },
        "swap": { "bake": { "$seconds": 60 } },
    });
    serde_json::from_value(json).expect("attributes")
}

/// The same with another `swap` block.
pub(crate) fn by(launch: &str, swap: serde_json::Value) -> Values {
    let mut desired = desired(launch);
    desired.insert("swap".into(), serde_json::from_value(swap).expect("a block"));
    desired
}

/// A cloud, and what a run has on disk.
pub(crate) struct World {
    cloud: LocalAws,
    begun: Instant,
    pub(crate) wire: Wire,
    pub(crate) provider: AwsProvider,
    prior: Option<Prior>,
    notes: BTreeMap<String, serde_json::Value>,
    /// Whether the run is killed after every call that does something.
    pub(crate) killed: bool,
    /// What has been done, a line each.
    pub(crate) told: Vec<String>,
}

/// What has been seen of all groups since a moment: the fewest instances that served, and the most there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) least: usize,
    pub(crate) most: usize,
}

/// The moment of the model when a test has run for so long.
fn moment(begun: Instant) -> Time {
    Time(1_795_000_000_000 + u64::try_from(begun.elapsed().as_millis()).expect("a short test"))
}

pub(crate) async fn provider(wire: &Wire) -> AwsProvider {
    let options = Options {
        region: Some("us-east-1".to_owned()),
        endpoint: None,
        wire: Some(Arc::clone(wire)),
        files: Arc::new(NoFiles),
        transports: Arc::new(Record::new(Arc::new(NoLog))),
        project: "shop".to_owned(),
    };
    AwsProvider::new(options).await.expect("a region")
}

impl World {
    /// Launch configurations `one` and `two`, and the load balancer `lb`.
    pub(crate) async fn new() -> Self {
        let (cloud, begun) = (LocalAws::new(infra_local_aws::Options::default()), Instant::now());
        let served = cloud.clone();
        let wire: Wire = Arc::new(move |request| {
            let cloud = served.clone();
            Box::pin(async move { Ok(cloud.handle(moment(begun), &request)) })
        });
        let provider = provider(&wire).await;
        let (prior, notes, told) = (None, BTreeMap::new(), Vec::new());
        let world = Self { cloud, begun, wire, provider, prior, notes, killed: false, told };
        world.set_up().await;
        world
    }

    async fn set_up(&self) {
        let aws = self.provider.aws();
        for (name, image) in [("one", "ami-22de994a"), ("two", "ami-1ebb2077")] {
            let call = aws.autoscaling.create_launch_configuration().launch_configuration_name(name);
            call.image_id(image).instance_type("t1.micro").send().await.expect("a launch configuration");
        }
        let listener = Listener::builder().protocol("http").load_balancer_port(80).instance_port(80);
        let call = aws.elb.create_load_balancer().load_balancer_name("lb");
        let call = call.availability_zones("us-east-1a").availability_zones("us-east-1b");
        call.listeners(listener.build().expect("a listener")).send().await.expect("a load balancer");
        let check = HealthCheck::builder().target("TCP:80").interval(10).timeout(5);
        let check = check.healthy_threshold(2).unhealthy_threshold(2).build().expect("a health check");
        let call = aws.elb.configure_health_check().load_balancer_name("lb").health_check(check);
        call.send().await.expect("a health check");
        let attributes = LoadBalancerAttributes::builder()
            .cross_zone_load_balancing(CrossZoneLoadBalancing::builder().enabled(true).build())
            .connection_draining(ConnectionDraining::builder().enabled(true).timeout(60).build());
        let call = aws.elb.modify_load_balancer_attributes().load_balancer_name("lb");
        call.load_balancer_attributes(attributes.build()).send().await.expect("attributes");
    }

    /// A group of three, one more than the file starts it with: somebody has scaled it.
    pub(crate) async fn with_group() -> Self {
        Self::with_group_of(3).await
    }

    /// The same with so many.
    pub(crate) async fn with_group_of(size: i32) -> Self {
        let mut world = Self::new().await;
        world.grow("one", size).await;
        world
    }

    /// Makes the group, launching from `launch`, and gives it a size.
    pub(crate) async fn grow(&mut self, launch: &str, size: i32) {
        let made = self.run(1, Action::Create, &desired(launch)).await.expect("a group");
        let id = made.id.expect("an id");
        let call = self.provider.aws().autoscaling.set_desired_capacity().auto_scaling_group_name(&id.0);
        call.desired_capacity(size).send().await.expect("another size");
        tokio::time::sleep(Duration::from_secs(400)).await;
        self.look(id).await;
        self.told.clear();
    }

    /// The images of all instances in service.
    pub(crate) fn images(&self) -> Vec<String> {
        let gauge = self.cloud.gauge("123456789012", "us-east-1", moment(self.begun));
        let members = gauge.groups.into_values().flat_map(|group| group.members.into_values());
        members.filter(|member| member.lifecycle == "InService").map(|member| member.image).collect()
    }

    /// Has something go wrong, in the words of `infra_local_aws::fault`.
    pub(crate) fn spoil(&self, fault: &str) {
        let fault: Fault = fault.parse().expect("a fault");
        self.cloud.inject(moment(self.begun), fault);
    }

    /// The name of the group as it was read last.
    pub(crate) fn group(&self) -> String {
        self.prior.as_ref().expect("a group").id.0.clone()
    }

    /// Reads the group: it is what the next change starts from.
    pub(crate) async fn look(&mut self, id: RemoteId) {
        let applied = desired("one");
        let request = ReadRequest {
            address: web(),
            kind: web().kind,
            by: ReadBy::Id(id.clone()),
            applied: applied.clone(),
        };
        let answer = self.provider.read(&[request]).await.pop().expect("one answer").expect("a group");
        let Observation::Present { values: observed, .. } = answer else { panic!("{id} is not there") };
        self.prior = Some(Prior { id, applied, observed, identity: None });
        self.notes.clear();
    }

    fn change(&self, action: Action, desired: &Values) -> Change {
        Change {
            address: web(),
            kind: web().kind,
            action,
            reasons: Vec::new(),
            attributes: Vec::new(),
            prior: self.prior.clone(),
            desired: desired
                .iter()
                .map(|(name, value)| (name.clone(), Residual::Known(value.clone())))
                .collect(),
            contents: BTreeMap::new(),
            identity: None,
            retires: Vec::new(),
            consequence: None,
            location: None,
            timeouts: BTreeMap::new(),
            preconditions: Vec::new(),
            postconditions: Vec::new(),
            rollout: None,
        }
    }

    /// Runs the steps of a change one after the other; if one fails, takes those before it back unless the change
    /// pauses.
    pub(crate) async fn run(
        &mut self,
        plan: u32,
        action: Action,
        desired: &Values,
    ) -> Result<Outcome, String> {
        let kind = self.provider.kind(&web().kind).expect("the kind");
        let change = self.change(action, desired);
        let (steps, pauses) = (kind.lower(&change), kind.pauses(&change));
        let (mut made, mut last) = (None, Outcome::default());
        for (at, step) in steps.iter().enumerate() {
            let task =
                self.task(step, step.effect.clone(), &made, desired, Token(format!("{plan:04x}{at:028x}")));
            match self.step(task, step.guard.as_ref(), step.timeout).await {
                Ok(outcome) if step.effect == Effect::Create => {
                    made.clone_from(&outcome.id);
                    last = outcome;
                }
                Ok(outcome) if outcome.observed.is_some() => last = outcome,
                Ok(_) => {}
                Err(why) if pauses => return Err(why),
                Err(why) => {
                    for (at, step) in steps[..at].iter().enumerate().rev() {
                        let Some(undo) = &step.undo else { continue };
                        let effect = Effect::Operate(undo.clone());
                        let task =
                            self.task(step, effect, &made, desired, Token(format!("{plan:04x}{at:028x}")));
                        self.step(task, None, step.timeout).await?;
                    }
                    return Err(why);
                }
            }
        }
        Ok(last)
    }

    fn task(
        &self,
        step: &LoweredStep,
        effect: Effect,
        made: &Option<RemoteId>,
        desired: &Values,
        token: Token,
    ) -> Task {
        let target = match &step.target {
            LoweredTarget::None => None,
            LoweredTarget::Existing(id) => Some(id.clone()),
            LoweredTarget::MadeBy(_) => made.clone(),
        };
        Task {
            address: web(),
            kind: web().kind,
            arguments: arguments(&effect),
            effect,
            target,
            desired: desired.clone(),
            prior: self.prior.clone(),
            contents: BTreeMap::new(),
            identity: None,
            token,
            in_doubt: false,
            notes: BTreeMap::new(),
        }
    }

    /// Runs one step to its end, as the engine's loop does.
    async fn step(
        &mut self,
        mut task: Task,
        guard: Option<&Operation>,
        limit: Duration,
    ) -> Result<Outcome, String> {
        let name = match &task.effect {
            Effect::Operate(operation) => operation.name.clone(),
            other => format!("{other:?}").to_lowercase(),
        };
        let (deadline, mut lost) = (Instant::now() + limit, self.killed);
        while Instant::now() < deadline {
            task.notes.clone_from(&self.notes);
            if let Some(why) = self.broken(guard, &task).await {
                self.told.push(format!("{name} guarded: {why}"));
                tokio::time::sleep(Duration::from_secs(5)).await;
                continue;
            }
            match self.provider.advance(&task).await.map_err(|error| error.to_string())? {
                // Killed before the note was on disk: it has to be found out again.
                Progress::Note(_) if std::mem::take(&mut lost) => self.kill(&mut task).await,
                Progress::Note(note) => drop(self.notes.insert(name.clone(), note)),
                Progress::Acted(what) => {
                    self.told.push(format!("{name}: {what}"));
                    if self.killed {
                        self.kill(&mut task).await;
                    }
                }
                Progress::Waiting { again, .. } => tokio::time::sleep(again).await,
                Progress::Done(outcome) => return Ok(outcome),
                Progress::Stuck(reason) => return Err(reason),
            }
        }
        Err(format!("{name} took too long"))
    }

    async fn broken(&self, guard: Option<&Operation>, task: &Task) -> Option<String> {
        let guard = guard?;
        let known =
            guard.arguments.iter().filter_map(|(name, value)| Some((name.clone(), value.known()?.clone())));
        match self.provider.judge(guard, &known.collect(), task).await.expect("a verdict") {
            Verdict::Holds => None,
            Verdict::Broken(why) => Some(why),
        }
    }

    /// Another process takes over: what was only in memory is lost.
    async fn kill(&mut self, task: &mut Task) {
        self.provider = provider(&self.wire).await;
        task.in_doubt = true;
    }

    /// Every group: name without its prefix's ending, sizes, instances, balancers, suspended processes.
    pub(crate) async fn groups(&self) -> String {
        let answer =
            self.provider.aws().autoscaling.describe_auto_scaling_groups().send().await.expect("groups");
        let line = |group: &aws_sdk_autoscaling::types::AutoScalingGroup| {
            let sizes =
                [group.min_size(), group.max_size(), group.desired_capacity()].map(Option::unwrap_or_default);
            let suspended: Vec<_> =
                group.suspended_processes().iter().filter_map(|one| one.process_name()).collect();
            let launch = group.launch_configuration_name().unwrap_or_default();
            let health = group.health_check_type().unwrap_or_default();
            let (instances, balancers) = (group.instances().len(), group.load_balancer_names());
            format!("{launch} {sizes:?} {instances} running {health} {balancers:?} {suspended:?}")
        };
        answer.auto_scaling_groups().iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What is seen of the groups from now on, at every second, until the run is over.
    pub(crate) async fn watched(
        &mut self,
        plan: u32,
        action: Action,
        desired: &Values,
    ) -> (Result<Outcome, String>, Seen) {
        let (cloud, begun) = (self.cloud.clone(), self.begun);
        let seen = Arc::new(Mutex::new(Seen { least: usize::MAX, most: 0 }));
        let noted = Arc::clone(&seen);
        let watching = tokio::spawn(async move {
            loop {
                let gauge = cloud.gauge("123456789012", "us-east-1", moment(begun));
                let (serving, there) = (gauge.serving(), gauge.groups.values().map(staying).sum::<usize>());
                let more = |seen: Seen| Seen { least: seen.least.min(serving), most: seen.most.max(there) };
                noted.lock().map(|mut seen| *seen = more(*seen)).expect("a lock");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let ended = self.run(plan, action, desired).await;
        watching.abort();
        let seen = *seen.lock().expect("a lock");
        (ended, seen)
    }
}

/// The instances of a group that are not on their way out.
fn staying(group: &GroupGauge) -> usize {
    group.members.values().filter(|member| !member.lifecycle.starts_with("Terminating")).count()
}

/// What is known of an operation's arguments: all of it.
fn arguments(effect: &Effect) -> Values {
    let Effect::Operate(operation) = effect else { return Values::new() };
    let known = operation.arguments.iter();
    known.filter_map(|(name, value)| Some((name.clone(), value.known()?.clone()))).collect()
}
