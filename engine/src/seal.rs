//! Secrets at rest: a keyed hash, enough to see that one has changed and nothing more.

use std::fmt;

/// The key that a state's secrets are sealed with: 32 random bytes, kept with the state.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey(pub [u8; 32]);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}
