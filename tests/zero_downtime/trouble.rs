//! What goes wrong while a service rolls: each trouble at each step of each strategy. The floor holds, unless the trouble
//! itself takes instances away; whatever was pinned is as it was; the next apply finishes.

use std::sync::atomic::{AtomicUsize, Ordering};

use infra_engine::event::{ApplyEvent, StepEvent, Watch};
use infra_local_aws::fault::Fault;
use infra_local_aws::timing::TimeModel;

use super::ours::{Service, Way};
use super::stage::{ONE, Observer, TWO};
use crate::support::in_process::{Cloud, runtime};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    /// In words.
    pub name: &'static str,
    /// As it is written for `infra rehearse --fail`, but that `OLD` and `NEW` stand for the two images.
    pub fault: &'static str,
    /// What ends it, if it does not end by itself.
    pub repair: Option<&'static str>,
    /// How many instances it takes away by itself.
    pub takes: usize,
}

const fn passing(name: &'static str, fault: &'static str) -> Trouble {
    Trouble { name, fault, repair: None, takes: 0 }
}

/// The failure modes of the specification that may come at any moment.
pub const TROUBLES: [Trouble; 10] = [
    passing("every call throttled for a while", "*:*=throttle*12"),
    passing("one call in five throttled", "*:*~20%=throttle"),
    passing("server errors", "*:*=500*4"),
    passing("answers lost", "*:*@2=lost*2"),
    passing("a pending update", "autoscaling:*=ResourceContention*4"),
    passing("stale reads", "*:Describe*=stale:20s*4"),
    passing("somebody scales up", "group:*=desired:5"),
    Trouble { takes: 1, ..passing("an instance of the old image dies", "instance:OLD=dies") },
    Trouble { takes: 1, ..passing("an instance of the new image dies", "instance:NEW=dies") },
    Trouble { repair: Some("capacity=1000"), ..passing("no capacity is left", "capacity=0") },
];

/// What an image can have. It is there from the start, and mended by another build of the same id.
pub const FLAWS: [Trouble; 3] = [
    Trouble {
        repair: Some("image:NEW=boots:1m"),
        ..passing("an image that never listens", "image:NEW=never-healthy")
    },
    Trouble {
        repair: Some("image:NEW=boots:1m"),
        ..passing("an image that fails its checks", "image:NEW=fails-checks")
    },
    passing("an image that boots for 6 minutes", "image:NEW=boots:6m"),
];

fn fault(text: &str) -> Fault {
    text.replace("OLD", ONE).replace("NEW", TWO).parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Lets it go wrong when the step of that number starts, counted from 1 in the order in which they start.
struct Saboteur {
    cloud: Cloud,
    trouble: Trouble,
    at: usize,
    started: AtomicUsize,
}

impl Watch for Saboteur {
    fn event(&self, event: &ApplyEvent) {
        let starts = matches!(event.what, StepEvent::Started(_));
        if starts && self.started.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            self.cloud.aws.inject(self.cloud.now(), fault(self.trouble.fault));
        }
    }
}

/// How a troubled roll went.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The step was never reached: there are fewer.
    Never,
    /// It came to its end at once.
    Weathered,
    /// It failed, was taken back or held, and the next apply came to its end.
    Recovered,
}

/// Rolls three instances while the trouble strikes at a step.
///
/// # Panics
/// The floor does not hold, something is left behind, or the next apply does not finish.
pub fn troubled(way: Way, trouble: Trouble, at: usize) -> End {
    runtime().block_on(async {
        let service = Service::new(way, SIZE, 1, TimeModel::aws_like()).await;
        let cloud = service.cloud.clone();
        let observer = Observer::new(&cloud, SIZE);
        let saboteur = Saboteur { cloud: cloud.clone(), trouble, at, started: AtomicUsize::new(0) };
        let report = service.roll_watched(&saboteur).await;
        if saboteur.started.load(Ordering::Relaxed) < at {
            return End::Never;
        }
        let told = format!("{}: {} at step {at}: {:?}", way.name, trouble.name, report.failed);
        cloud.aws.clear_faults();
        trouble.repair.into_iter().for_each(|text| cloud.aws.inject(cloud.now(), fault(text)));
        assert!(report.undo_failed.is_empty(), "{told}: {:?}", report.undo_failed);
        let weathered = report.is_success();
        if !weathered {
            assert!(!report.failed.is_empty(), "{told}: nothing is said to have failed");
            tokio::time::sleep(std::time::Duration::from_secs(600)).await;
            service.finish(&told).await;
        }
        let served = observer.fewest();
        assert!(served >= SIZE - trouble.takes, "{told}: {served} served");
        tokio::time::sleep(std::time::Duration::from_secs(900)).await;
        service.expect_as_declared(&told).await;
        if weathered { End::Weathered } else { End::Recovered }
    })
}

const SIZE: usize = 3;
