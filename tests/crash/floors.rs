//! How many instances of each group serve, seen at every request and at every virtual second.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_local_aws::gauge::Gauge;

use crate::support::in_process::{ACCOUNT, Cloud, Look, REGION};

/// How many instances serve, by the address of their group.
pub type Serving = BTreeMap<String, usize>;

/// How many serve now.
pub fn serving(cloud: &Cloud) -> Serving {
    let gauge = cloud.aws.gauge(ACCOUNT, REGION, cloud.now());
    let addresses: Vec<String> = gauge.groups.values().filter_map(|group| group.address.clone()).collect();
    addresses.into_iter().map(|address| (address.clone(), of(&gauge, &address))).collect()
}

/// Old and new generation together.
fn of(gauge: &Gauge, address: &str) -> usize {
    gauge.of_address(address).map(|(_, group)| group.serving()).sum()
}

/// Watches that never fewer serve than is said.
#[derive(Clone)]
pub struct Floors {
    least: Arc<Serving>,
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Floors {
    /// Begins to look.
    pub fn watch(cloud: &Cloud, least: &Serving) -> Self {
        let floors = Self { least: Arc::new(least.clone()), wrong: Arc::default() };
        let (every_second, cloud) = (floors.clone(), cloud.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                every_second.look(&cloud);
            }
        });
        floors
    }

    /// Looks at every request as well.
    pub fn at_requests(&self) -> Look {
        let floors = self.clone();
        Arc::new(move |cloud| floors.look(cloud))
    }

    fn look(&self, cloud: &Cloud) {
        if self.least.is_empty() {
            return;
        }
        let gauge = cloud.aws.gauge(ACCOUNT, REGION, cloud.now());
        for (address, least) in &*self.least {
            let serve = of(&gauge, address);
            if serve < *least {
                let text = format!("{}: {serve} of {least} serve in {address}", gauge.at);
                self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
        }
    }

    /// What was below its floor, with the moment.
    pub fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
