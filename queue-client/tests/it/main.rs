//! The client as its users see it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod advice;
mod batch;
mod cancel;
mod codec;
mod connection_string;
mod credential;
#[cfg(feature = "tokio")]
mod examples;
mod fault_matrix;
mod locations;
mod observe;
mod retry;
mod sas_url;
mod support;
