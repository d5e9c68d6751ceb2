//! The life of an auto scaling group against our model of AWS: made, swapped by each strategy without a dip, swapped by
//! a run that is killed after every call, sabotaged, taken back, deleted.

mod blue_green;
mod canary;
mod rolling;
mod world;
