//! Which characters XML 1.0 can carry. Values that travel in XML are checked here, and the writer
//! finds here what it must replace.

/// Says whether XML 1.0 cannot carry a character: it is no `Char`.
pub(crate) fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

/// The offset and the value of the first character that is not a `Char` of XML 1.0.
pub(crate) fn first_illegal(text: &str) -> Option<(usize, char)> {
    first_odd(text, is_illegal)
}

/// The offset and the value of the first control character, or character from U+F000 on, that is
/// searched.
pub(crate) fn first_odd(text: &str, is_searched: impl Fn(char) -> bool) -> Option<(usize, char)> {
    odd_bytes(text.as_bytes())
        .filter_map(|offset| Some((offset, text.get(offset..)?.chars().next()?)))
        .find(|(_, character)| is_searched(*character))
}

/// The offsets of all bytes that are control characters or may start U+FFFE or U+FFFF.
///
/// Most text has none, so whole pages are passed by their oddest byte, which takes two instructions for
/// sixteen bytes where loops are vectorized; the pages that have one are looked at chunk by chunk.
pub(crate) fn odd_bytes(text: &[u8]) -> impl Iterator<Item = usize> {
    const CHUNK: usize = 128;
    const PAGE: usize = 16 * CHUNK;
    // Bytes from 0xEF on start the characters from U+F000 on. Counted from the blank on, control
    // characters are the greatest.
    const FIRST_ODD: u8 = 0xEF - b' ';
    fn oddness(byte: u8) -> u8 {
        byte.wrapping_sub(b' ')
    }
    fn is_odd(byte: u8) -> bool {
        oddness(byte) >= FIRST_ODD
    }
    fn has_odd(part: &[u8]) -> bool {
        part.iter().fold(0, |most, byte| most.max(oddness(*byte))) >= FIRST_ODD
    }
    /// The parts of `text`, which begins at `start`, that have an odd byte, each with its own start.
    fn odd_parts(text: &[u8], start: usize, size: usize) -> impl Iterator<Item = (usize, &[u8])> {
        let parts = text.chunks(size).enumerate().filter(|(_, part)| has_odd(part));
        parts.map(move |(number, part)| (start + number * size, part))
    }
    let pages = odd_parts(text, 0, PAGE);
    let chunks = pages.flat_map(|(start, page)| odd_parts(page, start, CHUNK));
    chunks.flat_map(|(start, chunk)| {
        let bytes = chunk.iter().enumerate().filter(|(_, byte)| is_odd(**byte));
        bytes.map(move |(within, _)| start + within)
    })
}

/// True for names that can be elements as they stand, whatever the encoding.
pub(crate) fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
