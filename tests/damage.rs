//! Files that lose what was written to them: a journal cut short wherever a line ends, a state that cannot be read any
//! more. What they no longer say is found again in AWS, nothing is made twice, and `infra state repair` says what it does.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use infra_engine::store::{MemoryStore, StateStore, StoreError};
use infra_local_aws::LocalAws;
use infra_local_aws::model::Model;
use infra_local_aws::timing::TimeModel;

use crate::support::clouds;
use crate::support::in_process::{Cloud, REGION, applied, desired, planned, resumed, runtime};
use crate::support::project::TestProject;

/// Of each way to name things: by us, by AWS with our tag, by a caller's reference.
const NETWORK: &str = r#"
vpc "main" { cidr_block = "10.1.0.0/16" }
subnet "a" {
  vpc_id            = vpc.main
  cidr_block        = "10.1.1.0/24"
  availability_zone = "REGIONa"
}
security_group "web" {
  vpc_id  = vpc.main
  ingress = [{ from_port = 80, cidr_blocks = ["0.0.0.0/0"] }]
}
route53_zone "main" { name = "dns.test" }
route53_record "www" {
  zone_id = route53_zone.main
  name    = "www"
  type    = "CNAME"
  records = [elb.web.dns_name]
}
"#;

fn text(group: &str) -> String {
    format!("{group}{NETWORK}").replace("REGION", REGION)
}

fn first() -> String {
    text(include_str!("kinds/configuration_group/first.infra"))
}

fn second() -> String {
    text(include_str!("kinds/configuration_group/second.infra"))
}

/// A store that remembers the journal that was cleared last.
#[derive(Default)]
struct Keeping {
    inner: MemoryStore,
    cleared: Mutex<Vec<u8>>,
}

#[async_trait]
impl StateStore for Keeping {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load().await
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        self.inner.save(state).await
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.backup().await
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.inner.keep(label, bytes).await
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        self.inner.journal_append(line).await
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.journal_load().await
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        if let Some(journal) = self.inner.journal_load().await? {
            *self.cleared.lock().expect("no panic") = journal;
        }
        self.inner.journal_clear().await
    }
}

/// A project whose apply has done all in AWS and was killed before it saved its state.
struct Unsaved {
    cloud: String,
    state: Vec<u8>,
    journal: Vec<u8>,
}

impl Unsaved {
    /// After these configurations were applied, one after the other; the last one is the unsaved one.
    fn after(texts: &[String]) -> Self {
        runtime().block_on(async {
            let (cloud, store) = (Cloud::new(TimeModel::fast()), Keeping::default());
            for text in texts {
                let report = applied(&desired(text), &store, &cloud.provider(None).await).await;
                assert!(report.is_success(), "{:?}", report.failed);
            }
            let state = store.backup().await.expect("in memory").expect("it was saved twice");
            let journal = store.cleared.lock().expect("no panic").clone();
            Self { cloud: cloud.aws.snapshot(), state, journal }
        })
    }

    /// The same command again, with these lines of the journal left: what there is then.
    fn again(&self, text: &str, lines: &[&[u8]]) -> String {
        runtime().block_on(async {
            let (cloud, store) = (Cloud::restore(&self.cloud), MemoryStore::default());
            store.save(&self.state).await.expect("in memory");
            store.set_journal(Some(lines.concat()));
            let (wanted, provider) = (desired(text), cloud.provider(None).await);
            let resumed = resumed(&store, &provider).await;
            if let Some(failed) = resumed.and_then(|report| report.failed.into_iter().next()) {
                return format!("{}: {:?}", cloud.model(census), failed.failure);
            }
            let report = applied(&wanted, &store, &provider).await;
            assert!(report.is_success(), "{} lines left: {:?}", lines.len(), report.failed);
            let plan = planned(&wanted, &store, &provider).await;
            assert!(plan.is_empty(), "{} lines left: {:?}", lines.len(), plan.changes);
            cloud.model(census)
        })
    }
}

/// How many there are of everything.
fn census(model: &mut Model) -> String {
    let running: u64 = model.autoscaling.groups.values().map(|group| group.size.desired).sum();
    format!(
        "{} groups of {running}, {} configurations, {} balancers, {} vpcs, {} subnets, {} security groups, {} zones",
        model.autoscaling.groups.len(),
        model.autoscaling.configurations.len(),
        model.elb.balancers.len(),
        model.ec2.vpcs.len(),
        model.ec2.subnets.len(),
        model.ec2.groups.len(),
        model.route53.zones.len(),
    )
}

/// Cuts the journal at the end of each line. If fewer than so many lines are left it stops, else it comes to its end.
fn cut_everywhere(texts: &[String], least: usize, stops: &str) {
    let unsaved = Unsaved::after(texts);
    let text = texts.last().expect("one at least");
    let lines: Vec<&[u8]> = unsaved.journal.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(lines.len() > 15, "{}", lines.len());
    let whole = unsaved.again(text, &lines);
    for left in usize::from(least > 0)..lines.len() {
        let expected = if left < least { format!("{whole}: {stops}") } else { whole.clone() };
        assert_eq!(unsaved.again(text, &lines[..left]), expected, "{left} of {} lines left", lines.len());
    }
}

/// Even of a journal of which nothing is left: the same plan is made again, and its steps find what they made.
#[test]
fn a_journal_of_a_create_cut_short_goes_on_to_the_same_end() {
    cut_everywhere(&[first()], 0, "");
}

/// How many lines there are until it is written down what the old group was like.
const HELD: usize = 7;

/// Once the old group is gone, only the journal tells what it was like: without that it stops, and makes nothing twice.
/// Its plan must be left at least: another plan would not know that the new group is the successor of the old one.
#[test]
fn a_journal_of_a_swap_cut_short_goes_on_to_the_same_end() {
    cut_everywhere(&[first(), second()], HELD, "Stuck(\"the group is gone\")");
}

const STATE: &str = ".infra/local/infra.state";
const JOURNAL: &str = ".infra/local/infra.state.journal";

/// A project that has made a network, and the text of its state.
fn network() -> (TestProject, String) {
    let project = TestProject::new(clouds::Cloud::Embedded);
    let text =
        format!("project \"p\" {{ region = \"{REGION}\" }}\nvpc \"x\" {{ cidr_block = \"10.0.0.0/16\" }}\n");
    project.write("main.infra", &text);
    let _ = project.apply(&[]);
    let state = project.read(STATE);
    (project, state)
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

#[test]
fn a_state_that_is_lost_comes_back_from_its_backup_and_from_aws() {
    let (project, whole) = network();
    let vpc = project.left_behind();
    for damaged in [whole[..whole.len() / 2].to_owned(), String::new(), whole.replace("10.0.0.0", "10.9.0.0")]
    {
        project.write(STATE, &damaged);
        let dry = project.run(&["state", "repair", "--dry-run"]).expect(0);
        says(&dry, &["cannot be used", "its backup, state 0 with 0 objects", "Nothing was written"]);
        assert_eq!(project.read(STATE), damaged);
        let said = project.run(&["state", "repair"]).expect(0);
        assert!(said.starts_with(dry.split("\nNothing was written").next().expect("a part")), "{said}");
        says(
            &said,
            &["looks at every step before it acts", "A copy of what was there: ", "infra.state.state-"],
        );
        let _ = project.apply(&[]);
        assert_eq!(project.left_behind(), vpc, "nothing is made twice");
        project.expect_no_changes(&[]);
        assert_eq!(project.read(STATE), whole);
    }
    let sound = project.run(&["state", "repair"]).expect(0);
    says(&sound, &["Nothing is wrong with the state at ", "infra.state.\n"]);
}

#[test]
fn what_a_damaged_state_seems_to_say_is_shown() {
    let (project, whole) = network();
    project.write(STATE, &whole.replace("\"vpc-", "\"vpc-0"));
    let said = project.run(&["state", "repair", "--dry-run"]).expect(0);
    says(&said, &["its digest is not that of its contents", "vpc.x: nothing in the backup, vpc-0"]);
}

#[test]
fn without_a_backup_nothing_is_written() {
    let (project, _) = network();
    project.write(STATE, "{");
    project.write(&format!("{STATE}.backup"), "");
    let said = project.run(&["state", "repair"]).expect(1);
    says(&said, &["Its backup cannot be read either: the state is empty", "infra state rebuild"]);
    assert_eq!(project.read(STATE), "{");
}

/// Whatever line of it is changed, and whether or not the state is lost besides.
#[test]
fn a_journal_that_is_damaged_in_the_middle_is_cut_and_gone_on_with() {
    for (line, state_too) in [(3, false), (5, true)] {
        let project = TestProject::new(clouds::Cloud::Embedded);
        project.write("main.infra", &first());
        let _ = project.apply(&[]);
        project.write("main.infra", &second());
        let mut process = project.start(&["apply", "--yes"]);
        let begun = Instant::now();
        while std::fs::read_to_string(project.path().join(JOURNAL)).map_or(0, |text| text.lines().count()) < 9
        {
            assert!(begun.elapsed() < Duration::from_secs(60), "the journal never had 9 lines");
            std::thread::sleep(Duration::from_millis(1));
        }
        process.kill().expect("killed");
        let _ = process.wait();
        let journal = project.read(JOURNAL);
        let changed = |(at, text): (usize, &str)| {
            let text = if at + 1 == line { text.replace("\"step\":", "\"step\":1") } else { text.to_owned() };
            text + "\n"
        };
        project.write(JOURNAL, &journal.lines().enumerate().map(changed).collect::<String>());
        if state_too {
            project.write(STATE, "");
        }
        let refused = project.run(&["apply", "--yes"]);
        assert_eq!(refused.code, 1);
        says(&refused.err, &["infra state repair"]);
        let said = project.run(&["state", "repair"]).expect(0);
        says(&said, &[&format!("line {line} of the journal is damaged"), "What stands before it is kept"]);
        assert_eq!(said.contains("brought up to state 1"), state_too, "{said}");
        let _ = project.apply(&[]);
        project.expect_no_changes(&[]);
        let cloud = LocalAws::restore(&project.read(".infra/local/cloud.json")).expect("a cloud");
        let now = cloud.now().expect("it was used");
        let census = cloud.with_model("123456789012", REGION, now, census);
        says(&census, &["1 groups of 2, 2 configurations, 1 balancers"]);
    }
}
