//! What the verbs share that go through whole queues: which messages, how fast, where a killed run
//! goes on, and the files of dumps.

pub(crate) mod archive;
pub(crate) mod drain;
pub(crate) mod filter;
pub(crate) mod ids;
pub(crate) mod one;
pub(crate) mod preview;
pub(crate) mod record;
pub(crate) mod state;
pub(crate) mod transfer;
