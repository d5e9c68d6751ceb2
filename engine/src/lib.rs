//! Desired resources to steps, and running them. Knows steps, not AWS.
//!
//! ```text
//!            State ──► refresh ──► Observed
//!              │                      │
//! Desired ─────┴──────► plan ◄────────┘
//!                         │
//!                       Plan { changes, steps }  ──► plan_file
//!                         │
//!            Journal ──► apply ──► Journal, State  ──► store
//! ```
//!
//! [`refresh`](refresh::refresh) looks at AWS once and for all objects together. [`plan`](plan::plan) is pure: it
//! compares three ways ([`change`] tells what comes out), lets each [`Kind`](provider::Kind) lower its change to
//! steps, and orders the steps of all changes in one [`StepGraph`](steps::StepGraph). [`apply`](apply::apply) is the
//! only loop that carries steps out, for a fresh apply, a resumed one, a destroy or a rehearsal alike. It decides
//! nothing: [`Schedule`](schedule::Schedule) says what may start, the provider says how far a step is, and what
//! happened goes to the journal before anything follows from it. The state is what the journal adds up to
//! ([`settle`](settle::settle)).
//!
//! Secrets are [sealed](seal) in everything that is written, and [taken out](discreet) of what the cloud says. The only effects are those of
//! [`Provider`](provider::Provider) and [`StateStore`](store::StateStore), and time is tokio's.

// The vocabulary that providers and the shell share.
pub mod assertion;
pub mod change;
pub mod ephemeral;
pub mod event;
pub mod id;
pub mod provider;
pub mod state;
pub mod steps;

// Looking and deciding.
mod diff;
pub mod drift;
pub mod graph;
pub mod identify;
pub mod inherit;
mod known;
mod links;
pub mod moved;
pub mod observed;
pub mod plan;
pub mod rebuild;
pub mod refresh;

// Doing.
pub mod apply;
pub mod journal;
mod ledger;
pub mod progress;
pub mod rollback;
pub mod schedule;
pub mod settle;

// Looking ahead.
pub mod rehearse;

// Keeping, and keeping to oneself.
pub mod discreet;
pub mod fence;
mod format;
pub mod journal_file;
pub mod lease;
pub mod plan_file;
pub mod redact;
pub mod repair;
pub mod seal;
pub mod shared_journal;
pub mod state_file;
pub mod store;
pub mod surgery;
