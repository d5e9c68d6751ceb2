//! What Route 53 knows.

use serde::{Deserialize, Serialize};

/// The state of Route 53.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Route53 {}
