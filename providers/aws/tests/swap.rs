//! The life of an auto scaling group against our model of AWS: made, swapped without a dip, swapped by a run that is
//! killed after every call, taken back, deleted.

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
use infra_lang::value::Value;
use infra_local_aws::LocalAws;
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
fn desired(launch: &str) -> Values {
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

/// A cloud, and what a run has on disk.
struct World {
    wire: Wire,
    provider: AwsProvider,
    prior: Option<Prior>,
    notes: BTreeMap<String, serde_json::Value>,
    /// Whether the run is killed after every call that does something.
    killed: bool,
    told: Vec<String>,
}

async fn provider(wire: &Wire) -> AwsProvider {
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
    async fn new() -> Self {
        let (cloud, start) = (LocalAws::new(infra_local_aws::Options::default()), Instant::now());
        let wire: Wire = Arc::new(move |request| {
            let cloud = cloud.clone();
            let passed = u64::try_from(start.elapsed().as_millis()).expect("a short test");
            Box::pin(async move { Ok(cloud.handle(Time(1_795_000_000_000 + passed), &request)) })
        });
        let provider = provider(&wire).await;
        let world =
            Self { wire, provider, prior: None, notes: BTreeMap::new(), killed: false, told: Vec::new() };
        world.set_up().await;
        world
    }

    async fn set_up(&self) {
        let aws = self.provider.aws();
        for name in ["one", "two"] {
            let call = aws.autoscaling.create_launch_configuration().launch_configuration_name(name);
            call.image_id("ami-22de994a")
                .instance_type("t1.micro")
                .send()
                .await
                .expect("a launch configuration");
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
    async fn with_group() -> Self {
        let mut world = Self::new().await;
        let made = world.run(1, Action::Create, &desired("one")).await.expect("a group");
        let id = made.id.expect("an id");
        let call = world.provider.aws().autoscaling.set_desired_capacity().auto_scaling_group_name(&id.0);
        call.desired_capacity(3).send().await.expect("a larger group");
        tokio::time::sleep(Duration::from_secs(200)).await;
        world.look(id).await;
        world
    }

    /// Reads the group: it is what the next change starts from.
    async fn look(&mut self, id: RemoteId) {
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

    /// Runs the steps of a change one after the other; if one fails, takes those before it back.
    async fn run(&mut self, plan: u32, action: Action, desired: &Values) -> Result<Outcome, String> {
        let kind = self.provider.kind(&web().kind).expect("the kind");
        let steps = kind.lower(&self.change(action, desired));
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
            effect,
            arguments: Values::new(),
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
    async fn groups(&self) -> String {
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

    /// The fewest instances that have served at any second, from now on until the task is dropped.
    async fn watch(&self) -> (Arc<Mutex<usize>>, tokio::task::JoinHandle<()>) {
        let least = Arc::new(Mutex::new(usize::MAX));
        let (aws, seen) = (provider(&self.wire).await, Arc::clone(&least));
        let watching = tokio::spawn(async move {
            loop {
                let answer = aws.aws().elb.describe_instance_health().load_balancer_name("lb").send().await;
                let answer = answer.expect("health");
                let serves = |state: &&aws_sdk_elasticloadbalancing::types::InstanceState| {
                    state.state() == Some("InService") && state.description() == Some("N/A")
                };
                let serving = answer.instance_states().iter().filter(serves).count();
                seen.lock().map(|mut least| *least = serving.min(*least)).expect("a lock");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        (least, watching)
    }
}

#[tokio::test(start_paused = true)]
async fn a_swap_carries_the_live_size_over_and_never_dips() {
    let mut world = World::with_group().await;
    let (least, watching) = world.watch().await;
    let swapped = world.run(2, Action::Swap, &desired("two")).await.expect("a swap");
    watching.abort();
    assert_eq!(*least.lock().expect("a lock"), 3);
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 3] 3 running ELB ["lb"] []"#);
    let seen = swapped.observed.expect("what there is now");
    assert_eq!(seen.get("instance_count"), Some(&Value::int(3)));
    world.look(swapped.id.expect("an id")).await;
    world.run(3, Action::Delete, &Values::new()).await.expect("a deletion");
    assert_eq!(world.groups().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_is_killed_after_every_call_ends_the_same() {
    let mut world = World::with_group().await;
    world.killed = true;
    let (least, watching) = world.watch().await;
    world.run(2, Action::Swap, &desired("two")).await.expect("a swap");
    watching.abort();
    assert_eq!(*least.lock().expect("a lock"), 3);
    insta::assert_snapshot!(world.groups().await, @r#"two [1, 6, 3] 3 running ELB ["lb"] []"#);
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_does_not_hold_is_taken_back_to_exactly_what_was() {
    let mut world = World::with_group().await;
    let before = world.groups().await;
    let mut long = desired("two");
    long.insert(
        "swap".into(),
        serde_json::from_value(json!({ "bake": { "$seconds": 600 } })).expect("a block"),
    );
    let saboteur = tokio::spawn(sabotage(provider(&world.wire).await));
    let failure = world.run(2, Action::Swap, &long).await.expect_err("it cannot hold");
    saboteur.await.expect("the saboteur");
    insta::assert_snapshot!(failure, @"the new group serves with 2 instances, and the floor is 3");
    assert_eq!(world.groups().await, before);
    insta::assert_snapshot!(world.told[world.told.len() - 9..].join("\n"), @r"
    detach: detach shop-web-000100 from lb
    return: attach shop-web-000100 to lb
    leave: have shop-web-000200 judge health by EC2
    leave: detach shop-web-000200 from lb
    shrink: resize shop-web-000200: min 0 max 0 desired 0
    remove: delete shop-web-000200
    unpin: have shop-web-000100 judge health by ELB
    unpin: resize shop-web-000100: min 1 max 6
    unpin: resume AZRebalance in shop-web-000100
    ");
}

/// Waits until the new group serves alone, and ends one of its instances.
async fn sabotage(provider: AwsProvider) {
    let aws = provider.aws();
    loop {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let groups = aws.autoscaling.describe_auto_scaling_groups().send().await.expect("groups");
        let all = groups.auto_scaling_groups();
        let alone = all.len() == 2 && all.iter().any(|group| group.load_balancer_names().is_empty());
        let new = all.iter().find(|group| group.launch_configuration_name() == Some("two"));
        if let Some(new) = new.filter(|new| alone && !new.load_balancer_names().is_empty()) {
            let victim = new.instances()[0].instance_id().expect("an id");
            aws.ec2.terminate_instances().instance_ids(victim).send().await.expect("an end");
            return;
        }
    }
}
