//! [`Connection`]: how a request reached the emulator, which some credentials depend on.

use std::net::{IpAddr, Ipv4Addr};

use http::Request;
use http::uri::Scheme;

/// How a request reached the emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The address of the client, which a shared access signature may be limited to.
    pub peer: IpAddr,
    /// Whether the request came over TLS, which bearer tokens need and a shared access signature
    /// may ask for.
    pub https: bool,
}

impl Connection {
    /// A connection in clear text.
    #[must_use]
    pub fn http(peer: IpAddr) -> Self {
        Self { peer, https: false }
    }

    /// A connection over TLS.
    #[must_use]
    pub fn https(peer: IpAddr) -> Self {
        Self { peer, https: true }
    }

    /// The connection of a request that came without one: from this machine, over TLS if the
    /// scheme of its URI is `https`.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { peer, https: request.uri().scheme() == Some(&Scheme::HTTPS) }
    }
}
