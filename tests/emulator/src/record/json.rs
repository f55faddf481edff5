//! A record as one line of JSON, for logs and pages.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;

use http::Method;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::RequestRecord;
use super::byte_set::ByteSet;

/// Writes a field by one of the methods of [`Line`], with its name in one piece.
macro_rules! field {
    ($line:ident.$kind:ident($name:literal, $value:expr)) => {
        $line.name(concat!("\"", $name, "\":"));
        $line.$kind($value);
    };
}

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
        let mut out = String::with_capacity(448);
        self.write_json(&mut out);
        out
    }

    /// Adds the line to a text.
    pub(crate) fn write_json(&self, out: &mut String) {
        out.push('{');
        let mut line = Line(out);
        let time = OffsetDateTime::from(self.time);
        // A year with five digits has no such form.
        if let Ok(time) = time.format(&Rfc3339) {
            field!(line.text("time", &time));
        }
        if let Some(id) = &self.request_id {
            field!(line.text("requestId", id));
        }
        if let Some(id) = &self.client_request_id {
            field!(line.text("clientRequestId", id));
        }
        field!(line.address("peer", self.peer));
        field!(line.truth("https", self.https));
        field!(line.text("method", self.method.as_ref().map_or("", Method::as_str)));
        field!(line.text("path", &self.target));
        if let Some(version) = self.version {
            field!(line.plain("version", version));
        }
        if let Some(operation) = self.operation {
            field!(line.text("operation", operation.name()));
        }
        if let Some(account) = &self.account {
            field!(line.text("account", account.as_str()));
        }
        if let Some(queue) = &self.queue {
            field!(line.text("queue", queue.as_str()));
        }
        if let Some(message) = &self.message {
            field!(line.text("message", message.as_str()));
        }
        field!(line.text("credential", self.credential.name()));
        if let Some(status) = self.status {
            field!(line.number("status", status.as_u16()));
        }
        if let Some(code) = &self.code {
            field!(line.shown("code", code));
        }
        if let Some(refused) = &self.refused {
            field!(line.shown("check", refused.check()));
            if !refused.reason().is_empty() {
                field!(line.text("reason", refused.reason()));
            }
        }
        if let Some(fault) = self.fault {
            field!(line.text("fault", fault));
        }
        if self.lost {
            field!(line.truth("lost", true));
        }
        field!(line.number("us", u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX)));
        field!(line.number("receivedBytes", self.received_bytes as u64));
        field!(line.number("sentBytes", self.sent_bytes as u64));
        // The comma behind the last field.
        out.pop();
        out.push('}');
    }
}

/// A JSON object that is being written. Every field ends with a comma.
struct Line<'a>(&'a mut String);

impl Line<'_> {
    fn name(&mut self, name: &str) {
        self.0.push_str(name);
    }

    fn number(&mut self, number: impl Into<u64>) {
        digits(number.into(), self.0);
        self.0.push(',');
    }

    fn truth(&mut self, value: bool) {
        self.0.push_str(if value { "true," } else { "false," });
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                let mut sign = '"';
                for octet in address.octets() {
                    self.0.push(sign);
                    digits(octet.into(), self.0);
                    sign = '.';
                }
                self.0.push_str("\",");
            }
            IpAddr::V6(address) => self.plain(address),
        }
    }

    fn text(&mut self, text: &str) {
        self.0.push('"');
        escape(text, self.0);
        self.0.push_str("\",");
    }

    /// Writes a value whose text needs no escapes.
    fn plain(&mut self, value: impl Display) {
        // Writing into memory does not fail.
        let _ = write!(self.0, "\"{value}\",");
    }

    fn shown(&mut self, value: impl Display) {
        self.0.push('"');
        let _ = write!(Escaping(self.0), "{value}");
        self.0.push_str("\",");
    }
}

/// Escapes what is written to it for a text of JSON.
struct Escaping<'a>(&'a mut String);

impl std::fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        escape(text, self.0);
        Ok(())
    }
}

/// The bytes that need no escape, and are no part of a character that might.
const HARMLESS: &ByteSet = &ByteSet::of(
    b" !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~",
);

fn escape(text: &str, out: &mut String) {
    // Almost nothing needs an escape.
    if HARMLESS.are_all_of(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Terminals obey what is between these, and turn text around at some others.
            _ if character.is_control() || is_mark(character) => {
                // Writing into memory does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}

/// Writes a number, without the formatting that takes longer than all the rest.
fn digits(number: u64, out: &mut String) {
    if number >= 10 {
        digits(number / 10, out);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

/// Whether a character changes the direction of text, or ends lines.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, UNIX_EPOCH};

    use http::StatusCode;

    use super::*;

    #[test]
    fn one_line() {
        let mut record = RequestRecord::new(UNIX_EPOCH, IpAddr::V4(Ipv4Addr::LOCALHOST), false);
        record.method = Some(Method::GET);
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
