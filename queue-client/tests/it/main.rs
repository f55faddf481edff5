//! The client as its users see it, on an emulator in the process. `support` is the line between the two,
//! which fails by script.

#![expect(clippy::unwrap_used, reason = "tests")]

mod advice;
mod batch;
// Both take a clock that does not move when it is waited for.
#[cfg(feature = "tokio")]
mod cancel;
mod codec;
#[cfg(feature = "tokio")]
mod concurrency;
mod connection_string;
mod credential;
#[cfg(all(feature = "aad", feature = "tokio"))]
mod delegation;
#[cfg(feature = "tokio")]
mod examples;
mod fault_matrix;
mod foreign;
#[cfg(feature = "tokio")]
mod gaps;
mod in_process;
mod locations;
mod observe;
mod retry;
mod sas_url;
mod striped;
mod support;
