//! The string to sign, for signer and verifier alike.
//!
//! Source: "Authorize with Shared Key" of the Azure Storage REST reference; where the service and
//! that page differ, the official SDKs and what they learned from refused requests.

mod headers;
mod resource;

use hmac::Mac as _;
use http::HeaderName;
use http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, DATE, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE,
};

use crate::key::HmacSha256;
use crate::{AuthError, Head};

pub(crate) use headers::single;
pub(crate) use resource::secondary_rest;

pub(crate) const X_MS_DATE: HeaderName = HeaderName::from_static("x-ms-date");
pub(crate) const X_MS_VERSION: HeaderName = HeaderName::from_static("x-ms-version");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Where the canonical form goes: into text that people read, or straight into the code.
pub(crate) trait Sink {
    fn push(&mut self, text: &str);
}

impl Sink for String {
    fn push(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Sink for HmacSha256 {
    fn push(&mut self, text: &str) {
        self.update(text.as_bytes());
    }
}

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

/// What is signed, beside the head of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signable<'a> {
    /// Name of the account that owns the resource, without `-secondary`.
    pub(crate) account: &'a str,
    pub(crate) head: Head<'a>,
    /// The `x-ms-date` that will be sent, in place of the one in the head.
    pub(crate) date: Option<&'a str>,
    /// Sign `/account-secondary/...` in the path as it stands, as most SDKs do, and not as the
    /// reference has it, with the name of the primary.
    pub(crate) keep_secondary: bool,
}

impl<'a> Signable<'a> {
    pub(crate) fn new(account: &'a str, head: Head<'a>) -> Self {
        Self { account, head, date: None, keep_secondary: false }
    }

    /// Writes the Shared Key string to sign.
    pub(crate) fn write(&self, out: &mut impl Sink) -> Result<(), AuthError> {
        let rules = Rules::of(self.head)?;
        out.push(self.head.method.as_str());
        out.push("\n");
        self.line(CONTENT_ENCODING, out)?;
        self.line(CONTENT_LANGUAGE, out)?;
        match single(self.head.headers, &CONTENT_LENGTH)? {
            Some("0") if !rules.signs_length_zero => {}
            Some(length) => out.push(length),
            None => {}
        }
        out.push("\n");
        self.line(CONTENT_MD5, out)?;
        self.line(CONTENT_TYPE, out)?;
        self.date_line(out)?;
        self.line(IF_MODIFIED_SINCE, out)?;
        self.line(IF_MATCH, out)?;
        self.line(IF_NONE_MATCH, out)?;
        self.line(IF_UNMODIFIED_SINCE, out)?;
        self.line(RANGE, out)?;
        headers::write(self, rules, out)?;
        resource::write_path(self, out);
        resource::write_query(self.head.uri.query().unwrap_or_default(), out)
    }

    /// Writes the Shared Key Lite string to sign.
    pub(crate) fn write_lite(&self, out: &mut impl Sink) -> Result<(), AuthError> {
        let rules = Rules::of(self.head)?;
        out.push(self.head.method.as_str());
        out.push("\n");
        self.line(CONTENT_MD5, out)?;
        self.line(CONTENT_TYPE, out)?;
        self.date_line(out)?;
        headers::write(self, rules, out)?;
        resource::write_path(self, out);
        resource::write_comp(self.head.uri.query().unwrap_or_default(), out)
    }

    /// Writes the string of the given scheme.
    pub(crate) fn write_as(&self, scheme: Scheme, out: &mut impl Sink) -> Result<(), AuthError> {
        match scheme {
            Scheme::SharedKey => self.write(out),
            Scheme::SharedKeyLite => self.write_lite(out),
        }
    }

    /// The string of the given scheme.
    pub(crate) fn text(&self, scheme: Scheme) -> Result<String, AuthError> {
        let mut out = String::with_capacity(self.size_hint());
        self.write_as(scheme, &mut out)?;
        Ok(out)
    }

    fn line(&self, name: HeaderName, out: &mut impl Sink) -> Result<(), AuthError> {
        if let Some(value) = single(self.head.headers, &name)? {
            out.push(value);
        }
        out.push("\n");
        Ok(())
    }

    /// Empty as soon as `x-ms-date` is there.
    fn date_line(&self, out: &mut impl Sink) -> Result<(), AuthError> {
        if self.date.is_some() || self.head.headers.contains_key(X_MS_DATE) {
            out.push("\n");
            return Ok(());
        }
        self.line(DATE, out)
    }

    /// Roughly how long the string is.
    fn size_hint(&self) -> usize {
        let headers: usize = self
            .head
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 2)
            .sum();
        let uri = self.head.uri.path().len() + self.head.uri.query().map_or(0, str::len);
        64 + self.account.len() + headers + uri
    }
}

/// What depends on `x-ms-version`. Without that header the newest rules hold.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Before 2015-02-21 `Content-Length: 0` was signed as `0`, since then as nothing.
    signs_length_zero: bool,
    /// Before 2016-05-31 an `x-ms-` header without a value was left out.
    drops_empty_headers: bool,
}

impl Rules {
    fn of(head: Head<'_>) -> Result<Self, AuthError> {
        let version = single(head.headers, &X_MS_VERSION)?;
        let before = |date: &str| version.is_some_and(|version| version < date);
        Ok(Self {
            signs_length_zero: before("2015-02-21"),
            drops_empty_headers: before("2016-05-31"),
        })
    }
}

/// The string that Shared Key signs for this request.
///
/// `account` is the name of the primary account, without `-secondary`. The version rules follow the
/// request's `x-ms-version`. This is the tool to see why a signature is refused: compare it with
/// the string that the service reports.
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
    text(Scheme::SharedKey, account, head.into())
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
    text(Scheme::SharedKeyLite, account, head.into())
}

fn text(scheme: Scheme, account: &str, head: Head<'_>) -> Result<String, AuthError> {
    // One lifetime for both: a struct literal lets the compiler shorten the longer one.
    Signable::new(account, Head { ..head }).text(scheme)
}
