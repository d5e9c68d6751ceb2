//! Who may write a state that several share: a lease, kept as an object beside the state and written only if it is still
//! as it was read.
//!
//! Whoever holds it renews it. How old it is, is told by the place it is kept at, which knows when it was written and
//! what time it is now: no clock of ours has a say in it. Each taking gives a higher *token*, which everything that is
//! written carries ([`crate::fence`]), so that one who was taken for dead and wakes cannot write any more.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::format::{Format, FormatError};

const FORMAT: Format = Format { name: "infra.lease/1", before: None };

/// For so long after its end a lease is not taken over: the two moments its age is told by are whole seconds.
pub const GRACE: Duration = Duration::from_secs(2);

/// A lease as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows with every taking, and never goes back.
    pub token: u64,
    /// Grows with every renewal, so that no two are the same bytes.
    pub beat: u64,
    /// For how many seconds it holds after it was written.
    pub seconds: u64,
    /// Whoever holds it; none if it is free.
    pub holder: Option<Holder>,
    /// Where the state has gone, if it is no longer kept here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
}

/// Who holds a lease, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Such as `ann@laptop`.
    pub user: String,
    /// The number of the process.
    pub process: u32,
    /// Such as `infra apply`.
    pub command: String,
    /// When it was taken, RFC 3339, by the holder's own clock: for people only.
    pub since: String,
    /// Random, of this taking: the same holder is known again by it.
    pub nonce: String,
}

/// Why bytes are no lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// It cannot be read.
    #[error("the lease is damaged ({0})")]
    Damaged(String),
    /// Another version of the program has written it.
    #[error("the lease has the format `{0}`, which this version does not know: use the one that wrote it")]
    Unknown(String),
}

/// A lease as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub lease: Lease,
    /// How long ago it was written, by the clock of the place where it is kept.
    pub age: Duration,
}

/// What can be done about a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is free: it is taken with this token.
    Take(u64),
    /// Its holder has been silent for too long, or is known to be dead: it is taken with this token, and what the
    /// holder might still write is fenced off first.
    TakeOver {
        /// The new token.
        token: u64,
        /// Whose it was.
        from: Holder,
        /// For how long nothing was heard of that one.
        silent: Duration,
    },
    /// Somebody works under it.
    Held {
        /// Who.
        by: Holder,
        /// How long ago it was renewed.
        renewed: Duration,
    },
    /// The state is kept elsewhere now.
    Moved(String),
}

/// Decides what can be done about a lease. `dead` are the nonces of former holders that are known to be dead: those that
/// worked in this very folder, whose lock we hold now.
pub fn decide(found: Option<&Found>, dead: &[String]) -> Decision {
    let Some(Found { lease, age }) = found else { return Decision::Take(1) };
    if let Some(place) = &lease.moved {
        return Decision::Moved(place.clone());
    }
    let token = lease.token.saturating_add(1);
    let Some(holder) = &lease.holder else { return Decision::Take(token) };
    let is_dead = dead.contains(&holder.nonce);
    if is_dead || *age > Duration::from_secs(lease.seconds) + GRACE {
        return Decision::TakeOver { token, from: holder.clone(), silent: *age };
    }
    Decision::Held { by: holder.clone(), renewed: *age }
}

impl Lease {
    /// A lease with a token, for whoever takes it.
    pub fn new(token: u64, seconds: u64, holder: Option<Holder>) -> Self {
        Self { token, beat: 0, seconds, holder, moved: None }
    }

    /// The same, renewed.
    pub fn renewed(&self) -> Self {
        Self { beat: self.beat.saturating_add(1), ..self.clone() }
    }

    /// The same, free for anybody; the token stays, so that the next is higher.
    pub fn released(&self) -> Self {
        Self { holder: None, ..self.renewed() }
    }

    /// The same, with word of where the state is kept from now on, if not here.
    pub fn moved(&self, place: Option<&str>) -> Self {
        Self { moved: place.map(str::to_owned), ..self.renewed() }
    }

    /// The lease as bytes.
    pub fn write(&self) -> Vec<u8> {
        FORMAT.write(self).expect("a lease is plain data with text keys")
    }

    /// Reads what [`Lease::write`] writes.
    ///
    /// # Errors
    /// It is damaged, or of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, LeaseError> {
        FORMAT.read(bytes).map_err(|error| match error {
            FormatError::Unknown(format) => LeaseError::Unknown(format),
            FormatError::Damaged(why) => LeaseError::Damaged(why),
            FormatError::Empty | FormatError::Other => LeaseError::Damaged("it is something else".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        let word = str::to_owned;
        let (user, command) = (word("ann@laptop"), word("infra apply"));
        Holder { user, process: 12, command, since: word("2026-11-21T07:00:00Z"), nonce: word("aa") }
    }

    fn found(holder: Option<Holder>, age: u64) -> Option<Found> {
        Some(Found { lease: Lease::new(7, 60, holder), age: Duration::from_secs(age) })
    }

    #[test]
    fn the_table() {
        let moved = Lease::new(7, 60, None).moved(Some("local:infra.state"));
        let rows = [
            ("nobody ever", None, ""),
            ("free", found(None, 1), ""),
            ("held", found(Some(holder()), 4), ""),
            ("at its end", found(Some(holder()), 62), ""),
            ("after its end", found(Some(holder()), 63), ""),
            ("a dead one of here", found(Some(holder()), 4), "aa"),
            ("another's dead one", found(Some(holder()), 4), "bb"),
            ("moved", Some(Found { lease: moved, age: Duration::ZERO }), ""),
        ];
        let table: Vec<String> = rows
            .iter()
            .map(|(name, found, dead)| {
                let decided = match decide(found.as_ref(), &[(*dead).to_owned()]) {
                    Decision::Take(token) => format!("take {token}"),
                    Decision::TakeOver { token, silent, .. } => format!("take over {token}, {silent:?}"),
                    Decision::Held { renewed, .. } => format!("held, {renewed:?}"),
                    Decision::Moved(place) => format!("moved to {place}"),
                };
                format!("{name}: {decided}")
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        nobody ever: take 1
        free: take 8
        held: held, 4s
        at its end: held, 62s
        after its end: take over 8, 63s
        a dead one of here: take over 8, 4s
        another's dead one: held, 4s
        moved: moved to local:infra.state
        ");
    }

    #[test]
    fn no_two_writes_of_a_lease_are_the_same_bytes_and_all_can_be_read() {
        let taken = Lease::new(7, 60, Some(holder()));
        let (renewed, released) = (taken.renewed(), taken.renewed().released());
        for lease in [&taken, &renewed, &released] {
            assert_eq!(Lease::read(&lease.write()).as_ref(), Ok(lease));
        }
        assert!(taken.write() != renewed.write() && renewed.write() != released.write());
        assert_eq!((released.token, released.holder), (7, None));
    }

    #[test]
    fn what_is_no_lease_is_told() {
        let text = String::from_utf8(Lease::new(7, 60, None).write()).expect("JSON is UTF-8");
        let newer = text.replace("infra.lease/1", "infra.lease/2");
        assert_eq!(Lease::read(newer.as_bytes()), Err(LeaseError::Unknown("infra.lease/2".to_owned())));
        for damaged in ["", "{", "{}", &text[..text.len() - 1], &text.replace('7', "8")] {
            assert!(matches!(Lease::read(damaged.as_bytes()), Err(LeaseError::Damaged(_))), "{damaged}");
        }
    }
}
