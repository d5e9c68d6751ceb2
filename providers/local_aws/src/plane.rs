//! The data plane of a served AWS: load balancers and instances that answer real requests.
//!
//! Every listener of every classic load balancer is a port on 127.0.0.1, and every instance whose application listens
//! is a small HTTP server on a port of its own. Who gets requests is the model's affair: several times a second the
//! sockets are made to agree with it. What follows from sockets happens by itself: an instance that ends takes its
//! connections with it, and one that leaves a load balancer finishes what is open, up to the draining timeout.
//!
//! It differs from AWS in this: nothing is probed over the sockets, since the model knows what a probe would find;
//! HTTPS and SSL listeners speak without TLS; and a node, of which there is one in each zone, is chosen for each
//! connection in turn instead of by DNS. Without cross-zone balancing a connection reaches only its node's zone.

mod accept;
mod board;
mod front;
mod machine;
mod route;
mod tally;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::handle::LocalAws;
use crate::serve::Clock;
use front::{Client, Front};
use machine::Machine;
use view::{FrontKey, MachineKey, View};

pub use tally::Tally;

/// Time between two looks at the model.
const LOOK: Duration = Duration::from_millis(20);

/// Told in a sentence when a listener appears or vanishes.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// How the data plane behaves where the model has nothing to say.
#[derive(Clone)]
pub struct PlaneOptions {
    /// How long an instance takes to answer a request, in real time.
    pub latency: Duration,
    /// Hears of listeners.
    pub told: Told,
}

impl Default for PlaneOptions {
    fn default() -> Self {
        Self { latency: Duration::from_millis(2), told: Arc::new(|_| {}) }
    }
}

/// The data plane of a cloud. Clones share it.
#[derive(Clone)]
pub struct Plane {
    local: LocalAws,
    clock: Clock,
    options: PlaneOptions,
    client: Client,
    sockets: Arc<Mutex<Sockets>>,
    tallies: Tallies,
}

/// What was counted, by place and name of the load balancer.
type Tallies = Arc<Mutex<BTreeMap<(String, String), Tally>>>;

#[derive(Default)]
struct Sockets {
    fronts: BTreeMap<FrontKey, Front>,
    machines: BTreeMap<MachineKey, Machine>,
}

impl Plane {
    /// One that has no sockets yet.
    pub fn new(local: LocalAws, clock: Clock, options: PlaneOptions) -> Self {
        let (sockets, tallies) = Default::default();
        Self { local, clock, options, client: front::client(), sockets, tallies }
    }

    /// Keeps the sockets as the model says, until the task is dropped.
    pub async fn run(&self) {
        loop {
            self.look();
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Where the listeners of a load balancer are, by the port they stand for.
    pub fn ports(&self, place: &str, balancer: &str) -> BTreeMap<u16, SocketAddr> {
        let sockets = lock(&self.sockets);
        let ours = sockets.fronts.iter().filter(|(key, _)| key.place == place && key.balancer == balancer);
        ours.map(|(key, front)| (key.port, front.address())).collect()
    }

    /// What the listeners of a load balancer have counted, since the data plane was made.
    pub fn tally(&self, place: &str, balancer: &str) -> Tally {
        let key = (place.to_owned(), balancer.to_owned());
        lock(&self.tallies).get(&key).cloned().unwrap_or_default()
    }

    /// Makes the sockets agree with the model.
    fn look(&self) {
        let view = self.local.with_cloud(self.clock.now(), View::of);
        let mut sockets = lock(&self.sockets);
        self.start_machines(&mut sockets, &view);
        self.open_fronts(&mut sockets, &view);
        let Sockets { fronts, machines } = &mut *sockets;
        for (key, front) in fronts.iter() {
            let address = |id: &str| machines.get(&key.machine(id)).map(Machine::address);
            front.follow(&view.fronts[key], address, view.now);
        }
        let lingering: BTreeSet<MachineKey> = fronts
            .iter()
            .flat_map(|(key, front)| front.lingering().into_iter().map(|id| key.machine(&id)))
            .collect();
        machines.retain(|key, _| view.machines.contains_key(key) || lingering.contains(key));
    }

    fn start_machines(&self, sockets: &mut Sockets, view: &View) {
        for (key, machine) in &view.machines {
            match sockets.machines.get(key) {
                Some(running) => running.turn(machine.condition),
                None => {
                    // A machine that gets no socket now may get one at the next look.
                    if let Ok(started) = Machine::start(machine, self.options.latency, self.clock) {
                        sockets.machines.insert(key.clone(), started);
                    }
                }
            }
        }
    }

    fn open_fronts(&self, sockets: &mut Sockets, view: &View) {
        let told = &self.options.told;
        sockets.fronts.retain(|key, front| {
            let stays = view.fronts.get(key).is_some_and(|seen| seen.http == front.is_http());
            if !stays {
                told(&format!("{key} is closed"));
            }
            stays
        });
        for (key, seen) in &view.fronts {
            if sockets.fronts.contains_key(key) {
                continue;
            }
            let (client, tallies) = (self.client.clone(), Arc::clone(&self.tallies));
            if let Ok(front) = Front::open(key, seen.http, self.clock, client, tallies) {
                told(&format!("{key} is http://{}", front.address()));
                sockets.fronts.insert(key.clone(), front);
            }
        }
    }
}

impl fmt::Debug for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plane").finish_non_exhaustive()
    }
}

/// Sockets and counts are as good after a panic as before it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
