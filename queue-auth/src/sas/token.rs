//! A token that was given.

use std::fmt;
use std::time::SystemTime;

use http::Uri;
use http::uri::PathAndQuery;
use zeroize::Zeroizing;

use super::{Explanation, Fields, InvalidSas, SasKind, SasVersion};
use crate::{AuthError, Authorize};

/// A shared access signature, opaque: what was given is sent byte for byte.
///
/// [`authorize`](Authorize::authorize) appends it to the query and leaves the rest of the query as
/// it is; a signature that is already there is replaced. It sets no header, so a request still
/// needs its `x-ms-version`.
///
/// The token is a secret: `Debug` shows its fields without the signature, and
/// [`expose`](Self::expose) is the only way to the text.
///
/// ```
/// use std::time::SystemTime;
/// use queue_auth::{Authorize, sas::SasToken};
///
/// let token = SasToken::parse("?sv=2025-07-05&sp=r&se=2036-09-24T10%3A00%3A00Z&sig=c2VjcmV0")?;
/// let (mut parts, ()) = http::Request::get("https://contoso.queue.core.windows.net/jobs?comp=metadata")
///     .body(())?
///     .into_parts();
/// token.authorize(&mut parts, SystemTime::now())?;
/// assert_eq!(
///     parts.uri.query(),
///     Some("comp=metadata&sv=2025-07-05&sp=r&se=2036-09-24T10%3A00%3A00Z&sig=c2VjcmV0"),
/// );
/// assert!(!format!("{token:?}").contains("c2VjcmV0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SasToken {
    text: Zeroizing<String>,
    expiry: Option<SystemTime>,
    https_only: bool,
}

impl SasToken {
    /// Takes a token as it was given: the query string of a URL, with or without the leading `?`.
    /// Blanks and line ends around it are ignored.
    ///
    /// Only what makes it unusable as a whole is refused; [`explain`](Self::explain) says what else
    /// is wrong with it.
    ///
    /// # Errors
    ///
    /// When it is no query string, a field occurs twice, or `sv` or `sig` is missing.
    pub fn parse(text: &str) -> Result<Self, InvalidSas> {
        let text = text.trim_ascii();
        let text = text.strip_prefix('?').unwrap_or(text);
        if text.contains("://") {
            return Err(InvalidSas::new(
                "sig",
                "is in a whole URL; give only what follows its '?'",
            ));
        }
        if text.contains('#') || PathAndQuery::try_from(format!("/?{text}")).is_err() {
            return Err(InvalidSas::new("sig", "is in text that cannot stand in a URL"));
        }
        let fields = Fields::read(text)?;
        for name in ["sv", "sig"] {
            if fields.get(name).is_none() {
                return Err(InvalidSas::new(name, "is missing"));
            }
        }
        Ok(Self {
            expiry: fields.time("se").ok().flatten(),
            https_only: fields.get("spr") == Some("https"),
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// The token itself, without a leading `?`. Whoever has it has its rights: keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// When it expires, if it says so itself (`se`) in a form that can be read; a stored access
    /// policy may end it earlier or be the only one to end it.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expiry
    }

    /// Which kind it is, by its fields.
    pub fn kind(&self) -> SasKind {
        self.fields().map_or(SasKind::Queue, |fields| fields.kind())
    }

    /// The version of its rules.
    ///
    /// # Errors
    ///
    /// When `sv` is not a version that knows signatures for queues.
    pub fn version(&self) -> Result<SasVersion, InvalidSas> {
        self.fields()?.version()
    }

    /// The string that was signed for it, as the service makes it: `account` is the primary's name;
    /// `queue` is needed for all but account signatures.
    ///
    /// # Errors
    ///
    /// When `sv` is unknown, or `queue` is needed and not given.
    pub fn string_to_sign(&self, account: &str, queue: Option<&str>) -> Result<String, InvalidSas> {
        self.fields()?.string_to_sign(account, queue)
    }

    /// Says in words what each field means and what is wrong, at the time `now`.
    pub fn explain(&self, now: SystemTime) -> Explanation {
        Explanation::of(&self.text, now)
    }

    fn fields(&self) -> Result<Fields<'_>, InvalidSas> {
        Fields::read(&self.text)
    }

    /// The URI with this token in place of any other.
    fn appended(&self, uri: &Uri) -> Result<Uri, AuthError> {
        let path = uri.path();
        let mut text =
            Zeroizing::new(String::with_capacity(uri.to_string().len() + 1 + self.text.len()));
        text.push_str(path);
        text.push('?');
        let query = uri.query().unwrap_or_default();
        if Fields::signed(query) {
            for piece in query.split('&').filter(|piece| !Fields::knows(name_of(piece))) {
                text.push_str(piece);
                text.push('&');
            }
        } else if !query.is_empty() {
            text.push_str(query);
            if !query.ends_with('&') {
                text.push('&');
            }
        }
        text.push_str(&self.text);
        let mut parts = uri.clone().into_parts();
        parts.path_and_query =
            Some(PathAndQuery::try_from(text.as_str()).map_err(|_| AuthError::InvalidUri)?);
        Uri::from_parts(parts).map_err(|_| AuthError::InvalidUri)
    }
}

fn name_of(piece: &str) -> &str {
    piece.split_once('=').map_or(piece, |(name, _)| name)
}

impl Authorize for SasToken {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        _now: SystemTime,
    ) -> Result<(), AuthError> {
        request.uri = self.appended(&request.uri)?;
        Ok(())
    }

    /// `true` when the token itself says so: over plain HTTP the service would refuse it, and it
    /// would have been shown to everyone on the way.
    fn requires_tls(&self) -> bool {
        self.https_only
    }
}

impl fmt::Debug for SasToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SasToken");
        if let Ok(fields) = self.fields() {
            for name in ["sv", "ss", "srt", "sp", "st", "se", "sip", "spr", "si", "skoid", "sduoid"]
            {
                if let Some(value) = fields.get(name) {
                    shown.field(name, &value);
                }
            }
        }
        shown.finish_non_exhaustive()
    }
}
