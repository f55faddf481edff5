//! The string to sign, for signer and verifier alike.
//!
//! Source: [Authorize with Shared Key](https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key);
//! where the service and that page differ, the official SDKs and what they learned from refused
//! requests. Come here when the service and this crate sign different strings.
//!
//! The string is put together as bytes, on the stack, and checked to be text once and as a whole:
//! what separates its pieces is ASCII, so it is valid exactly if every piece is.

mod few;
pub(crate) mod head;
mod headers;
mod order;
mod resource;

use http::HeaderName;

use crate::error::AuthError;
use crate::service::Service;

use few::Buffer;
use head::Head;
use headers::Headers;
pub(crate) use headers::single;
pub(crate) use resource::secondary_rest;

pub(crate) const X_MS_DATE: HeaderName = HeaderName::from_static("x-ms-date");

/// The two ways to sign with an account key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    SharedKey,
    SharedKeyLite,
}

impl Scheme {
    /// The name in the `Authorization` header.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SharedKey => "SharedKey",
            Self::SharedKeyLite => "SharedKeyLite",
        }
    }
}

/// A request to sign: its head, and what the string to sign takes from elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signable<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) service: Service,
    /// The name of the account that owns the resource, without `-secondary`.
    pub(crate) account: &'a str,
    pub(crate) head: Head<'a>,
    /// The `x-ms-date` that will be sent, in place of the one in the head.
    pub(crate) date: Option<&'a [u8]>,
    /// Sign `/account-secondary/...` in the path as it stands, as most SDKs do, and not as the
    /// reference has it, with the name of the primary.
    pub(crate) keep_secondary: bool,
    /// Refuse values of headers that HTTP changes on the way. A verifier has what arrived.
    pub(crate) strict: bool,
    /// Refuse a request without `x-ms-version`.
    pub(crate) needs_version: bool,
}

impl<'a> Signable<'a> {
    pub(crate) fn new(scheme: Scheme, service: Service, account: &'a str, head: Head<'a>) -> Self {
        Self {
            scheme,
            service,
            account,
            head,
            date: None,
            keep_secondary: false,
            strict: false,
            needs_version: false,
        }
    }

    /// Fails when the request is for a service whose rules are others: tables would be signed as blobs,
    /// and the service would answer 403 without saying why.
    pub(crate) fn check_service(&self) -> Result<(), AuthError> {
        let is_table = |service| service == Service::Table;
        // An emulator has no name that tells; the headers of OData do.
        let service = Service::of_host(self.head.uri)
            .or_else(|| headers::are_for_tables(self.head.headers).then_some(Service::Table));
        match service {
            Some(host) if is_table(host) != is_table(self.service) => {
                Err(AuthError::OtherService { host, signer: self.service })
            }
            _ => Ok(()),
        }
    }

    /// Hands the string to sign, which is UTF-8 text, to `use_it`.
    pub(crate) fn with<R>(&self, use_it: impl FnOnce(&[u8]) -> R) -> Result<R, AuthError> {
        let mut out = Buffer::new();
        let mut headers = Headers::read(self.head.headers, self.date)?;
        if self.needs_version && !headers.has_version() {
            return Err(AuthError::MissingVersion);
        }
        if self.strict {
            headers.check_unchanged()?;
        }
        let query = self.head.uri.query().unwrap_or_default();
        let is_table = self.service == Service::Table;
        if !(is_table && self.scheme == Scheme::SharedKeyLite) {
            out.extend(self.head.method.as_str().as_bytes());
            out.push(b'\n');
        }
        match self.scheme {
            _ if is_table => {
                headers.write_table(self.scheme == Scheme::SharedKeyLite, &mut out)?;
                self.write_path(&mut out);
                resource::write_comp(query, &mut out)?;
            }
            Scheme::SharedKey => {
                headers.write_fixed(&mut out);
                headers.write_x_ms(&mut out)?;
                self.write_path(&mut out);
                resource::write_query(query, &mut out)?;
            }
            Scheme::SharedKeyLite => {
                headers.write_fixed_lite(&mut out);
                headers.write_x_ms(&mut out)?;
                self.write_path(&mut out);
                resource::write_comp(query, &mut out)?;
            }
        }
        let bytes = out.as_slice();
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            return Ok(use_it(bytes));
        }
        Err(headers.not_text().unwrap_or_else(|| resource::not_text(query)))
    }

    fn write_path(&self, out: &mut Buffer) {
        resource::write_path(self.account, self.head.uri.path(), self.keep_secondary, out);
    }

    /// The string to sign.
    pub(crate) fn text(&self) -> Result<String, AuthError> {
        let bytes = self.with(<[u8]>::to_vec)?;
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }
}

/// The string that Shared Key signs for this request.
///
/// `account` is the name of the primary account, without `-secondary`. The version rules follow the
/// request's `x-ms-version`; without that header the newest hold. This is the tool to see why a
/// signature is refused: compare it with the string that the service reports, by
/// [`explain_mismatch`](crate::explain_mismatch).
///
/// Two rules differ from what some SDKs do: a repeated query parameter is signed with all its
/// values (sorted, joined by commas), and a parameter without a value is signed as `name:`.
///
/// # Errors
///
/// When a signed header occurs twice or something that is signed is not UTF-8 text.
///
/// ```
/// let request = http::Request::get("https://contoso.queue.core.windows.net/jobs?comp=metadata")
///     .header("x-ms-date", "Wed, 23 Sep 2026 10:20:30 GMT")
///     .header("x-ms-version", "2026-02-06")
///     .body(())?;
/// assert_eq!(
///     queue_auth::string_to_sign("contoso", &request)?,
///     "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Wed, 23 Sep 2026 10:20:30 GMT\n\
///      x-ms-version:2026-02-06\n/contoso/jobs\ncomp:metadata",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn string_to_sign<'a>(account: &str, head: impl Into<Head<'a>>) -> Result<String, AuthError> {
    text(Scheme::SharedKey, Service::Queue, account, head.into())
}

/// The string that Shared Key signs for this request to `service`; see [`string_to_sign`].
///
/// The string of tables has no `x-ms-` header; its date is that of `x-ms-date` if that is there, and
/// of the query it has only `comp`.
///
/// # Errors
///
/// When a signed header occurs twice, something that is signed is not UTF-8 text, or the host name is
/// that of a service with other rules.
///
/// ```
/// use queue_auth::{Service, string_to_sign_for};
///
/// let request = http::Request::get("https://contoso.table.core.windows.net/Tables?$top=1")
///     .header("x-ms-date", "Wed, 23 Sep 2026 10:20:30 GMT")
///     .body(())?;
/// assert_eq!(
///     string_to_sign_for(Service::Table, "contoso", &request)?,
///     "GET\n\n\nWed, 23 Sep 2026 10:20:30 GMT\n/contoso/Tables",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn string_to_sign_for<'a>(
    service: Service,
    account: &str,
    head: impl Into<Head<'a>>,
) -> Result<String, AuthError> {
    text(Scheme::SharedKey, service, account, head.into())
}

/// The string that Shared Key Lite signs for this request to `service`; see [`string_to_sign_lite`].
///
/// # Errors
///
/// When a signed header occurs twice, something that is signed is not UTF-8 text, or the host name is
/// that of a service with other rules.
pub fn string_to_sign_lite_for<'a>(
    service: Service,
    account: &str,
    head: impl Into<Head<'a>>,
) -> Result<String, AuthError> {
    text(Scheme::SharedKeyLite, service, account, head.into())
}

/// The string that Shared Key Lite signs for this request: like [`string_to_sign`], with fewer
/// headers and of the query only `comp`.
///
/// # Errors
///
/// When a signed header occurs twice or something that is signed is not UTF-8 text.
///
/// ```
/// let request = http::Request::get("https://contoso.queue.core.windows.net/?comp=list&prefix=a")
///     .header("x-ms-date", "Wed, 23 Sep 2026 10:20:30 GMT")
///     .header("x-ms-version", "2026-02-06")
///     .body(())?;
/// assert_eq!(
///     queue_auth::string_to_sign_lite("contoso", &request)?,
///     "GET\n\n\n\nx-ms-date:Wed, 23 Sep 2026 10:20:30 GMT\nx-ms-version:2026-02-06\n\
///      /contoso/?comp=list",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn string_to_sign_lite<'a>(
    account: &str,
    head: impl Into<Head<'a>>,
) -> Result<String, AuthError> {
    text(Scheme::SharedKeyLite, Service::Queue, account, head.into())
}

fn text(
    scheme: Scheme,
    service: Service,
    account: &str,
    head: Head<'_>,
) -> Result<String, AuthError> {
    // One lifetime for both: a struct literal lets the compiler shorten the longer one.
    let signable = Signable::new(scheme, service, account, Head { ..head });
    signable.check_service()?;
    signable.text()
}
