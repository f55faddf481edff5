//! Sending.

pub(super) mod nudges;
