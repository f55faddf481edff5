//! A quick way through the answers to Get Messages and Put Message: [`received`] and [`sent`] read
//! exactly the shape that the service sends.
//!
//! Sending and receiving messages is what most programs do most of the time, and a general XML
//! reader spends more on the tags of an answer than on the messages. Whatever is unusual in the
//! least (another order, blanks between elements, attributes, comments, a value that cannot be read)
//! makes the functions of this module give up, and the general reader decides. Where both read an
//! answer, they read the same; a test and a fuzz target hold them to it.

use std::time::SystemTime;

use memchr::{memchr, memchr2};

use crate::characters::first_illegal;
use crate::date::http;
use crate::message::stored::{ReceivedMessage, SentMessage};
use crate::message::{MAX_RECEIVED_TEXT, MessageText};
use crate::xml::reader::BYTE_ORDER_MARK;

/// The declarations that the service and Azurite write.
const DECLARATIONS: [&str; 2] = [
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>",
];

struct Scanner<'a>(&'a str);

/// The last date of a column: messages of one answer often share them.
#[derive(Clone, Copy)]
struct Column<'a, T> {
    text: &'a str,
    time: Option<T>,
}

impl<T> Column<'_, T> {
    fn new() -> Self {
        Self { text: "", time: None }
    }
}

/// The dates of an answer, each column by itself.
struct Dates<'a> {
    inserted: Column<'a, SystemTime>,
    expires: Column<'a, Option<SystemTime>>,
    visible: Column<'a, SystemTime>,
}

/// The messages in the answer to Get Messages; `None` when the general reader has to look at it.
pub(crate) fn received(body: &[u8]) -> Option<Vec<ReceivedMessage>> {
    let (mut scanner, mut dates) = start(body)?;
    let length = scanner.0.len();
    let mut messages = Vec::new();
    loop {
        let sent = message(&mut scanner, &mut dates)?;
        scanner.expect("<DequeueCount>")?;
        let dequeue_count = scanner.text()?.parse().ok()?;
        scanner.expect("</DequeueCount><MessageText>")?;
        let text = unescape(scanner.text()?)?;
        scanner.expect("</MessageText></QueueMessage>")?;
        if messages.is_empty() && scanner.0.len() > length / 2 {
            // Several messages come: 32 at most, so one allocation serves.
            messages.reserve_exact(32);
        }
        let SentMessage { id, inserted_at, expires_at, pop_receipt, next_visible_at } = sent;
        messages.push(ReceivedMessage {
            id,
            inserted_at,
            expires_at,
            pop_receipt,
            next_visible_at,
            dequeue_count,
            text,
        });
        if scanner.0 == END {
            return Some(messages);
        }
        scanner.expect(NEXT)?;
    }
}

/// The message in the answer to Put Message; `None` when the general reader has to look at it.
pub(crate) fn sent(body: &[u8]) -> Option<SentMessage> {
    let (mut scanner, mut dates) = start(body)?;
    let sent = message(&mut scanner, &mut dates)?;
    scanner.expect("</QueueMessage>")?;
    (scanner.0 == END).then_some(sent)
}

const NEXT: &str = "<QueueMessage><MessageId>";
const END: &str = "</QueueMessagesList>";

/// Passes over everything in front of the first id.
fn start(body: &[u8]) -> Option<(Scanner<'_>, Dates<'_>)> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    // Most of what is unusual shows at the start, before the whole body is looked at.
    let body = DECLARATIONS.iter().find_map(|start| body.strip_prefix(start.as_bytes()))?;
    let body = body.strip_prefix(b"<QueueMessagesList>")?.strip_prefix(NEXT.as_bytes())?;
    let body = std::str::from_utf8(body).ok()?;
    if first_illegal(body).is_some() {
        return None;
    }
    let dates = Dates { inserted: Column::new(), expires: Column::new(), visible: Column::new() };
    Some((Scanner(body), dates))
}

/// Reads a message from its id to the end of its dates.
fn message<'a>(scanner: &mut Scanner<'a>, dates: &mut Dates<'a>) -> Option<SentMessage> {
    let id = scanner.text()?.parse().ok()?;
    scanner.expect("</MessageId><InsertionTime>")?;
    let inserted_at = scanner.date(&mut dates.inserted, http::parse_exact)?;
    scanner.expect("</InsertionTime><ExpirationTime>")?;
    let expires_at =
        scanner.date(&mut dates.expires, |text| http::parse_exact(text).map(http::expiry))?;
    scanner.expect("</ExpirationTime><PopReceipt>")?;
    let receipt = scanner.text().filter(|receipt| !receipt.contains('&'))?;
    scanner.expect("</PopReceipt><TimeNextVisible>")?;
    // A message that was put without a delay is visible from the second of its insertion on.
    let Column { text: at, time } = dates.inserted;
    let shared = |text: &str| if text == at { time } else { http::parse_exact(text) };
    let next_visible_at = scanner.date(&mut dates.visible, shared)?;
    scanner.expect("</TimeNextVisible>")?;
    let pop_receipt = receipt.parse().ok()?;
    Some(SentMessage { id, inserted_at, expires_at, pop_receipt, next_visible_at })
}

impl<'a> Scanner<'a> {
    /// Passes over `markup`, which must come.
    fn expect(&mut self, markup: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(markup)?;
        Some(())
    }

    /// The text up to the next tag.
    fn text(&mut self) -> Option<&'a str> {
        let end = memchr(b'<', self.0.as_bytes())?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(text)
    }

    /// A date, read once for messages that share it.
    fn date<T: Copy>(
        &mut self,
        column: &mut Column<'a, T>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text()?;
        if column.text != text || column.time.is_none() {
            *column = Column { text, time: parse(text) };
        }
        column.time
    }
}

/// The text of a message with its references resolved.
fn unescape(text: &str) -> Option<MessageText> {
    let text = match memchr2(b'&', b'\r', text.as_bytes()) {
        None => text.to_owned(),
        // Line ends have to be normalized.
        Some(_) if text.contains('\r') => return None,
        Some(_) => {
            let text = quick_xml::escape::unescape(text).ok()?;
            first_illegal(&text).is_none().then(|| text.into_owned())?
        }
    };
    (text.len() <= MAX_RECEIVED_TEXT).then(|| MessageText::from_xml(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>\
        <QueueMessage><MessageId>i</MessageId>\
        <InsertionTime>Thu, 09 May 2019 01:19:37 GMT</InsertionTime>\
        <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime><PopReceipt>r</PopReceipt>\
        <TimeNextVisible>Thu, 09 May 2019 01:20:07 GMT</TimeNextVisible>\
        <DequeueCount>1</DequeueCount><MessageText>a&lt;b&#xD;</MessageText></QueueMessage>\
        </QueueMessagesList>";

    #[test]
    fn the_usual_shape_is_read_and_the_unusual_left_alone() {
        let messages = received(ANSWER.as_bytes()).unwrap();
        let [message] = messages.as_slice() else { panic!() };
        assert_eq!(message.text.as_str(), "a<b\r");
        assert_eq!(message.expires_at, None);
        for (from, to) in [
            ("<QueueMessage>", "<QueueMessage >"),
            ("<MessageText>", "\n<MessageText>"),
            ("a&lt;", "a&#1;"),
            ("a&lt;", "a&nbsp;"),
            ("a&lt;", "a\r\n"),
            ("a&lt;", "a\u{1}"),
            ("a&lt;", "<!---->"),
            (">r<", ">r&amp;<"),
            (">i<", ">..<"),
            (">1<", "><"),
            ("Thu, 09 May 2019 01:19:37 GMT", "now"),
            ("</QueueMessagesList>", "</QueueMessagesList>\n"),
            ("</QueueMessagesList>", ""),
        ] {
            assert!(received(ANSWER.replacen(from, to, 1).as_bytes()).is_none(), "{to}");
        }
        assert_eq!(sent(ANSWER.as_bytes()), None);
        let (start, rest) = ANSWER.split_once("<DequeueCount>").unwrap();
        let (_, end) = rest.split_once("</MessageText>").unwrap();
        let message = sent(format!("{start}{end}").as_bytes()).unwrap();
        assert_eq!(message.id.as_str(), "i");
        assert_eq!(received(format!("{start}{end}").as_bytes()), None);
    }
}
