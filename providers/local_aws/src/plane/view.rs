//! What the sockets must be like, read off the model.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::cloud::Cloud;
use crate::ec2::fleet;
use crate::elb;
use crate::model::behaviour::Condition;
use crate::model::elb::{Balancer, Listener};
use crate::model::{Model, Time};

use super::route::Standing;

/// All load balancers and instances of a cloud at a moment.
#[derive(Debug)]
pub struct View {
    /// The moment.
    pub now: Time,
    /// One for each listener.
    pub fronts: BTreeMap<FrontKey, FrontView>,
    /// Instances whose application listens.
    pub machines: BTreeMap<MachineKey, MachineView>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrontKey {
    /// `account/region`.
    pub place: String,
    /// The load balancer's name.
    pub balancer: String,
    /// The port it stands for.
    pub port: u16,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MachineKey {
    place: String,
    id: String,
}

/// How a listener treats connections and instances.
#[derive(Debug)]
pub struct FrontView {
    /// HTTP and HTTPS: request by request. Else connection by connection.
    pub http: bool,
    /// Whether nodes send to other zones' instances.
    pub cross_zone: bool,
    /// How long it waits for an answer.
    pub idle: Duration,
    /// How long open requests to an instance that leaves may go on, if they may.
    pub drain: Option<Duration>,
    /// Its registered instances, by id.
    pub seats: BTreeMap<String, SeatView>,
}

/// A registered instance.
#[derive(Debug)]
pub struct SeatView {
    /// Its availability zone.
    pub zone: String,
    /// What it was made from.
    pub image: String,
    /// Whether it gets requests.
    pub standing: Standing,
}

/// An instance whose application listens.
#[derive(Debug)]
pub struct MachineView {
    /// Its id.
    pub id: String,
    /// What it was made from.
    pub image: String,
    /// Its availability zone.
    pub zone: String,
    /// How its application is.
    pub condition: Condition,
}

impl FrontKey {
    /// An instance of the same place.
    pub fn machine(&self, id: &str) -> MachineKey {
        MachineKey { place: self.place.clone(), id: id.to_owned() }
    }
}

impl fmt::Display for FrontKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "elb {}:{} ({})", self.balancer, self.port, self.place)
    }
}

impl View {
    /// Reads a cloud as it is.
    pub fn of(cloud: &Cloud) -> Self {
        let mut view =
            Self { now: cloud.now().unwrap_or_default(), fronts: BTreeMap::new(), machines: BTreeMap::new() };
        for model in cloud.models() {
            view.add(model);
        }
        view
    }

    fn add(&mut self, model: &Model) {
        let place = format!("{}/{}", model.account, model.region);
        for (balancer, port, listener) in listeners(model) {
            let key = FrontKey { place: place.clone(), balancer: balancer.name.clone(), port };
            self.fronts.insert(key, front(model, balancer, listener));
        }
        for instance in model.ec2.instances.values() {
            let condition = fleet::condition(model, instance.id.as_str(), model.now);
            if condition.is_open() {
                let key = MachineKey { place: place.clone(), id: instance.id.to_string() };
                let (image, zone) = (instance.image.to_string(), instance.zone.clone());
                self.machines
                    .insert(key, MachineView { id: instance.id.to_string(), image, zone, condition });
            }
        }
    }
}

fn listeners(model: &Model) -> impl Iterator<Item = (&Balancer, u16, &Listener)> {
    let balancers = model.elb.balancers.values();
    balancers.flat_map(|balancer| {
        balancer.listeners.iter().map(move |(port, listener)| (balancer, *port, listener))
    })
}

fn front(model: &Model, balancer: &Balancer, listener: &Listener) -> FrontView {
    let settings = &balancer.attributes;
    FrontView {
        http: listener.protocol.starts_with("HTTP"),
        cross_zone: settings.cross_zone,
        idle: Duration::from_secs(settings.idle_timeout),
        drain: settings.draining.then(|| Duration::from_secs(settings.draining_timeout)),
        seats: seats(model, balancer),
    }
}

fn seats(model: &Model, balancer: &Balancer) -> BTreeMap<String, SeatView> {
    let seats = balancer.registrations.iter().filter_map(|(id, registration)| {
        let instance = fleet::instance(model, id.as_str())?;
        let standing = match registration.leaves {
            Some(_) => Standing::Leaves,
            None if elb::routes(model, balancer, id, model.now) => Standing::Takes,
            None => Standing::Rests,
        };
        let (zone, image) = (instance.zone.clone(), instance.image.to_string());
        Some((id.to_string(), SeatView { zone, image, standing }))
    });
    seats.collect()
}
