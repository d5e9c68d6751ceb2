//! End to end, through the binary: on the embedded AWS, on the same AWS served over HTTP, and on moto. Where every call,
//! every virtual second or every write counts (`capacity`, `counts`, `crash`, `lies`, `moving`, `scaling`), in process.

mod support;

mod bad_input;
mod capacity;
mod clients;
mod counts;
mod crash;
mod damage;
mod kinds;
mod language;
mod lies;
mod moving;
mod ponyfoo;
mod rebuild;
mod refactor;
mod rehearsal;
mod rollback;
mod scaling;
mod secrets;
mod served;
mod shared;
mod state;
mod stdlib;
mod testing;
mod vault;
mod zero_downtime;
