//! Desired resources to steps, and running them.
