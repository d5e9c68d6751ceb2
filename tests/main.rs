//! End to end, through the binary: on the embedded AWS, on the same AWS served over HTTP, and on moto.

mod support;

mod bad_input;
mod clients;
mod kinds;
mod ponyfoo;
