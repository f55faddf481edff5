//! The clients that block: the same methods, on any thread, with or without tokio.

#![cfg(feature = "blocking")]
#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "bulk")]
mod bulk;
mod methods;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod over_http;
mod threads;
