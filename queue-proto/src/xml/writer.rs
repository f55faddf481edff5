//! Writing: elements and escaped text into a string.

use std::fmt::{self, Write as _};

use bytes::Bytes;

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

    /// Appends an element with text, which is escaped as it is written.
    pub(crate) fn element(&mut self, name: &str, value: impl fmt::Display) {
        self.open(name);
        // Writing into a string fails only if `value` itself does.
        let _ = write!(Escaper(&mut self.0), "{value}");
        self.close(name);
    }

    /// Appends an element with text, if there is text.
    pub(crate) fn element_if(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.element(name, value);
        }
    }

    pub(crate) fn finish(self) -> Bytes {
        self.0.into()
    }
}

struct Escaper<'a>(&'a mut String);

impl fmt::Write for Escaper<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape_into(self.0, text);
        Ok(())
    }
}

/// Appends `text` with everything escaped that a reader would not give back as it was: markup, and
/// the carriage return, which readers turn into a line feed. A character that XML cannot carry
/// becomes U+FFFD; checked values have none.
fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((at, byte)) = rest.bytes().enumerate().find(|(_, byte)| needs_escape(*byte)) {
        let (plain, escaped) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut characters = escaped.chars();
        match (byte, characters.next()) {
            (b'<', _) => out.push_str("&lt;"),
            (b'>', _) => out.push_str("&gt;"),
            (b'&', _) => out.push_str("&amp;"),
            (b'"', _) => out.push_str("&quot;"),
            (b'\r', _) => out.push_str("&#xD;"),
            (_, Some(other)) if other < ' ' || matches!(other, '\u{FFFE}' | '\u{FFFF}') => {
                out.push('\u{FFFD}');
            }
            (_, Some(other)) => out.push(other),
            (_, None) => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// True for the bytes that [`escape_into`] looks at; 0xEF starts U+FFFE and U+FFFF.
fn needs_escape(byte: u8) -> bool {
    match byte {
        b'\t' | b'\n' => false,
        b'<' | b'>' | b'&' | b'"' | 0xEF => true,
        _ => byte < 0x20,
    }
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
        assert_eq!(escape("a\r\n\tb\"'"), "a&#xD;\n\tb&quot;'");
        assert_eq!(escape("\u{1}\u{FFFE}\u{FEFF}x"), "\u{FFFD}\u{FFFD}\u{FEFF}x");
        assert_eq!(escape(""), "");
    }
}
