//! The processor at work, on tokio: its settings, the loop that carries out what the
//! [core](super::core) decides, and the handlers.

mod act;
pub(super) mod batch;
mod control;
pub(super) mod delivery;
mod depth;
mod drive;
mod driver;
mod hand_on;
pub(super) mod handler;
pub(super) mod isolation;
pub(super) mod lease;
mod log;
pub(super) mod nudges;
mod perform;
mod pool;
pub(super) mod processor;
pub(super) mod processors;
pub(super) mod reports;
pub(super) mod running;
mod spawn;
mod start;
mod stop;
pub(super) mod stopped;
pub(super) mod stream;
mod stripes;
pub(super) mod undecodable;
