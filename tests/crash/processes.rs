//! Real processes that are killed: between them and AWS's stand-in, ours or moto, is a proxy that withholds an answer, or
//! hands it over, and sends a signal.

use std::fs;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use infra_engine::state_file;
use infra_local_aws::LocalAws;

use super::services;
use super::sights::{Objects, known, there};
use crate::support::clouds::{self, Server};
use crate::support::in_process::{ACCOUNT, REGION};
use crate::support::project::TestProject;
use crate::support::proxy::Proxy;
use crate::support::proxy::When::{self, Answered, Unanswered};
use crate::support::python;

/// A project whose every request goes through a proxy.
struct Site {
    project: TestProject,
    proxy: Proxy,
    aws: Aws,
}

/// AWS's stand-in, which ends with the test.
enum Aws {
    /// Ours, and the folder it keeps itself in.
    Served(tempfile::TempDir, #[expect(dead_code, reason = "it is kept alive")] Server),
    Moto(Server),
}

impl Site {
    fn served() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = clouds::served(folder.path(), &["--profile", "fast", "--speed", "10"]);
        let proxy = Proxy::before(&server.url);
        Self { project: TestProject::at(&proxy.url), proxy, aws: Aws::Served(folder, server) }
    }

    fn moto() -> Self {
        let server = clouds::new_moto();
        let proxy = Proxy::before(&server.url);
        Self { project: TestProject::at(&proxy.url), proxy, aws: Aws::Moto(server) }
    }

    /// What there is, once all that is going is gone.
    fn there(&self) -> Objects {
        match &self.aws {
            Aws::Served(folder, _) => {
                let kept = fs::read_to_string(folder.path().join(".infra/local/cloud.json")).expect("kept");
                let cloud = LocalAws::restore(&kept).expect("a cloud");
                let later = cloud.now().expect("it was used") + Duration::from_secs(600);
                cloud.with_model(ACCOUNT, REGION, later, |model| there(model))
            }
            Aws::Moto(server) => listed(&server.url),
        }
    }

    /// The services as this AWS can have them.
    fn services(&self) -> String {
        match self.aws {
            Aws::Served(..) => services::quick(),
            Aws::Moto(_) => services::plain(),
        }
    }

    /// Runs a command, and kills it at a write.
    #[track_caller]
    fn killed(&self, arguments: &[&str], at: usize, when: When) {
        let (tell, told) = channel::<u32>();
        self.proxy.at_write(at, when, move || {
            let process = told.recv().expect("it has begun").to_string();
            let sent = Command::new("kill").args(["-s", "KILL", &process]).status();
            assert!(sent.expect("kill").success());
        });
        let mut process = self.project.start(arguments);
        tell.send(process.id()).expect("the proxy listens");
        let code = process.wait().expect("ended").code();
        assert_eq!(code, None, "{arguments:?} came to its end with {} writes", self.proxy.writes());
    }

    /// Nothing is there that the state does not know, and it knows nothing that is not there.
    #[track_caller]
    fn expect_known(&self) {
        let state = state_file::read(self.project.read("infra.state").as_bytes()).expect("a state");
        assert_eq!(self.there(), known(&state));
    }
}

/// What moto has, listed by another client.
fn listed(url: &str) -> Objects {
    let output = Command::new(python::programs().join("python"))
        .args(["-c", include_str!("there.py")])
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", REGION)
        .output()
        .expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let pair = |line: &str| line.split_once(' ').map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    lines.lines().filter_map(pair).collect()
}

const APPLY: [&str; 3] = ["apply", "--yes", "--no-rehearsal"];
const DESTROY: [&str; 2] = ["destroy", "--yes"];

/// The share of a command's writes after which it is killed, and when.
type Kill = (usize, When);

/// Makes the services, swaps them and destroys them, and kills each command once.
fn life(site: &Site, [create, swap, destroy]: [Kill; 3]) {
    let (first, second) = (site.services(), services::changed(&site.services()));
    let commands: [(_, &[&str], _); 3] =
        [(first, &APPLY, create), (second.clone(), &APPLY, swap), (second, &DESTROY, destroy)];
    for (text, arguments, (at, when)) in commands {
        site.project.write("main.infra", &text);
        site.killed(arguments, at, when);
        let _ = site.project.run(arguments).expect(0);
        if arguments == APPLY {
            site.project.expect_no_changes(&["--no-rehearsal"]);
        }
        site.expect_known();
    }
    assert_eq!(site.there().len(), 0);
}

/// Lives side by side: they wait more than they work.
fn lives(site: fn() -> Site, kills: &[[Kill; 3]]) {
    thread::scope(|scope| {
        let lives: Vec<_> = kills.iter().map(|kills| scope.spawn(move || life(&site(), *kills))).collect();
        for (life, kills) in lives.into_iter().zip(kills) {
            assert!(life.join().is_ok(), "{kills:?}");
        }
    });
}

#[test]
fn killed_processes_are_followed_by_ones_that_finish() {
    let kills = [
        [(1, Unanswered), (20, Answered), (50, Unanswered)],
        [(30, Answered), (55, Unanswered), (5, Answered)],
        [(60, Unanswered), (95, Answered), (25, Unanswered)],
    ];
    lives(Site::served, &kills);
}

#[test]
fn killed_processes_are_followed_by_ones_that_finish_on_moto() {
    let kills = [
        [(12, Unanswered), (30, Answered), (10, Unanswered)],
        [(45, Answered), (60, Unanswered), (40, Answered)],
    ];
    lives(Site::moto, &kills);
}
