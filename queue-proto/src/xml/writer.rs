//! [`Writer`], which writes elements and escaped text into a string.

use std::fmt::{self, Write as _};

use bytes::Bytes;
use memchr::memchr3;

use crate::characters::odd_bytes;

/// Builds a body.
#[derive(Debug)]
pub(crate) struct Writer(String);

/// What the service puts in front of an answer: it starts with a byte-order mark.
const RESPONSE_START: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>";
const REQUEST_START: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

impl Writer {
    /// Starts the body of a request, with room for `room` bytes.
    pub(crate) fn request(room: usize) -> Self {
        Self::start(REQUEST_START, room)
    }

    /// Starts the body of an answer, with room for `room` bytes.
    pub(crate) fn response(room: usize) -> Self {
        Self::start(RESPONSE_START, room)
    }

    fn start(start: &str, room: usize) -> Self {
        let mut out = String::with_capacity(start.len() + room);
        out.push_str(start);
        Self(out)
    }

    /// Appends markup as it stands.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Closes an element.
    pub(crate) fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Appends escaped text.
    pub(crate) fn text(&mut self, text: &str) {
        escape_into(&mut self.0, text);
    }

    /// Appends an element with escaped text.
    pub(crate) fn element(&mut self, name: &str, text: &str) {
        self.open(name);
        self.text(text);
        self.close(name);
    }

    /// Appends an element with escaped text, if there is text.
    pub(crate) fn element_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.element(name, text);
        }
    }

    /// Appends an element with a date, a number or a word that needs no escape.
    pub(crate) fn plain(&mut self, name: &str, value: impl fmt::Display) {
        self.open(name);
        // Writing into a string fails only if `value` itself does.
        let _ = write!(self.0, "{value}");
        self.close(name);
    }

    /// Appends an element with a date, a number or a word that needs no escape, if there is one.
    pub(crate) fn plain_if(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.plain(name, value);
        }
    }

    /// Appends an attribute to an element whose tag is still open.
    pub(crate) fn attribute(&mut self, name: &str, value: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in value.chars() {
            match character {
                // Readers turn line ends and tabs into blanks.
                '"' | '\t' | '\n' => {
                    let _ = write!(self.0, "&#{};", u32::from(character));
                }
                other => escape_into(&mut self.0, other.encode_utf8(&mut [0; 4])),
            }
        }
        self.0.push('"');
    }

    pub(crate) fn finish(self) -> Bytes {
        self.0.into()
    }
}

/// Appends `text` with everything escaped that a reader would not give back as it was: markup, and
/// the carriage return, which readers turn into a line feed.
fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = memchr3(b'<', b'>', b'&', rest.as_bytes()) {
        let (plain, markup) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push_plain(out, plain);
        let mut characters = markup.chars();
        out.push_str(match characters.next() {
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            _ => "&amp;",
        });
        rest = characters.as_str();
    }
    push_plain(out, rest);
}

/// Appends text without markup. A character that XML cannot carry becomes U+FFFD; checked values
/// have none.
fn push_plain(out: &mut String, text: &str) {
    let mut start = 0;
    for at in odd_bytes(text.as_bytes()) {
        let Some(odd) = text.get(at..).and_then(|rest| rest.chars().next()) else { continue };
        let replacement = match odd {
            '\r' => "&#xD;",
            '\t' | '\n' => continue,
            '\0'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' => "\u{FFFD}",
            _ => continue,
        };
        out.push_str(text.get(start..at).unwrap_or_default());
        out.push_str(replacement);
        start = at + odd.len_utf8();
    }
    out.push_str(text.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping() {
        let escape = |text: &str| {
            let mut out = String::new();
            escape_into(&mut out, text);
            out
        };
        assert_eq!(escape("hello <&> é"), "hello &lt;&amp;&gt; é");
        assert_eq!(escape("a\r\n\tb\"'"), "a&#xD;\n\tb\"'");
        assert_eq!(escape("\u{1}\u{FFFE}\u{FEFF}x"), "\u{FFFD}\u{FFFD}\u{FEFF}x");
        assert_eq!(escape(""), "");
        for length in 0..200 {
            let text = format!("{}<é", "x".repeat(length));
            assert_eq!(escape(&text), format!("{}&lt;é", "x".repeat(length)));
        }
        let mut out = Writer(String::new());
        out.attribute("a", "\r\n\t\"<é");
        assert_eq!(out.0, " a=\"&#xD;&#10;&#9;&#34;&lt;é\"");
    }
}
