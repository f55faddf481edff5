//! Reading: [`Reader`], a cursor over the elements of a body and their text. Come here for what
//! every body has in common; what a body means stands in the file of its root element.

use std::borrow::Cow;
use std::fmt;

use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::characters::first_illegal;
use crate::xml::element::Element;
use crate::xml::problem::{XmlError, XmlProblem};

/// How deep elements may nest; the deepest body of the protocol has five levels.
const MAX_DEPTH: u32 = 16;

const ILLEGAL_CHARACTER: &str = "there is a character that XML does not allow";
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A cursor over the elements of a body.
///
/// [`root`](Self::root) opens the outermost element, [`child`](Self::child) the next child of an
/// open one, and [`text`](Self::text) or [`skip`](Self::skip) closes an element again.
///
/// The body of a request is read as strictly as the service reads it, the body of an answer with
/// patience: many servers and proxies write it, and what it says has happened already.
pub(crate) struct Reader<'a> {
    inner: quick_xml::Reader<&'a [u8]>,
    author: Author,
    body: &'a [u8],
    /// Length of the byte-order mark in front of `body`, for offsets in errors.
    skipped: usize,
    depth: u32,
}

/// Who wrote a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Author {
    /// A client wrote it. Values count as they stand, and no element may be there twice.
    Client,
    /// A server wrote it. Blanks around values do not count, and of two elements the last one does.
    Server,
}

impl<'a> Reader<'a> {
    /// Reads the body of a request.
    pub(crate) fn of_request(body: &'a [u8]) -> Self {
        Self::new(body, Author::Client)
    }

    /// Reads the body of an answer.
    pub(crate) fn of_answer(body: &'a [u8]) -> Self {
        Self::new(body, Author::Server)
    }

    fn new(body: &'a [u8], author: Author) -> Self {
        let stripped = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let mut inner = quick_xml::Reader::from_reader(stripped);
        inner.config_mut().check_comments = true;
        Self { inner, author, body: stripped, skipped: body.len() - stripped.len(), depth: 0 }
    }

    /// True for the body of a request, which is read as strictly as the service reads it.
    pub(crate) fn is_request(&self) -> bool {
        self.author == Author::Client
    }

    /// Where the cursor is.
    pub(crate) fn offset(&self) -> usize {
        usize::try_from(self.inner.buffer_position()).unwrap_or(usize::MAX)
    }

    pub(super) fn fail<T>(&self, problem: XmlProblem) -> Result<T, XmlError> {
        Err(XmlError::new(problem, self.offset() + self.skipped))
    }

    pub(crate) fn not_allowed<T>(&self, reason: &'static str) -> Result<T, XmlError> {
        self.fail(XmlProblem::NotAllowed(reason))
    }

    fn event(&mut self) -> Result<Event<'a>, XmlError> {
        match self.inner.read_event() {
            Ok(Event::DocType(_)) => self.not_allowed("a document type is not allowed"),
            Ok(event) => Ok(event),
            Err(error) => {
                let offset = usize::try_from(self.inner.error_position()).unwrap_or(usize::MAX);
                let offset = offset.saturating_add(self.skipped);
                Err(XmlError::new(XmlProblem::Syntax(error), offset))
            }
        }
    }

    /// Opens the outermost element, which must be called `name`.
    pub(crate) fn root(&mut self, name: &'static str) -> Result<Element<'a>, XmlError> {
        loop {
            let offset = self.offset();
            match self.event()? {
                Event::Start(start) => return self.open(start, false, offset, name),
                Event::Empty(start) => return self.open(start, true, offset, name),
                Event::Text(text) if is_blank(&text) => {}
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return self.fail(XmlProblem::Empty(name)),
                _ => return self.not_allowed("there is text outside of the outermost element"),
            }
        }
    }

    fn open(
        &mut self,
        start: BytesStart<'a>,
        empty: bool,
        offset: usize,
        name: &'static str,
    ) -> Result<Element<'a>, XmlError> {
        let element = self.enter(start, empty, offset)?;
        if element.name() != name {
            return Err(XmlError::new(XmlProblem::Missing(name), element.offset));
        }
        Ok(element)
    }

    fn enter(
        &mut self,
        start: BytesStart<'a>,
        empty: bool,
        offset: usize,
    ) -> Result<Element<'a>, XmlError> {
        if !empty {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return self.not_allowed("elements are nested too deeply");
            }
        }
        Ok(Element { start, empty, offset: offset + self.skipped })
    }

    /// Opens the next child of `parent`; `None` at the end of `parent`, which is closed then.
    pub(crate) fn child(&mut self, parent: &Element<'_>) -> Result<Option<Element<'a>>, XmlError> {
        if parent.empty {
            return Ok(None);
        }
        loop {
            let offset = self.offset();
            match self.event()? {
                Event::Start(start) => return self.enter(start, false, offset).map(Some),
                Event::Empty(start) => return self.enter(start, true, offset).map(Some),
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(None);
                }
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return self.not_allowed("the body ends within an element"),
                _ => return self.not_allowed("there is text between elements"),
            }
        }
    }

    /// The text of `element`, which is called `name`, at most `limit` bytes, and closes it. Line ends
    /// are normalized and references resolved, as XML demands.
    pub(crate) fn text(
        &mut self,
        element: &Element<'_>,
        name: &'static str,
        limit: usize,
    ) -> Result<Cow<'a, str>, XmlError> {
        let text = self.unchecked_text(element, limit).map_err(|error| error.within(name))?;
        match first_illegal(&text) {
            None => Ok(text),
            Some(_) => self.not_allowed(ILLEGAL_CHARACTER).map_err(|error| error.within(name)),
        }
    }

    /// The text of `element`, which may have characters that XML does not allow: for values that
    /// are checked more narrowly.
    pub(super) fn unchecked_text(
        &mut self,
        element: &Element<'_>,
        limit: usize,
    ) -> Result<Cow<'a, str>, XmlError> {
        let mut text = Cow::Borrowed("");
        if element.empty {
            return Ok(text);
        }
        loop {
            let piece = match self.event()? {
                Event::Text(piece) => piece.xml10_content(),
                Event::CData(piece) => piece.xml10_content(),
                Event::GeneralRef(reference) => self.resolve(&reference)?,
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(text);
                }
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Eof => return self.not_allowed("the body ends within an element"),
                _ => return self.not_allowed("there is an element where text is expected"),
            };
            if text.len() + piece.len() > limit {
                return self.fail(XmlProblem::TooLong { limit });
            }
            if text.is_empty() {
                text = piece;
            } else {
                if let Cow::Borrowed(start) = text {
                    text = Cow::Owned(self.grow(start, limit));
                }
                text.to_mut().push_str(&piece);
            }
        }
    }

    /// Copies the start of a text into a string that has room for the rest: the text ends at the
    /// next tag, and takes no more bytes than it has in the body.
    fn grow(&self, start: &str, limit: usize) -> String {
        let rest = self.body.get(self.offset()..).unwrap_or_default();
        let rest = rest.iter().take(limit).take_while(|byte| **byte != b'<').count();
        // The piece in hand is at most ten bytes of reference or what stands behind one.
        let mut string = String::with_capacity((start.len() + rest + 64).min(limit));
        string.push_str(start);
        string
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<Cow<'a, str>, XmlError> {
        let character = match &**reference {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "quot" => "\"",
            "apos" => "'",
            _ => match reference.resolve_char_ref() {
                Ok(Some(character)) => {
                    let character = character.to_string();
                    return match first_illegal(&character) {
                        None => Ok(Cow::Owned(character)),
                        Some(_) => self.not_allowed(ILLEGAL_CHARACTER),
                    };
                }
                Ok(None) => return self.not_allowed("there is an unknown entity"),
                Err(error) => return self.fail(XmlProblem::Syntax(error)),
            },
        };
        Ok(Cow::Borrowed(character))
    }

    /// Passes over a child that is not known. The service refuses such a child of a request; an
    /// answer may be of a newer service.
    pub(crate) fn unknown(&mut self, element: &Element<'_>) -> Result<(), XmlError> {
        if self.is_request() { Err(element.unsupported()) } else { self.skip(element) }
    }

    /// Passes over `element` and everything in it.
    pub(crate) fn skip(&mut self, element: &Element<'_>) -> Result<(), XmlError> {
        if element.empty {
            return Ok(());
        }
        let outside = self.depth - 1;
        while self.depth > outside {
            let offset = self.offset();
            match self.event()? {
                Event::Start(start) => {
                    self.enter(start, false, offset)?;
                }
                Event::End(_) => self.depth -= 1,
                Event::GeneralRef(reference) => {
                    self.resolve(&reference)?;
                }
                Event::Eof => return self.not_allowed("the body ends within an element"),
                _ => {}
            }
        }
        Ok(())
    }

    /// The body from `start`, an offset of an element, to the cursor.
    pub(crate) fn slice(&self, start: usize) -> Result<&'a str, XmlError> {
        let slice = self.body.get(start.saturating_sub(self.skipped)..self.offset());
        match slice.map(std::str::from_utf8) {
            Some(Ok(slice)) if first_illegal(slice).is_none() => Ok(slice),
            _ => self.not_allowed(ILLEGAL_CHARACTER),
        }
    }

    /// Checks that nothing follows the outermost element.
    pub(crate) fn finish(mut self) -> Result<(), XmlError> {
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) | Event::PI(_) => {}
                _ => return self.not_allowed("something follows the outermost element"),
            }
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// The blanks of XML.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("offset", &self.offset()).finish_non_exhaustive()
    }
}
