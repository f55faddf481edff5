//! [`Challenge`]: what the service says in the headers when it refuses a token.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Uri};

const SCHEME: &str = "Bearer";

/// The longest tenant that is accepted, in bytes: a domain name.
const LONGEST_TENANT: usize = 253;

/// Authorities that stand for no tenant in particular.
const NO_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

/// The header `WWW-Authenticate` of an answer 401:
///
/// ```text
/// Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize resource_id=https://storage.azure.com
/// ```
///
/// "Bearer challenge" under "Authorize with Microsoft Entra ID" in the Azure Storage REST reference.
/// The service sends it from version 2019-12-12 on, for requests without credentials and for tokens
/// of another tenant.
///
/// ```
/// use queue_auth::bearer::Challenge;
///
/// let challenge = Challenge::parse(
///     "Bearer authorization_uri=https://login.microsoftonline.com/contoso.com/oauth2/authorize \
///      resource_id=https://storage.azure.com",
/// );
/// assert_eq!(challenge.as_ref().and_then(Challenge::tenant), Some("contoso.com"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    tenant: Option<String>,
    resource_id: Option<String>,
}

impl Challenge {
    /// The first bearer challenge of an answer.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(Self::parse)
    }

    /// Reads the value of one `WWW-Authenticate` header: the scheme, then parameters with or without
    /// quotes, separated by blanks or commas. `None` when the scheme is another one, when a
    /// parameter occurs twice, or when the text is malformed. Unknown parameters are skipped.
    pub fn parse(value: &str) -> Option<Self> {
        let (scheme, parameters) = value.trim_ascii().split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let mut authorization_uri = None;
        let mut resource_id = None;
        let mut rest = parameters;
        while let Some((name, value, after)) = next_parameter(rest)? {
            let place = if name.eq_ignore_ascii_case("authorization_uri") {
                Some(&mut authorization_uri)
            } else if name.eq_ignore_ascii_case("resource_id") {
                Some(&mut resource_id)
            } else {
                None
            };
            if let Some(place) = place
                && place.replace(value).is_some()
            {
                return None;
            }
            rest = after;
        }
        let tenant = authorization_uri.and_then(tenant_of).map(str::to_owned);
        Some(Self { tenant, resource_id: resource_id.map(str::to_owned) })
    }

    /// The tenant that the account belongs to: the first segment of the path of
    /// `authorization_uri`, when that is an `https` URL. Only letters, digits, `-` and `.`.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The audience that the service wants, as it stands there. **Not to be trusted**: a hostile
    /// server may name another service.
    pub fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }
}

/// The next `name=value`, and what follows it. `Some(None)` at the end, `None` when malformed.
fn next_parameter(text: &str) -> Option<Option<(&str, &str, &str)>> {
    let is_gap = |c: char| matches!(c, ' ' | '\t' | ',');
    let text = text.trim_start_matches(is_gap);
    if text.is_empty() {
        return Some(None);
    }
    let (name, after) = text.split_once('=')?;
    if name.is_empty() || name.contains(is_gap) || name.contains('"') {
        return None;
    }
    let (value, after) = match after.strip_prefix('"') {
        // Neither a URL nor a GUID needs an escaped quote.
        Some(quoted) => quoted.split_once('"').filter(|(value, _)| !value.contains('\\'))?,
        None => {
            let end = after.find(is_gap).unwrap_or(after.len());
            after.split_at_checked(end).filter(|(value, _)| !value.contains('"'))?
        }
    };
    (after.is_empty() || after.starts_with(is_gap)).then_some(Some((name, value, after)))
}

fn tenant_of(authorization_uri: &str) -> Option<&str> {
    let uri: Uri = authorization_uri.parse().ok()?;
    if uri.scheme_str() != Some("https") || uri.host().is_none() {
        return None;
    }
    // `Uri` has no path of this lifetime to give.
    let (_, after_scheme) = authorization_uri.split_once("://")?;
    let (_, path) = after_scheme.split_once('/')?;
    let tenant = path.split(['/', '?', '#']).next()?;
    (is_tenant(tenant) && !NO_TENANT.iter().any(|name| name.eq_ignore_ascii_case(tenant)))
        .then_some(tenant)
}

/// Whether `text` may stand as a tenant in the path of a URL.
pub(super) fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_TENANT
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    const STORAGE: &str = "https://storage.azure.com";

    fn fields(value: &str) -> Option<(Option<String>, Option<String>)> {
        Challenge::parse(value).map(|challenge| (challenge.tenant, challenge.resource_id))
    }

    #[test]
    fn every_form_in_use() {
        let uri = format!("https://login.microsoftonline.com/{TENANT}/oauth2/authorize");
        let whole = Some((Some(TENANT.to_owned()), Some(STORAGE.to_owned())));
        for value in [
            format!("Bearer authorization_uri={uri} resource_id={STORAGE}"),
            format!("Bearer authorization_uri=\"{uri}\", resource_id=\"{STORAGE}\""),
            format!("bearer  resource_id={STORAGE},authorization_uri={uri}"),
            format!(" BEARER\trealm=\"\", Resource_Id={STORAGE} , authorization_uri={uri} ,"),
        ] {
            assert_eq!(fields(&value), whole, "{value}");
        }
    }

    #[test]
    fn what_is_missing_is_none() {
        assert_eq!(fields("Bearer realm=\"x y=z\""), Some((None, None)));
        assert_eq!(fields("Bearer ,"), Some((None, None)));
        for uri in [
            "https://login.microsoftonline.com/common/oauth2/authorize",
            "https://login.microsoftonline.com/",
            "https://login.microsoftonline.com",
            "https://login.microsoftonline.com/../x",
            "https://login.microsoftonline.com/%2e%2e/x",
            "https://login.microsoftonline.com/a@b/x",
            "http://login.microsoftonline.com/tenant/x",
            "tenant/oauth2",
            "",
        ] {
            assert_eq!(fields(&format!("Bearer authorization_uri={uri}")), Some((None, None)));
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for value in [
            "",
            "Bearer",
            "Basic realm=x",
            "Bearerauthorization_uri=x resource_id=y",
            "Bearer resource_id",
            "Bearer =x",
            "Bearer resource_id=\"x",
            "Bearer resource_id=\"x\"y",
            "Bearer resource_id=x\"y",
            "Bearer resource_id=\"x\\\"\"",
            "Bearer resource_id=a resource_id=b",
        ] {
            assert_eq!(fields(value), None, "{value}");
        }
    }

    #[test]
    fn the_bearer_challenge_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(Challenge::from_headers(&headers), None);
        headers.append(WWW_AUTHENTICATE, "Basic realm=x".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, "Bearer resource_id=a".parse().unwrap());
        let challenge = Challenge::from_headers(&headers).unwrap();
        assert_eq!(challenge.resource_id(), Some("a"));
    }
}
