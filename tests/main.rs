//! End to end, through the binary: on the embedded AWS, on the same AWS served over HTTP, and on moto.

mod support;

mod bad_input;
mod capacity;
mod clients;
mod counts;
mod crash;
mod kinds;
mod ponyfoo;
mod secrets;
