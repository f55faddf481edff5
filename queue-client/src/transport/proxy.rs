//! [`Proxies`]: which proxy, if any, is on the way to a host, for both transports.

use std::{net::IpAddr, sync::Arc};

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::{
    TransportError,
    options::{HttpOptions, Proxy},
};

/// The proxies of a transport.
#[derive(Clone)]
pub(super) struct Proxies {
    /// None when every connection is direct.
    matcher: Option<Arc<Matcher>>,
    /// The proxies come from the environment, which nobody wrote for servers on this machine.
    spares_loopback: bool,
}

impl Proxies {
    /// The proxies that `options` choose; those of the environment are the variables alone.
    #[cfg(feature = "hyper")]
    pub(super) fn of_environment(options: &HttpOptions) -> Self {
        Self::new(options, Matcher::from_env)
    }

    /// The proxies that `options` choose; with the variables go the settings of the operating
    /// system where reqwest reads them.
    #[cfg(feature = "reqwest")]
    pub(super) fn of_system(options: &HttpOptions) -> Self {
        Self::new(options, Matcher::from_system)
    }

    fn new(options: &HttpOptions, from_outside: fn() -> Matcher) -> Self {
        let (matcher, spares_loopback) = match &options.proxy {
            Proxy::None => (None, false),
            Proxy::Environment => (Some(from_outside()), true),
            Proxy::Address(address) => {
                (Some(Matcher::builder().all(address.to_string()).build()), false)
            }
        };
        // Without proxies, nothing is asked for each request.
        let leads_somewhere = |matcher: &Matcher| {
            [Uri::from_static("http://host.invalid/"), Uri::from_static("https://host.invalid/")]
                .iter()
                .any(|uri| matcher.intercept(uri).is_some())
        };
        Self { matcher: matcher.filter(leads_somewhere).map(Arc::new), spares_loopback }
    }

    /// A set without any proxy.
    #[cfg(feature = "reqwest")]
    pub(super) const fn none() -> Self {
        Self { matcher: None, spares_loopback: false }
    }

    /// Says whether there is a proxy at all.
    pub(super) const fn is_empty(&self) -> bool {
        self.matcher.is_none()
    }

    /// The proxy on the way to `destination`.
    pub(super) fn on_the_way_to(&self, destination: &Uri) -> Option<Intercept> {
        let matcher = self.matcher.as_deref()?;
        if self.spares_loopback && destination.host().is_some_and(is_this_machine) {
            return None;
        }
        matcher.intercept(destination)
    }

    /// The address of the proxy on the way to `destination`, without its credential.
    pub(super) fn address(&self, destination: &Uri) -> Option<String> {
        let proxy = self.on_the_way_to(destination)?;
        Some(proxy.uri().to_string().trim_end_matches('/').to_owned())
    }

    /// The error of a request to `destination`, with the proxy that was on the way.
    pub(super) fn name_in(&self, error: TransportError, destination: &Uri) -> TransportError {
        match self.address(destination) {
            Some(proxy) => error.with_proxy(proxy),
            None => error,
        }
    }
}

/// Says whether a host is this machine. The unspecified address leads there too.
fn is_this_machine(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match address.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        }
        Err(_) => {
            let host = host.to_ascii_lowercase();
            let host = host.strip_suffix('.').unwrap_or(&host);
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1.2.3",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[::]",
            "localhost",
            "LocalHost",
            "localhost.",
            "acme.queue.localhost",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["10.0.0.1", "[2001:db8::1]", "localhost.example", "mylocalhost", "azurite"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
