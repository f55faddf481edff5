//! The canonical resource: account, path, query.

use std::borrow::Cow;
use std::cmp::Ordering;

use percent_encoding::percent_decode_str;

use super::{Signable, Sink};
use crate::AuthError;
use crate::few::Few;

/// Suffix of the account name at the secondary location.
const SECONDARY: &str = "-secondary";

/// Writes `/account` and the path as it is sent, still percent-encoded.
pub(super) fn write_path(signable: &Signable<'_>, out: &mut impl Sink) {
    out.push("/");
    out.push(signable.account);
    let path = signable.head.uri.path();
    match secondary_rest(signable.account, path) {
        // "The resource URI for the secondary location is the same as at the primary."
        Some(rest) if !signable.keep_secondary => {
            out.push("/");
            out.push(signable.account);
            out.push(rest);
        }
        _ if path.is_empty() => out.push("/"),
        _ => out.push(path),
    }
}

/// What follows `/account-secondary` in a path-style URI of the secondary location.
pub(crate) fn secondary_rest<'a>(account: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(account)?.strip_prefix(SECONDARY)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Writes `\nname:value` for each parameter: names in lower case and sorted, both decoded, the
/// values of a repeated name sorted and joined by commas. A `+` is a plus.
pub(super) fn write_query(query: &str, out: &mut impl Sink) -> Result<(), AuthError> {
    let mut sorted: Few<Pair<'_>> = Few::new();
    pairs(query).for_each(|pair| sorted.push(pair));
    let sorted = sorted.as_mut_slice();
    sorted.sort_unstable_by(Pair::compare);
    let mut previous: Option<&Pair<'_>> = None;
    for pair in &*sorted {
        if previous.is_some_and(|previous| previous.same_name(pair)) {
            out.push(",");
        } else {
            out.push("\n");
            let name = pair.decode(pair.name)?;
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                out.push(&name.to_ascii_lowercase());
            } else {
                out.push(&name);
            }
            out.push(":");
        }
        out.push(&pair.decode(pair.value)?);
        previous = Some(pair);
    }
    Ok(())
}

/// Writes `?comp=value`, decoded, if there is such a parameter: all that Lite signs of the query.
pub(super) fn write_comp(query: &str, out: &mut impl Sink) -> Result<(), AuthError> {
    let comp = pairs(query).find(|pair| lowercase(pair.name).eq(*b"comp"));
    if let Some(comp) = comp {
        out.push("?comp=");
        out.push(&comp.decode(comp.value)?);
    }
    Ok(())
}

fn pairs(query: &str) -> impl Iterator<Item = Pair<'_>> {
    query.split('&').enumerate().filter(|(_, piece)| !piece.is_empty()).map(|(position, piece)| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        Pair { position, name, value }
    })
}

/// A parameter as it stands in the query.
#[derive(Clone, Copy, Debug, Default)]
struct Pair<'a> {
    position: usize,
    name: &'a str,
    value: &'a str,
}

impl<'a> Pair<'a> {
    fn decode(&self, text: &'a str) -> Result<Cow<'a, str>, AuthError> {
        percent_decode_str(text)
            .decode_utf8()
            .map_err(|_| AuthError::QueryNotText { position: self.position })
    }

    fn compare(&self, other: &Self) -> Ordering {
        lowercase(self.name)
            .cmp(lowercase(other.name))
            .then_with(|| percent_decode_str(self.value).cmp(percent_decode_str(other.value)))
    }

    fn same_name(&self, other: &Self) -> bool {
        lowercase(self.name).eq(lowercase(other.name))
    }
}

fn lowercase(name: &str) -> impl Iterator<Item = u8> {
    percent_decode_str(name).map(|byte| byte.to_ascii_lowercase())
}
