//! Selection, values and order of the `x-ms-` headers.

use std::cmp::Ordering;

use http::{HeaderMap, HeaderName};

use super::{Rules, Signable, Sink, X_MS_DATE};
use crate::AuthError;
use crate::few::Few;

const PREFIX: &str = "x-ms-";

/// The only value of a header, without the blanks around it, if it is there.
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(AuthError::RepeatedHeader { name: name.clone() });
    }
    text(name, value.as_bytes()).map(Some)
}

fn text<'a>(name: &HeaderName, value: &'a [u8]) -> Result<&'a str, AuthError> {
    // Blanks at the ends never reach the service: HTTP drops them.
    std::str::from_utf8(value.trim_ascii())
        .map_err(|_| AuthError::HeaderNotText { name: name.clone() })
}

/// Writes `name:value\n` for each `x-ms-` header.
pub(super) fn write(
    signable: &Signable<'_>,
    rules: Rules,
    out: &mut impl Sink,
) -> Result<(), AuthError> {
    let mut lines: Few<(&str, &str)> = Few::new();
    if let Some(date) = signable.date {
        lines.push(("x-ms-date", date));
    }
    for name in signable.head.headers.keys() {
        if !name.as_str().starts_with(PREFIX) || (signable.date.is_some() && *name == X_MS_DATE) {
            continue;
        }
        let value = single(signable.head.headers, name)?.unwrap_or_default();
        if value.is_empty() && rules.drops_empty_headers {
            continue;
        }
        lines.push((name.as_str(), value));
    }
    let lines = lines.as_mut_slice();
    lines.sort_unstable_by(|a, b| compare(a.0, b.0));
    for (name, value) in lines {
        out.push(name);
        out.push(":");
        out.push(value);
        out.push("\n");
    }
    Ok(())
}

/// The order in which the service sorts header names (lowercase).
///
/// The reference says "lexicographically", but the service compares like a word sort: hyphens (and
/// apostrophes) first count for nothing, symbols go before digits and digits before letters; among
/// names that are then equal, the one without the hyphen at the first difference goes first. Names
/// sorted by bytes are refused as soon as one continues a common prefix with `_` and another with a
/// letter or digit.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    fn weighed(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().map(weight).filter(|weight| *weight != 0)
    }
    weighed(a)
        .cmp(weighed(b))
        .then_with(|| a.bytes().map(tie_weight).cmp(b.bytes().map(tie_weight)))
}

/// Weight of a byte at the first level; zero is ignored there.
fn weight(byte: u8) -> u8 {
    const SYMBOLS: &[u8] = b"!#$%&*.^_`|~+";
    match byte {
        b'0'..=b'9' => 100 + (byte - b'0'),
        b'a'..=b'z' => 120 + (byte - b'a'),
        _ => SYMBOLS
            .iter()
            .position(|symbol| *symbol == byte)
            .and_then(|position| u8::try_from(position + 1).ok())
            .unwrap_or(0),
    }
}

/// Weight of a byte among names that are equal at the first level.
fn tie_weight(byte: u8) -> u8 {
    match byte {
        b'\'' => 1,
        b'-' => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_digits_letters() {
        let mut names = ["x-ms-meta-ia", "x-ms-meta-i0", "x-ms-meta-i_", "x-ms-meta-i"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["x-ms-meta-i", "x-ms-meta-i_", "x-ms-meta-i0", "x-ms-meta-ia"]);
    }

    #[test]
    fn hyphen_only_breaks_ties() {
        let mut names = ["a-c", "a-b", "ab", "a", "a'b"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["a", "ab", "a'b", "a-b", "a-c"]);
    }
}
