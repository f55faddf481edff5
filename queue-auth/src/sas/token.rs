//! [`SasToken`], a token that was given: how it is read, shown and put on a request.

use std::fmt;
use std::time::SystemTime;

use http::Uri;
use http::uri::PathAndQuery;
use zeroize::Zeroizing;

use super::demand::Demanded;
use super::error::InvalidSas;
use super::explain::Explanation;
use super::fields::Fields;
use super::kind::SasKind;
use super::resource::SasResource;
use super::version::SasVersion;
use crate::authorize::Authorize;
use crate::canonical::head::Head;
use crate::error::AuthError;
use crate::service::Service;

/// What becomes of a plus in base64 when a URL is written without care.
const LOST_PLUS: [char; 2] = ['+', ' '];

/// A shared access signature, opaque: its fields are sent byte for byte as they were given.
///
/// The one exception is what the service could not read: a blank or a raw `+` in the signature,
/// which is in base64 and holds no blank, becomes `%2B`, as [`parse`](Self::parse) says.
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
    /// Whether a plus of the signature had to be escaped.
    repaired: bool,
    expiry: Option<SystemTime>,
    https_only: bool,
}

impl SasToken {
    /// Takes a token as it was given: the query string of a URL, with or without the leading `?`.
    ///
    /// Blanks, line ends and a pair of quotes around the token are ignored, and `&amp;`, which is
    /// what XML and HTML make of `&`, is read as `&`. In the signature a raw `+`, a blank and `%20`
    /// are taken for the plus that they were and sent as `%2B`: the service reads each of them as a
    /// blank, and a signature holds none. Nothing else is changed; in other fields a `+` is a blank
    /// for the service, and it may have been signed as one.
    ///
    /// Only what makes the token unusable as a whole is refused; [`explain`](Self::explain) says what
    /// else is wrong with it.
    ///
    /// # Errors
    ///
    /// When the text is no query string, a field occurs twice, or `sv` or `sig` is missing.
    pub fn parse(text: &str) -> Result<Self, InvalidSas> {
        let text = unwrapped(text);
        if text.contains("://") {
            return Err(InvalidSas::new(
                "sig",
                "is in a whole URL; give only what follows its '?'",
            ));
        }
        let (text, repaired) = repaired(text);
        if text.contains('#') || PathAndQuery::try_from(format!("/?{}", *text)).is_err() {
            return Err(InvalidSas::new("sig", "is in text that cannot stand in a URL"));
        }
        let fields = Fields::read(&text)?;
        for name in ["sv", "sig"] {
            if fields.get(name).is_none() {
                return Err(InvalidSas::new(name, "is missing"));
            }
        }
        let (expiry, https_only) =
            (fields.time("se").ok().flatten(), fields.get("spr") == Some("https"));
        Ok(Self { text, repaired, expiry, https_only })
    }

    /// The token itself: a query string for the end of a URL, without a leading `?`. Whoever has it has its rights: keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The time at which the token expires, if the token says so (`se`) in a form that can be read; a stored access
    /// policy may end it earlier or be the only one to end it.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expiry
    }

    /// The kind of the token, by its fields.
    pub fn kind(&self) -> SasKind {
        self.fields().map_or(SasKind::Queue, |fields| fields.kind())
    }

    /// The version of the rules by which the token was signed.
    ///
    /// # Errors
    ///
    /// When `sv` is not a version that knows signatures for queues.
    pub fn version(&self) -> Result<SasVersion, InvalidSas> {
        self.fields()?.version()
    }

    /// The string that was signed for the token, as the service makes it: `account` is the primary's name;
    /// `queue` is needed for all but account signatures.
    ///
    /// # Errors
    ///
    /// When `sv` is unknown, or `queue` is needed and not given.
    pub fn string_to_sign(&self, account: &str, queue: Option<&str>) -> Result<String, InvalidSas> {
        let resource = queue.map(|queue| SasResource::Queue { queue: queue.to_owned() });
        self.string_to_sign_for(account, resource.as_ref())
    }

    /// The string that was signed for the token, for `resource` of any service. It is needed for all
    /// but account signatures.
    ///
    /// # Errors
    ///
    /// When `sv` is unknown or older than the kind, `resource` is needed and not given, or the token
    /// demands headers or parameters (`srh`, `srq`), whose values only the request has; see
    /// [`string_to_sign_of`](Self::string_to_sign_of).
    pub fn string_to_sign_for(
        &self,
        account: &str,
        resource: Option<&SasResource>,
    ) -> Result<String, InvalidSas> {
        self.fields()?.string_to_sign(account, resource)
    }

    /// The string that was signed for the token, for `resource` and the values that this request has for
    /// the headers and parameters that the token demands.
    ///
    /// # Errors
    ///
    /// As [`string_to_sign_for`](Self::string_to_sign_for), and when the request lacks what is demanded.
    pub fn string_to_sign_of<'a>(
        &self,
        account: &str,
        resource: Option<&SasResource>,
        head: impl Into<Head<'a>>,
    ) -> Result<String, InvalidSas> {
        let mut fields = self.fields()?;
        fields.demand(Demanded::of_request(fields.get("srh"), fields.get("srq"), head.into())?);
        fields.string_to_sign(account, resource)
    }

    /// The value of a field by its name in the query, decoded: `sp`, `se`, `si` and so on. `None` when
    /// the field is not there or empty, and always for `sig`.
    pub fn field(&self, name: &str) -> Option<String> {
        if name.eq_ignore_ascii_case("sig") {
            return None;
        }
        self.fields().ok()?.named(name).map(str::to_owned)
    }

    /// Takes the token out of a URI; what is left is the URI of the resource. `None` when the URI has
    /// no signature, and then it stays as it is.
    ///
    /// # Errors
    ///
    /// When [`parse`](Self::parse) refuses the fields. The URI is then as it was.
    ///
    /// ```
    /// use queue_auth::sas::SasToken;
    ///
    /// let mut uri = "https://contoso.queue.core.windows.net/jobs?comp=acl&sv=2025-07-05&si=a&sig=b".parse()?;
    /// let token = SasToken::take_from(&mut uri)?.ok_or("no token")?;
    /// assert_eq!(token.field("si").as_deref(), Some("a"));
    /// assert_eq!(uri, "https://contoso.queue.core.windows.net/jobs?comp=acl");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_from(uri: &mut Uri) -> Result<Option<Self>, InvalidSas> {
        let query = uri.query().unwrap_or_default();
        if !Fields::signed(query) {
            return Ok(None);
        }
        let (own, other): (Vec<&str>, Vec<&str>) =
            query.split('&').partition(|piece| Fields::knows(name_of(piece)));
        let token = Self::parse(&Zeroizing::new(own.join("&")))?;
        let left = match other.is_empty() {
            true => uri.path().to_owned(),
            false => format!("{}?{}", uri.path(), other.join("&")),
        };
        const NOT_A_URI: InvalidSas =
            InvalidSas::new("sig", "is in text that cannot stand in a URL");
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(left).map_err(|_| NOT_A_URI)?);
        *uri = Uri::from_parts(parts).map_err(|_| NOT_A_URI)?;
        Ok(Some(token))
    }

    /// Says in words what each field means and what is wrong, at the time `now`. An account signature is
    /// explained for queues; see [`explain_for`](Self::explain_for).
    pub fn explain(&self, now: SystemTime) -> Explanation {
        Explanation::of(&self.text, self.repaired, None, now)
    }

    /// The same for who will use the token for `service`: a token that does not open that service is a
    /// problem.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use queue_auth::{Service, sas::SasToken};
    ///
    /// let token = SasToken::parse("sv=2025-07-05&ss=b&srt=o&sp=r&se=2036-09-24&sig=c2VjcmV0")?;
    /// let wrong = |service| {
    ///     let explanation = token.explain_for(service, SystemTime::UNIX_EPOCH);
    ///     explanation.problems().any(|note| note.field() == "ss")
    /// };
    /// assert!(wrong(Service::Table) && !wrong(Service::Blob));
    /// # Ok::<(), queue_auth::sas::InvalidSas>(())
    /// ```
    pub fn explain_for(&self, service: Service, now: SystemTime) -> Explanation {
        Explanation::of(&self.text, self.repaired, Some(service), now)
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

/// The token without what stands around it where people copy it from.
fn unwrapped(text: &str) -> &str {
    let text = text.trim_ascii();
    let quoted = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    let text = quoted('"').or_else(|| quoted('\'')).unwrap_or(text).trim_ascii();
    text.strip_prefix('?').unwrap_or(text)
}

/// The token with its separators and the pluses of its signature as a URL has them, and whether a
/// plus had to be escaped.
fn repaired(text: &str) -> (Zeroizing<String>, bool) {
    // No name of a parameter starts with "amp;".
    let text = Zeroizing::new(text.replace("&amp;", "&"));
    let mut escaped = false;
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    for (index, piece) in text.split('&').enumerate() {
        if index > 0 {
            out.push('&');
        }
        match piece.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("sig") => {
                let blanks = Zeroizing::new(value.replace("%20", " "));
                escaped |= blanks.contains(LOST_PLUS);
                out.push_str(name);
                for (index, part) in blanks.split(LOST_PLUS).enumerate() {
                    out.push_str(if index == 0 { "=" } else { "%2B" });
                    out.push_str(part);
                }
            }
            _ => out.push_str(piece),
        }
    }
    (out, escaped)
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
            for (name, value) in fields.all().filter(|(name, _)| *name != "sig") {
                shown.field(name, &value);
            }
        }
        shown.finish_non_exhaustive()
    }
}
