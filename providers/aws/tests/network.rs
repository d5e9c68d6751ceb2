//! The life of networks, security groups, key pairs and DNS records: made, read back as applied, changed, made again
//! by a run that lost its notes, deleted. In process against our model of AWS; against the server of
//! `INFRA_TEST_ENDPOINT` too if that is set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancing::types::Listener;
use infra_aws::transport::NoLog;
use infra_aws::transport::record::Record;
use infra_aws::{AwsProvider, Options, Wire};
use infra_engine::id::{RemoteId, Token};
use infra_engine::provider::{
    Observation, Progress, Provider as _, ProviderError, ReadBy, ReadRequest, Task,
};
use infra_engine::steps::Effect;
use infra_lang::address::{Address, Mode};
use infra_lang::desired::{Content, Lookup};
use infra_lang::inputs::{FileError, Files};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::Presence;
use infra_lang::span::{FileId, Span};
use infra_lang::value::Value;
use infra_local_aws::LocalAws;
use infra_local_aws::model::Time;
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

fn options() -> Options {
    Options {
        region: Some("us-east-1".to_owned()),
        endpoint: None,
        wire: None,
        files: Arc::new(NoFiles),
        transports: Arc::new(Record::new(Arc::new(NoLog))),
        project: "test".to_owned(),
    }
}

/// Our model of AWS under the clock of the test.
fn modelled() -> Options {
    let aws = LocalAws::new(infra_local_aws::Options::default());
    let start = Instant::now();
    let wire: Wire = Arc::new(move |request| {
        let aws = aws.clone();
        Box::pin(async move {
            let passed = u64::try_from(start.elapsed().as_millis()).expect("a short test");
            Ok(aws.handle(Time(1_795_000_000_000 + passed), &request))
        })
    });
    Options { wire: Some(wire), ..options() }
}

struct Life {
    provider: AwsProvider,
    steps: u32,
    acts: Vec<String>,
}

impl Life {
    async fn new(options: Options) -> Self {
        Self { provider: AwsProvider::new(options).await.expect("a region"), steps: 0, acts: Vec::new() }
    }

    /// What a block says, with the defaults of its kind.
    fn desired(&self, kind: &str, written: &[(&str, Value)]) -> Values {
        let schema = self.provider.schemas().kind(kind).expect(kind);
        let defaults = schema.attributes.iter().filter_map(|attribute| match &attribute.presence {
            Presence::Default(value) => Some((attribute.name.clone(), value.clone())),
            _ => None,
        });
        let written = written.iter().map(|(name, value)| (AttributeName::new(name), value.clone()));
        defaults.chain(written).collect()
    }

    fn task(&mut self, kind: &str, effect: Effect, target: Option<&str>, desired: &Values) -> Task {
        self.steps += 1;
        let address = Address::managed(kind, "main");
        Task {
            kind: address.kind.clone(),
            address,
            effect,
            arguments: Values::new(),
            target: target.map(RemoteId::from),
            desired: desired.clone(),
            prior: None,
            contents: BTreeMap::new(),
            identity: None,
            token: Token(format!("{:032x}", self.steps)),
            in_doubt: false,
            notes: BTreeMap::new(),
        }
    }

    /// Runs a step to its end; the id of the object.
    async fn run(&mut self, mut task: Task) -> Option<String> {
        let name = match task.effect {
            Effect::Create => "create",
            Effect::Update(_) => "update",
            _ => "delete",
        };
        for _ in 0..100 {
            match self
                .provider
                .advance(&task)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", task.address))
            {
                Progress::Note(note) => drop(task.notes.insert(name.to_owned(), note)),
                Progress::Acted(what) => self.acts.push(what),
                Progress::Waiting { again, .. } => tokio::time::sleep(again).await,
                Progress::Done(outcome) => return outcome.id.map(|id| id.0),
                Progress::Stuck(reason) => panic!("{}: {reason}", task.address),
            }
        }
        panic!("{} never ends", task.address)
    }

    async fn create(&mut self, kind: &str, desired: &Values) -> String {
        let task = self.task(kind, Effect::Create, None, desired);
        let id = self.run(task).await.expect("an id");
        self.settled(kind, &id, desired).await;
        id
    }

    async fn update(&mut self, kind: &str, id: &str, desired: &Values) -> String {
        let task = self.task(kind, Effect::Update(Vec::new()), Some(id), desired);
        let id = self.run(task).await.expect("an id");
        self.settled(kind, &id, desired).await;
        id
    }

    async fn delete(&mut self, kind: &str, id: &str) {
        let task = self.task(kind, Effect::Delete, Some(id), &Values::new());
        assert_eq!(self.run(task).await, None);
        assert_eq!(self.read(kind, id, &Values::new()).await, None, "{id} is still there");
    }

    async fn lookup(&self, kind: &str, arguments: &[(&str, Value)]) -> Result<Values, ProviderError> {
        let address = Address { mode: Mode::Data, ..Address::managed(kind, "main") };
        let span = Span { file: FileId(0), start: 0, end: 0 };
        let lookup = Lookup {
            kind: kind.into(),
            address,
            arguments: Attributes::new(),
            answer: None,
            depends_on: Default::default(),
            span,
        };
        let given = arguments.iter().map(|(name, value)| (AttributeName::new(name), value.clone()));
        self.provider.lookup(&lookup, &given.collect()).await
    }

    async fn read(&self, kind: &str, id: &str, applied: &Values) -> Option<Values> {
        let address = Address::managed(kind, "main");
        let by = ReadBy::Id(RemoteId::from(id));
        let request = ReadRequest { kind: address.kind.clone(), address, by, applied: applied.clone() };
        let answer =
            self.provider.read(&[request]).await.pop().expect("one answer").expect("a readable object");
        match answer {
            Observation::Present { values, .. } => Some(values),
            Observation::Absent => None,
        }
    }

    /// What was applied is what is there: the next plan would be empty.
    async fn settled(&self, kind: &str, id: &str, applied: &Values) {
        let observed = self.read(kind, id, applied).await.unwrap_or_else(|| panic!("{id} is not there"));
        let half = self.provider.kind(&kind.into()).expect(kind);
        let untold = ["name_prefix", "key_name_prefix", "public_key"];
        for (name, wanted) in applied.iter().filter(|(name, _)| !untold.contains(&name.as_str())) {
            let told = observed.get(name).unwrap_or(&Value::Null);
            assert!(
                half.same(name, wanted, &bare(told)),
                "{kind}.{name}: {wanted} was applied, {told} is told"
            );
        }
    }
}

/// A value without the nulls that say there is nothing.
fn bare(value: &Value) -> Value {
    match value {
        Value::Map(entries) => {
            let said = entries.iter().filter(|(_, value)| **value != Value::Null);
            Value::Map(said.map(|(name, value)| (name.clone(), bare(value))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn set(texts: &[&str]) -> Value {
    Value::Set(texts.iter().map(|text| Value::string(*text)).collect())
}

fn list(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::string(*text)).collect())
}

fn block(fields: &[(&str, Value)]) -> Value {
    Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn tags(name: &str) -> Value {
    block(&[("Name", text(name))])
}

async fn network(life: &mut Life) {
    let desired = life.desired("vpc", &[("cidr_block", text("10.0.0.0/16")), ("tags", tags("main"))]);
    let vpc = life.create("vpc", &desired).await;
    let hostnames = ("enable_dns_hostnames", Value::Bool(true));
    let desired =
        life.desired("vpc", &[("cidr_block", text("10.0.0.0/16")), hostnames, ("tags", tags("renamed"))]);
    life.update("vpc", &vpc, &desired).await;

    let mut subnets = Vec::new();
    for (zone, cidr) in [("us-east-1a", "10.0.0.0/24"), ("us-east-1b", "10.0.1.0/24")] {
        let public = ("map_public_ip_on_launch", Value::Bool(true));
        let fields =
            [("vpc_id", text(&vpc)), ("cidr_block", text(cidr)), ("availability_zone", text(zone)), public];
        let desired = life.desired("subnet", &fields);
        subnets.push(life.create("subnet", &desired).await);
    }
    let desired = life.desired("internet_gateway", &[("vpc_id", text(&vpc))]);
    let gateway = life.create("internet_gateway", &desired).await;

    let route = |cidr: &str| block(&[("cidr_block", text(cidr)), ("gateway_id", text(&gateway))]);
    let table = |subnets: &[&str], routes: Vec<Value>, main: bool| {
        vec![
            ("vpc_id", text(&vpc)),
            ("subnets", set(subnets)),
            ("route", Value::List(routes)),
            ("main", Value::Bool(main)),
        ]
    };
    let desired = life.desired("route_table", &table(&[&subnets[0]], vec![route("0.0.0.0/0")], false));
    let routes = life.create("route_table", &desired).await;
    let more = vec![route("192.0.2.0/24"), route("198.51.100.0/24")];
    let desired = life.desired("route_table", &table(&[&subnets[1]], more, true));
    life.update("route_table", &routes, &desired).await;

    security_group(life, &vpc).await;

    life.delete("route_table", &routes).await;
    life.delete("internet_gateway", &gateway).await;
    for subnet in &subnets {
        life.delete("subnet", subnet).await;
    }
    life.delete("vpc", &vpc).await;
}

async fn security_group(life: &mut Life, vpc: &str) {
    let rule = |port: i64, cidrs: &[&str]| {
        block(&[("from_port", Value::int(port)), ("protocol", text("tcp")), ("cidr_blocks", list(cidrs))])
    };
    let group = |ingress: Vec<Value>, egress: Option<Vec<Value>>| {
        let mut fields =
            vec![("name_prefix", text("web-")), ("vpc_id", text(vpc)), ("ingress", Value::List(ingress))];
        fields.extend(egress.map(|egress| ("egress", Value::List(egress))));
        fields
    };
    let open = vec![rule(80, &["0.0.0.0/0"]), rule(22, &["10.0.0.0/8", "192.0.2.7/24"])];
    let desired = life.desired("security_group", &group(open, None));
    let id = life.create("security_group", &desired).await;
    let narrow = vec![rule(80, &["0.0.0.0/0"]), rule(443, &["0.0.0.0/0"])];
    let desired = life.desired("security_group", &group(narrow, Some(vec![rule(443, &["0.0.0.0/0"])])));
    life.update("security_group", &id, &desired).await;
    life.delete("security_group", &id).await;
}

async fn key_pair(life: &mut Life) {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPAK6T2Iy4FJHRnGGXHqZ7FYWfAYKxDXFNKBzyxvjZp test";
    let desired = life.desired("key_pair", &[("key_name_prefix", text("test-")), ("public_key", text(key))]);
    let id = life.create("key_pair", &desired).await;
    let tagged = ("tags", tags("deploy"));
    let desired =
        life.desired("key_pair", &[("key_name_prefix", text("test-")), ("public_key", text(key)), tagged]);
    life.update("key_pair", &id, &desired).await;
    life.delete("key_pair", &id).await;
}

async fn dns(life: &mut Life) {
    let desired = life.desired("route53_zone", &[("name", text("example.com")), ("tags", tags("zone"))]);
    let zone = life.create("route53_zone", &desired).await;
    let desired = life.desired("route53_zone", &[("name", text("example.com")), ("comment", text("ours"))]);
    life.update("route53_zone", &zone, &desired).await;

    let record = |more: &[(&'static str, Value)]| {
        let fixed = [("zone_id", text(&zone)), ("name", text("*.www")), ("type", text("A"))];
        fixed.into_iter().chain(more.iter().cloned()).collect::<Vec<_>>()
    };
    let desired = life.desired("route53_record", &record(&[("records", set(&["192.0.2.1"]))]));
    let id = life.create("route53_record", &desired).await;
    assert_eq!(id, format!("{zone}/*.www.example.com/A"));
    let ttl = ("ttl", Value::seconds(60));
    let desired = life
        .desired("route53_record", &record(&[("records", set(&["192.0.2.1", "192.0.2.2"])), ttl.clone()]));
    life.update("route53_record", &id, &desired).await;
    let weighted = [
        ("records", set(&["192.0.2.1"])),
        ttl,
        ("set_identifier", text("blue")),
        ("weighted_routing_policy", block(&[("weight", Value::int(10))])),
    ];
    let desired = life.desired("route53_record", &record(&weighted));
    let id = life.update("route53_record", &id, &desired).await;
    assert_eq!(id, format!("{zone}/*.www.example.com/A/blue"));
    life.delete("route53_record", &id).await;
    life.delete("route53_zone", &zone).await;
}

/// A record that leads to a load balancer by its name.
async fn alias(life: &mut Life) {
    let listener = Listener::builder().protocol("http").load_balancer_port(80).instance_port(80).build();
    let elb = &life.provider.aws().elb;
    let call = elb.create_load_balancer().load_balancer_name("web").availability_zones("us-east-1a");
    call.listeners(listener.expect("complete")).send().await.expect("a load balancer");
    let desired = life.desired("route53_zone", &[("name", text("example.com"))]);
    let zone = life.create("route53_zone", &desired).await;
    let leads = block(&[("target", text("web")), ("evaluate_target_health", Value::Bool(true))]);
    let fields =
        [("zone_id", text(&zone)), ("name", text("example.com")), ("type", text("A")), ("alias", leads)];
    let desired = life.desired("route53_record", &fields);
    let id = life.create("route53_record", &desired).await;

    let other = block(&[("target", text("web")), ("evaluate_target_health", Value::Bool(false))]);
    let fields =
        [("zone_id", text(&zone)), ("name", text("example.com")), ("type", text("A")), ("alias", other)];
    let desired = life.desired("route53_record", &fields);
    let task = life.task("route53_record", Effect::Create, None, &desired);
    let refused = life.provider.advance(&task).await.expect_err("somebody else's record");
    assert!(refused.message.contains("already"), "{refused}");
    life.update("route53_record", &id, &desired).await;
    life.delete("route53_record", &id).await;
    life.delete("route53_zone", &zone).await;
}

async fn lookups(life: &mut Life) {
    let desired = life.desired("vpc", &[("cidr_block", text("10.0.0.0/16")), ("tags", tags("shared"))]);
    let vpc = life.create("vpc", &desired).await;
    let desired = life.desired("subnet", &[("vpc_id", text(&vpc)), ("cidr_block", text("10.0.0.0/24"))]);
    let subnet = life.create("subnet", &desired).await;
    let desired = life.desired("route53_zone", &[("name", text("example.com"))]);
    let zone = life.create("route53_zone", &desired).await;

    let filter = |name: &str, value: &str| {
        Value::List(vec![block(&[("name", text(name)), ("values", list(&[value]))])])
    };
    for (kind, arguments, attribute, expected) in [
        ("vpc", vec![("name", text("shared"))], "id", text(&vpc)),
        ("vpc", vec![("tags", tags("shared"))], "cidr_block", text("10.0.0.0/16")),
        ("subnet", vec![("id", text(&subnet))], "vpc_id", text(&vpc)),
        ("subnets", vec![("filter", filter("vpc-id", &vpc))], "ids", list(&[&subnet])),
        ("security_group", vec![("name", text("default")), ("vpc_id", text(&vpc))], "vpc_id", text(&vpc)),
        (
            "availability_zones",
            vec![("filter", filter("zone-name", "us-east-1a"))],
            "names",
            list(&["us-east-1a"]),
        ),
        ("route53_zone", vec![("name", text("example.com."))], "id", text(&zone)),
    ] {
        let told = life.lookup(kind, &arguments).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(told.get(attribute), Some(&expected), "{kind}.{attribute}");
    }
    let none = life.lookup("vpc", &[("name", text("elsewhere"))]).await.expect_err("no such VPC");
    assert!(none.hint.is_some(), "{none}");
    for (kind, id) in [("route53_zone", zone), ("subnet", subnet), ("vpc", vpc)] {
        life.delete(kind, &id).await;
    }
}

/// A run that was killed after the call and before the note makes no second object.
async fn in_doubt(life: &mut Life) {
    for (kind, written) in [
        ("vpc", vec![("cidr_block", text("10.9.0.0/16"))]),
        ("internet_gateway", vec![]),
        ("route53_zone", vec![("name", text("doubt.example.com"))]),
    ] {
        let desired = life.desired(kind, &written);
        let task = life.task(kind, Effect::Create, None, &desired);
        let Progress::Note(note) = life.provider.advance(&task).await.expect("made") else {
            panic!("no note")
        };
        let again = Task { in_doubt: true, ..task.clone() };
        assert_eq!(life.provider.advance(&again).await.expect("found"), Progress::Note(note), "{kind}");
        let id = life.run(again).await.expect("an id");
        life.delete(kind, &id).await;
    }
}

#[tokio::test(start_paused = true)]
async fn networks_live_in_our_model() {
    let mut life = Life::new(modelled()).await;
    network(&mut life).await;
    insta::assert_snapshot!(without_ids(&life.acts), @r"
    tagged vpc
    set the DNS settings of vpc
    set the public addresses of subnet
    set the public addresses of subnet
    attached igw to vpc
    added the route to 0.0.0.0/0
    given to subnet
    added the route to 192.0.2.0/24
    added the route to 198.51.100.0/24
    given to subnet
    taken from subnet
    made the main table of vpc
    removed the route to 0.0.0.0/0
    added 3 rules of sg
    added 1 rule of sg
    removed 2 rules of sg
    added 1 rule of sg
    removed 1 rule of sg
    deleted sg
    deleted rtb
    deleted igw
    deleted subnet
    deleted subnet
    deleted vpc
    ");
}

#[tokio::test(start_paused = true)]
async fn keys_and_names_live_in_our_model() {
    let mut life = Life::new(modelled()).await;
    assert_eq!(life.provider.account().await, Ok("123456789012".to_owned()));
    key_pair(&mut life).await;
    dns(&mut life).await;
    alias(&mut life).await;
    in_doubt(&mut life).await;
    lookups(&mut life).await;
}

/// Ids are random: only what was done counts.
fn without_ids(acts: &[String]) -> String {
    let word = |word: &str| match word.split_once('-') {
        Some((prefix, rest)) if rest.len() >= 8 && rest.chars().all(|c| c.is_ascii_hexdigit()) => {
            prefix.to_owned()
        }
        _ => word.to_owned(),
    };
    let line = |act: &String| act.split(' ').map(word).collect::<Vec<_>>().join(" ");
    acts.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn all_of_them_live_elsewhere_too() {
    let Ok(endpoint) = std::env::var("INFRA_TEST_ENDPOINT") else { return };
    let mut life = Life::new(Options { endpoint: Some(endpoint), ..options() }).await;
    let within = Duration::from_secs(120);
    tokio::time::timeout(within, async {
        network(&mut life).await;
        key_pair(&mut life).await;
        dns(&mut life).await;
        in_doubt(&mut life).await;
        lookups(&mut life).await;
    })
    .await
    .expect("a server that answers");
    assert!(life.acts.iter().collect::<BTreeSet<_>>().len() > 5);
}
