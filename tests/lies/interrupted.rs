//! What ends a run in the middle: the disk is full, the network is lost, credentials expire. Nothing is counted as
//! failed; the next run goes on.

use super::differences;
use super::life::{Interrupted, Start, undisturbed};

/// The cases that are interrupted at every moment; they are small, and have updates, a swap and calls in several steps.
const SMALL: [&str; 3] = ["balancer", "dns", "template_group"];

/// No write of the store fails.
const ROOM: usize = usize::MAX;

/// Interrupts each stage at its first moment, its second and so on, until it is not interrupted any more. Whatever was
/// left, the next run finishes it, and no operation is carried out more than `most` times beyond what it takes.
fn at_every_moment(
    most: i64,
    interrupt: impl Fn(&Start, usize) -> Interrupted,
    look: impl Fn(&str, &Interrupted),
) {
    for (start, plain) in SMALL.into_iter().flat_map(undisturbed) {
        let mut moments = 0;
        loop {
            let ended = interrupt(&start, moments + 1);
            let told = format!("{}, {:?}, moment {}", start.case, start.stage, moments + 1);
            assert_eq!((&ended.past.said, &ended.past.census), (&plain.said, &plain.census), "{told}");
            let more = differences(&plain, &ended.past);
            assert!(more.values().all(|more| (0..=most).contains(more)), "{told}: {more:?}");
            if ended.said == Ok(true) {
                break;
            }
            look(&told, &ended);
            moments += 1;
        }
        assert!(moments >= 3, "{}, {:?}: {moments}", start.case, start.stage);
    }
}

/// What AWS was asked for just before is in doubt, and may be asked for again.
#[test]
fn a_disk_that_is_full_at_any_write_loses_nothing() {
    at_every_moment(
        1,
        |start, at| start.interrupted(&[], at),
        |told, ended| {
            assert_eq!(ended.said, Err(super::full::FULL.to_owned()), "{told}");
        },
    );
}

/// Every call from one on fails.
fn from(number: usize, effect: &str) -> Vec<String> {
    vec![format!("*:*@{number}={effect}*always")]
}

/// An apply that has begun says that it is interrupted; a plan that cannot be made says why.
fn says_so(told: &str, ended: &Interrupted) {
    let said = ended.said.as_ref().expect_err(told);
    assert_eq!(
        said.contains("the apply is interrupted, and the next one goes on"),
        ended.has_journal,
        "{told}: {said}"
    );
}

#[test]
fn a_network_that_is_lost_at_any_call_loses_nothing() {
    at_every_moment(0, |start, at| start.interrupted(&from(at, "dropped"), ROOM), says_so);
}

#[test]
fn credentials_that_expire_at_any_call_lose_nothing() {
    at_every_moment(
        0,
        |start, at| start.interrupted(&from(at, "ExpiredToken"), ROOM),
        |told, ended| {
            says_so(told, ended);
            assert!(ended.said.as_ref().is_err_and(|said| said.contains("refused on purpose")), "{told}");
        },
    );
}
