//! Files of queues and messages, in JSON: [`read`]. Whatever is wrong is told with its line and its
//! field.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use queue_proto::{AccountName, MessageText, Metadata, QueueName, TimeToLive, VisibilityTimeout};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::contents::{SeedMessage, SeedQueue};

/// The most times that one message of a file is put.
const MAX_TIMES: u32 = 1_000_000;

/// Reads the queues of a file.
pub(super) fn read(text: &str) -> Result<Vec<SeedQueue>, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let file: File = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => String::new(),
            path => format!("{path}: "),
        };
        told(error.inner(), &field)
    })?;
    json.end().map_err(|error| told(&error, ""))?;
    Ok(file.queues)
}

/// An error with its line in front.
fn told(error: &serde_json::Error, field: &str) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    format!("line {}: {field}{what}", error.line())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `queues`")]
struct File {
    queues: Vec<SeedQueue>,
}

impl<'de> Deserialize<'de> for SeedQueue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            name: Checked<QueueName>,
            account: Option<Checked<AccountName>>,
            #[serde(default)]
            metadata: Pairs,
            #[serde(default)]
            messages: Vec<SeedMessage>,
        }
        let Fields { name, account, metadata, messages } = Fields::deserialize(deserializer)?;
        Ok(Self {
            account: account.map(|account| account.0),
            name: name.0,
            metadata: metadata.0,
            messages,
        })
    }
}

/// A value with rules of its own, which are checked where it stands, so that its line is known.
struct Checked<T>(T);

macro_rules! checked {
    ($($type:ty: $from:ty => $new:expr,)*) => {$(
        impl<'de> Deserialize<'de> for Checked<$type> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <$from>::deserialize(deserializer)?;
                $new(value).map(Self).map_err(D::Error::custom)
            }
        }
    )*};
}

checked! {
    QueueName: String => QueueName::new,
    AccountName: String => AccountName::new,
    MessageText: String => MessageText::new,
    VisibilityTimeout: u64 => VisibilityTimeout::from_secs,
    TimeToLive: Life => |life| match life {
        Life::Never => Ok(TimeToLive::Never),
        Life::Seconds(seconds) => TimeToLive::from_secs(seconds),
    },
}

/// A time to live: a number of seconds, or "never" or -1.
enum Life {
    Never,
    Seconds(u64),
}

impl<'de> Deserialize<'de> for Life {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;

        impl Visitor<'_> for Look {
            type Value = Life;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds, or \"never\"")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Life, E> {
                Ok(Life::Seconds(seconds))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Life, E> {
                match seconds {
                    -1 => Ok(Life::Never),
                    other => Err(E::invalid_value(serde::de::Unexpected::Signed(other), &self)),
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Life, E> {
                match text {
                    "never" => Ok(Life::Never),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }
        }

        deserializer.deserialize_any(Look)
    }
}

/// The metadata of a queue, checked where it stands.
#[derive(Default)]
struct Pairs(Metadata);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut metadata = Metadata::new();
        for (name, value) in BTreeMap::<String, String>::deserialize(deserializer)? {
            metadata.insert(name, value).map_err(D::Error::custom)?;
        }
        Ok(Self(metadata))
    }
}

impl<'de> Deserialize<'de> for SeedMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;

        impl<'de> Visitor<'de> for Look {
            type Value = SeedMessage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a message, or an object with `text`, `base64Of` or `json`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<SeedMessage, E> {
                let text = MessageText::new(text).map_err(E::custom)?;
                Ok(SeedMessage { text, hidden: None, life: None, times: 1 })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SeedMessage, A::Error> {
                Message::deserialize(MapAccessDeserializer::new(map))?.checked()
            }
        }

        deserializer.deserialize_any(Look)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Message {
    text: Option<Checked<MessageText>>,
    base64_of: Option<String>,
    json: Option<serde_json::Value>,
    visibility_timeout: Option<Checked<VisibilityTimeout>>,
    time_to_live: Option<Checked<TimeToLive>>,
    times: Option<u32>,
}

impl Message {
    fn checked<E: Error>(self) -> Result<SeedMessage, E> {
        let text = match (self.text, self.base64_of, self.json) {
            (Some(text), None, None) => text.0,
            (None, Some(text), None) => {
                MessageText::new(STANDARD.encode(text)).map_err(E::custom)?
            }
            (None, None, Some(json)) => MessageText::new(json.to_string()).map_err(E::custom)?,
            _ => return Err(E::custom("needs one of `text`, `base64Of` and `json`")),
        };
        let times = self.times.unwrap_or(1);
        if !(1..=MAX_TIMES).contains(&times) {
            return Err(E::custom(format_args!("`times` must be 1 to {MAX_TIMES}")));
        }
        let (hidden, life) = (self.visibility_timeout, self.time_to_live);
        let (hidden, life) = (hidden.map(|time| time.0), life.map(|time| time.0));
        if let Some(hidden) = hidden {
            life.unwrap_or_default().check_hiding(hidden).map_err(E::custom)?;
        }
        Ok(SeedMessage { text, hidden, life, times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_message() {
        let queues = read(
            r#"{"queues": [
                {"name": "jobs", "metadata": {"owner": "me"}, "messages": [
                    "as it is",
                    {"text": "later", "visibilityTimeout": 30, "timeToLive": "never"},
                    {"base64Of": "hello", "timeToLive": 60, "times": 3},
                    {"json": {"id": 1}, "timeToLive": -1}
                ]},
                {"name": "empty", "account": "contoso"}
            ]}"#,
        )
        .unwrap();
        let [jobs, empty] = &queues[..] else { panic!("two queues") };
        let texts: Vec<_> = jobs.messages.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(texts, ["as it is", "later", "aGVsbG8=", "{\"id\":1}"]);
        let times: Vec<_> = jobs.messages.iter().map(|message| message.times).collect();
        assert_eq!(times, [1, 1, 3, 1]);
        let [_, later, base64, json] = &jobs.messages[..] else { panic!("four messages") };
        assert_eq!(later.hidden, Some(VisibilityTimeout::from_secs(30).unwrap()));
        assert_eq!((later.life, json.life), (Some(TimeToLive::Never), Some(TimeToLive::Never)));
        assert_eq!(base64.life, Some(TimeToLive::from_secs(60).unwrap()));
        assert_eq!(jobs.metadata.get("owner"), Some("me"));
        assert_eq!(empty.account.as_ref().unwrap().as_str(), "contoso");
    }

    #[test]
    fn mistakes_have_their_line_and_field() {
        for (text, expected) in [
            ("", "line 1: EOF"),
            ("[]", "line 1: invalid length 0"),
            ("7", "line 1: invalid type: integer `7`"),
            ("{\"queues\": []} x", "line 1: trailing characters"),
            ("{\"queue\": []}", "line 1: queue: unknown field `queue`"),
            ("{\"queues\": [\n{}]}", "line 2: queues[0]: missing field `name`"),
            (
                "{\"queues\": [\n{\"name\": \"jobs\"},\n{\"name\": \"Jobs\"}]}",
                "line 3: queues[1].name: queue name has an uppercase letter",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\",\n\"metadata\": {\"1a\": \"\"}}]}",
                "line 2: queues[0].metadata: ",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\", \"messages\": [\n\"a\",\n7]}]}",
                "line 3: queues[0].messages[1]: invalid type: integer `7`",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\", \"messages\": [\n{\"visibilityTimeout\": 700000}]}]}",
                "line 2: queues[0].messages[0].visibilityTimeout: ",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\", \"messages\": [\n{\"timeToLive\": \"ever\"}]}]}",
                "line 2: queues[0].messages[0].timeToLive: ",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\", \"messages\": [{\"text\": \"\", \"json\": 1}]}]}",
                "queues[0].messages[0]: needs one of",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\", \"messages\": [{\"text\": \"\", \"times\": 0}]}]}",
                "queues[0].messages[0]: `times` must be 1",
            ),
            (
                "{\"queues\": [{\"name\": \"jobs\", \"messages\":\n [{\"text\": \"\", \"size\": 0}]}]}",
                "line 2: queues[0].messages[0].size: unknown field `size`",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}\n{error}");
        }
        let long = format!(
            "{{\"queues\": [{{\"name\": \"a1b\", \"messages\": [\"{}\"]}}]}}",
            "x".repeat(65_537)
        );
        let error = read(&long).unwrap_err();
        assert!(error.contains("messages[0]") && error.len() < 300, "{error}");
    }
}
