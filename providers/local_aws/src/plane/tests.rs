use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::*;
use crate::handle::Options;
use crate::model::Time;
use crate::model::behaviour::Condition;
use crate::testing::{START, call};
use crate::timing::TimeModel;

const PLACE: &str = "123456789012/us-east-1";

/// A cloud with a load balancer before instances that serve, and its data plane.
struct Scene {
    aws: LocalAws,
    plane: Plane,
    clock: Clock,
    ids: Vec<String>,
}

impl Scene {
    /// The model runs ten times as fast as the test.
    async fn new(instances: usize, protocol: &str, attributes: &str) -> Self {
        let aws = LocalAws::new(Options { seed: 7, timing: TimeModel::instant() });
        let clock = Clock::new(START, 10.0);
        let plane = Plane::new(aws.clone(), clock, PlaneOptions::default());
        let runs = plane.clone();
        tokio::spawn(async move { runs.run().await });
        let scene = Self { aws, plane, clock, ids: Vec::new() };
        let listener = format!(
            "Listeners.member.1.Protocol={protocol}&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80"
        );
        scene.elb(&format!(
            "CreateLoadBalancer&LoadBalancerName=web&{listener}&AvailabilityZones.member.1=us-east-1a"
        ));
        scene.elb("ConfigureHealthCheck&LoadBalancerName=web&HealthCheck.Target=TCP:80&HealthCheck.Interval=5&HealthCheck.Timeout=2&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=2");
        if !attributes.is_empty() {
            scene.elb(&format!("ModifyLoadBalancerAttributes&LoadBalancerName=web&{attributes}"));
        }
        let launch = format!(
            "RunInstances&ImageId=ami-22de994a&InstanceType=t3.small&MinCount={instances}&MaxCount={instances}&Placement.AvailabilityZone=us-east-1a"
        );
        let made = scene.call("ec2", &launch);
        let ids: Vec<String> =
            crate::testing::fields(&made, "instanceId").into_iter().map(str::to_owned).collect();
        for id in &ids {
            scene.elb(&format!(
                "RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={id}"
            ));
        }
        let scene = Self { ids, ..scene };
        for id in scene.ids.clone() {
            scene
                .until(|scene| {
                    scene.with(|model| crate::elb::takes_requests(model, "web", &id.as_str().into()))
                })
                .await;
        }
        scene.settle().await;
        scene
    }

    fn with<T>(&self, look: impl FnOnce(&mut crate::model::Model) -> T) -> T {
        self.aws.with_model("123456789012", "us-east-1", self.clock.now(), look)
    }

    fn call(&self, service: &str, form: &str) -> String {
        let (status, body) = call(&self.aws, self.clock.now(), service, &format!("Action={form}"));
        assert_eq!(status, 200, "{form}: {body}");
        body
    }

    fn elb(&self, form: &str) {
        self.call("elasticloadbalancing", form);
    }

    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never came to pass");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Until the sockets have heard of what has happened so far.
    async fn settle(&self) {
        sleep(LOOK * 4).await;
    }

    async fn connect(&self) -> TcpStream {
        let address = *self.plane.ports(PLACE, "web").get(&80).expect("a listener");
        TcpStream::connect(address).await.expect("it listens")
    }

    async fn get(&self, path: &str) -> String {
        ask(&mut self.connect().await, path).await.expect("an answer")
    }

    fn deregister(&self, id: &str) {
        self.elb(&format!(
            "DeregisterInstancesFromLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={id}"
        ));
    }
}

/// One request on an open connection; gives status and body.
async fn ask(stream: &mut TcpStream, path: &str) -> io::Result<String> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: web\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&part[..read]),
        }
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let status = head.split(' ').nth(1).unwrap_or_default();
            if body.ends_with('\n') {
                return Ok(format!("{status} {}", body.trim_end()));
            }
        }
    }
}

#[tokio::test]
async fn requests_are_spread_and_a_connection_outlives_the_instances_behind_it() {
    let scene = Scene::new(2, "HTTP", "LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=60").await;
    let mut stream = scene.connect().await;
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        seen.insert(ask(&mut stream, "/").await.expect("an answer"));
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    scene.deregister(&scene.ids[0]);
    scene.settle().await;
    for _ in 0..4 {
        let answer = ask(&mut stream, "/").await.expect("the same connection");
        assert_eq!(answer, format!("200 {} ami-22de994a us-east-1a", scene.ids[1]));
    }
    scene.deregister(&scene.ids[1]);
    scene.settle().await;
    let refused = ask(&mut stream, "/").await.expect("the same connection");
    assert_eq!(refused, "503 503 Service Unavailable: Back-end server is at capacity");
    let tally = scene.plane.tally(PLACE, "web");
    assert_eq!((tally.requests, tally.failed()), (9, 1));
    assert_eq!(tally.by_status, BTreeMap::from([(200, 8), (503, 1)]));
}

#[tokio::test]
async fn an_open_request_outlives_its_instance_as_long_as_it_drains() {
    let drains = "LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=60";
    let scene = Arc::new(Scene::new(1, "HTTP", drains).await);
    let asked = Arc::clone(&scene);
    let long = tokio::spawn(async move { asked.get("/?take=5s").await });
    scene.settle().await;
    scene.deregister(&scene.ids[0]);
    scene.call("ec2", &format!("TerminateInstances&InstanceId.1={}", scene.ids[0]));
    assert!(long.await.expect("no panic").starts_with("200 "));
    scene.until(|scene| lock(&scene.plane.sockets).machines.is_empty()).await;
}

#[tokio::test]
async fn draining_ends_with_its_timeout_and_without_it_at_once() {
    for (attributes, take) in [
        (
            "LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=3",
            "60s",
        ),
        ("LoadBalancerAttributes.ConnectionDraining.Enabled=false", "60s"),
    ] {
        let scene = Arc::new(Scene::new(1, "HTTP", attributes).await);
        let asked = Arc::clone(&scene);
        let long = tokio::spawn(async move { asked.get(&format!("/?take={take}")).await });
        scene.settle().await;
        scene.deregister(&scene.ids[0]);
        assert_eq!(long.await.expect("no panic"), "504 504 Gateway Timeout: The instance has left");
    }
}

#[tokio::test]
async fn an_instance_that_ends_takes_its_requests_with_it() {
    let scene = Arc::new(Scene::new(1, "HTTP", "").await);
    let asked = Arc::clone(&scene);
    let long = tokio::spawn(async move { asked.get("/?take=60s").await });
    scene.settle().await;
    scene.with(|model| crate::ec2::fleet::turn_app(model, &scene.ids[0], Condition::Closed));
    let closed = "504 504 Gateway Timeout: The instance closed the connection";
    assert_eq!(long.await.expect("no panic"), closed);
    assert_eq!(scene.get("/").await, closed, "it is sent to until its checks have failed");
    scene.with(|model| crate::ec2::fleet::turn_app(model, &scene.ids[0], Condition::Faulty));
    scene.settle().await;
    assert!(scene.get("/").await.starts_with("500 "));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    let scene = Scene::new(1, "HTTP", "LoadBalancerAttributes.ConnectionSettings.IdleTimeout=2").await;
    assert_eq!(scene.get("/?take=60s").await, "504 504 Gateway Timeout: The instance did not answer in time");
}

#[tokio::test]
async fn tcp_connections_are_dealt_out_in_turn_and_end_with_their_load_balancer() {
    let scene = Scene::new(2, "TCP", "").await;
    let answers = [scene.get("/").await, scene.get("/").await];
    assert_ne!(answers[0], answers[1]);
    let mut stream = scene.connect().await;
    ask(&mut stream, "/").await.expect("an answer");
    scene.elb("DeleteLoadBalancer&LoadBalancerName=web");
    scene.settle().await;
    assert!(ask(&mut stream, "/").await.is_err());
    assert!(scene.plane.ports(PLACE, "web").is_empty());
}

#[tokio::test]
async fn a_listener_that_is_added_is_a_port_and_keeps_it() {
    let scene = Scene::new(1, "HTTP", "").await;
    let before = scene.plane.ports(PLACE, "web");
    scene.elb("CreateLoadBalancerListeners&LoadBalancerName=web&Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=8080&Listeners.member.1.InstancePort=80");
    scene.settle().await;
    let after = scene.plane.ports(PLACE, "web");
    assert_eq!((after.len(), after.get(&80)), (2, before.get(&80)));
    let status = scene.aws.status(Time(scene.clock.now().0), Some(&scene.plane)).to_string();
    assert!(
        status.contains("elb web: 1 in service: 1 in us-east-1a\n    80 is http://127.0.0.1:"),
        "{status}"
    );
}
