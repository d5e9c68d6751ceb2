//! The served AWS: real requests through its load balancers while an image changes, and things that go wrong in it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_engine::store::MemoryStore;
use infra_local_aws::Clock;
use infra_local_aws::plane::{Plane, PlaneOptions};
use infra_local_aws::timing::TimeModel;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::support::capacity::Watcher;
use crate::support::clouds::{self, served};
use crate::support::in_process::{Cloud, Look, REGION, applied, desired, runtime};
use crate::support::project::TestProject;

const OLD: &str = "ami-22de994a";
const NEW: &str = "ami-1ebb2077";

fn project(image: &str) -> String {
    format!(
        r#"
        project "test" {{ region = "us-east-1" }}

        elb "web" {{
          name                        = "web"
          availability_zones          = ["us-east-1a", "us-east-1b"]
          listener                    = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
          health_check                = {{ target = "HTTP:80/", interval = 10s, timeout = 5s }}
          connection_draining         = true
          connection_draining_timeout = 60s
        }}

        launch_configuration "web" {{
          image_id      = "{image}"
          instance_type = "t3.small"
        }}

        autoscaling_group "web" {{
          launch             = launch_configuration.web
          availability_zones = ["us-east-1a", "us-east-1b"]
          load_balancers     = [elb.web]
          min_size           = 3
          max_size           = 6
          swap               = {{ bake = 1m }}
        }}
        "#
    )
}

/// What clients were answered: by image, and what was not an instance's answer with 200.
#[derive(Debug, Default)]
struct Heard {
    by_image: BTreeMap<String, u64>,
    failed: Vec<String>,
}

/// Clients that never stop asking, each over one connection that it keeps.
struct Load {
    /// In real time, unlike the swap.
    runtime: Runtime,
    heard: Arc<Mutex<Heard>>,
}

impl Load {
    fn start(plane: &Plane, clients: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let runs = plane.clone();
        runtime.spawn(async move { runs.run().await });
        let address = wait_for(|| plane.ports(&format!("123456789012/{REGION}"), "web").get(&80).copied());
        for _ in 0..clients {
            runtime.spawn(client(address, Arc::clone(&heard)));
        }
        Self { runtime, heard }
    }

    /// Until so many requests have been answered by an image.
    fn wait_for(&self, image: &str, count: u64) {
        wait_for(|| {
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            (heard.by_image.get(image).copied().unwrap_or_default() >= count).then_some(())
        });
    }

    fn stop(self) -> Heard {
        self.runtime.shutdown_background();
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn wait_for<T>(look: impl Fn() -> Option<T>) -> T {
    for _ in 0..6000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came to pass");
}

async fn client(address: SocketAddr, heard: Arc<Mutex<Heard>>) {
    let mut stream = None;
    loop {
        let asked = ask(&mut stream, address).await;
        if asked.is_err() {
            stream = None;
        }
        note(asked, &mut heard.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn note(asked: io::Result<String>, heard: &mut Heard) {
    match asked {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => {
            let image = [OLD, NEW].into_iter().find(|image| answer.contains(image)).unwrap_or("none");
            *heard.by_image.entry(image.to_owned()).or_default() += 1;
        }
        Ok(answer) => heard.failed.push(answer),
        Err(error) => heard.failed.push(error.to_string()),
    }
}

/// One request, on the connection that is open if one is.
async fn ask(stream: &mut Option<TcpStream>, address: SocketAddr) -> io::Result<String> {
    let open = match stream.take() {
        Some(open) => open,
        None => TcpStream::connect(address).await?,
    };
    let open = stream.insert(open);
    open.write_all(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n").await?;
    let mut answer = String::new();
    while !answer.contains("\r\n\r\n") || !answer.ends_with('\n') || answer.ends_with("\r\n") {
        let mut part = [0; 1024];
        match open.read(&mut part).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => answer.push_str(&String::from_utf8_lossy(&part[..read])),
        }
    }
    Ok(answer)
}

/// The swap runs under its virtual clock, and at each of its calls real time passes, in which clients go on asking.
#[test]
fn no_request_fails_while_the_image_changes() {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::aws_like()), MemoryStore::default());
        let first = applied(&desired(&project(OLD)), &store, &cloud.provider(None).await).await;
        assert!(first.is_success(), "{:?}", first.failed);
        // The sockets follow the model, whose time the swap drives.
        let still = Clock::new(cloud.now(), 0.0);
        let load = Load::start(&Plane::new(cloud.aws.clone(), still, PlaneOptions::default()), 4);
        load.wait_for(OLD, 500);

        let watcher = Watcher::new(&cloud);
        let look = watcher.at_requests();
        let pace: Look = Arc::new(move |cloud| {
            look(cloud);
            std::thread::sleep(Duration::from_millis(20));
        });
        let report = applied(&desired(&project(NEW)), &store, &cloud.provider(Some(pace)).await).await;
        assert!(report.is_success(), "{:?}", report.failed);
        watcher.expect_no_dip();
        load.wait_for(NEW, 1000);
        let heard = load.stop();
        assert_eq!(heard.failed, [""; 0], "of {:?}", heard.by_image);
        assert_eq!(heard.by_image.keys().collect::<Vec<_>>(), [NEW, OLD]);
    });
}

#[test]
fn what_shall_go_wrong_in_the_embedded_aws_is_kept_until_it_has() {
    let here = TestProject::new(clouds::Cloud::Embedded);
    here.write("main.infra", &project(OLD));
    let faults = ["elb:CreateLoadBalancer=cut", "autoscaling:*~10%=throttle", "capacity@20h=3"];
    let listed = here.run(&[&["local", "inject"], &faults[..]].concat()).expect(0);
    assert_eq!(listed, "elb:CreateLoadBalancer=cut\nautoscaling:*~10%=throttle\ncapacity@20h=3\n");
    // A balancer whose creation was not answered is found again, and being throttled is waited out.
    let _ = here.apply(&[]);
    let status = here.run(&["local", "status"]).expect(0);
    assert!(status.contains("3 of 3 serve; wants 3 of 3 to 6"), "{status}");
    assert!(status.contains("still to go wrong\n  autoscaling:*~10%=throttle\n"), "{status}");
    let left = here.run(&["local", "inject", "--clear"]).expect(0);
    assert_eq!(left, "Nothing has yet to go wrong.\n");
    let refused = here.run(&["local", "inject", "elb:*=explode"]);
    assert_eq!(refused.code, 2, "{}", refused.out);
    assert!(
        refused.err.contains("there is no effect `explode`; there are throttle, lost,"),
        "{}",
        refused.err
    );
}

#[test]
fn a_served_aws_is_told_what_shall_go_wrong_and_tells_how_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = served(folder.path(), &["--profile", "fast", "--speed", "20", "--fault", "quota@9h=7"]);
    let project_here = TestProject::at(&server.url);
    project_here.write("main.infra", &project(OLD));
    let _ = project_here.apply(&[]);
    let listed = project_here.run(&["local", "inject", "ec2:DescribeVpcs@3=throttle"]).expect(0);
    assert!(listed.contains("ec2:DescribeVpcs@3=throttle\n") && listed.contains("quota@"), "{listed}");
    let status = project_here.run(&["local", "status"]).expect(0);
    assert!(status.contains("3 of 3 serve") && status.contains("    80 is http://127.0.0.1:"), "{status}");
    let json = project_here.run(&["local", "status", "--json"]).expect(0);
    assert!(json.contains("\"by_status\": {}"), "{json}");
}

/// Whether a server takes a request with these headers for a stranger's.
fn is_strange(url: &str, headers: &str) -> bool {
    use std::io::{Read as _, Write as _};
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let body = "Action=DescribeVpcs&Version=2016-11-15";
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.0\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1"), "{answer}");
    answer.contains("\r\n\r\nthis AWS ")
}

/// The address has a path to it from this machine alone, and a page of another site has none even from here.
#[test]
fn pages_of_other_sites_get_no_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = served(folder.path(), &[]);
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    let port = server.url.rsplit(':').next().expect("a port");
    let is_strange = |headers: &str| is_strange(&server.url, &headers.replace("PORT", port));
    let ours = ["", "Host: 127.0.0.1:PORT\r\n", "Host: localhost:PORT\r\n", "Host: [::1]:PORT\r\n"];
    for headers in ours {
        assert!(!is_strange(headers), "{headers}");
    }
    let theirs = [
        "Host: rebound.example:PORT\r\n",
        "Host: 127.0.0.1.rebound.example\r\n",
        "Host: 127.0.0.1:PORT\r\nOrigin: https://other.example\r\n",
        "Host: localhost:PORT\r\nOrigin: null\r\n",
    ];
    for headers in theirs {
        assert!(is_strange(headers), "{headers}");
    }
}
