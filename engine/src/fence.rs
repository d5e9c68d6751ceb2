//! What is shared carries on its first line under which token of the lease it was written ([`crate::lease`]).
//!
//! A store that compares ETags compares contents. With token and number in it, each write has contents of its own: what
//! a holder still writes after its lease was taken over never fits, and nothing that is delayed on its way ever comes
//! to fit again.

use serde::{Deserialize, Serialize};

const FORMAT: &str = "infra.shared/1";

/// The first line of what is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The token of the lease it was written under.
    pub token: u64,
    /// The number of the write under that token, over all objects.
    pub write: u64,
}

#[derive(Serialize, Deserialize)]
struct LineV1 {
    format: String,
    fence: u64,
    write: u64,
}

/// Why bytes are not fenced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FenceError {
    /// The first line is none of ours.
    #[error("its first line is not one that `infra` has written")]
    Damaged,
    /// Another version of the program has written it.
    #[error("it has the format `{0}`, which this version does not know: use the one that wrote it")]
    Unknown(String),
}

/// Bytes as they are shared. Without any they stand for nothing being there.
pub fn wrap(fence: &Fence, body: &[u8]) -> Vec<u8> {
    let line = LineV1 { format: FORMAT.to_owned(), fence: fence.token, write: fence.write };
    let mut bytes = serde_json::to_vec(&line).expect("the line is plain data with text keys");
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

/// The fence, and the bytes behind it.
///
/// # Errors
/// There is none.
pub fn unwrap(bytes: &[u8]) -> Result<(Fence, &[u8]), FenceError> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(FenceError::Damaged)?;
    let line: LineV1 = serde_json::from_slice(&bytes[..end]).map_err(|_| FenceError::Damaged)?;
    match line.format.as_str() {
        FORMAT => Ok((Fence { token: line.fence, write: line.write }, &bytes[end + 1..])),
        other if other.starts_with("infra.shared/") => Err(FenceError::Unknown(other.to_owned())),
        _ => Err(FenceError::Damaged),
    }
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
    fn what_is_wrapped_is_unwrapped() {
        let fence = Fence { token: 12, write: 3 };
        let bytes = wrap(&fence, b"one\ntwo");
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r#"
        {"format":"infra.shared/1","fence":12,"write":3}
        one
        two
        "#);
        assert_eq!(unwrap(&bytes), Ok((fence.clone(), b"one\ntwo".as_slice())));
        assert_eq!(unwrap(&wrap(&fence, b"")), Ok((fence, b"".as_slice())));
    }

    #[test]
    fn what_is_not_fenced_is_told() {
        let bytes = wrap(&Fence { token: 12, write: 3 }, b"one");
        for length in 0..48 {
            assert_eq!(unwrap(&bytes[..length]), Err(FenceError::Damaged), "{length}");
        }
        assert_eq!(unwrap(b"{\"format\": \"infra.state/1\"}\n"), Err(FenceError::Damaged));
        let newer = String::from_utf8_lossy(&bytes).replace("shared/1", "shared/2");
        assert_eq!(unwrap(newer.as_bytes()), Err(FenceError::Unknown("infra.shared/2".to_owned())));
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
