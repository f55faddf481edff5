//! A quick way through the answers to Get Messages and Put Message: [`received`] and [`sent`] read
//! exactly the shape that the service sends.
//!
//! Sending and receiving messages is what most programs do most of the time, and a general XML
//! reader spends more on the tags of an answer than on the messages. Whatever is unusual in the
//! least (another order, blanks between elements, attributes, comments, a value that cannot be read)
//! makes the functions of this module give up, and the general reader decides. Where both read an
//! answer, they read the same; a test and a fuzz target hold them to it.

use memchr::{memchr, memchr2};

use crate::characters::{first_illegal, first_odd, is_illegal};
use crate::date::http::{self, Day};
use crate::message::stored::{ReceivedMessage, SentMessage};
use crate::message::{MAX_RECEIVED_TEXT, MessageText};
use crate::xml::reader::BYTE_ORDER_MARK;

/// The declarations that the service and Azurite write.
const DECLARATIONS: [&str; 2] = [
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>",
];

/// What is left of a body.
struct Scanner<'a>(&'a str);

/// What the message before says about the next one: values of one kind mostly have the same length,
/// and dates the same day.
struct Before {
    id: usize,
    dequeue_count: usize,
    inserted: Day,
    expires: Day,
    visible: Day,
}

/// The messages in the answer to Get Messages; `None` when the general reader has to look at it.
pub(crate) fn received(body: &[u8]) -> Option<Vec<ReceivedMessage>> {
    let mut scanner = start(body)?;
    let mut before = Before::new();
    let length = scanner.0.len();
    let mut messages = Vec::new();
    loop {
        let sent = message(&mut scanner, &mut before)?;
        scanner.expect("<DequeueCount>")?;
        let dequeue_count = scanner.value(&mut before.dequeue_count)?.parse().ok()?;
        scanner.expect("</DequeueCount><MessageText>")?;
        let text = scanner.content()?;
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
    let mut scanner = start(body)?;
    let sent = message(&mut scanner, &mut Before::new())?;
    scanner.expect("</QueueMessage>")?;
    (scanner.0 == END).then_some(sent)
}

const NEXT: &str = "<QueueMessage><MessageId>";
const END: &str = "</QueueMessagesList>";

/// Passes over everything in front of the first id.
fn start(body: &[u8]) -> Option<Scanner<'_>> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    // Most of what is unusual shows at the start, before the whole body is looked at.
    let body = DECLARATIONS.iter().find_map(|start| body.strip_prefix(start.as_bytes()))?;
    let body = body.strip_prefix(b"<QueueMessagesList>")?.strip_prefix(NEXT.as_bytes())?;
    // The standard library takes 16 bytes in a step, which is a fifth of what reading costs.
    simdutf8::basic::from_utf8(body).ok().map(Scanner)
}

/// Reads a message from its id to the end of its dates.
fn message(scanner: &mut Scanner<'_>, before: &mut Before) -> Option<SentMessage> {
    let id = scanner.value(&mut before.id)?.parse().ok()?;
    scanner.expect("</MessageId><InsertionTime>")?;
    let inserted_at = before.inserted.read(scanner.date()?)?;
    scanner.expect("</InsertionTime><ExpirationTime>")?;
    let expires_at = http::expiry(before.expires.read(scanner.date()?)?);
    scanner.expect("</ExpirationTime><PopReceipt>")?;
    let pop_receipt = scanner.plain()?.parse().ok()?;
    scanner.expect("</PopReceipt><TimeNextVisible>")?;
    if before.visible.is_none() {
        // Most often the message was put on the day on which it becomes visible.
        before.visible = before.inserted;
    }
    let next_visible_at = before.visible.read(scanner.date()?)?;
    scanner.expect("</TimeNextVisible>")?;
    Some(SentMessage { id, inserted_at, expires_at, pop_receipt, next_visible_at })
}

impl Before {
    const fn new() -> Self {
        // The lengths are those of the service.
        let (inserted, expires, visible) = (Day::NONE, Day::NONE, Day::NONE);
        Self { id: 36, dequeue_count: 1, inserted, expires, visible }
    }
}

impl<'a> Scanner<'a> {
    /// Passes over `markup`, which must come.
    fn expect(&mut self, markup: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(markup)?;
        Some(())
    }

    /// Passes over so many bytes.
    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A value up to the end of its element, which is looked for at `length` first. So the value may
    /// have a tag in it, and the caller must refuse one with `<` or `&`.
    fn value(&mut self, length: &mut usize) -> Option<&'a str> {
        let bytes = self.0.as_bytes();
        if !bytes.get(*length..).is_some_and(|rest| rest.starts_with(b"</")) {
            *length = memchr(b'<', bytes)?;
        }
        self.take(*length)
    }

    /// A value up to the next tag, without references.
    fn plain(&mut self) -> Option<&'a str> {
        let value = self.take(memchr2(b'<', b'&', self.0.as_bytes())?)?;
        self.0.starts_with('<').then_some(value)
    }

    /// What may be a date.
    fn date(&mut self) -> Option<&'a [u8; Day::LENGTH]> {
        self.take(Day::LENGTH)?.as_bytes().try_into().ok()
    }

    /// The text of a message up to the next tag, with its references resolved.
    fn content(&mut self) -> Option<MessageText> {
        let bytes = self.0.as_bytes();
        let first = memchr2(b'<', b'&', bytes)?;
        let has_references = bytes.get(first) == Some(&b'&');
        let text = self.take(if has_references { memchr(b'<', bytes)? } else { first })?;
        // Line ends have to be normalized.
        if first_odd(text, |character| character == '\r' || is_illegal(character)).is_some() {
            return None;
        }
        let text = if has_references { unescape(text)? } else { text.to_owned() };
        (text.len() <= MAX_RECEIVED_TEXT).then(|| MessageText::from_xml(text))
    }
}

fn unescape(text: &str) -> Option<String> {
    let text = quick_xml::escape::unescape(text).ok()?;
    first_illegal(&text).is_none().then(|| text.into_owned())
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

    /// The length of a value and the day of a date are guesses from the message before.
    #[test]
    fn messages_need_not_be_alike() {
        let message = ANSWER.split_once("<QueueMessagesList>").unwrap().1;
        let message = message.strip_suffix(END).unwrap();
        let lengths: Vec<_> = (1..=64).chain([36, 1, 36, 24, 23]).collect();
        let messages = lengths.iter().enumerate().map(|(number, length)| {
            let (id, receipt) = ("i".repeat(*length), "r".repeat(2 * length));
            let count = number * number;
            message
                .replace(">i<", &format!(">{id}<"))
                .replace(">r<", &format!(">{receipt}<"))
                .replace(">1<", &format!(">{count}<"))
                .replace("Thu, 09", ["Thu, 09", "Wed, 08"][number % 2])
                .replace("01:19:37", &format!("{:02}:19:37", number % 24))
        });
        let head = ANSWER.split_once(message).unwrap().0;
        let answer = format!("{head}{}{END}", messages.collect::<String>());
        let read = received(answer.as_bytes()).unwrap();
        assert_eq!(read.len(), lengths.len());
        for (number, (message, length)) in read.iter().zip(lengths).enumerate() {
            assert_eq!(message.id.as_str().len(), length);
            assert_eq!(message.pop_receipt.as_str().len(), 2 * length);
            assert_eq!(message.dequeue_count as usize, number * number);
            let day = ["Thu, 09", "Wed, 08"][number % 2];
            let inserted = format!("{day} May 2019 {:02}:19:37 GMT", number % 24);
            assert_eq!(Some(message.inserted_at), http::parse_exact(&inserted));
            let visible = format!("{day} May 2019 01:20:07 GMT");
            assert_eq!(Some(message.next_visible_at), http::parse_exact(&visible));
        }
    }

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
