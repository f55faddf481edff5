//! [`Encoder`], the one percent-encoder, and [`Query`], which reads queries.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{percent_decode_str, percent_encode_byte};

/// By byte whether it is encoded. A table, because this runs for every byte of every target.
static RESERVED: [bool; 256] = {
    let mut reserved = [true; 256];
    let mut byte = 0_u8;
    let mut rest: &mut [bool] = &mut reserved;
    while let [first, tail @ ..] = rest {
        *first = !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
        byte = byte.wrapping_add(1);
        rest = tail;
    }
    reserved
};

#[inline]
fn is_reserved(byte: u8) -> bool {
    RESERVED.get(usize::from(byte)).copied().unwrap_or(true)
}

/// Appends what is written to it, percent-encoded: everything but the unreserved characters of
/// RFC 3986.
///
/// HTTP libraries parse a URI again before they send it, and some rewrite characters that they
/// would have encoded otherwise (`'` in a query, dot segments in a path). What is signed must be
/// what is sent, so nothing leaves here that a parser could want to rewrite.
pub(crate) struct Encoder<'a>(pub(crate) &'a mut String);

impl fmt::Write for Encoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // In runs: names and ids have nothing to encode, receipts a character or two.
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.bytes().position(is_reserved).unwrap_or(rest.len());
            let (plain, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let end = tail.bytes().position(|b| !is_reserved(b)).unwrap_or(tail.len());
            let (reserved, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
            self.0.push_str(plain);
            self.0.extend(reserved.bytes().map(percent_encode_byte));
            rest = tail;
        }
        Ok(())
    }
}

/// Decodes `%XX` in a path, where `+` stands for itself. `None` when an escape is cut off or not
/// hexadecimal, or when the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let escapes_are_whole = text.split('%').skip(1).all(|rest| {
        rest.get(..2).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    if !escapes_are_whole {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok()
}

/// Decodes a name or a value of a query, where `+` stands for a blank: the service reads queries as
/// HTML forms write them. Signatures and pop receipts hold plus signs, so a client that leaves one
/// unescaped is refused by the service, and has to be here.
fn decode_form(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return decode(text);
    }
    // Before `%2B` becomes a plus sign of its own.
    decode(&text.replace('+', " ")).map(|text| Cow::Owned(text.into_owned()))
}

/// The parameters of a query, in order, values as they were sent.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// Why a parameter cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadParameter {
    Repeated,
    BadEscape,
}

impl<'a> Query<'a> {
    pub(crate) fn parse(query: Option<&'a str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode_form(name).unwrap_or(Cow::Borrowed(name)), value))
                .collect(),
        )
    }

    /// The decoded value of the parameter `name`, whatever its case.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Cow<'a, str>>, BadParameter> {
        let mut found = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let Some((_, value)) = found.next() else {
            return Ok(None);
        };
        if found.next().is_some() {
            return Err(BadParameter::Repeated);
        }
        decode_form(value).map(Some).ok_or(BadParameter::BadEscape)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn only_unreserved_bytes_leave() {
        let mut out = String::new();
        Encoder(&mut out).write_str("aZ9-._~ +/='%\u{e9}\n").unwrap();
        assert_eq!(out, "aZ9-._~%20%2B%2F%3D%27%25%C3%A9%0A");
        assert_eq!(decode(&out).unwrap(), "aZ9-._~ +/='%\u{e9}\n");
    }

    #[test]
    fn decoding_is_strict() {
        assert_eq!(decode("a+b").unwrap(), "a+b");
        for bad in ["%", "%2", "%zz", "%é", "a%2", "%ff"] {
            assert!(decode(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn queries() {
        let query = Query::parse(Some("comp=list&&Prefix=a%26b&raw==x=&empty&x=1&X=2&bad=%"));
        assert_eq!(query.get("COMP").unwrap().unwrap(), "list");
        assert_eq!(query.get("prefix").unwrap().unwrap(), "a&b");
        assert_eq!(query.get("raw").unwrap().unwrap(), "=x=");
        assert_eq!(query.get("empty").unwrap().unwrap(), "");
        assert_eq!(query.get("none"), Ok(None));
        assert_eq!(query.get("x"), Err(BadParameter::Repeated));
        assert_eq!(query.get("bad"), Err(BadParameter::BadEscape));
    }

    #[test]
    fn a_plus_in_a_query_is_a_blank() {
        let query = Query::parse(Some("popreceipt=a+b%2Bc%20d&pop+name=1&bad=+%zz"));
        assert_eq!(query.get("popreceipt").unwrap().unwrap(), "a b+c d");
        assert_eq!(query.get("pop name").unwrap().unwrap(), "1");
        assert_eq!(query.get("bad"), Err(BadParameter::BadEscape));
        // What clients write reads back, and never with a plus sign of its own.
        let mut written = String::from("receipt=");
        Encoder(&mut written).write_str("s7q+qt v0==").unwrap();
        assert_eq!(written, "receipt=s7q%2Bqt%20v0%3D%3D");
        assert_eq!(Query::parse(Some(&written)).get("receipt").unwrap().unwrap(), "s7q+qt v0==");
    }
}
