//! Who may ask: [`Guard`] keeps the pages of other sites out, and [`secure`] tells browsers what the
//! page may do.
//!
//! A name of the attacker's that points to 127.0.0.1 (DNS rebinding) is found in `Host`; a request of
//! another site's page in `Sec-Fetch-Site` and `Origin`, which browsers send and pages cannot forge.
//! Programs send neither.

use std::net::IpAddr;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::answer::Failure;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'";

/// The path below which the control interface is.
pub(super) const ROOT: &str = "/_emulator";

/// Whether a path is one of the control interface.
pub(super) fn is_control(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The names and origins that are allowed beside those that always are.
pub(super) struct Guard {
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
}

impl Guard {
    /// Refuses what a page of another site may have sent.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Failure> {
        let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = parts.uri.authority().map(http::uri::Authority::as_str).or(named);
        let authority = authority
            .ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "the request has no Host"))?;
        if !self.is_allowed(host_of(authority)) {
            return Err(Failure::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the page and the control interface are not served under this name: use an address \
                 or localhost, or allow the name with --page-host",
            ));
        }
        let origin = parts.headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        if origin.is_some_and(|origin| self.origins.iter().any(|allowed| allowed == origin)) {
            return Ok(());
        }
        let foreign = Failure::new(
            StatusCode::FORBIDDEN,
            "the request comes from a page of another origin: allow that with --page-origin",
        );
        let site = parts.headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
        let own = matches!(site, None | Some(b"same-origin" | b"none"));
        let page = !is_control(parts.uri.path());
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        // A link on another page may open this one; it may not ask for data, or change anything.
        let may_ask = own || (page && reads);
        if !may_ask {
            return Err(foreign);
        }
        match origin {
            Some(origin) if !reads && !is_origin_of(origin, authority) => Err(foreign),
            _ => Ok(()),
        }
    }

    /// Lets pages of allowed origins read the answer.
    pub(super) fn share(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        let Some(origin) = asked.get(ORIGIN) else { return };
        if self.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(VARY, HeaderValue::from_static("Origin"));
            let methods = HeaderValue::from_static("GET, POST, DELETE");
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            let headers = HeaderValue::from_static("content-type");
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
    }

    fn is_allowed(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        // No site on the internet has a name without a dot: such are names in a Docker network.
        let plain = !host.is_empty() && !host.contains('.') && !host.contains(':');
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        plain
            || literal
            || host.ends_with(".localhost")
            || host == "host.docker.internal"
            || self.hosts.iter().any(|allowed| allowed == host)
    }
}

/// The host of an authority, without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether an origin is that of a page that was loaded from this authority.
fn is_origin_of(origin: &str, authority: &str) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(authority))
}

/// Tells browsers what they may do with an answer.
pub(super) fn secure(headers: &mut HeaderMap) {
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    let resource = HeaderName::from_static("cross-origin-resource-policy");
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (opener, "same-origin"),
        (resource, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        let guard = Guard {
            hosts: vec!["emulator.example".to_owned()],
            origins: vec!["http://localhost:3000".to_owned()],
        };
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        guard.check(&parts).map_or_else(|failure| failure.response().status().as_u16(), |()| 200)
    }

    #[test]
    fn names_that_sites_can_have_are_refused() {
        for (host, status) in [
            ("127.0.0.1:10011", 200),
            ("[::1]:10011", 200),
            ("localhost", 200),
            ("LOCALHOST.:1", 200),
            ("q.localhost:1", 200),
            ("queue-emulator:10011", 200),
            ("host.docker.internal:10011", 200),
            ("emulator.example:10011", 200),
            ("evil.example", 421),
            ("127.0.0.1.evil.example:10011", 421),
            ("localhost.evil.example", 421),
            ("evil.example.", 421),
            ("", 421),
        ] {
            for path in ["/", "/_emulator/queues"] {
                assert_eq!(check("GET", path, &[("host", host)]), status, "{host}");
            }
        }
        assert_eq!(check("GET", "/", &[]), 400);
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let host = ("host", "127.0.0.1:10011");
        for (method, path, name, value, status) in [
            ("GET", "/_emulator/queues", "sec-fetch-site", "same-origin", 200),
            ("GET", "/_emulator/queues", "sec-fetch-site", "none", 200),
            ("GET", "/_emulator/queues", "sec-fetch-site", "cross-site", 403),
            ("GET", "/_emulator/queues", "sec-fetch-site", "same-site", 403),
            ("GET", "/", "sec-fetch-site", "cross-site", 200),
            ("POST", "/_emulator/reset", "sec-fetch-site", "cross-site", 403),
            ("POST", "/_emulator/reset", "origin", "http://127.0.0.1:10011", 200),
            ("POST", "/_emulator/reset", "origin", "http://127.0.0.1:9", 403),
            ("POST", "/_emulator/reset", "origin", "http://evil.example", 403),
            ("POST", "/_emulator/reset", "origin", "null", 403),
            ("POST", "/_emulator/reset", "origin", "http://localhost:3000", 200),
            ("DELETE", "/_emulator/faults", "origin", "http://evil.example", 403),
            ("POST", "/_emulator/reset", "x-nothing", "", 200),
        ] {
            let found = check(method, path, &[host, (name, value)]);
            assert_eq!(found, status, "{method} {path} {name}: {value}");
        }
    }
}
