//! Nobody notices a swap: while it runs, as many instances serve as before, at every request and every virtual second.

use std::time::Duration;

use infra_engine::change::Action;
use infra_engine::store::MemoryStore;
use infra_lang::address::Address;
use infra_local_aws::LocalAws;
use infra_local_aws::timing::TimeModel;

use crate::support::capacity::{Watcher, never_listens, only_group};
use crate::support::clouds;
use crate::support::in_process::{Cloud, REGION, applied, desired, planned, runtime};
use crate::support::project::TestProject;

/// An image whose application starts.
const GOOD: &str = "ami-22de994a";
/// An image that a test makes to be one whose application never starts.
const BAD: &str = "ami-1ebb2077";

/// A group behind a load balancer, with what stands in its block.
fn project(image: &str, user_data: &str, sizes: &str) -> String {
    format!(
        r#"
        project "test" {{ region = "us-east-1" }}

        elb "web" {{
          availability_zones          = ["us-east-1a", "us-east-1b"]
          listener                    = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
          health_check                = {{ target = "HTTP:80/", interval = 10s, timeout = 5s }}
          connection_draining         = true
          connection_draining_timeout = 60s
        }}

        launch_configuration "web" {{
          image_id      = "{image}"
          instance_type = "t3.small"
          user_data     = "{user_data}"
        }}

        autoscaling_group "web" {{
          launch              = launch_configuration.web
          availability_zones  = ["us-east-1a", "us-east-1b"]
          load_balancers      = [elb.web]
          suspended_processes = ["ScheduledActions"]
          swap                = {{ bake = 1m }}
          {sizes}
        }}
        "#
    )
}

/// Swaps a group that was made with `first` for one with `second`; gives the fewest and the most that served.
fn swapped(first: &str, second: &str) -> (usize, usize) {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::aws_like()), MemoryStore::default());
        let before = desired(&project(GOOD, "one", first));
        assert!(applied(&before, &store, &cloud.provider(None).await).await.is_success());
        let (old, (size, suspended, check, balancers)) = only_group(&cloud);

        let watcher = Watcher::new(&cloud);
        let provider = cloud.provider(Some(watcher.at_requests())).await;
        let after = desired(&project(GOOD, "two", second));
        let report = applied(&after, &store, &provider).await;
        assert!(report.is_success(), "{:?}", report.failed);

        let (new, settings) = only_group(&cloud);
        assert_ne!(new, old);
        assert_eq!(settings, (size, suspended, check, balancers), "as the file has it, at the live size");
        assert!(planned(&after, &store, &provider).await.is_empty());
        watcher.expect_no_dip()
    })
}

#[test]
fn three_instances_are_swapped_without_a_dip() {
    assert_eq!(swapped("min_size = 3\nmax_size = 6", "min_size = 3\nmax_size = 6"), (3, 6));
}

#[test]
fn a_single_instance_is_swapped_without_a_dip() {
    assert_eq!(swapped("min_size = 1\nmax_size = 1", "min_size = 1\nmax_size = 1"), (1, 2));
}

#[test]
fn ten_instances_are_swapped_without_a_dip() {
    assert_eq!(swapped("min_size = 10\nmax_size = 12", "min_size = 10\nmax_size = 12"), (10, 20));
}

/// What somebody scaled the group to counts, not the file.
#[test]
fn the_live_size_is_carried_over() {
    let file = "min_size = 1\nmax_size = 8";
    assert_eq!(swapped(&format!("desired_capacity = 4\n{file}"), file), (4, 8));
}

#[test]
fn a_swap_to_instances_that_never_serve_is_taken_back() {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::aws_like()), MemoryStore::default());
        let sizes = "min_size = 3\nmax_size = 6";
        let before = desired(&project(GOOD, "one", sizes));
        assert!(applied(&before, &store, &cloud.provider(None).await).await.is_success());
        let original = only_group(&cloud);
        cloud.model(|model| never_listens(model, BAD));

        let watcher = Watcher::new(&cloud);
        let provider = cloud.provider(Some(watcher.at_requests())).await;
        let after = desired(&project(BAD, "one", sizes));
        let report = applied(&after, &store, &provider).await;
        assert_eq!(watcher.expect_no_dip(), (3, 3));
        assert_eq!(only_group(&cloud), original);
        assert!(report.undo_failed.is_empty(), "{:?}", report.undo_failed);
        let failures: Vec<String> =
            report.failed.iter().map(|failed| format!("{}: {}", failed.title, failed.failure)).collect();
        insta::assert_snapshot!(failures.join("\n"), @"attach the new group to its load balancers: it took too long, waiting for 0 of 3 new instances serve steadily");

        let again = planned(&after, &store, &provider).await;
        let group = again.change(&Address::managed("autoscaling_group", "web")).expect("a change of the group");
        assert_eq!(group.action, Action::Swap);
    });
}

/// The same through the binary: how it ends, and what it says.
#[test]
fn a_swap_that_failed_is_told_with_its_cause() {
    let (here, sizes) = (TestProject::new(clouds::Cloud::Embedded), "min_size = 3\nmax_size = 6");
    here.write("main.infra", &project(GOOD, "one", sizes));
    let _ = here.apply(&[]);
    let cloud = LocalAws::restore(&here.read(".infra/local/cloud.json")).expect("a cloud");
    let now = cloud.now().expect("it was used");
    cloud.with_model("123456789012", REGION, now, |model| never_listens(model, BAD));
    here.write(".infra/local/cloud.json", &cloud.snapshot());

    here.write("main.infra", &project(BAD, "one", sizes));
    let run = here.run(&["apply", "--yes", "--no-rehearsal"]);
    assert_eq!(run.code, 1, "{}", run.out);
    let cause = "it took too long: 0 of 3 new instances serve steadily";
    assert!(run.err.contains(cause) && run.err.contains("main.infra:"), "{}", run.err);
    let plan = here.run(&["plan", "--no-rehearsal", "--detailed-exitcode"]).expect(2);
    assert!(plan.contains("3 of 3 running instances replaced"), "{plan}");
}

/// The tests above would see it.
#[test]
fn an_instance_that_somebody_ends_is_a_dip() {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::aws_like()), MemoryStore::default());
        let wanted = desired(&project(GOOD, "one", "min_size = 3\nmax_size = 6"));
        assert!(applied(&wanted, &store, &cloud.provider(None).await).await.is_success());
        let watcher = Watcher::new(&cloud);
        cloud.model(|model| {
            let id = model.ec2.instances.keys().next().expect("an instance").clone();
            infra_local_aws::ec2::fleet::terminate(model, id.as_str());
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        watcher.with(|seen| {
            assert_eq!((seen.fewest, seen.floor), (2, 3));
            assert!(seen.wrong.iter().any(|what| what.contains("ended while it served")), "{:?}", seen.wrong);
        });
    });
}
