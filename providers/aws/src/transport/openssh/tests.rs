//! Against a real `sshd` on loopback, started by the test for one connection at a time.

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Mutex;

use tempfile::TempDir;

use super::super::{Item, ItemBody};
use super::*;

/// An `sshd` that lets the keys' owner in as whoever runs the test.
struct Server {
    directory: TempDir,
    port: u16,
    /// The processes that serve connections.
    served: Arc<Mutex<Vec<std::process::Child>>>,
}

impl Server {
    /// Shows the host key made for the machine.
    fn start(keys: &Keys) -> Self {
        Self::start_with(keys.host_private(), keys.client_public())
    }

    fn start_with(host_private: &str, client_public: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        write_private(&path("host"), host_private);
        write_private(&path("authorized"), client_public);
        let settings = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nPidFile none\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin prohibit-password\nLogLevel ERROR\n",
            path("host").display(),
            path("authorized").display()
        );
        write_private(&path("config"), &settings);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let served = Arc::new(Mutex::new(Vec::new()));
        let (config, children) = (path("config"), served.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let child = serve(&config, stream.expect("a connection"));
                children.lock().expect("no panic").push(child);
            }
        });
        Self { directory, port, served }
    }

    /// Breaks every connection.
    fn cut(&self) {
        for child in self.served.lock().expect("no panic").iter_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cut();
    }
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("made private");
}

const PLACES: [&str; 4] =
    ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/opt/homebrew/sbin/sshd"];

/// The server to log in to: installed once if it is missing and we may. Without one these tests fail.
fn sshd() -> &'static str {
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    let find = || PLACES.into_iter().find(|path| Path::new(path).exists());
    if find().is_none() && me() == "root" {
        INSTALLED.call_once(|| {
            // What it says shows only if there is still no server after it.
            let script = "apt-get update -q && apt-get install -q -y --no-install-recommends openssh-server openssh-client";
            let _ = Process::new("sh").args(["-c", script]).stdout(Stdio::null()).status();
        });
    }
    find().expect("these tests need sshd: apt-get install openssh-server openssh-client")
}

/// Serves one connection, as inetd would.
fn serve(config: &Path, stream: TcpStream) -> std::process::Child {
    let sshd = sshd();
    // Debian makes this directory when the service starts, which it never does here.
    let _ = std::fs::create_dir_all("/run/sshd");
    let output = stream.try_clone().expect("a second handle");
    Process::new(sshd)
        .arg("-i")
        .arg("-f")
        .arg(config)
        .stdin(OwnedFd::from(stream))
        .stdout(OwnedFd::from(output))
        .stderr(Stdio::null())
        .spawn()
        .expect("sshd starts")
}

fn me() -> String {
    let output = Process::new("id").arg("-un").output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn keys() -> Arc<Keys> {
    Arc::new(Keys::generate("test").await.expect("keys"))
}

async fn connect(keys: &Arc<Keys>, server: &Server) -> Result<Box<dyn Transport>, TransportError> {
    let access = SshAccess { keys: keys.clone(), port: server.port, lifetime: Duration::from_secs(60) };
    access.connect("127.0.0.1", &me()).await
}

fn bash(body: &str) -> Script {
    let interpreter = ["/bin/bash", "-euo", "pipefail"].map(str::to_owned).to_vec();
    Script { interpreter, body: body.as_bytes().to_vec(), env: Vec::new(), workdir: None, sudo: false }
}

async fn run(machine: &dyn Transport, script: &Script) -> (i32, String) {
    let lines = Lines::default();
    let status = machine.exec(script, &lines).await.expect("it ran");
    (status, lines.text())
}

#[tokio::test]
async fn a_script_reports_its_own_status_and_both_outputs_in_order() {
    let keys = keys().await;
    let server = Server::start(&keys);
    let machine = connect(&keys, &server).await.expect("connected");
    let cases = [
        ("echo one; echo two >&2; printf three", 0, "one\ntwo\nthree"),
        ("echo before; false; echo after", 1, "before"),
        ("false | true", 1, ""),
        ("exit 255", 255, ""),
        ("cat; echo 'no input'", 0, "no input"),
        ("(sleep 60 &) ; echo 'does not wait'", 0, "does not wait"),
    ];
    for (body, status, output) in cases {
        assert_eq!(run(&*machine, &bash(body)).await, (status, output.to_owned()), "{body}");
    }
    assert_eq!(run(&*machine, &bash("kill -9 $$")).await.0, 137);
}

#[tokio::test]
async fn the_environment_arrives_as_it_is_and_on_no_command_line() {
    let keys = keys().await;
    let server = Server::start(&keys);
    let machine = connect(&keys, &server).await.expect("connected");
    let value = "s3cr3t'x \"$HOME\" `id`\nsecond \\ line\t*";
    let mut script = bash("printf '%s' \"$TOKEN\"; ps -eww -o args 2>/dev/null | grep -c '[s]3cr3t' || true");
    script.env = vec![("TOKEN".into(), value.into())];
    script.workdir = Some("/".into());
    let (status, output) = run(&*machine, &script).await;
    assert_eq!((status, output.as_str()), (0, format!("{value}0").as_str()));
    let (status, staged) = run(&*machine, &bash("test -O \"$0\"; echo \"$0\"")).await;
    assert!(
        status == 0 && staged.starts_with("/tmp/infra.") && !Path::new(&staged).exists(),
        "{staged} stayed"
    );
}

#[tokio::test]
async fn a_tree_arrives_with_modes_and_links_and_leaves_what_is_there() {
    use std::os::unix::fs::PermissionsExt as _;
    let keys = keys().await;
    let server = Server::start(&keys);
    let machine = connect(&keys, &server).await.expect("connected");
    let directory = server.path("it's here/app");
    std::fs::create_dir_all(format!("{directory}/kept")).expect("made");
    std::fs::write(format!("{directory}/kept/old"), "old").expect("written");
    std::fs::set_permissions(format!("{directory}/kept"), std::fs::Permissions::from_mode(0o750))
        .expect("set");
    let file = |path: &str, bytes: &[u8], mode| Item {
        path: path.into(),
        body: ItemBody::File { bytes: bytes.to_vec(), mode },
    };
    let items = vec![
        file("kept/new", &[0, 255, 10, 0], 0o644),
        file("bin/run", b"#!/bin/sh\n", 0o755),
        Item { path: "current".into(), body: ItemBody::Link("bin".into()) },
    ];
    let upload = Upload { directory: directory.clone(), items, owner: None, sudo: false };
    machine.upload(&upload, &Lines::default()).await.expect("uploaded");
    let mode = |path: &str| {
        let metadata = std::fs::metadata(format!("{directory}/{path}")).expect(path);
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("bin/run"), mode("kept/new"), mode("kept")), (0o755, 0o644, 0o750));
    assert_eq!(std::fs::read(format!("{directory}/kept/new")).expect("read"), [0, 255, 10, 0]);
    assert_eq!(std::fs::read_to_string(format!("{directory}/kept/old")).expect("read"), "old");
    assert_eq!(std::fs::read_link(format!("{directory}/current")).expect("a link"), Path::new("bin"));
}

#[tokio::test]
async fn an_upload_that_cannot_be_says_why() {
    let keys = keys().await;
    let server = Server::start(&keys);
    let machine = connect(&keys, &server).await.expect("connected");
    std::fs::write(server.path("plain"), "").expect("written");
    let upload = Upload {
        directory: server.path("plain/below"),
        items: vec![Item { path: "x".into(), body: ItemBody::File { bytes: Vec::new(), mode: 0o644 } }],
        owner: None,
        sudo: false,
    };
    let error = machine.upload(&upload, &Lines::default()).await.expect_err("a file is no directory");
    assert!(error.to_string().contains("Not a directory"), "{error}");
}

#[tokio::test]
async fn a_lost_link_is_no_status() {
    let keys = keys().await;
    let server = Server::start(&keys);
    let machine = connect(&keys, &server).await.expect("connected");
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    struct Signal(tokio::sync::mpsc::UnboundedSender<()>);
    impl Sink for Signal {
        fn line(&self, _line: &str) {
            let _ = self.0.send(());
        }
    }
    let (signal, script) = (Signal(started), bash("echo started; sleep 60"));
    let cut = async {
        has_started.recv().await;
        server.cut();
    };
    let (result, ()) = tokio::join!(machine.exec(&script, &signal), cut);
    assert!(matches!(result, Err(TransportError::Lost(_))), "{result:?}");
}

#[tokio::test]
async fn another_host_key_is_refused_before_anything_is_sent() {
    let (keys, others) = (keys().await, keys().await);
    let server = Server::start_with(others.host_private(), keys.client_public());
    let error = connect(&keys, &server).await.err().expect("refused");
    assert!(matches!(error, TransportError::HostKey { .. }), "{error:?}");
}

#[tokio::test]
async fn another_key_of_ours_is_denied() {
    let (keys, others) = (keys().await, keys().await);
    let server = Server::start_with(keys.host_private(), others.client_public());
    let error = connect(&keys, &server).await.err().expect("denied");
    assert!(matches!(&error, TransportError::Denied { user, .. } if *user == me()), "{error:?}");
}

#[tokio::test]
async fn nobody_there_is_not_reached() {
    let keys = keys().await;
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let access = SshAccess { keys, port, lifetime: Duration::from_secs(60) };
    let error = access.connect("127.0.0.1", "nobody").await.err().expect("refused");
    assert!(matches!(&error, TransportError::Unreachable { .. }) && error.may_pass(), "{error:?}");
}
