//! Which instances a listener sends to, and how many requests each has open.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::lock;
use super::route::{self, Route};
use super::view::FrontView;
use crate::model::Time;

/// The instances of one listener.
#[derive(Default)]
pub struct Board {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seats: BTreeMap<String, Seat>,
    cross_zone: bool,
    idle: Duration,
    /// Counts what was dealt out.
    turn: u64,
}

struct Seat {
    zone: String,
    image: String,
    /// Where it listens, if it does.
    address: Option<SocketAddr>,
    route: watch::Sender<Route>,
    /// Registered at the last look.
    registered: bool,
    open: u64,
    last: u64,
}

/// How the next instance is chosen (user guide, "routing").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one with the fewest open requests: HTTP.
    LeastOutstanding,
    /// One after the other: TCP.
    RoundRobin,
}

/// An open request to an instance; it is counted as long as this lives.
pub struct Lease {
    board: Arc<Board>,
    /// The instance.
    pub id: String,
    /// What it was made from.
    pub image: String,
    /// Where it listens; none if it does not, though nobody has noticed yet.
    pub address: Option<SocketAddr>,
    /// How long an answer may take.
    pub idle: Duration,
    route: watch::Receiver<Route>,
}

impl Board {
    /// Agrees with the model.
    pub fn follow(&self, view: &FrontView, address: impl Fn(&str) -> Option<SocketAddr>, now: Time) {
        let mut state = lock(&self.state);
        (state.cross_zone, state.idle) = (view.cross_zone, view.idle);
        for (id, seen) in &view.seats {
            let seat = state.seats.entry(id.clone()).or_insert_with(|| Seat::new(&seen.zone, &seen.image));
            seat.go(route::next(Some(seat.route()), Some(seen.standing), view.drain, now));
            (seat.registered, seat.address) = (true, address(id));
        }
        state.seats.retain(|id, seat| {
            if !view.seats.contains_key(id) {
                seat.registered = false;
                seat.go(route::next(Some(seat.route()), None, view.drain, now));
            }
            seat.registered || seat.open > 0
        });
    }

    /// Instances that have left in good order and still have requests open.
    pub fn lingering(&self) -> Vec<String> {
        let state = lock(&self.state);
        let drains = |seat: &Seat| !seat.registered && matches!(seat.route(), Route::Draining(_));
        state.seats.iter().filter(|(_, seat)| drains(seat)).map(|(id, _)| id.clone()).collect()
    }

    /// The zone of the node that a new connection reaches: each with an instance that takes requests in turn, as DNS
    /// has it. None if there is no such node, or if it does not matter.
    pub fn node(&self) -> Option<String> {
        let mut state = lock(&self.state);
        state.turn += 1;
        let open = state.seats.values().filter(|seat| seat.takes());
        let zones: std::collections::BTreeSet<&str> = open.map(|seat| seat.zone.as_str()).collect();
        if state.cross_zone || zones.is_empty() {
            return None;
        }
        let place = usize::try_from(state.turn).unwrap_or_default() % zones.len();
        zones.into_iter().nth(place).map(str::to_owned)
    }

    /// Picks an instance for a request at a node.
    pub fn take(self: &Arc<Self>, node: Option<&str>, choice: Choice) -> Option<Lease> {
        let mut guard = lock(&self.state);
        let State { seats, cross_zone, turn, idle } = &mut *guard;
        *turn += 1;
        let reaches = |seat: &Seat| *cross_zone || node.is_none_or(|zone| zone == seat.zone);
        let (id, seat) = seats
            .iter_mut()
            .filter(|(_, seat)| seat.takes() && reaches(seat))
            .min_by_key(|(_, seat)| (if choice == Choice::RoundRobin { 0 } else { seat.open }, seat.last))?;
        (seat.open, seat.last) = (seat.open + 1, *turn);
        Some(Lease {
            board: Arc::clone(self),
            id: id.clone(),
            image: seat.image.clone(),
            address: seat.address,
            idle: *idle,
            route: seat.route.subscribe(),
        })
    }

    fn give_back(&self, id: &str) {
        if let Some(seat) = lock(&self.state).seats.get_mut(id) {
            seat.open = seat.open.saturating_sub(1);
        }
    }
}

impl Seat {
    fn new(zone: &str, image: &str) -> Self {
        let (zone, image) = (zone.to_owned(), image.to_owned());
        let route = watch::Sender::new(Route::Resting);
        Self { zone, image, address: None, route, registered: true, open: 0, last: 0 }
    }

    fn takes(&self) -> bool {
        self.route() == Route::Open
    }

    /// A copy, for as long as a borrowed one lives nobody can send.
    fn route(&self) -> Route {
        *self.route.borrow()
    }

    fn go(&self, route: Route) {
        self.route.send_if_modified(|now| std::mem::replace(now, route) != route);
    }
}

impl Lease {
    /// Waits until the request must not go on.
    pub async fn cut(&self) {
        let mut route = self.route.clone();
        // A seat that is gone has been cut.
        let _ = route.wait_for(|route| *route == Route::Cut).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.board.give_back(&self.id);
    }
}
