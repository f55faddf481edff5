//! What the service reads in a query: percent-escapes, and `+` for a blank.
//!
//! Signer, verifier and shared access signatures all decode here, so that they cannot disagree.
//! Live answers show that the service takes a raw `+` as a form does; a plus has to be sent as `%2B`.

use std::borrow::Cow;

use percent_encoding::{percent_decode, percent_decode_str};

/// The bytes that a name or value of a query stands for.
pub(crate) fn decoded(text: &[u8]) -> impl Iterator<Item = u8> {
    // The split comes first: a plus that was escaped is no blank.
    text.split(|byte| *byte == b'+').enumerate().flat_map(|(index, piece)| {
        let blank = (index > 0).then_some(b' ');
        blank.into_iter().chain(percent_decode(piece))
    })
}

/// The text that a value of a query stands for; `None` when it is not UTF-8.
pub(crate) fn decoded_text(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('+') {
        return percent_decode_str(value).decode_utf8().ok();
    }
    String::from_utf8(decoded(value.as_bytes()).collect()).ok().map(Cow::Owned)
}

/// The length of the start of `text` that decoding leaves as it is.
pub(crate) fn plain_len(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'%' | b'+')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_blanks() {
        for (sent, read) in [
            ("", Some("")),
            ("plain", Some("plain")),
            ("a+b", Some("a b")),
            ("+", Some(" ")),
            ("a%2Bb", Some("a+b")),
            ("a%2Bb+c%20d", Some("a+b c d")),
            // No escape reaches across a plus.
            ("%2+B", Some("%2 B")),
            ("%C3+%A9", None),
            ("%C3%A9+", Some("é ")),
        ] {
            assert_eq!(decoded_text(sent).as_deref(), read, "{sent}");
            let bytes: Vec<u8> = decoded(sent.as_bytes()).collect();
            assert_eq!(std::str::from_utf8(&bytes).ok(), read, "{sent}");
            let start = sent.as_bytes().get(..plain_len(sent.as_bytes())).unwrap_or_default();
            assert!(bytes.starts_with(start), "{sent}");
        }
    }
}
