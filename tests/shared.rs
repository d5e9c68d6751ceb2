//! State that several share in S3: processes that race, stall and die, and moving a state there and back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support::clouds::{Cloud, Server, served};
use crate::support::project::TestProject;

const SHARED: &str = r#"backend "s3" {
    bucket = "shop-state"
    key    = "web/infra.state"
  }"#;

const LOCAL: &str = r#"backend "local" { path = "shop.state" }"#;

/// The second step, which comes after the first, has begun.
const SECOND: &str = r#""event":"started","step":1"#;

/// A project in which something is made, and which says what it was told.
fn project(backend: &str) -> String {
    format!(
        r#"
        project "shop" {{
          region = "us-east-1"
          {backend}
        }}
        variable "said" {{
          type    = string
          default = "nothing"
        }}
        vpc "main" {{ cidr_block = "10.0.0.0/16" }}
        internet_gateway "main" {{ vpc_id = vpc.main.id }}
        output "said" {{ value = var.said }}
        "#
    )
}

/// One AWS, its bucket, and the folders of those who share it.
struct World {
    server: Server,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = served(folder.path(), &["--profile", "instant"]);
        let world = Self { server, _folder: folder };
        let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        for (path, body) in [("/shop-state", ""), ("/shop-state?versioning", versions)] {
            let answer = world.s3("PUT", path, body);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        world
    }

    fn machine(&self, backend: &str) -> TestProject {
        let machine = TestProject::at(&self.server.url);
        machine.write("main.infra", &project(backend));
        machine
    }

    fn s3(&self, method: &str, path: &str, body: &str) -> String {
        self.send("s3", method, path, body)
    }

    /// How many objects of an address there are.
    fn count(&self, action: &str, address: &str) -> usize {
        let answer = self.send("ec2", "POST", "/", &format!("Action={action}&Version=2016-11-15"));
        answer.matches(address).count()
    }

    /// A request by hand; the whole answer.
    fn send(&self, service: &str, method: &str, path: &str, body: &str) -> String {
        let host = self.server.url.trim_start_matches("http://");
        let scope = format!("123456789012/20261121/us-east-1/{service}/aws4_request");
        let scope = format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0");
        let length = body.len();
        let mut stream = TcpStream::connect(host).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {scope}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Waits until an object of the state holds a text.
    fn wait_for(&self, object: &str, text: &str) {
        wait_for(|| self.s3("GET", &format!("/shop-state/web/infra.state{object}"), "").contains(text));
    }
}

fn wait_for(holds: impl Fn() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("it never came to pass");
}

/// A run whose lease is short, for those who cannot wait a minute.
fn brief(machine: &TestProject, arguments: &[&str]) -> Command {
    let mut command = machine.command(arguments);
    command
        .env("INFRA_LEASE_SECONDS", "2")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

fn ids(listed: &str) -> Vec<&str> {
    listed.split_whitespace().filter(|word| word.starts_with("vpc-") || word.starts_with("igw-")).collect()
}

#[test]
fn a_team_works_on_one_state() {
    let world = World::new();
    let (ann, bob) = (world.machine(SHARED), world.machine(SHARED));
    let _ = ann.apply(&["--var", "said=hello"]);
    assert_eq!(ids(&bob.run(&["state", "list"]).expect(0)).len(), 2);
    assert_eq!(bob.run(&["output", "--raw", "said"]).expect(0), "hello\n");
    assert!(bob.run(&["console", "-e", "vpc.main.id"]).expect(0).contains("vpc-"));
    bob.expect_no_changes(&["--var", "said=hello"]);
    let _ = bob.apply(&["--var", "said=bye"]);
    assert_eq!(ann.run(&["output", "--raw", "said"]).expect(0), "bye\n");
    let free = ann.run(&["state", "unlock"]).expect(0);
    assert!(free.starts_with("Nobody holds the lease of s3://shop-state/web/infra.state"), "{free}");
    bob.destroy();
    assert_eq!(ann.run(&["state", "list"]).expect(0), "");
}

#[test]
fn who_comes_second_is_told_who_works_and_may_wait() {
    let world = World::new();
    let (ann, bob) = (world.machine(SHARED), world.machine(SHARED));
    let _ = bob.run(&["local", "inject", "ec2:CreateInternetGateway=delay:4s"]).expect(0);
    let mut first = ann.start(&["apply", "--yes", "--no-rehearsal"]);
    world.wait_for(".events", SECOND);
    let refused = bob.run(&["apply", "--yes"]);
    assert_eq!(refused.code, 1);
    let words =
        ["the state is locked: unknown@", " runs `infra apply` (process ", "s ago", "--lock-timeout 5m"];
    assert!(words.iter().all(|word| refused.err.contains(word)), "{}", refused.err);
    let status = bob.run(&["status", "--json"]).expect(0);
    assert!(status.contains("runs `infra apply`"), "{status}");
    let waited = bob.run(&["apply", "--yes", "--lock-timeout", "60s", "--var", "said=second"]);
    assert!(waited.err.contains("Waiting for the lease of the state: unknown@"), "{}", waited.err);
    assert_eq!(waited.code, 0, "{}", waited.err);
    assert!(first.wait().expect("it ends").success());
    assert_eq!(ids(&ann.run(&["state", "list"]).expect(0)).len(), 2);
}

/// A process that is killed holds its lease until that ends; on its own machine it is known to be dead.
#[test]
fn a_killed_apply_is_finished_by_others() {
    for elsewhere in [true, false] {
        let world = World::new();
        let (ann, bob) = (world.machine(SHARED), world.machine(SHARED));
        let _ = bob.run(&["local", "inject", "ec2:CreateInternetGateway=delay:3s"]).expect(0);
        let mut first = brief(&ann, &["apply", "--yes", "--no-rehearsal"]).spawn().expect("it runs");
        world.wait_for(".events", SECOND);
        first.kill().expect("killed");
        first.wait().expect("it has ended");
        let next = if elsewhere { &bob } else { &ann };
        let wait = if elsewhere { "60s" } else { "0s" };
        let finished = next.run(&["apply", "--yes", "--lock-timeout", wait]);
        assert_eq!(finished.code, 0, "{}", finished.err);
        for word in ["The lease of the state was unknown@", "steps are done; in doubt: internet_gateway.main"]
        {
            assert!(finished.err.contains(word), "{}", finished.err);
        }
        assert_eq!(ids(&next.run(&["state", "list"]).expect(0)).len(), 2);
        next.expect_no_changes(&[]);
        let made =
            ["DescribeVpcs", "DescribeInternetGateways"].map(|action| world.count(action, ".main</value>"));
        assert_eq!(made, [1, 1], "none is made twice");
    }
}

/// A process is stopped for longer than its lease lasts, another takes over and finishes: what wakes writes nothing more.
#[test]
fn one_that_was_stalled_past_its_lease_writes_nothing_more() {
    let world = World::new();
    let (ann, bob) = (world.machine(SHARED), world.machine(SHARED));
    let _ = bob.run(&["local", "inject", "ec2:CreateInternetGateway=delay:1s"]).expect(0);
    let stalled = brief(&ann, &["apply", "--yes", "--no-rehearsal"]).spawn().expect("it runs");
    world.wait_for(".events", SECOND);
    signal(&stalled, "-STOP");
    let taken = bob.run(&["apply", "--yes", "--lock-timeout", "60s", "--var", "said=bob"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    let objects = ["", ".backup", ".journal", ".events", ".lock"];
    let all = || objects.map(|object| world.s3("GET", &format!("/shop-state/web/infra.state{object}"), ""));
    let body = |answer: String| answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    let before = all().map(body);
    signal(&stalled, "-CONT");
    let woken = stalled.wait_with_output().expect("it ends");
    assert_eq!(woken.status.code(), Some(1), "{}", err(&woken));
    assert!(err(&woken).contains("the lease of the state "), "{}", err(&woken));
    assert_eq!(all().map(body), before);
    let _ = ann.apply(&["--var", "said=bob"]);
    ann.expect_no_changes(&["--var", "said=bob"]);
}

/// The lease of one that lives is taken away: it stops, and whoever comes next goes on with its work.
#[test]
fn unlocking_stops_one_that_lives() {
    let world = World::new();
    let (ann, bob) = (world.machine(SHARED), world.machine(SHARED));
    let _ = bob.run(&["local", "inject", "ec2:CreateInternetGateway=delay:3s"]).expect(0);
    let mut living = ann.command(&["apply", "--yes", "--no-rehearsal"]);
    let living =
        living.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    world.wait_for(".events", SECOND);
    let asked = bob.run(&["state", "unlock"]);
    assert_eq!(asked.code, 1, "{}", asked.out);
    assert!(asked.err.contains("An apply is unfinished: 1 of 2 steps are done"), "{}", asked.err);
    let _ = bob.run(&["state", "unlock", "--yes"]).expect(0);
    let stopped = living.wait_with_output().expect("it ends");
    assert_eq!(stopped.status.code(), Some(1), "{}", err(&stopped));
    assert!(err(&stopped).contains("was taken away, and is free now"), "{}", err(&stopped));
    let _ = bob.apply(&[]);
    assert_eq!(ids(&bob.run(&["state", "list"]).expect(0)).len(), 2);
    bob.expect_no_changes(&[]);
}

/// Interrupted before anything is done, it lets go of the lease.
#[test]
fn an_interrupted_plan_leaves_no_lease_behind() {
    let world = World::new();
    let (ann, bob) = (world.machine(SHARED), world.machine(SHARED));
    let _ = bob.apply(&[]);
    let _ = bob.run(&["local", "inject", "ec2:DescribeVpcs=delay:5s"]).expect(0);
    let mut waiting = ann.start(&["apply", "--yes", "--no-rehearsal"]);
    world.wait_for(".lock", "infra apply");
    sleep(Duration::from_millis(300));
    signal(&waiting, "-INT");
    assert_eq!(waiting.wait().expect("it ends").code(), Some(130));
    let free = bob.run(&["state", "unlock"]).expect(0);
    assert!(free.starts_with("Nobody holds the lease"), "{free}");
}

/// The embedded AWS has the bucket that is asked for, and a process that is killed there is followed at once.
#[test]
fn the_embedded_aws_keeps_a_shared_state_too() {
    let here = TestProject::new(Cloud::Embedded);
    here.write("main.infra", &project(SHARED));
    let _ = here.apply(&["--var", "said=hello"]);
    assert_eq!(here.run(&["output", "--raw", "said"]).expect(0), "hello\n");
    here.expect_no_changes(&["--var", "said=hello"]);
    let _ = here.run(&["state", "mv", "vpc.main", "vpc.other"]).expect(0);
    let _ = here.run(&["state", "mv", "vpc.other", "vpc.main"]).expect(0);
    here.destroy();
}

/// S3 is gone for a while in the middle of an apply: it goes on without, and nothing that was done is forgotten.
#[test]
fn losing_s3_loses_no_fact() {
    let world = World::new();
    let ann = world.machine(SHARED);
    let _ = ann.run(&["local", "inject", "ec2:CreateInternetGateway=delay:3s"]).expect(0);
    let lost = brief(&ann, &["apply", "--yes", "--no-rehearsal"]).env("INFRA_LEASE_SECONDS", "60").spawn();
    world.wait_for(".events", SECOND);
    let _ = ann.run(&["local", "inject", "s3:*=dropped*1000"]).expect(0);
    let lost = lost.expect("it runs").wait_with_output().expect("it ends");
    assert_eq!(lost.status.code(), Some(1), "{}", err(&lost));
    assert!(err(&lost).contains("s3://shop-state/web/infra.state in S3: "), "{}", err(&lost));
    assert!(err(&lost).contains("internet_gateway.main  done igw-"), "it went on: {}", err(&lost));
    let _ = ann.run(&["local", "inject", "--clear"]).expect(0);
    let _ = ann.apply(&[]);
    let made =
        ["DescribeVpcs", "DescribeInternetGateways"].map(|action| world.count(action, ".main</value>"));
    assert_eq!(made, [1, 1], "what was made is known");
    ann.expect_no_changes(&[]);
}

#[test]
fn a_state_moves_there_and_back() {
    let world = World::new();
    let ann = world.machine(LOCAL);
    let _ = ann.apply(&["--var", "said=one"]);
    let _ = ann.apply(&["--var", "said=two"]);
    let before = ann.read("shop.state");
    ann.write("main.infra", &project(SHARED));
    let stopped = ann.run(&["plan"]);
    assert_eq!(stopped.code, 1, "{}", stopped.out);
    assert!(stopped.err.contains("`infra state migrate 'local:shop.state'` moves it"), "{}", stopped.err);
    let dry = ann.run(&["state", "migrate", "local:shop.state", "--dry-run"]).expect(0);
    insta::assert_snapshot!(dry.replace(&format!("{}/", ann.path().display()), ""), @"
    The state of shop (serial 2, 2 objects, its backup) would go
      from ./shop.state
      to   s3://shop-state/web/infra.state
    ");
    assert_eq!(ann.run(&["state", "list"]).code, 1);
    let _ = ann.run(&["state", "migrate", "local:shop.state"]).expect(0);
    assert_eq!(ann.read("shop.state.migrated"), before);
    ann.expect_no_changes(&["--var", "said=two"]);
    let _ = ann.apply(&["--var", "said=three"]);

    ann.write("main.infra", &project(LOCAL));
    let _ = ann.run(&["state", "migrate", "s3://shop-state/web/infra.state?region=us-east-1"]).expect(0);
    ann.expect_no_changes(&["--var", "said=three"]);
    let left = world.machine(SHARED).run(&["apply", "--yes"]);
    assert!(left.err.contains("it has moved to local:shop.state"), "{}", left.err);
    let again = ann.run(&["state", "migrate", "s3://shop-state/web/infra.state"]);
    assert!(again.err.contains("there is no state to move"), "{}", again.err);

    ann.write("main.infra", &project(SHARED));
    let _ = ann.run(&["state", "migrate", "local:shop.state", "--dry-run"]).expect(0);
    let there = ann.run(&["apply", "--yes"]);
    assert!(
        there.err.contains("it has moved to local:shop.state"),
        "a dry run changes nothing: {}",
        there.err
    );
    let _ = ann.run(&["state", "migrate", "local:shop.state"]).expect(0);
    ann.expect_no_changes(&["--var", "said=three"]);
    let _ = ann.apply(&["--var", "said=four"]);
}

#[test]
fn a_state_does_not_move_onto_another() {
    let world = World::new();
    let (ann, bob) = (world.machine(SHARED), world.machine(LOCAL));
    let _ = ann.apply(&[]);
    let _ = bob.apply(&[]);
    bob.write("main.infra", &project(SHARED));
    let refused = bob.run(&["state", "migrate", "local:shop.state"]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("another state is kept there: that of shop"), "{}", refused.err);
    assert_eq!(ids(&ann.run(&["state", "list"]).expect(0)).len(), 2);
}

/// Two hundred in all: half of them for a file, half for an object.
const ROUNDS: usize = 100;

/// Two processes want the same change at once, again and again: each time one of them makes it, and none is lost.
fn race(here: &TestProject, there: &TestProject, rounds: usize) {
    let _ = here.apply(&["--no-rehearsal"]);
    let serial = || {
        let shown = here.run(&["show", "--json"]).expect(0);
        let state: Json = serde_json::from_str(&shown).expect("a whole state");
        state["serial"].as_u64().expect("a number")
    };
    let begun = serial();
    for round in 0..rounds {
        let (from, to) = if round % 2 == 0 { ("vpc.main", "vpc.other") } else { ("vpc.other", "vpc.main") };
        let run = |machine: &TestProject| {
            let mut command = machine.command(&["state", "mv", from, to]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it runs")
        };
        let runs = [run(here), run(there)].map(|run| run.wait_with_output().expect("it ends"));
        let won = runs.iter().filter(|run| run.status.success()).count();
        assert_eq!(won, 1, "in round {round}: {:?}", runs.each_ref().map(err));
        let lost = runs.iter().find(|run| !run.status.success()).map(err).unwrap_or_default();
        let too_late = format!("{from} is not in the state");
        assert!(lost.contains("the state is locked: ") || lost.contains(&too_late), "{lost}");
    }
    assert_eq!(serial(), begun + rounds as u64);
    assert_eq!(ids(&there.run(&["state", "list"]).expect(0)).len(), 2);
}

#[test]
fn two_processes_race_for_a_file() {
    let world = World::new();
    let here = world.machine(LOCAL);
    race(&here, &here, ROUNDS);
}

#[test]
fn two_processes_race_for_an_object() {
    let world = World::new();
    race(&world.machine(SHARED), &world.machine(SHARED), ROUNDS);
}
