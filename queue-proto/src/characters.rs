//! Which characters XML 1.0 can carry. Values that travel in XML are checked here, and the writer
//! finds here what it must replace.

/// The offset and the value of the first character that is not a `Char` of XML 1.0.
pub(crate) fn first_illegal(text: &str) -> Option<(usize, char)> {
    let illegal = |c: char| matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}');
    odd_bytes(text.as_bytes())
        .filter_map(|offset| Some((offset, text.get(offset..)?.chars().next()?)))
        .find(|(_, character)| illegal(*character))
}

/// The offsets of all bytes that are control characters or may start U+FFFE or U+FFFF.
///
/// Most text has none, so whole chunks are passed by their least and their greatest byte, which
/// takes two instructions for sixteen bytes where loops are vectorized.
pub(crate) fn odd_bytes(text: &[u8]) -> impl Iterator<Item = usize> {
    const CHUNK: usize = 128;
    // Bytes from 0xEF on start the characters from U+F000 on.
    fn is_odd(byte: u8) -> bool {
        !(b' '..0xEF).contains(&byte)
    }
    fn has_odd(chunk: &[u8]) -> bool {
        let range = (u8::MAX, 0);
        let (least, greatest) =
            chunk.iter().fold(range, |(least, greatest), b| (least.min(*b), greatest.max(*b)));
        is_odd(least) || is_odd(greatest)
    }
    let chunks = text.chunks(CHUNK).enumerate().filter(|(_, chunk)| has_odd(chunk));
    chunks.flat_map(|(number, chunk)| {
        let bytes = chunk.iter().enumerate().filter(|(_, byte)| is_odd(**byte));
        bytes.map(move |(within, _)| number * CHUNK + within)
    })
}

/// True for names that can be elements as they stand, whatever the encoding.
pub(crate) fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
