//! A record as one line of JSON, for logs and pages.

use std::fmt::{Display, Write as _};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::RequestRecord;

impl RequestRecord {
    /// The record as one line of JSON, without the end of a line.
    ///
    /// | Field | |
    /// | --- | --- |
    /// | `time` | when the request came, by the emulator's clock, in UTC |
    /// | `requestId`, `clientRequestId` | the ids that emulator and client gave it |
    /// | `peer`, `https` | the address of the client; whether over TLS |
    /// | `method`, `path` | path and query, secrets replaced by `REDACTED` |
    /// | `version`, `operation`, `account`, `queue`, `message` | as far as they were understood |
    /// | `credential` | the name of the [`CredentialKind`](crate::CredentialKind) |
    /// | `status`, `code` | of the answer |
    /// | `check`, `reason` | why the request was refused: the [`Check`](crate::Check), and words |
    /// | `fault`, `lost` | the fault that met it; `true` if the client did not get the answer |
    /// | `us` | the time that it took, in microseconds |
    /// | `receivedBytes`, `sentBytes` | the lengths of the two bodies |
    ///
    /// What is not known is left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = Line(String::with_capacity(448));
        let time = OffsetDateTime::from(self.time);
        // A year with five digits has no such form.
        if let Ok(time) = time.format(&Rfc3339) {
            line.text("time", &time);
        }
        line.some("requestId", self.request_id.as_deref());
        line.some("clientRequestId", self.client_request_id.as_deref());
        line.text("peer", self.peer);
        line.raw("https", self.https);
        line.text("method", &self.method);
        line.text("path", &self.target);
        line.some("version", self.version.as_ref());
        line.some("operation", self.operation.map(|operation| operation.name()));
        line.some("account", self.account.as_ref());
        line.some("queue", self.queue.as_ref());
        line.some("message", self.message.as_ref());
        line.text("credential", self.credential.name());
        if let Some(status) = self.status {
            line.raw("status", status.as_u16());
        }
        line.some("code", self.code.as_ref());
        if let Some(refused) = &self.refused {
            line.text("check", refused.check());
            if !refused.reason().is_empty() {
                line.text("reason", refused.reason());
            }
        }
        line.some("fault", self.fault);
        if self.lost {
            line.raw("lost", true);
        }
        line.raw("us", self.took.as_micros());
        line.raw("receivedBytes", self.received_bytes);
        line.raw("sentBytes", self.sent_bytes);
        line.0.push('}');
        line.0
    }
}

/// A JSON object that is being written.
struct Line(String);

impl Line {
    fn name(&mut self, name: &str) {
        self.0.push_str(if self.0.is_empty() { "{\"" } else { ",\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    /// Writes a number or a truth value.
    fn raw(&mut self, name: &str, value: impl Display) {
        self.name(name);
        // Writing into memory does not fail.
        let _ = write!(self.0, "{value}");
    }

    fn some(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    fn text(&mut self, name: &str, value: impl Display) {
        self.name(name);
        self.0.push('"');
        let _ = write!(Escaping(&mut self.0), "{value}");
        self.0.push('"');
    }
}

/// Escapes what is written to it for a text of JSON.
struct Escaping<'a>(&'a mut String);

impl std::fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        // Almost nothing needs an escape.
        if !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\' || byte >= 0x7f) {
            self.0.push_str(text);
            return Ok(());
        }
        for character in text.chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                // Terminals obey what is between these, and turn text around at some others.
                _ if character.is_control() || is_mark(character) => {
                    write!(self.0, "\\u{:04x}", u32::from(character))?;
                }
                _ => self.0.push(character),
            }
        }
        Ok(())
    }
}

/// Whether a character changes the direction of text, or ends lines.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, UNIX_EPOCH};

    use http::StatusCode;

    use super::*;

    #[test]
    fn one_line() {
        let mut record = RequestRecord::new(UNIX_EPOCH, IpAddr::V4(Ipv4Addr::LOCALHOST), false);
        "GET".clone_into(&mut record.method);
        "/a\"\\\n\u{202e}é".clone_into(&mut record.target);
        record.status = Some(StatusCode::OK);
        record.took = Duration::from_micros(17);
        let line = record.to_json();
        assert_eq!(
            line,
            "{\"time\":\"1970-01-01T00:00:00Z\",\"peer\":\"127.0.0.1\",\"https\":false,\
             \"method\":\"GET\",\"path\":\"/a\\\"\\\\\\u000a\\u202eé\",\"credential\":\"anonymous\",\
             \"status\":200,\"us\":17,\"receivedBytes\":0,\"sentBytes\":0}"
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["path"], record.target.as_str());
    }
}
