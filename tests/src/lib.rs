//! One list of what a queue service must do, run on any server through the client.

pub mod conformance;
pub mod deviations;
pub mod either;
pub mod server;
mod wire;

/// The programs of the README, compiled and run with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
