//! A transport with TLS settings of rustls 0.23 that the program has made. The module has the version
//! in its name, so that a later rustls is one more module and breaks no program.

use rustls::ClientConfig;

use super::{HttpOptions, HyperTransport};

/// The transport over hyper with these settings, but with the TLS settings in `config`: for client
/// certificates, or another way to verify a server.
#[must_use]
pub fn hyper_transport(options: &HttpOptions, config: ClientConfig) -> HyperTransport {
    HyperTransport::with_tls_config(options, config)
}
