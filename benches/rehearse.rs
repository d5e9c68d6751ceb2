//! What a rehearsal of a swap of 100 instances costs, with users who ask meanwhile.
//!
//! `cargo bench --bench rehearse`. It is the command itself that is measured, the reading of the project and the
//! planning included, as often as it takes to tell a median.

use std::fs;
use std::path::Path;
use std::process::Command;

/// How often.
const TIMES: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "one");
    infra(folder.path(), &["apply", "--yes"]);
    write(folder.path(), "two");
    let mut times: Vec<u64> = (0..TIMES).map(|_| measured(folder.path())).collect();
    times.sort_unstable();
    println!("rehearsal of 100 instances: {} ms of work", times[TIMES / 2]);
}

/// Milliseconds of work that one rehearsal takes.
fn measured(folder: &Path) -> u64 {
    let before = work();
    infra(folder, &["rehearse", "--json"]);
    work() - before
}

fn infra(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
    let output = command.arg("-C").arg(folder).arg("--local").args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Milliseconds that ended children have worked: proc(5), `stat`, `cutime` and `cstime`, in hundredths of a second.
fn work() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, after_name) = text.rsplit_once(')').expect("a name in parentheses");
    // The first field after the name is the third of all.
    let ticks = after_name.split_whitespace().skip(13).take(2);
    ticks.map(|field| field.parse::<u64>().expect("a number")).sum::<u64>() * 10
}

fn write(folder: &Path, user_data: &str) {
    let text = format!(
        r#"
        project "bench" {{ region = "us-east-1" }}

        elb "web" {{
          availability_zones          = ["us-east-1a", "us-east-1b"]
          listener                    = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
          health_check                = {{ target = "HTTP:80/", interval = 10s, timeout = 5s }}
          connection_draining         = true
          connection_draining_timeout = 60s
        }}

        launch_configuration "web" {{
          image_id      = "ami-22de994a"
          instance_type = "t3.small"
          user_data     = "{user_data}"
        }}

        autoscaling_group "web" {{
          launch             = launch_configuration.web
          availability_zones = ["us-east-1a", "us-east-1b"]
          load_balancers     = [elb.web]
          min_size           = 100
          max_size           = 200
        }}
        "#
    );
    fs::write(folder.join("main.infra"), text).expect("written");
}
