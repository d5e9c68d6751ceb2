use std::sync::Arc;

use infra_lang::address::Address;
use infra_lang::inputs::FileError;

use super::*;
use crate::transport::record::Record;
use crate::transport::{Log, Sink, Transports as _};
use infra_engine::redact::Redactor;

/// A project's files, in memory.
struct Memory(BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.0.get(path).cloned().ok_or(FileError::Missing)
    }

    fn link(&self, _path: &str) -> Result<String, FileError> {
        Ok("cluster.js".to_owned())
    }

    fn content(&self, _path: &str, _ignore: &[String]) -> Result<Content, FileError> {
        Err(FileError::Missing)
    }

    fn matching(&self, _directory: &str, _pattern: &str) -> Result<Vec<String>, FileError> {
        Ok(Vec::new())
    }
}

#[derive(Default)]
struct Lines(std::sync::Mutex<Vec<String>>);

impl Log for Lines {
    fn line(&self, _of: &Address, line: &str) {
        self.0.lock().expect("no panic").push(line.to_owned());
    }
}

fn entry(bytes: &[u8], link: bool) -> Entry {
    let digest = hex::encode(Sha256::digest(bytes));
    Entry { digest, executable: false, link, size: bytes.len() as u64 }
}

fn contents() -> BTreeMap<String, Content> {
    let tree =
        [("cluster.js".to_owned(), entry(b"go()", false)), ("now.js".to_owned(), entry(b"cluster.js", true))];
    let script = [(String::new(), entry(b"#!/bin/sh\nnpm install\n", false))];
    BTreeMap::from([
        ("app".to_owned(), Content { digest: "t".into(), entries: tree.into() }),
        ("primal".to_owned(), Content { digest: "s".into(), entries: script.into() }),
    ])
}

fn files(script: &str) -> Memory {
    let files = [("app/cluster.js", "go()"), ("primal", script)];
    Memory(files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect())
}

fn step(json: serde_json::Value) -> Named {
    Named { name: "step[0]".into(), step: serde_json::from_value(json).expect("a step") }
}

/// Runs steps on a machine that only records, and gives what it recorded.
async fn ran(files: Memory, steps: &[Named]) -> (Result<(), String>, String) {
    let log = Arc::new(Lines::default());
    let output = Output::new(log.clone(), Address::managed("ami", "web"), Redactor::new(["s3cr3t"]));
    let contents = contents();
    let place = Workplace { files: &files, contents: &contents, output: &output };
    let access = Record::new(log.clone()).prepare("x").await.expect("ready");
    let mut machine = access.connect("10.0.0.9", "admin").await.expect("connected");
    let mut result = Ok(());
    for step in steps {
        result = run(&place, step, machine.as_mut()).await;
        if result.is_err() {
            break;
        }
    }
    let lines = log.0.lock().expect("no panic").join("\n");
    (result, lines)
}

#[tokio::test]
async fn steps_run_in_their_order_with_what_the_plan_has_seen() {
    let steps = [
        step(
            serde_json::json!({ "step": "file", "source": "app", "destination": "/srv/", "owner": "www-data", "sudo": true }),
        ),
        step(
            serde_json::json!({ "step": "file", "content": "hello", "destination": "/etc/motd", "mode": "0600" }),
        ),
        step(
            serde_json::json!({ "step": "template", "source": "x.tmpl", "destination": "/etc/", "rendered": "port 80" }),
        ),
        step(
            serde_json::json!({ "step": "shell", "script": "primal", "env": { "TOKEN": "s3cr3t" }, "workdir": "/srv" }),
        ),
        step(serde_json::json!({ "step": "shell", "inline": ["echo s3cr3t", "true"], "sudo": true })),
        step(serde_json::json!({ "step": "reboot" })),
    ];
    let (result, lines) = ran(files("#!/bin/sh\nnpm install\n"), &steps).await;
    assert_eq!(result, Ok(()));
    insta::assert_snapshot!(lines, @r"
    ==> step[0] (app)
    upload into /srv/app owned by www-data as root
      0644 cluster.js (4 bytes)
      now.js -> cluster.js
    ==> step[0] (/etc/motd)
    upload into /etc
      0600 motd (5 bytes)
    ==> step[0] (x.tmpl)
    upload into /etc
      0644 x.tmpl (7 bytes)
    ==> step[0] (primal)
    run /bin/sh in /srv with DEBIAN_FRONTEND, TOKEN
      #!/bin/sh
      npm install
    ==> step[0] (echo (sensitive))
    run /bin/bash -euo pipefail with DEBIAN_FRONTEND as root
      echo (sensitive)
      true
    ==> step[0]
    reboot
    ");
}

#[tokio::test]
async fn configuration_tools_get_their_files_and_run_once() {
    let steps = [
        step(serde_json::json!({
            "step": "chef_solo", "cookbooks": "app", "roles": "app", "run_list": ["recipe[base]"],
            "attributes": { "key": "value" }, "install": "gem install chef"
        })),
        step(serde_json::json!({
            "step": "ansible_local", "directory": "app", "playbook": "it's.yml", "requirements": "roles.yml",
            "extra_vars": { "a": 1 }
        })),
    ];
    let (result, lines) = ran(files(""), &steps).await;
    assert_eq!(result, Ok(()));
    insta::assert_snapshot!(lines, @r"
    ==> step[0] (app)
    upload into /var/tmp/infra-chef/cookbooks
      0644 cluster.js (4 bytes)
      now.js -> cluster.js
    upload into /var/tmp/infra-chef/roles
      0644 cluster.js (4 bytes)
      now.js -> cluster.js
    upload into /var/tmp/infra-chef
      0600 solo.rb (128 bytes)
    upload into /var/tmp/infra-chef
      0600 node.json (43 bytes)
    run /bin/bash -euo pipefail as root
      gem install chef
    run /bin/bash -euo pipefail as root
      trap 'rm -rf /var/tmp/infra-chef' EXIT
      chef-solo --no-color -c /var/tmp/infra-chef/solo.rb -j /var/tmp/infra-chef/node.json
    ==> step[0] (it's.yml)
    upload into /var/tmp/infra-ansible/work
      0644 cluster.js (4 bytes)
      now.js -> cluster.js
    upload into /var/tmp/infra-ansible
      0600 vars.json (7 bytes)
    run /bin/bash -euo pipefail
      trap 'rm -rf /var/tmp/infra-ansible' EXIT
      cd /var/tmp/infra-ansible/work
      ansible-galaxy install -r 'roles.yml'
      ansible-playbook -i localhost, -c local --extra-vars @/var/tmp/infra-ansible/vars.json 'it'\''s.yml'
    ");
}

#[tokio::test]
async fn files_that_have_changed_since_the_plan_are_refused() {
    let shell = step(serde_json::json!({ "step": "shell", "script": "primal" }));
    let (result, _) = ran(files("something else"), &[shell]).await;
    assert_eq!(result, Err("`primal` has changed since the plan was made: plan again".to_owned()));
}

/// A machine on which every script exits with the next of these statuses.
struct Failing(std::sync::Mutex<Vec<i32>>);

#[async_trait::async_trait]
impl Transport for Failing {
    async fn exec(&self, script: &Script, sink: &dyn Sink) -> Result<i32, TransportError> {
        sink.line(&String::from_utf8_lossy(&script.body));
        Ok(self.0.lock().expect("no panic").pop().unwrap_or_default())
    }

    async fn upload(&self, _upload: &Upload, _sink: &dyn Sink) -> Result<(), TransportError> {
        Err(TransportError::Refused("disk full".into()))
    }

    async fn reboot(&mut self, _sink: &dyn Sink) -> Result<(), TransportError> {
        std::future::pending().await
    }

    async fn close(&mut self) {}
}

async fn failing(statuses: &[i32], json: serde_json::Value) -> (Result<(), String>, Duration) {
    let log = Arc::new(Lines::default());
    let output = Output::new(log, Address::managed("ami", "web"), Redactor::default());
    let (files, contents) = (files(""), contents());
    let place = Workplace { files: &files, contents: &contents, output: &output };
    let mut machine = Failing(std::sync::Mutex::new(statuses.iter().rev().copied().collect()));
    let began = tokio::time::Instant::now();
    (run(&place, &step(json), &mut machine).await, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_step_is_tried_as_often_as_it_says_and_reports_the_last_failure() {
    let shell = |retries: u32| serde_json::json!({ "step": "shell", "inline": ["x"], "retries": retries, "retry_delay": 7, "ok_exit_codes": [0, 3] });
    assert_eq!(failing(&[17], shell(0)).await, (Err("it exited with status 17".into()), Duration::ZERO));
    assert_eq!(failing(&[17, 3], shell(1)).await, (Ok(()), Duration::from_secs(7)));
    assert_eq!(
        failing(&[17, 18], shell(1)).await,
        (Err("it exited with status 18".into()), Duration::from_secs(7))
    );
    let upload = serde_json::json!({ "step": "file", "content": "", "destination": "/x" });
    assert_eq!(failing(&[], upload).await.0, Err("disk full".into()));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_not_end_is_ended() {
    let (result, after) = failing(&[], serde_json::json!({ "step": "reboot", "timeout": 90 })).await;
    assert_eq!(
        (result, after),
        (Err("it did not end within 90 s (`timeout`)".into()), Duration::from_secs(90))
    );
}
