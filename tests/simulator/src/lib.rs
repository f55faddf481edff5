//! The processor's state machine under test: several of them, a model of the queue service, and a
//! scheduler that owns time and makes things go wrong.
//!
//! A scenario is drawn from a seed and from nothing else, so a failure is repeated by its seed. See
//! [`check::Property`] for what is checked.

pub mod check;
pub mod fuzz;
mod process;
pub mod scenario;
pub mod service;
pub mod suite;
pub mod throughput;
pub mod time;
pub mod world;
