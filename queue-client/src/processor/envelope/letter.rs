//! [`DeadLetter`]: what is known about a message that nobody could work on, and the envelope that
//! holds it.

use std::time::SystemTime;

use queue_proto::MessageText;
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::schema::{SCHEMA, object};
use crate::processor::core::Reason;

const NAME: &str = "azure-queue-dead-letter/";
const VERSION: &str = "1";

/// A dead letter, as a [`DeadLetterSink`](crate::processor::dead_letter::DeadLetterSink) gets it and as
/// [`Delivery::dead_letter_info`](crate::processor::Delivery::dead_letter_info) shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The queue that the message was in.
    pub queue: String,
    /// The account of that queue, which tells stripes of several accounts apart.
    pub account: Option<String>,
    /// The id that the message had there.
    pub id: String,
    /// The number of its last delivery.
    pub attempt: u32,
    /// The time at which the message was put there.
    pub inserted_at: Option<SystemTime>,
    /// The time at which the message was found dead.
    pub dead_at: Option<SystemTime>,
    /// The reason, as [`Reason::as_str`] writes it.
    pub reason: String,
    /// What the handler said, at most 4 KiB, without what looks like a signature or a key.
    pub error: Option<String>,
    /// The causes of that error, outermost first.
    pub error_chain: Vec<String>,
    /// The machine that gave up.
    pub host: Option<String>,
    /// The `traceparent` of the message, if it had one.
    pub traceparent: Option<String>,
    /// The untouched text of the message.
    pub text: MessageText,
}

impl DeadLetter {
    /// Reads the text of a message from a dead-letter queue: `None` if it is not in an envelope, and
    /// then it is the text that the message had, and nobody wrote down why it died. Later versions and
    /// fields that are not known are tolerated.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use queue_client::processor::{Processor, dead_letter::{DeadLetter, DeadLetterTo}};
    ///
    /// let (orders, poison) = (service.queue("orders")?, service.queue("orders-poison")?);
    /// # orders.create().await?;
    /// orders.send("17 bottles").await?;
    /// Processor::new(orders)
    ///     .max_deliveries(1)
    ///     .dead_letter(DeadLetterTo::poison_queue().in_envelope())
    ///     .drain_once(|_| async { Err::<(), _>("no glass left".into()) })
    ///     .await?;
    ///
    /// for message in poison.peek(32).await? {
    ///     match DeadLetter::from_text(message.text()) {
    ///         Some(letter) => println!(
    ///             "{} died of {} at attempt {}: {:?}",
    ///             letter.text.as_str(), letter.reason, letter.attempt, letter.error,
    ///         ),
    ///         None => println!("{} died of nobody knows what", message.text()),
    ///     }
    /// #   let letter = DeadLetter::from_text(message.text()).ok_or("no letter")?;
    /// #   assert_eq!((letter.text.as_str(), &*letter.reason), ("17 bottles", "handler_failed"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        open(text)
    }

    /// Whether the message died of this.
    #[must_use]
    pub fn died_of(&self, reason: Reason) -> bool {
        self.reason == reason.as_str()
    }
}

/// The text of a letter: with everything, or with less if it does not fit.
pub(in crate::processor) fn seal(letter: &DeadLetter) -> MessageText {
    let mut object = fields(letter);
    for left_out in [&[][..], &["error_chain"], &["error"]] {
        for name in left_out {
            object.remove(*name);
        }
        // JSON escapes what XML cannot carry.
        if let Ok(text) = MessageText::new(Value::Object(object.clone()).to_string()) {
            return text;
        }
    }
    letter.text.clone()
}

fn fields(letter: &DeadLetter) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    let date = |at: Option<SystemTime>| {
        let formatted = at.and_then(|at| OffsetDateTime::from(at).format(&Rfc3339).ok());
        formatted.map_or(Value::Null, Value::from)
    };
    put(SCHEMA, format!("{NAME}{VERSION}").into());
    put("queue", letter.queue.as_str().into());
    put("account", text(&letter.account));
    put("id", letter.id.as_str().into());
    put("attempt", letter.attempt.into());
    put("inserted", date(letter.inserted_at));
    put("dead", date(letter.dead_at));
    put("reason", letter.reason.as_str().into());
    put("error", text(&letter.error));
    if !letter.error_chain.is_empty() {
        put("error_chain", letter.error_chain.iter().map(String::as_str).collect());
    }
    put("host", text(&letter.host));
    put("processor", env!("CARGO_PKG_VERSION").into());
    put("traceparent", text(&letter.traceparent));
    put("encoding", "text".into());
    put("body", letter.text.as_str().into());
    object
}

/// The letter in a text, if it is an envelope. Later versions and fields that are not known are
/// tolerated.
pub(in crate::processor) fn open(text: &str) -> Option<DeadLetter> {
    let object = object(text, NAME)?;
    let string = |name: &str| object.get(name)?.as_str();
    let owned = |name: &str| string(name).map(str::to_owned);
    let date = |name: &str| OffsetDateTime::parse(string(name)?, &Rfc3339).ok().map(Into::into);
    if string("encoding")? != "text" {
        return None;
    }
    let chain = object.get("error_chain").and_then(Value::as_array);
    Some(DeadLetter {
        queue: owned("queue")?,
        account: owned("account"),
        id: owned("id")?,
        attempt: object.get("attempt")?.as_u64().and_then(|attempt| attempt.try_into().ok())?,
        inserted_at: date("inserted"),
        dead_at: date("dead"),
        reason: owned("reason")?,
        error: owned("error"),
        error_chain: chain
            .into_iter()
            .flatten()
            .filter_map(|cause| cause.as_str().map(str::to_owned))
            .collect(),
        host: owned("host"),
        traceparent: owned("traceparent"),
        text: MessageText::new(string("body")?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn letter(text: &str) -> DeadLetter {
        DeadLetter {
            queue: "orders".into(),
            account: Some("shop".into()),
            id: "5f0c".into(),
            attempt: 5,
            inserted_at: Some(UNIX_EPOCH + Duration::from_secs(1_786_000_000)),
            dead_at: Some(UNIX_EPOCH + Duration::from_secs(1_786_000_100)),
            reason: "handler_failed".into(),
            error: Some("card \"declined\"\u{1}".into()),
            error_chain: vec!["no funds".into()],
            host: Some("worker-7".into()),
            traceparent: None,
            text: MessageText::new(text).unwrap(),
        }
    }

    #[test]
    fn what_is_sealed_opens_equal() {
        let letter = letter("{\"order\": 17}\n<ü>");
        let text = seal(&letter);
        assert!(text.as_str().contains("\"inserted\":\"2026-08-06T"), "{}", text.as_str());
        assert_eq!(open(text.as_str()), Some(letter));
    }

    #[test]
    fn later_versions_open_and_other_texts_do_not() {
        let text = seal(&letter("x")).into_string();
        let later = text.replace("dead-letter/1", "dead-letter/2").replace("{\"", "{\"new\":1,\"");
        assert_eq!(open(&later).unwrap().text.as_str(), "x");
        for other in [
            "",
            "hello",
            "{}",
            "{\"schema\":\"azure-queue-dead-letter/1\"}",
            "{azure-queue-dead-letter/1",
        ] {
            assert_eq!(open(other), None, "{other}");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_in_turn() {
        let size = |text: &MessageText| text.len();
        let mut big = letter("");
        let overhead = size(&seal(&big));
        let limit = queue_proto::limits::MAX_MESSAGE_TEXT;
        big.text = MessageText::new("x".repeat(limit - overhead)).unwrap();
        assert_eq!(size(&seal(&big)), limit);
        big.text = MessageText::new("x".repeat(limit - overhead + 1)).unwrap();
        let opened = open(seal(&big).as_str()).unwrap();
        assert!(opened.error_chain.is_empty() && opened.error.is_some());
        // One byte at a time until neither the error nor the envelope fits.
        let without_chain = size(&seal(&DeadLetter { error_chain: vec![], ..letter("") }));
        big.text = MessageText::new("x".repeat(limit - without_chain + 1)).unwrap();
        assert_eq!(open(seal(&big).as_str()).unwrap().error, None);
        big.text = MessageText::new("x".repeat(limit)).unwrap();
        assert_eq!(seal(&big), big.text);
        // 48 KiB, what base64 leaves of a message, and one byte more or less.
        for bytes in [48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1] {
            big.text = MessageText::new("x".repeat(bytes)).unwrap();
            assert_eq!(open(seal(&big).as_str()).unwrap().text, big.text);
        }
    }
}
