//! The canonical resource of a string to sign: account, path and query.

use std::cmp::Ordering;

use super::few::{Buffer, Few};
use crate::error::AuthError;
use crate::query::{decoded, plain_len};

/// The suffix of the account name at the secondary location.
const SECONDARY: &str = "-secondary";

/// Writes `/account` and the path as it is sent, still percent-encoded. With `keep_secondary` a path
/// of the secondary location stands as it is sent, too.
pub(super) fn write_path(account: &str, path: &str, keep_secondary: bool, out: &mut Buffer) {
    out.push(b'/');
    out.extend(account.as_bytes());
    match secondary_rest(account, path) {
        // "The resource URI for the secondary location is the same as at the primary."
        Some(rest) if !keep_secondary => {
            out.push(b'/');
            out.extend(account.as_bytes());
            out.extend(rest.as_bytes());
        }
        _ if path.is_empty() => out.push(b'/'),
        _ => out.extend(path.as_bytes()),
    }
}

/// What follows `/account-secondary` in a path-style URI of the secondary location.
pub(crate) fn secondary_rest<'a>(account: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(account)?.strip_prefix(SECONDARY)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Writes `\nname:value` for each parameter: names in lower case and sorted, both decoded, the
/// values of a repeated name sorted and joined by commas.
pub(super) fn write_query(query: &str, out: &mut Buffer) -> Result<(), AuthError> {
    if query.is_empty() {
        return Ok(());
    }
    let mut sorted: Few<Pair<'_>, 8> = Few::new();
    pairs(query).for_each(|pair| sorted.push(pair));
    let sorted = sorted.as_mut_slice();
    sorted.sort_unstable_by(Pair::compare);
    let mut previous: Option<&Pair<'_>> = None;
    for pair in &*sorted {
        if previous.is_some_and(|previous| previous.compare_names(pair).is_eq()) {
            out.push(b',');
        } else {
            out.push(b'\n');
            if pair.plain_name {
                out.extend(pair.name);
            } else {
                push(lowercase(pair.name), query, out)?;
            }
            out.push(b':');
        }
        pair.write_value(query, out)?;
        previous = Some(pair);
    }
    Ok(())
}

/// Writes `?comp=value`, decoded, if there is such a parameter: all that Lite signs of the query.
pub(super) fn write_comp(query: &str, out: &mut Buffer) -> Result<(), AuthError> {
    match pairs(query).find(|pair| lowercase(pair.name).eq(*b"comp")) {
        Some(comp) => {
            out.extend(b"?comp=");
            comp.write_value(query, out)
        }
        None => Ok(()),
    }
}

/// Writes decoded bytes. A line end among them could pass for the start of another parameter, so a
/// signature over it would be one for two requests.
fn push(bytes: impl Iterator<Item = u8>, query: &str, out: &mut Buffer) -> Result<(), AuthError> {
    for byte in bytes {
        if byte == b'\n' {
            return Err(not_text(query));
        }
        out.push(byte);
    }
    Ok(())
}

/// The error for the first parameter that is not text.
pub(super) fn not_text(query: &str) -> AuthError {
    let is_text = |text| {
        let text = String::from_utf8(decoded(text).collect());
        text.is_ok_and(|text| !text.contains('\n'))
    };
    let position = pairs(query).position(|pair| !is_text(pair.name) || !is_text(pair.value));
    AuthError::QueryNotText { position: position.unwrap_or_default() }
}

/// The parameters of a query.
fn pairs(query: &str) -> Pairs<'_> {
    Pairs { rest: query.as_bytes() }
}

struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        while !self.rest.is_empty() {
            // This runs for every request: each byte is looked at once.
            let mut plain_name = true;
            let is_end = |byte: &u8| {
                plain_name &= !matches!(byte, b'%' | b'+' | b'A'..=b'Z');
                matches!(byte, b'=' | b'&')
            };
            let name_ends = self.rest.iter().position(is_end).unwrap_or(self.rest.len());
            let (name, rest) = self.rest.split_at_checked(name_ends).unwrap_or_default();
            let ends = rest.iter().position(|byte| *byte == b'&').unwrap_or(rest.len());
            let (value, rest) = rest.split_at_checked(ends).unwrap_or_default();
            self.rest = rest.strip_prefix(b"&").unwrap_or_default();
            if !(name.is_empty() && value.is_empty()) {
                let value = value.strip_prefix(b"=").unwrap_or_default();
                return Some(Pair { name, value, plain_name });
            }
        }
        None
    }
}

/// A parameter as it stands in the query.
#[derive(Clone, Copy, Debug, Default)]
struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// Whether decoding and lowering leave the name as it is; nearly always so.
    plain_name: bool,
}

impl Pair<'_> {
    fn write_value(&self, query: &str, out: &mut Buffer) -> Result<(), AuthError> {
        // Nothing in front of the first escape is changed by decoding, and mostly there is none.
        let (plain, escaped) =
            self.value.split_at_checked(plain_len(self.value)).unwrap_or_default();
        out.extend(plain);
        if escaped.is_empty() {
            return Ok(());
        }
        push(decoded(escaped), query, out)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare_names(other).then_with(|| decoded(self.value).cmp(decoded(other.value)))
    }

    fn compare_names(&self, other: &Self) -> Ordering {
        if self.plain_name && other.plain_name {
            self.name.cmp(other.name)
        } else {
            lowercase(self.name).cmp(lowercase(other.name))
        }
    }
}

fn lowercase(name: &[u8]) -> impl Iterator<Item = u8> {
    decoded(name).map(|byte| byte.to_ascii_lowercase())
}
