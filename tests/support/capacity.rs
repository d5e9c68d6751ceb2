//! Who serves, seen at every request and at every virtual second; and what a group is like when nothing happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_local_aws::elb::takes_requests;
use infra_local_aws::model::autoscaling::{Group, MemberState, Size};
use infra_local_aws::model::ec2::{InstanceId, InstanceState};
use infra_local_aws::model::{Model, Time};

use super::in_process::{Cloud, Look};

/// What was seen of the groups behind load balancers.
#[derive(Debug)]
pub struct Seen {
    /// The group that serves at the start.
    pub old: String,
    /// How many instances must serve at any time.
    pub floor: usize,
    /// The fewest that served.
    pub fewest: usize,
    /// The most that served.
    pub most: usize,
    /// What must not happen, with the moment it was seen.
    pub wrong: Vec<String>,
    /// So many looks.
    pub looks: usize,
    serving: BTreeSet<InstanceId>,
}

/// Watches a cloud with one group that serves at its desired size, which becomes the floor.
#[derive(Clone)]
pub struct Watcher(Arc<Mutex<Seen>>);

impl Watcher {
    /// Begins to look.
    pub fn new(cloud: &Cloud) -> Self {
        let seen = cloud.model(|model| {
            let group = model.autoscaling.groups.values().next().expect("a group");
            let serving = serving(model, group);
            let floor = usize::try_from(group.size.desired).expect("few");
            assert_eq!(serving.len(), floor, "the group serves at its size before anything happens");
            let (fewest, most) = (floor, floor);
            Seen { old: group.name.clone(), floor, fewest, most, wrong: Vec::new(), looks: 0, serving }
        });
        let watcher = Self(Arc::new(Mutex::new(seen)));
        let (every_second, cloud) = (watcher.clone(), cloud.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                every_second.look(&cloud);
            }
        });
        watcher
    }

    /// Looks at every request as well.
    pub fn at_requests(&self) -> Look {
        let watcher = self.clone();
        Arc::new(move |cloud| watcher.look(cloud))
    }

    fn look(&self, cloud: &Cloud) {
        self.with(|seen| cloud.model(|model| seen.look(model)));
    }

    /// What was seen so far.
    pub fn with<T>(&self, read: impl FnOnce(&mut Seen) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fails the test if anything went wrong; gives the fewest and the most that served.
    #[track_caller]
    pub fn expect_no_dip(&self) -> (usize, usize) {
        self.with(|seen| {
            assert_eq!(seen.wrong, [""; 0]);
            assert!(seen.fewest >= seen.floor, "{seen:?}");
            (seen.fewest, seen.most)
        })
    }
}

impl Seen {
    fn look(&mut self, model: &Model) {
        self.looks += 1;
        let by_group: BTreeMap<&str, BTreeSet<InstanceId>> = model
            .autoscaling
            .groups
            .values()
            .map(|group| (group.name.as_str(), serving(model, group)))
            .collect();
        let all: BTreeSet<InstanceId> = by_group.values().flatten().cloned().collect();
        self.fewest = self.fewest.min(all.len());
        self.most = self.most.max(all.len());
        let old = by_group.get(self.old.as_str()).map_or(0, BTreeSet::len);
        let new = all.len() - old;
        if all.len() < self.floor {
            self.say(model.now, format!("{} serve", all.len()));
        }
        if old < self.floor && new < self.floor {
            self.say(model.now, format!("the old group serves with {old}, and the new one only with {new}"));
        }
        let ended: Vec<String> =
            ended(model, &self.serving).map(|id| format!("{id} ended while it served")).collect();
        ended.into_iter().for_each(|what| self.say(model.now, what));
        self.serving = all;
    }

    fn say(&mut self, at: Time, what: String) {
        self.wrong.push(format!("{at}: {what}"));
    }
}

/// The instances of a group that take requests: in service in the group, and all its load balancers send to them.
fn serving(model: &Model, group: &Group) -> BTreeSet<InstanceId> {
    let ready = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let everywhere =
        |id: &InstanceId| group.balancers.keys().all(|balancer| takes_requests(model, balancer, id));
    let behind = !group.balancers.is_empty();
    ready.map(|(id, _)| id).filter(|id| behind && everywhere(id)).cloned().collect()
}

/// Instances that end though they served a moment ago, or still are on the list of a load balancer.
fn ended<'a>(model: &'a Model, served: &'a BTreeSet<InstanceId>) -> impl Iterator<Item = &'a InstanceId> {
    let listed = |id: &InstanceId| model.elb.balancers.values().any(|elb| elb.registrations.contains_key(id));
    let ends = |state| matches!(state, InstanceState::ShuttingDown | InstanceState::Terminated);
    let ending = model.ec2.instances.values().filter(move |instance| ends(instance.state));
    ending.map(|instance| &instance.id).filter(move |id| served.contains(*id) || listed(id))
}

/// What of a group must be as the file has it once no swap runs.
pub type Settings = (Size, Vec<String>, String, Vec<String>);

fn settings(group: &Group) -> Settings {
    let names = |map: Vec<&String>| map.into_iter().cloned().collect();
    let (suspended, balancers) = (group.suspended.keys().collect(), group.balancers.keys().collect());
    (group.size, names(suspended), group.settings.health_check_type.clone(), names(balancers))
}

/// The only group there is: its name and its settings.
pub fn only_group(cloud: &Cloud) -> (String, Settings) {
    cloud.model(|model| {
        let groups: Vec<&Group> = model.autoscaling.groups.values().collect();
        assert_eq!(groups.len(), 1, "{:?}", model.autoscaling.groups.keys());
        (groups[0].name.clone(), settings(groups[0]))
    })
}

/// From now on no application of an image starts.
pub fn never_listens(model: &mut Model, image: &str) {
    let tags = model.ec2.tags.entry(image.to_owned()).or_default();
    tags.insert("local-aws:listening-after".to_owned(), "never".to_owned());
}
