//! [`ForeignAnswer`]: an answer that something else gave in place of the queue service.

use std::{error::Error as StdError, fmt};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use queue_proto::{header as service_header, redact};

/// The most characters of text that are kept.
const EXCERPT: usize = 200;

/// The most bytes of a body that are looked at.
const LOOKED_AT: usize = 16 * 1024;

/// An answer that is not the queue service's: a redirect to a login page, the refusal of a proxy or
/// a firewall, the error page of a web server.
///
/// The service puts `x-ms-request-id` and `x-ms-version` on every answer; this one has neither, nor
/// the form that the operation's answer has. It holds no secret: what looks like one is taken out
/// of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignAnswer {
    status: StatusCode,
    content_type: Option<String>,
    location: Option<String>,
    excerpt: String,
    proxy: Option<String>,
}

impl ForeignAnswer {
    /// Says whether headers are those of the service.
    pub(crate) fn has_none_of_the_service(headers: &HeaderMap) -> bool {
        let names: [&HeaderName; 3] =
            [&service_header::REQUEST_ID, &service_header::VERSION, &service_header::ERROR_CODE];
        !names.iter().any(|name| headers.contains_key(*name))
    }

    pub(crate) fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
        proxy: Option<String>,
    ) -> Self {
        let text = |name| headers.get(name)?.to_str().ok();
        let location = text(header::LOCATION).and_then(|location| location.parse::<Uri>().ok());
        Self {
            status,
            content_type: text(header::CONTENT_TYPE).map(|value| line(value, EXCERPT)),
            location: location.and_then(|uri| uri.host().map(str::to_owned)),
            excerpt: excerpt(body),
            proxy,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The `Content-Type` header.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The host to which a redirect (`Location`) leads.
    #[must_use]
    pub fn location_host(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The first 200 characters of text of the body: without the tags of HTML, on one line, and
    /// without what may be a secret. Empty when there is no text.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }

    /// The address of the proxy on the way, if the transport knows of one.
    #[must_use]
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }
}

impl fmt::Display for ForeignAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        match &self.content_type {
            Some(content_type) => write!(f, ", {content_type}")?,
            None => f.write_str(", no content type")?,
        }
        if let Some(host) = &self.location {
            write!(f, ", redirect to {host}")?;
        }
        if let Some(proxy) = &self.proxy {
            write!(f, ", by the proxy {proxy}")?;
        }
        if self.excerpt.is_empty() {
            return f.write_str(", no text");
        }
        write!(f, ", \"{}\"", self.excerpt)
    }
}

impl StdError for ForeignAnswer {}

fn excerpt(body: &[u8]) -> String {
    let looked_at = body.get(..LOOKED_AT).unwrap_or(body);
    let mut text = String::from_utf8_lossy(looked_at).into_owned();
    if looked_at.len() < body.len() {
        // The last word may be the first half of a secret.
        text.truncate(text.rfind(char::is_whitespace).unwrap_or_default());
    }
    // Half an answer of the service that lost its headers on the way: texts of messages are nobody's
    // business but that of their receivers. Test: `nothing_secret_is_logged`.
    text.truncate(text.find("<QueueMessage").unwrap_or(text.len()));
    // Secrets may stand in the attributes of tags as well as between them.
    let text = redact::secrets(&text);
    let without_tags = line(&without_tags(&text), EXCERPT);
    if without_tags.is_empty() { line(&text, EXCERPT) } else { without_tags }
}

/// The text that a page shows, without its tags, scripts and styles.
fn without_tags(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        let hidden = ["script", "style"].into_iter().find(|name| {
            tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        let behind = match hidden {
            Some(name) => tag.split_once(&format!("</{name}")).map_or("", |(_, behind)| behind),
            None => tag,
        };
        rest = behind.split_once('>').map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out
}

/// The first characters of a text on one line, with one blank where there were several.
fn line(text: &str, most: usize) -> String {
    let printable = text.replace(|c: char| c.is_control(), " ");
    let words = printable.split_whitespace();
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > most {
            let mut cut: String = line.chars().take(most.saturating_sub(1)).collect();
            cut.push('…');
            return cut;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_a_line_of_text() {
        for (page, expected) in [
            (
                "<html><head><title>Blocked</title><style>p { }</style></head>\n<p>rule <b>17</b></p>",
                "Blocked rule 17",
            ),
            ("<script>var a = '<p>'</script> by proxy\r\n\u{7}", "by proxy"),
            ("<SCRIPT src=x></SCRIPT>Denied", "<SCRIPT src=x></SCRIPT>Denied"),
            ("plain", "plain"),
            ("", ""),
            ("<img src=\"/?sig=c2VjcmV0\">", "<img src=\"/?sig=REDACTED\">"),
        ] {
            assert_eq!(excerpt(page.as_bytes()), expected);
        }
        let long = excerpt("word ".repeat(100).as_bytes());
        assert!(long.ends_with('…') && long.chars().count() == EXCERPT, "{long}");
    }

    #[test]
    fn no_half_of_a_secret_is_left_at_the_end_of_what_is_looked_at() {
        let secret = "c2VjcmV0".repeat(5);
        let mut page = " ".repeat(LOOKED_AT - 10);
        page.push_str(&secret);
        assert_eq!(excerpt(page.as_bytes()), "");
    }
}
