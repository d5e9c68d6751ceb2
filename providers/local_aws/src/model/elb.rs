//! What Classic Load Balancing knows.

use serde::{Deserialize, Serialize};

/// The state of Classic Load Balancing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Elb {}
