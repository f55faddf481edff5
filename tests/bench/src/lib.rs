//! What the client, the signer and the emulator cost, side by side with their peers.
//!
//! Every contestant is a process of its own. The program `queue-bench` starts them, counts, and
//! prints the tables; `cargo xtask bench` builds all and runs it.

pub mod bars;
pub mod calls;
pub mod chart;
pub mod client;
pub mod disk;
pub mod distance;
pub mod load;
pub mod measure;
pub mod run;
pub mod server;
pub mod signing;
pub mod stub;
pub mod table;
pub mod wire;

/// What can go wrong in a benchmark ends it.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
