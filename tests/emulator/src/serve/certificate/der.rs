//! As much of DER as it takes to tell what a file is: [`Der`] walks over the elements of a value.

/// The tags that occur here.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// Element number 0 of a structure, where there may be none.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// Elements of DER that follow each other, as far as they were not taken yet.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(&'a [u8]);

/// One element, which may hold others.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The bytes of tag, length and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element; `None` at the end, and where it is not DER.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let whole = self.0;
        let (tag, rest) = whole.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            // Four bytes of length are enough for any file that is read whole.
            0x81..=0x84 => {
                let (length, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        let whole = whole.get(..whole.len() - rest.len())?;
        Some(Element { tag: *tag, content, whole })
    }

    /// The next element if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }

    /// What is in the next element if it has this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(|element| Self(element.content))
    }

    /// The next element if it has this tag; otherwise it stays the next.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() == Some(&tag) { self.next() } else { None }
    }
}
