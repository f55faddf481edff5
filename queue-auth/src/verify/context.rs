//! [`RequestContext`]: the things that a server knows of a request besides the request.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::service::Service;

/// The time by which the clock of a client may be off, in both directions: 15 minutes.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// The things that a server knows of a request besides the request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestContext {
    /// The time of the server when the request came.
    pub now: SystemTime,
    /// The client's address; when it is not known, a signature that is bound to addresses is refused. An IPv4
    /// address that is mapped to IPv6 (`::ffff:192.0.2.1`) counts as the IPv4 address.
    pub client_ip: Option<IpAddr>,
    /// Whether the connection is encrypted. If it is not, a signature that demands HTTPS is refused,
    /// and so is a bearer token.
    pub https: bool,
    /// Whether the path starts with the account name, as emulators have it: `/account/queue`.
    /// Otherwise it starts with the queue.
    pub path_style: bool,
    /// The service that is asked, which decides what was signed.
    pub service: Service,
}

impl RequestContext {
    /// Makes the context of a request that came at `now` over plain HTTP from an unknown address, with the account in
    /// the host name.
    pub fn new(now: SystemTime) -> Self {
        Self { now, client_ip: None, https: false, path_style: false, service: Service::Queue }
    }

    /// Sets the client's address.
    #[must_use]
    pub fn client_ip(mut self, address: IpAddr) -> Self {
        self.client_ip = Some(address);
        self
    }

    /// Says whether the connection is encrypted.
    #[must_use]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Says whether the path starts with the account name.
    #[must_use]
    pub fn path_style(mut self, path_style: bool) -> Self {
        self.path_style = path_style;
        self
    }

    /// Says which service is asked. Default: [`Service::Queue`].
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = service;
        self
    }
}
