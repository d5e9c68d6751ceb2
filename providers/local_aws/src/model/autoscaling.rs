//! What Auto Scaling knows.

use serde::{Deserialize, Serialize};

/// The state of Auto Scaling.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AutoScaling {}
