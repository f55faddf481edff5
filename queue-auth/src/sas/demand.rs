//! [`Demanded`]: the headers and query parameters that a signature demands. The token names them (`srh`,
//! `srq`), and their values are signed. Come here when a request lacks what its signature demands.

use http::HeaderName;

use super::error::InvalidSas;
use crate::canonical::head::Head;
use crate::canonical::single;
use crate::query::decoded_text;

/// The lines of what a signature demands, as they are signed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demanded {
    pub(super) headers: String,
    pub(super) parameters: String,
}

impl Demanded {
    /// Writes the lines of these names and values. The headers end in a line end, and the parameters
    /// begin with one, as the official SDKs sign both.
    pub(super) fn new(headers: &[(String, String)], parameters: &[(String, String)]) -> Self {
        let lines = |pairs: &[(String, String)]| {
            let lines = pairs.iter().map(|(name, value)| format!("{name}:{value}"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let mut this = Self { headers: lines(headers), parameters: lines(parameters) };
        if !headers.is_empty() {
            this.headers.push('\n');
        }
        if !parameters.is_empty() {
            this.parameters.insert(0, '\n');
        }
        this
    }

    /// Takes the values of what a token demands from a request; `srh` and `srq` are the fields of the
    /// token.
    pub(crate) fn of_request(
        srh: Option<&str>,
        srq: Option<&str>,
        head: Head<'_>,
    ) -> Result<Self, InvalidSas> {
        fn names(field: Option<&str>) -> impl Iterator<Item = &str> {
            field.into_iter().flat_map(|names| names.split(','))
        }
        let query = head.uri.query().unwrap_or_default();
        let headers: Result<Vec<_>, _> =
            names(srh).map(|name| Ok((name.to_owned(), header(head, name)?.to_owned()))).collect();
        let parameters: Result<Vec<_>, _> =
            names(srq).map(|name| Ok((name.to_owned(), parameter(query, name)?))).collect();
        Ok(Self::new(&headers?, &parameters?))
    }
}

/// The value of a header that is demanded.
fn header<'a>(head: Head<'a>, name: &str) -> Result<&'a str, InvalidSas> {
    let read = HeaderName::from_bytes(name.as_bytes()).ok().map(|name| single(head.headers, &name));
    match read {
        Some(Ok(Some(value))) => Ok(value),
        _ => Err(InvalidSas::new("srh", "demands a header that the request does not have once")),
    }
}

/// The value of a query parameter that is demanded, decoded.
fn parameter(query: &str, wanted: &str) -> Result<String, InvalidSas> {
    const MISSING: InvalidSas =
        InvalidSas::new("srq", "demands a parameter that the request does not have once");
    let pairs = query.split('&').map(|piece| piece.split_once('=').unwrap_or((piece, "")));
    let mut values = pairs.filter(|(name, _)| {
        decoded_text(name).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    });
    let (Some((_, value)), None) = (values.next(), values.next()) else { return Err(MISSING) };
    let value = decoded_text(value).filter(|value| !value.contains(char::is_control));
    value.map(std::borrow::Cow::into_owned).ok_or(MISSING)
}

/// Fails for a header that cannot be demanded: no name of a header, or a value that HTTP would change.
pub(super) fn check_header(name: &str, value: &str) -> Result<(), InvalidSas> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(InvalidSas::new("srh", "needs the name of a header"));
    }
    if value.trim_ascii() != value || value.contains(char::is_control) {
        return Err(InvalidSas::new("srh", "needs a value without blanks at its ends on one line"));
    }
    Ok(())
}

/// Fails for a query parameter that cannot be demanded.
pub(super) fn check_parameter(name: &str, value: &str) -> Result<(), InvalidSas> {
    if name.is_empty() || name.contains(|c: char| c == ',' || c.is_control()) {
        return Err(InvalidSas::new("srq", "needs the name of a parameter, without commas"));
    }
    if value.contains(char::is_control) {
        return Err(InvalidSas::new("srq", "needs a value on one line"));
    }
    Ok(())
}
