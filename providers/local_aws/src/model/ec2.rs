//! What EC2 knows.

use serde::{Deserialize, Serialize};

/// The state of EC2.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ec2 {}
