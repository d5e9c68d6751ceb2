//! The state file is lost: it is made anew of what is in AWS, and nothing is written there.

use std::fs;
use std::path::Path;

use infra_engine::rebuild::rebuild;
use infra_engine::store::{MemoryStore, save_state};
use infra_local_aws::service::Access;
use infra_local_aws::timing::TimeModel;
use serde_json::Value as Json;

use crate::support::clouds::Cloud;
use crate::support::in_process::{self, applied, desired, fresh, planned, runtime};
use crate::support::project::TestProject;

const STATE: &str = ".infra/local/infra.state";

/// What the state holds of each address: its ids, what it refers to, whether it is protected.
fn known(project: &TestProject) -> Json {
    let mut state: Json = serde_json::from_str(&project.read(STATE)).expect("JSON");
    for record in state["records"].as_object_mut().expect("the records").values_mut() {
        for object in ["current", "former"] {
            let objects = record.get_mut(object).into_iter().flat_map(|it| match it {
                Json::Array(all) => all.iter_mut().collect(),
                one => vec![one],
            });
            for object in objects {
                let id = object["id"].take();
                *object = id;
            }
        }
        record.as_object_mut().expect("a record").remove("previous");
    }
    state["records"].take()
}

/// Loses state and backup.
fn lose(project: &TestProject) {
    for file in fs::read_dir(project.path().join(".infra/local")).expect("a folder") {
        let path = file.expect("an entry").path();
        if path.to_string_lossy().contains("infra.state") {
            fs::remove_file(path).expect("removed");
        }
    }
}

#[test]
fn what_can_still_be_restored_is_not_given_up() {
    let project = TestProject::new(Cloud::Embedded);
    let source = |tag: &str| {
        let vpc =
            format!("vpc \"main\" {{\n  cidr_block = \"10.0.0.0/16\"\n  tags = {{ a = \"{tag}\" }}\n}}\n");
        format!("project \"shop\" {{ region = \"us-east-1\" }}\n{vpc}")
    };
    for tag in ["one", "two"] {
        project.write("main.infra", &source(tag));
        let _ = project.apply(&[]);
    }
    fs::remove_file(project.path().join(STATE)).expect("removed");
    let refused = project.run(&["state", "rebuild"]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err, @r"
    error: the state before the last save is still there: serial 1, 1 object
      --> ./.infra/local/infra.state
      = hint: `infra state push ./.infra/local/infra.state.backup` puts it back, without what was done since; `--force` rebuilds all the same
    ");
    project.write(STATE, "{");
    let refused = project.run(&["state", "rebuild"]);
    assert!(refused.err.contains("`infra state repair` restores it"), "{}", refused.err);
    let out = project.run(&["state", "rebuild", "--force"]).expect(0);
    assert!(out.contains("No changes.") && out.contains("infra.state.damaged-"), "{out}");
}

/// Made, lost and found: the next plan is empty, and everything can be removed.
fn there_again(project: &TestProject) {
    let _ = project.apply(&[]);
    let before = known(project);
    lose(project);
    let out = project.run(&["state", "rebuild"]).expect(0);
    assert!(out.contains("No changes."), "{out}");
    assert_eq!(known(project), before);
    project.expect_no_changes(&[]);
    assert_eq!(project.run(&["drift"]).code, 0);
    project.destroy();
    assert_eq!(project.left_behind(), [""; 0]);
}

#[test]
fn the_examples_are_found_again() {
    for name in ["ponyfoo", "nodes"] {
        there_again(&TestProject::example(name, Cloud::Embedded));
    }
}

macro_rules! kinds {
    ($($case:ident),* $(,)?) => {
        $(#[test] fn $case() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds").join(stringify!($case));
            let text = fs::read_to_string(folder.join("second.infra")).expect("a configuration");
            let project = TestProject::copy(&folder, Cloud::Embedded);
            fs::remove_file(project.path().join("first.infra")).expect("removed");
            project.write("second.infra", &text.replace("REGION", "us-east-1"));
            there_again(&project);
        })*
    };
}

kinds!(network, dns, balancer, configuration_group, template_group, image, machine, scaling);

/// Five of the hundred services.
fn few() -> String {
    include_str!("support/services.infra").replace("range(100)", "range(5)")
}

#[test]
fn what_is_found_is_read_and_never_written() {
    runtime().block_on(async {
        let cloud = in_process::Cloud::new(TimeModel::fast());
        let (wanted, store) = (desired(&few()), MemoryStore::default());
        let report = applied(&wanted, &store, &cloud.provider(None).await).await;
        assert!(report.is_success(), "{:?}", report.failed);
        let writes = || {
            cloud
                .aws
                .calls()
                .iter()
                .filter(|((.., access), _)| *access == Access::Write)
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        let before = writes();
        let provider = cloud.provider(None).await;
        let rebuilt = rebuild(&wanted, fresh(), &provider).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(writes(), before);
        assert_eq!(rebuilt.missing, []);
        assert_eq!(rebuilt.state.records.len(), report.state.records.len());
        save_state(&store, &rebuilt.state.next()).await.expect("in memory");
        let plan = planned(&wanted, &store, &provider).await;
        assert!(plan.is_empty(), "{plan}");
    });
}

const SOURCE: &str = r#"
project "shop" { region = "us-east-1" }

vpc "main" {
  cidr_block = "10.0.0.0/16"
  lifecycle { prevent_destroy = true }
}

subnet "public" {
  for_each   = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id     = vpc.main
  cidr_block = each.value
}

variable "words" {
  type      = string
  sensitive = true
}

launch_template "web" {
  image_id      = "ami-22de994a"
  instance_type = "t3.small"
  user_data     = var.words
}
"#;

#[test]
fn what_is_lost_is_told_and_what_nobody_wants_is_not_forgotten() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    let words = ["--var", "words=canary-one"];
    let _ = project.apply(&words);
    let refused = project.run(&[&["state", "rebuild"], &words[..]].concat());
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err, @r"
    error: there is a state, with 4 objects
      --> ./.infra/local/infra.state
      = hint: `infra state list` shows it; `--force` gives up what it knows and AWS does not
    ");
    project.write(STATE, "");
    // One subnet moves in the configuration, one is gone from it, and a third was never made.
    let config = SOURCE.replace(
        r#"{ a = "10.0.1.0/24", b = "10.0.2.0/24" }"#,
        r#"{ c = "10.0.1.0/24", d = "10.0.9.0/24" }"#,
    );
    let moved = "moved {\n  from = subnet.public[\"a\"]\n  to   = subnet.public[\"c\"]\n}\n";
    project.write("main.infra", &(config + moved));
    let found = project.run(&[&["state", "rebuild", "--dry-run"], &words[..]].concat()).expect(0);
    let masked = |line: &str| match (line.split_once(" ("), line.split_once(')')) {
        (Some((address, _)), Some((_, rest))) if line.starts_with('+') => format!("{address}{rest}\n"),
        _ => format!("{line}\n"),
    };
    insta::assert_snapshot!(found.lines().map(masked).collect::<String>(), @r#"
    Found in us-east-1 (account 123456789012): 3 of 4 addresses, 1 more that the configuration does not have

    + launch_template.web
    + subnet.public["b"]  no longer in the configuration
    + subnet.public["c"]
    + vpc.main  protected
    ? subnet.public["d"]  not found

    Nothing was written: this was a dry run.
    "#);
    assert_eq!(project.read(STATE), "");
    let out = project.run(&[&["state", "rebuild"], &words[..]].concat()).expect(0);
    assert!(out.contains("- subnet.public[\"b\"]") && out.contains("+ subnet.public[\"d\"]"), "{out}");
    assert!(out.contains("1 created, 1 destroyed") || out.contains("1 destroyed"), "{out}");
    assert!(!project.read(STATE).contains("canary") && project.read(STATE).contains("$sealed"));
    let _ = project.apply(&words);
    project.expect_no_changes(&words);
    let protected = project.run(&[&["destroy", "--yes"], &words[..]].concat());
    assert!(protected.err.contains("`vpc.main` is protected"), "{}", protected.err);
}

/// The same where somebody else says what AWS answers.
#[test]
fn what_is_lost_on_moto_is_found_there() {
    for (case, region) in
        [("network", "ap-south-1"), ("configuration_group", "ap-southeast-1"), ("dns", "sa-east-1")]
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds").join(case);
        let text = fs::read_to_string(folder.join("second.infra")).expect(case).replace("REGION", region);
        let project = TestProject::new(Cloud::Moto);
        project.write("main.infra", &text);
        let _ = project.apply(&[]);
        let before = project.run(&["state", "list"]).expect(0);
        for file in ["infra.state", "infra.state.backup"] {
            fs::remove_file(project.path().join(file)).expect("removed");
        }
        let out = project.run(&["state", "rebuild"]).expect(0);
        assert!(out.contains("No changes."), "{case}: {out}");
        assert_eq!(project.run(&["state", "list"]).expect(0), before);
        let _ = project.run(&["drift"]).expect(0);
        project.destroy();
    }
}
