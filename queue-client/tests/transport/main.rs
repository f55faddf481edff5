//! The transports on real sockets: what each failure is called, what the pool hides, TLS, proxies.

#![cfg(any(feature = "hyper", feature = "reqwest"))]
#![expect(clippy::unwrap_used, reason = "tests")]

mod exchange;
mod failures;
mod pool;
mod proxy;
mod server;
#[cfg(feature = "hyper")]
mod spelling;
#[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
mod tls;
mod under_test;
