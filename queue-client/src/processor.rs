//! At-least-once processing of a queue.

pub mod core;
