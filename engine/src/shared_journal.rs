//! A journal that is shared: in two objects, so that an event is not sent with all that were before it, and in two
//! copies, of which the one of this machine may be ahead.
//!
//! One object holds the journal up to some byte, the other says from which byte on it holds the rest. Now and then the
//! first is written anew with all there is, and the rest begins again. It is written first, so that a crash between the
//! two leaves some events in both, which is seen by the number.

/// The rest is folded in when it is longer than this, or than an eighth of what it would be folded into.
const LONG: usize = 16 << 10;

/// The whole journal, and up to where the first object holds it. What the second says does not count if it does not go
/// on from what the first holds.
pub fn whole(first: &[u8], second: &[u8]) -> (Vec<u8>, usize) {
    let rest = split(second).filter(|(from, _)| *from <= first.len());
    match rest {
        Some((from, rest)) if !first.is_empty() && from + rest.len() > first.len() => {
            ([&first[..from], rest].concat(), from)
        }
        _ => (first.to_vec(), first.len()),
    }
}

fn split(second: &[u8]) -> Option<(usize, &[u8])> {
    let end = second.iter().position(|byte| *byte == b'\n')?;
    let from = std::str::from_utf8(&second[..end]).ok()?.parse().ok()?;
    Some((from, &second[end + 1..]))
}

/// What the second object holds of a journal, from a byte on.
pub fn rest(whole: &[u8], from: usize) -> Vec<u8> {
    let rest = whole.get(from..).unwrap_or_default();
    if rest.is_empty() { Vec::new() } else { [format!("{from}\n").as_bytes(), rest].concat() }
}

/// Whether the rest has become so long that all goes into the first object.
pub fn is_long(whole: &[u8], from: usize) -> bool {
    whole.len().saturating_sub(from) > LONG.max(from / 8)
}

/// What is to be done about the journal of this machine, which is written first, in the light of the shared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciled {
    /// They are the same.
    Same,
    /// The local one goes on where the shared one ends: it is sent up.
    SendUp,
    /// The shared one counts: it goes on where the local one ends, or is of another apply. No apply begins before its
    /// first line is shared, so a local one without a shared one is of an apply that others have finished.
    TakeShared,
    /// Both go on from where they were the same, and each has what the other has not. The shared one counts.
    Diverged,
}

/// Compares the two; one that is empty is none.
pub fn reconcile(local: &[u8], shared: &[u8]) -> Reconciled {
    let first = |journal: &[u8]| journal.split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec);
    match () {
        () if local == shared => Reconciled::Same,
        () if shared.is_empty() || shared.starts_with(local) || first(local) != first(shared) => {
            Reconciled::TakeShared
        }
        () if local.starts_with(shared) => Reconciled::SendUp,
        () => Reconciled::Diverged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_objects_are_one_journal() {
        for (first, second, expected) in [
            ("", "", ("", 0)),
            ("", "5\na\n", ("", 0)),
            ("plan\n", "", ("plan\n", 5)),
            ("plan\n", "5\na\n", ("plan\na\n", 5)),
            // Folded, and killed before the rest began again.
            ("plan\na\n", "5\na\n", ("plan\na\n", 7)),
            ("plan\na\n", "7\nb\n", ("plan\na\nb\n", 7)),
            // Read between the two writes of somebody else.
            ("plan\n", "7\nb\n", ("plan\n", 5)),
            ("plan\n", "x\nb\n", ("plan\n", 5)),
        ] {
            let (journal, from) = whole(first.as_bytes(), second.as_bytes());
            assert_eq!((String::from_utf8_lossy(&journal).as_ref(), from), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn what_is_taken_apart_is_whole_again() {
        let journal = b"plan\na\nb\n";
        for from in 1..=journal.len() {
            let again = whole(&journal[..from], &rest(journal, from));
            assert_eq!(again, (journal.to_vec(), from));
        }
    }

    /// What is sent grows like the journal itself, not like its square.
    #[test]
    fn an_event_is_sent_with_few_that_were_before_it() {
        let sent = |events: usize| {
            let (mut journal, mut from, mut sent) = (vec![b'p'; 20_000], 20_000, 0);
            for _ in 0..events {
                journal.extend([b'e'; 400]);
                if is_long(&journal, from) {
                    sent += journal.len();
                    from = journal.len();
                }
                sent += rest(&journal, from).len();
            }
            sent / events
        };
        assert!(sent(1000) < 25_000 && sent(4000) < 4 * sent(1000), "{} {}", sent(1000), sent(4000));
    }

    #[test]
    fn two_copies_of_a_journal() {
        for (local, shared, expected) in [
            ("", "", Reconciled::Same),
            ("plan\na\n", "plan\na\n", Reconciled::Same),
            ("plan\na\n", "plan\n", Reconciled::SendUp),
            ("plan\na\n{tor", "plan\na\n", Reconciled::SendUp),
            ("plan\n", "", Reconciled::TakeShared),
            ("", "plan\n", Reconciled::TakeShared),
            ("plan\n", "plan\na\n", Reconciled::TakeShared),
            ("plan\na\n", "plan\nb\n", Reconciled::Diverged),
            ("plan\na\n", "plan\nb\nc\n", Reconciled::Diverged),
            ("one\na\n", "two\n", Reconciled::TakeShared),
        ] {
            assert_eq!(reconcile(local.as_bytes(), shared.as_bytes()), expected, "{local:?} {shared:?}");
        }
    }
}
