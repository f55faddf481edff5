//! The client as its users see it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod advice;
mod connection_string;
mod examples;
mod retry;
mod support;
