//! AWS, modelled.
