//! [`Authority`]: the identity provider that issues the tokens, and the tenant in it.

use std::error::Error;
use std::fmt;

use http::Uri;
use http::uri::Scheme;

use crate::bearer::challenge::is_tenant;
use crate::bearer::error::{TokenError, TokenErrorKind};
use crate::bearer::source::TokenRequest;

/// The identity provider of the public cloud.
const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// An identity provider and a tenant in it.
///
/// ```
/// use queue_auth::bearer::Authority;
///
/// let authority = Authority::new("contoso.onmicrosoft.com")?;
/// let government = Authority::new("contoso.onmicrosoft.us")?
///     .with_host("https://login.microsoftonline.us")?;
/// # Ok::<(), queue_auth::bearer::InvalidAuthority>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    host: String,
    tenant: String,
    follow: bool,
}

impl Authority {
    /// A tenant of the public cloud, `https://login.microsoftonline.com`: its identifier (a GUID) or
    /// one of its domain names.
    ///
    /// # Errors
    ///
    /// When `tenant` has other characters than letters, digits, `-` and `.`.
    pub fn new(tenant: impl Into<String>) -> Result<Self, InvalidAuthority> {
        let tenant = tenant.into();
        if !is_tenant(&tenant) {
            return Err(InvalidAuthority {
                field: "the tenant",
                rule: "it must be an identifier or a domain name",
            });
        }
        Ok(Self { host: PUBLIC_CLOUD.to_owned(), tenant, follow: false })
    }

    /// Another identity provider: that of a sovereign cloud, such as
    /// `https://login.microsoftonline.us` or `https://login.chinacloudapi.cn`.
    ///
    /// # Errors
    ///
    /// When `host` is not `https://`, a host name, and at most a slash.
    pub fn with_host(self, host: &str) -> Result<Self, InvalidAuthority> {
        self.set_host(host, |scheme| *scheme == Scheme::HTTPS)
    }

    /// As [`with_host`](Self::with_host), over plain http too: everybody on the way can read the
    /// client's secret and the tokens. For tests on this machine.
    ///
    /// # Errors
    ///
    /// When `host` is not `http://` or `https://`, a host name, and at most a slash.
    pub fn danger_with_http_host(self, host: &str) -> Result<Self, InvalidAuthority> {
        self.set_host(host, |scheme| *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP)
    }

    fn set_host(
        mut self,
        host: &str,
        allowed: impl Fn(&Scheme) -> bool,
    ) -> Result<Self, InvalidAuthority> {
        let invalid = |rule| InvalidAuthority { field: "the host of the authority", rule };
        let uri: Uri = host.parse().map_err(|_| invalid("it must be a URL"))?;
        if !uri.scheme().is_some_and(allowed) {
            return Err(invalid("it must start with https://"));
        }
        if uri.path() != "/" || uri.query().is_some() || host.contains(['@', '#']) {
            return Err(invalid("it must have a host name and nothing else"));
        }
        self.host = host.strip_suffix('/').unwrap_or(host).to_owned();
        Ok(self)
    }

    /// Asks the tenant that the service names in its challenge, instead of failing with
    /// [`WrongTenant`](TokenErrorKind::WrongTenant) when it is another one. The client must be known
    /// in that tenant, too.
    #[must_use]
    pub fn follow_discovered_tenant(mut self) -> Self {
        self.follow = true;
        self
    }

    /// The tenant to which this authority is set.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The tenant to ask for `request`.
    pub(super) fn tenant_for<'a>(
        &'a self,
        request: &'a TokenRequest,
    ) -> Result<&'a str, TokenError> {
        let Some(discovered) = request.tenant() else { return Ok(&self.tenant) };
        if self.follow {
            return Ok(discovered);
        }
        // One tenant has many domain names, so only two identifiers can be told apart.
        let differ = is_guid(&self.tenant)
            && is_guid(discovered)
            && !self.tenant.eq_ignore_ascii_case(discovered);
        if differ {
            return Err(TokenError::new(TokenErrorKind::WrongTenant {
                configured: self.tenant.clone(),
                discovered: discovered.to_owned(),
            }));
        }
        Ok(&self.tenant)
    }

    /// The URL of an endpoint of `tenant`: `token` or `devicecode`.
    pub(super) fn endpoint(&self, tenant: &str, name: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/{name}", self.host)
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The error for a URL or tenant that makes no [`Authority`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAuthority {
    field: &'static str,
    rule: &'static str,
}

impl fmt::Display for InvalidAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not usable: {}", self.field, self.rule)
    }
}

impl Error for InvalidAuthority {}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "7b795fb9-09d3-42f4-a494-38864f99ba3c";
    const B: &str = "72F988BF-86f1-41af-91ab-2d7cd011db47";

    fn asked(authority: &Authority, discovered: &str) -> Option<String> {
        let request = TokenRequest::new("s").with_tenant(discovered);
        authority.tenant_for(&request).ok().map(str::to_owned)
    }

    #[test]
    fn which_tenant_is_asked() {
        let fixed = Authority::new(A).unwrap();
        assert_eq!(fixed.tenant_for(&TokenRequest::new("s")).unwrap(), A);
        assert_eq!(asked(&fixed, &A.to_uppercase()).as_deref(), Some(A));
        assert_eq!(asked(&fixed, B), None);
        assert_eq!(asked(&fixed.follow_discovered_tenant(), B).as_deref(), Some(B));
        let named = Authority::new("contoso.com").unwrap();
        assert_eq!(asked(&named, B).as_deref(), Some("contoso.com"));
    }

    #[test]
    fn hosts() {
        let authority = Authority::new(A).unwrap();
        let url = |authority: Authority| authority.endpoint(A, "token");
        let path = format!("/{A}/oauth2/v2.0/token");
        assert_eq!(url(authority.clone()), format!("{PUBLIC_CLOUD}{path}"));
        for host in ["https://login.microsoftonline.us", "https://login.microsoftonline.us/"] {
            let sovereign = authority.clone().with_host(host).unwrap();
            assert_eq!(url(sovereign), format!("https://login.microsoftonline.us{path}"));
        }
        for wrong in ["http://a", "a", "", "https://a/b", "https://a?b", "https://u@a", "ftp://a"] {
            assert!(authority.clone().with_host(wrong).is_err(), "{wrong}");
        }
        assert!(authority.clone().danger_with_http_host("http://127.0.0.1:8080").is_ok());
        assert!(authority.danger_with_http_host("ftp://127.0.0.1").is_err());
        for wrong in ["", "..", "a/b", "a?b", "a b", "%61"] {
            assert!(Authority::new(wrong).is_err(), "{wrong}");
        }
    }
}
