//! The life of image layers, in process against our model of AWS: the calls of a build in their order, builds that are
//! killed at every point, builds and tests that fail, images that are still in use.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, Instance};
use infra_aws::transport::record::Record;
use infra_aws::transport::{
    Access, Benches, Log, NoLog, Script, Sink, Transport, TransportError, Transports, Upload,
};
use infra_aws::{AwsProvider, Options, Wire};
use infra_engine::change::Identity;
use infra_engine::id::{RemoteId, Token};
use infra_engine::provider::{Observation, Progress, Provider as _, ReadBy, ReadRequest, Task};
use infra_engine::steps::Effect;
use infra_lang::address::Address;
use infra_lang::desired::Content;
use infra_lang::inputs::{FileError, Files};
use infra_lang::name::AttributeName;
use infra_lang::residual::Values;
use infra_lang::value::Value;
use infra_local_aws::LocalAws;
use infra_local_aws::model::Time;
use tokio::time::Instant;

/// Debian 12, which our model of AWS offers.
const BASE: &str = "ami-0064e711cbc7a825e";

const DIGEST: &str = "9c1e42d07f3b9c1e42d07f3b9c1e42d07f3b9c1e42d07f3b9c1e42d07f3b0000";

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

/// Machines on which a script that says `boom` fails.
#[derive(Default)]
struct Fragile {
    benches: Benches,
}

#[async_trait]
impl Transports for Fragile {
    async fn prepare(&self, _: &str) -> Result<Box<dyn Access>, TransportError> {
        Ok(Box::new(Machine))
    }

    fn log(&self) -> Arc<dyn Log> {
        Arc::new(NoLog)
    }

    fn benches(&self) -> &Benches {
        &self.benches
    }
}

struct Machine;

#[async_trait]
impl Access for Machine {
    fn user_data(&self) -> Option<String> {
        Some("#cloud-config\n".to_owned())
    }

    fn key_marker(&self) -> Option<&str> {
        None
    }

    async fn connect(&self, _: &str, _: &str) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl Transport for Machine {
    async fn exec(&self, script: &Script, sink: &dyn Sink) -> Result<i32, TransportError> {
        let fails = String::from_utf8_lossy(&script.body).contains("boom");
        sink.line(if fails { "it went boom" } else { "fine" });
        Ok(if fails { 17 } else { 0 })
    }

    async fn upload(&self, _: &Upload, _: &dyn Sink) -> Result<(), TransportError> {
        Ok(())
    }

    async fn reboot(&mut self, _: &dyn Sink) -> Result<(), TransportError> {
        Ok(())
    }

    async fn close(&mut self) {}
}

/// A model of AWS, and what was asked of it.
#[derive(Clone)]
struct Cloud {
    wire: Wire,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Cloud {
    fn new() -> Self {
        let aws = LocalAws::new(infra_local_aws::Options::default());
        let (start, calls) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
        let log = calls.clone();
        let wire: Wire = Arc::new(move |request| {
            let (aws, log) = (aws.clone(), log.clone());
            Box::pin(async move {
                log.lock().expect("no panic").push(action(request.body()));
                let passed = u64::try_from(start.elapsed().as_millis()).expect("a short test");
                Ok(aws.handle(Time(1_795_000_000_000 + passed), &request))
            })
        });
        Self { wire, calls }
    }

    /// A process that has just started.
    async fn process(&self, transports: Arc<dyn Transports>) -> AwsProvider {
        let options = Options {
            region: Some("us-east-1".to_owned()),
            endpoint: None,
            wire: Some(self.wire.clone()),
            files: Arc::new(NoFiles),
            transports,
            project: "shop".to_owned(),
        };
        AwsProvider::new(options).await.expect("a region")
    }

    async fn recording(&self) -> AwsProvider {
        self.process(Arc::new(Record::new(Arc::new(NoLog)))).await
    }

    /// The calls so far, repetitions in a row taken together.
    fn calls(&self) -> String {
        let mut calls = self.calls.lock().expect("no panic").clone();
        calls.dedup();
        calls.join("\n")
    }
}

fn action(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let action = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    action.unwrap_or_default().to_owned()
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(value).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.into_iter().map(|(key, json)| (key, value(json))).collect())
        }
        serde_json::Value::String(text) => Value::String(text),
        other => panic!("{other} is not used here"),
    }
}

fn desired(steps: serde_json::Value) -> Values {
    let attributes = serde_json::json!({
        "base": BASE,
        "name": "shop-web",
        "ssh_user": "admin",
        "tags": { "app": "web" },
        "builder": { "instance_type": "t3.micro" },
        "steps": steps,
    });
    let Value::Map(attributes) = value(attributes) else { panic!("a map") };
    attributes.into_iter().map(|(name, value)| (AttributeName::new(name), value)).collect()
}

fn shell(command: &str) -> serde_json::Value {
    serde_json::json!({ "step": "shell", "inline": [command] })
}

fn test(command: &str) -> serde_json::Value {
    serde_json::json!({ "step": "test", "shell": [{ "inline": [command] }] })
}

fn task(effect: Effect, target: Option<&str>, desired: Values, token: u8) -> Task {
    let address = Address::managed("ami", "web");
    Task {
        kind: address.kind.clone(),
        address,
        effect,
        arguments: Values::new(),
        target: target.map(RemoteId::from),
        desired,
        prior: None,
        contents: BTreeMap::new(),
        identity: Some(Identity { digest: DIGEST.to_owned(), inputs: BTreeMap::new() }),
        token: Token(format!("{token:032x}")),
        in_doubt: false,
        notes: BTreeMap::new(),
    }
}

fn build(steps: serde_json::Value) -> Task {
    task(Effect::Create, None, desired(steps), 1)
}

/// How a step ended.
#[derive(Debug, PartialEq)]
enum End {
    Done(Option<String>),
    Stuck(String),
    /// It was left after so many calls.
    Left,
}

/// Takes a step further, `limit` times at most.
async fn advance(aws: &AwsProvider, task: &mut Task, limit: usize) -> End {
    let name = if task.effect == Effect::Delete { "delete" } else { "create" };
    for _ in 0..limit {
        match aws.advance(task).await.unwrap_or_else(|error| panic!("{error}")) {
            Progress::Note(note) => drop(task.notes.insert(name.to_owned(), note)),
            Progress::Acted(_) => {}
            Progress::Waiting { again, .. } => tokio::time::sleep(again).await,
            Progress::Done(outcome) => return End::Done(outcome.id.map(|id| id.0)),
            Progress::Stuck(why) => return End::Stuck(why),
        }
    }
    End::Left
}

/// The machines that are not gone or going.
async fn machines(aws: &AwsProvider) -> Vec<String> {
    let alive = ["pending", "running", "stopping", "stopped"];
    let states =
        Filter::builder().name("instance-state-name").set_values(Some(alive.map(str::to_owned).to_vec()));
    let told = aws.aws().ec2.describe_instances().filters(states.build()).send().await.expect("an answer");
    let instances = told.reservations().iter().flat_map(|reservation| reservation.instances());
    instances.filter_map(Instance::instance_id).map(str::to_owned).collect()
}

async fn images(aws: &AwsProvider) -> usize {
    aws.aws().ec2.describe_images().owners("self").send().await.expect("an answer").images().len()
}

#[tokio::test(start_paused = true)]
async fn a_build_makes_these_calls() {
    let cloud = Cloud::new();
    let aws = cloud.recording().await;
    let end = advance(&aws, &mut build(serde_json::json!([shell("true"), shell("date")])), 200).await;
    assert!(matches!(end, End::Done(Some(_))), "{end:?}");
    insta::assert_snapshot!(cloud.calls(), @r"
    DescribeImages
    RunInstances
    DescribeInstances
    StopInstances
    DescribeInstances
    CreateImage
    DescribeImages
    TerminateInstances
    DescribeImages
    ");
    assert!(machines(&aws).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_built_is_found_by_its_digest_and_not_built_again() {
    let cloud = Cloud::new();
    let aws = cloud.recording().await;
    let first = advance(&aws, &mut build(serde_json::json!([shell("true")])), 200).await;
    let again = task(Effect::Create, None, desired(serde_json::json!([shell("true")])), 2);
    cloud.calls.lock().expect("no panic").clear();
    assert_eq!(advance(&aws, &mut again.clone(), 200).await, first);
    assert_eq!(cloud.calls(), "DescribeImages");
    let request = ReadRequest {
        address: again.address.clone(),
        kind: again.kind.clone(),
        by: ReadBy::Digest(DIGEST.to_owned()),
        applied: Values::new(),
    };
    let read = aws.read(&[request]).await.remove(0).expect("an answer");
    let Observation::Present { values, .. } = read else { panic!("it is there") };
    let shown = |name: &str| values.get(name).map(Value::to_string).unwrap_or_default();
    assert_eq!((shown("tags"), shown("digest")), ("{ app = \"web\" }".to_owned(), format!("\"{DIGEST}\"")));
}

/// A build that is killed after any call, with its last note on disk or not, ends with one image and no machine.
#[tokio::test(start_paused = true)]
async fn a_build_that_is_killed_anywhere_goes_on() {
    for last_note_is_lost in [false, true] {
        for calls in 1.. {
            let cloud = Cloud::new();
            let mut task = build(serde_json::json!([shell("true"), test("true")]));
            let first = cloud.recording().await;
            if advance(&first, &mut task, calls - 1).await != End::Left {
                break;
            }
            let noted = task.notes.clone();
            let end = advance(&first, &mut task, 1).await;
            if last_note_is_lost {
                task.notes = noted;
            }
            drop(first);
            task.in_doubt = true;
            let second = cloud.recording().await;
            let end = if end == End::Left { advance(&second, &mut task, 300).await } else { end };
            let place = format!("killed after {calls} calls, last note lost: {last_note_is_lost}");
            assert!(matches!(end, End::Done(Some(_))), "{place}: {end:?}");
            assert_eq!((machines(&second).await, images(&second).await), (Vec::new(), 1), "{place}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_leaves_nothing_behind() {
    let cloud = Cloud::new();
    let aws = cloud.process(Arc::new(Fragile::default())).await;
    let end = advance(&aws, &mut build(serde_json::json!([shell("true"), shell("boom")])), 200).await;
    let End::Stuck(why) = end else { panic!("{end:?}") };
    insta::assert_snapshot!(why, @r"
    shell[1] (boom) failed: it exited with status 17
      ==> shell[1] (boom)
      it went boom
    ");
    assert_eq!((machines(&aws).await, images(&aws).await), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn an_image_whose_test_fails_is_taken_back() {
    let cloud = Cloud::new();
    let aws = cloud.process(Arc::new(Fragile::default())).await;
    let end = advance(&aws, &mut build(serde_json::json!([shell("true"), test("boom")])), 200).await;
    assert!(matches!(&end, End::Stuck(why) if why.starts_with("test[0].shell[0] (boom) failed")), "{end:?}");
    assert_eq!((machines(&aws).await, images(&aws).await), (Vec::new(), 0));
    let snapshots = aws.aws().ec2.describe_snapshots().owner_ids("self").send().await.expect("an answer");
    assert!(snapshots.snapshots().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_image_goes_only_when_nothing_uses_it() {
    let cloud = Cloud::new();
    let aws = cloud.recording().await;
    let End::Done(Some(id)) = advance(&aws, &mut build(serde_json::json!([shell("true")])), 200).await else {
        panic!("it is built")
    };
    let ec2 = &aws.aws().ec2;
    let launched =
        ec2.run_instances().image_id(&id).min_count(1).max_count(1).send().await.expect("an instance");
    let instance = launched.instances()[0].instance_id().expect("an id").to_owned();
    // AWS shows a new instance only after a while.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let mut removal = task(Effect::Delete, Some(&id), Values::new(), 3);
    let waiting = aws.advance(&removal).await.expect("an answer");
    assert!(
        matches!(&waiting, Progress::Waiting { on, .. } if *on == format!("instance {instance} to leave image {id}")),
        "{waiting:?}"
    );
    ec2.terminate_instances().instance_ids(&instance).send().await.expect("an answer");
    assert_eq!(advance(&aws, &mut removal, 100).await, End::Done(None));
    assert_eq!(images(&aws).await, 0);
    let snapshots = ec2.describe_snapshots().owner_ids("self").send().await.expect("an answer");
    assert!(snapshots.snapshots().is_empty(), "its snapshots stayed");
    assert_eq!(
        advance(&aws, &mut task(Effect::Delete, Some(&id), Values::new(), 4), 5).await,
        End::Done(None)
    );
}
