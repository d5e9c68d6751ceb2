//! Where instances have no shell (AWS in process, emulators): what would have been uploaded and run is written to the
//! log, in its order, and everything succeeds.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Access, Benches, ItemBody, Log, Script, Sink, Transport, TransportError, Transports, Upload};

/// Records instead of reaching anything.
pub struct Record {
    log: Arc<dyn Log>,
    benches: Benches,
}

impl Record {
    /// Records to `log`.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log, benches: Benches::default() }
    }
}

#[async_trait]
impl Transports for Record {
    async fn prepare(&self, _name: &str) -> Result<Box<dyn Access>, TransportError> {
        Ok(Box::new(Recorded))
    }

    fn log(&self) -> Arc<dyn Log> {
        self.log.clone()
    }

    fn benches(&self) -> &Benches {
        &self.benches
    }
}

struct Recorded;

#[async_trait]
impl Access for Recorded {
    fn user_data(&self) -> Option<String> {
        None
    }

    fn key_marker(&self) -> Option<&str> {
        None
    }

    async fn connect(&self, _host: &str, _user: &str) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl Transport for Recorded {
    async fn exec(&self, script: &Script, sink: &dyn Sink) -> Result<i32, TransportError> {
        sink.line(&command_line(script));
        String::from_utf8_lossy(&script.body).lines().for_each(|line| sink.line(&format!("  {line}")));
        Ok(0)
    }

    async fn upload(&self, upload: &Upload, sink: &dyn Sink) -> Result<(), TransportError> {
        let owner = upload.owner.as_ref().map(|owner| format!(" owned by {owner}")).unwrap_or_default();
        sink.line(&format!("upload into {}{owner}{}", upload.directory, as_root(upload.sudo)));
        for item in &upload.items {
            sink.line(&match &item.body {
                ItemBody::File { bytes, mode } => {
                    format!("  {mode:04o} {} ({} bytes)", item.path, bytes.len())
                }
                ItemBody::Link(target) => format!("  {} -> {target}", item.path),
            });
        }
        Ok(())
    }

    async fn reboot(&mut self, sink: &dyn Sink) -> Result<(), TransportError> {
        sink.line("reboot");
        Ok(())
    }

    async fn close(&mut self) {}
}

/// The interpreter, the directory and the names of the environment; values may be secret.
fn command_line(script: &Script) -> String {
    let names: Vec<&str> = script.env.iter().map(|(name, _)| name.as_str()).collect();
    let env = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
    let place = script.workdir.as_ref().map(|path| format!(" in {path}")).unwrap_or_default();
    format!("run {}{place}{env}{}", script.interpreter.join(" "), as_root(script.sudo))
}

fn as_root(sudo: bool) -> &'static str {
    if sudo { " as root" } else { "" }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::{Item, NoLog};
    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Sink for Lines {
        fn line(&self, line: &str) {
            self.0.lock().expect("no panic elsewhere").push(line.to_owned());
        }
    }

    #[tokio::test]
    async fn what_would_run_is_written_down_without_values() {
        let access = Record::new(Arc::new(NoLog)).prepare("x").await.expect("ready");
        let mut machine = access.connect("10.0.0.1", "admin").await.expect("connected");
        let lines = Lines::default();
        let upload = Upload {
            directory: "/srv".into(),
            items: vec![
                Item { path: "app/run".into(), body: ItemBody::File { bytes: vec![0; 3], mode: 0o755 } },
                Item { path: "now".into(), body: ItemBody::Link("app".into()) },
            ],
            owner: Some("www-data".into()),
            sudo: true,
        };
        let script = Script {
            interpreter: vec!["/bin/bash".into(), "-eu".into()],
            body: b"npm install\nnpm test".to_vec(),
            env: vec![("NPM_TOKEN".into(), "s3cr3t".into())],
            workdir: Some("/srv/app".into()),
            sudo: false,
        };
        machine.upload(&upload, &lines).await.expect("uploaded");
        machine.exec(&script, &lines).await.expect("run");
        machine.reboot(&lines).await.expect("booted");
        insta::assert_snapshot!(lines.0.lock().expect("no panic").join("\n"), @r"
        upload into /srv owned by www-data as root
          0755 app/run (3 bytes)
          now -> app
        run /bin/bash -eu in /srv/app with NPM_TOKEN
          npm install
          npm test
        reboot
        ");
    }
}
