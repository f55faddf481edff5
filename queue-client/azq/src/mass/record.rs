//! [`Record`]: a message as a line of a dump. Its `text` rules; the rest is for readers.

use std::time::SystemTime;

use jiff::Timestamp;
use queue_client::proto::{MessageText, ops::PeekedMessage};
use serde_json::Value;

use crate::{message::CodecArg, text::harmless_json, units::utc};

/// The version of the format.
const VERSION: u64 = 1;

/// What is the same in all lines of a dump.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) account: String,
    pub(crate) queue: String,
    pub(crate) codec: CodecArg,
}

impl Origin {
    /// The line of a message, with its end. It was visible at `visible` by the clock of the service.
    pub(crate) fn line(
        &self,
        message: &PeekedMessage,
        visible: Option<SystemTime>,
        now: SystemTime,
    ) -> String {
        let body = self.codec.decode(message.message_text());
        let text = |text: &str| Value::from(text).to_string();
        let mut line = format!(
            "{{\"v\":{VERSION},\"id\":{},\"text\":{},\"codec\":{}",
            text(message.id().as_str()),
            text(message.text()),
            text(body.codec)
        );
        if let Some(json) = body.json() {
            line.push_str(&format!(",\"json\":{json}"));
        }
        let expires = message.expires_at().map_or_else(|| String::from("never"), utc);
        let visible =
            visible.map(|at| format!(",\"visible\":{}", text(&utc(at)))).unwrap_or_default();
        line.push_str(&format!(
            ",\"attempt\":{},\"inserted\":{},\"expires\":{}{visible},\"queue\":{},\"account\":{},\"dumped\":{}}}",
            message.dequeue_count(),
            text(&utc(message.inserted_at())),
            text(&expires),
            text(&self.queue),
            text(&self.account),
            text(&utc(now))
        ));
        let mut line = harmless_json(line);
        line.push('\n');
        line
    }
}

/// A line of a dump, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: Option<String>,
    pub(crate) text: MessageText,
    pub(crate) inserted: Option<SystemTime>,
    /// `None` if the line does not say; `Some(None)` for never.
    pub(crate) expires: Option<Option<SystemTime>>,
}

impl Record {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with the line.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("is no JSON: {error}"))?;
        let object = value.as_object().ok_or("is no JSON object")?;
        match object.get("v").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(format!("has version {other}, and this azq reads version 1"));
            }
            None => return Err(String::from("has no \"v\": it is no line of a dump")),
        }
        let field = |name: &str| object.get(name).and_then(Value::as_str);
        let moment = |name: &str| {
            field(name)?.parse::<Timestamp>().ok().and_then(|at| SystemTime::try_from(at).ok())
        };
        let text = field("text").ok_or("has no \"text\"")?;
        Ok(Self {
            id: field("id").map(str::to_owned),
            text: MessageText::new(text).map_err(|error| error.to_string())?,
            inserted: moment("inserted"),
            expires: match field("expires") {
                Some("never") => Some(None),
                _ => moment("expires").map(Some),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use queue_client::proto::MessageId;

    use super::*;

    #[test]
    fn what_is_written_reads_back_equal() {
        let origin =
            Origin { account: "acme".into(), queue: "orders".into(), codec: CodecArg::Auto };
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for text in [
            "",
            "17 bottles",
            "{\"a\":[1]}",
            "aGVsbG8gd29ybGQ=",
            "a\r\n\t\u{7f}\u{202e}\u{feff}ü\u{10ffff}",
        ] {
            let id = MessageId::new("5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f").unwrap();
            let message =
                PeekedMessage::new(id, at(1_795_683_600), MessageText::new(text).unwrap())
                    .with_expires_at(at(1_795_783_600));
            let line = origin.line(&message, Some(at(1_795_683_699)), at(1_795_683_700));
            assert!(line.contains("\"visible\":\"2026-11-26T09:01:39Z\""), "{line}");
            assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
            assert!(!line.trim_end().contains(['\u{202e}', '\u{7f}', '\u{1b}']));
            let record = Record::parse(&line).unwrap();
            assert_eq!(record.text.as_str(), message.text());
            assert_eq!(record.inserted, Some(message.inserted_at()));
            assert_eq!(record.expires, Some(message.expires_at()));
        }
    }

    #[test]
    fn what_is_no_record_is_refused_with_a_reason() {
        for (line, why) in [
            ("hello", "is no JSON"),
            ("[1]", "is no JSON object"),
            ("{}", "has no \"v\""),
            ("{\"v\":2}", "version 2"),
            ("{\"v\":1}", "has no \"text\""),
            ("{\"v\":1,\"text\":\"\\u0001\"}", "XML"),
        ] {
            let error = Record::parse(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
