//! What a roll costs: the fewest that serve, the most that run, the time, and the requests that nobody answered. Ours
//! by each strategy and size, and what others do, on one model.

mod hand;
mod ours;
mod peers;
mod stage;
mod trouble;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use infra_local_aws::timing::TimeModel;

use crate::support::in_process::runtime;
use crate::support::page::Page;
use hand::Hand;
use ours::{Service, WAYS, Way};
use stage::{Measured, Observer, Setup, dns_name, serving, worked};
use trouble::{End, FLAWS, TROUBLES, troubled};

const PAGE: Page = Page { path: "docs/zero-downtime.md", update: "zero_downtime" };

type Roll = fn(Hand) -> Pin<Box<dyn Future<Output = ()>>>;

/// A peer in a table.
struct Peer {
    name: &'static str,
    setup: Setup,
    roll: Roll,
}

const USUAL: Setup = Setup { size: 10, min: 2, draining: true, health_check: "ELB" };

macro_rules! peer {
    ($name:literal, $setup:expr, $roll:ident) => {
        Peer { name: $name, setup: $setup, roll: |hand| Box::pin(async move { peers::$roll(&hand).await }) }
    };
}

/// The peers, with the settings that are theirs by default where the specification names them.
const PEERS: [Peer; 10] = [
    peer!("Terraform, in place", USUAL, terraform_in_place),
    peer!(
        "Terraform, blue/green, size 2 in the file",
        Setup { draining: false, ..USUAL },
        terraform_blue_green
    ),
    peer!(
        "Terraform, blue/green, `min_elb_capacity` 10",
        Setup { draining: false, ..USUAL },
        terraform_min_elb
    ),
    peer!("Ansible, `replace_all_instances`, batch 5, minimum 2", USUAL, ansible),
    peer!("CloudFormation, rolling update by default", USUAL, cloudformation),
    peer!("Asgard, rolling push", USUAL, asgard),
    peer!("Spinnaker, red/black, then destroy", USUAL, spinnaker),
    peer!("riff-raff, double and cull", USUAL, riff_raff),
    peer!("AWS instance refresh by default, of 10", Setup { health_check: "EC2", ..USUAL }, instance_refresh),
    peer!(
        "AWS instance refresh by default, of 1",
        Setup { size: 1, min: 1, health_check: "EC2", ..USUAL },
        instance_refresh
    ),
];

fn measured_of(peer: &Peer) -> Measured {
    runtime().block_on(async {
        let hand = serving(peer.setup).await;
        let observer = Observer::new(&hand.cloud, peer.setup.size).asked(&dns_name(&hand.cloud));
        (peer.roll)(hand).await;
        observer.measured().await
    })
}

fn rolled(way: Way, size: usize, seed: u64) -> Measured {
    runtime().block_on(async { Service::new(way, size, seed, worked()).await.measured().await })
}

fn minutes(took: Option<Duration>) -> String {
    took.map_or("never".to_owned(), |took| format!("{}:{:02}", took.as_secs() / 60, took.as_secs() % 60))
}

fn row(name: &str, size: usize, measured: &Measured) -> String {
    let Measured { fewest, peak, took, traffic } = measured;
    let (lost, of) = (measured.lost(), traffic.requests);
    format!("| {name} | {size} | {fewest} | {peak} | {} | {lost} of {of} |\n", minutes(*took))
}

#[test]
fn others_dip_or_drop_where_they_are_said_to() {
    let rows: String = PEERS.iter().map(|peer| row(peer.name, peer.setup.size, &measured_of(peer))).collect();
    PAGE.expect("others", &rows);
}

/// What a way costs at each size.
fn rows_of(way: Way) -> String {
    let row = |size: usize| {
        let measured = rolled(way, size, 1);
        assert!(measured.fewest >= size, "{} of {size}: {measured:?}", way.name);
        assert_eq!(measured.lost(), 0, "{} of {size}: {:?}", way.name, measured.traffic);
        row(way.name, size, &measured)
    };
    [1, 3, 10, 100].map(row).concat()
}

/// Whatever the delays turn out to be: AWS's own ranges, drawn by other seeds.
fn any_delays(way: Way) {
    for seed in 2..=6 {
        let measured = runtime()
            .block_on(async { Service::new(way, 3, seed, TimeModel::aws_like()).await.measured().await });
        assert!(measured.fewest >= 3, "{} with seed {seed}: {measured:?}", way.name);
        assert_eq!(measured.lost(), 0, "{} with seed {seed}: {:?}", way.name, measured.traffic);
    }
}

/// The steps of a way at which the trouble of that number strikes, until there are no more: each third one, another
/// third for the next trouble, so that every step meets some; all of them with `EVERY_STEP=1`. Gives how many.
fn at_steps(way: Way, number: usize) -> usize {
    let (first, apart) = if std::env::var_os("EVERY_STEP").is_some() { (1, 1) } else { (1 + number % 3, 3) };
    (first..).step_by(apart).take_while(|at| troubled(way, TROUBLES[number], *at) != End::Never).count()
}

/// Troubles at steps, every flaw of an image, and what it costs when nothing goes wrong.
macro_rules! ways {
    ($($way:ident: $at:literal),*) => {$(
        mod $way {
            use super::*;

            #[test]
            fn drops_nothing_and_never_dips() {
                PAGE.expect(stringify!($way), &rows_of(WAYS[$at]));
            }

            #[test]
            fn holds_with_any_delays() {
                any_delays(WAYS[$at]);
            }

            #[test]
            fn no_trouble_at_any_step_costs_more_than_it_takes() {
                for number in 0..TROUBLES.len() {
                    assert!(at_steps(WAYS[$at], number) >= 1);
                }
            }

            #[test]
            fn no_image_costs_capacity() {
                for flaw in FLAWS {
                    assert_ne!(troubled(WAYS[$at], flaw, 1), End::Never);
                }
            }
        }
    )*};
}

ways!(blue_green: 0, canary: 1, rolling: 2, dns_weighted: 3);
