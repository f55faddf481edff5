//! The client as its users see it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod advice;
mod batch;
mod codec;
mod connection_string;
mod examples;
mod locations;
mod observe;
mod retry;
mod support;
