//! Takes secrets out of texts that others wrote and that go into errors and logs.
//!
//! Servers and proxies repeat what they were asked: the URL with its shared access signature, a
//! signature, a pop receipt. Here they are recognized by the name in front of them, in the escapes
//! of URLs and of HTML, and by their form.

use std::borrow::Cow;

/// What stands in place of a secret.
pub const REDACTED: &str = "REDACTED";

/// A signature of HMAC-SHA256 has so many characters of base64 in front of its padding.
const SIGNATURE: usize = 43;

/// From this length on, a run of characters of a token is taken for a secret. Ids have 36.
const TOKEN: usize = 40;

/// Takes signatures out of `text`: values of `sig`, and what has the form of a signature.
#[must_use]
pub fn signatures(text: &str) -> Cow<'_, str> {
    runs(values(text, &["sig"], &SIGNS), is_signature)
}

/// Takes everything that may be a secret out of `text`: signatures, pop receipts, keys, and all
/// long runs of characters of a token.
///
/// ```
/// use queue_proto::redact;
///
/// let page = "cannot fetch https://h/q/messages?popreceipt=AgAA&amp;sp=r&amp;sig=c2VjcmV0%3D here";
/// let shown = redact::secrets(page);
/// assert_eq!(shown, "cannot fetch https://h/q/messages?popreceipt=REDACTED&amp;sp=r&amp;sig=REDACTED here");
/// ```
#[must_use]
pub fn secrets(text: &str) -> Cow<'_, str> {
    runs(values(text, &NAMES, &SIGNS), |run, _| length(run) >= TOKEN)
}

/// Takes credentials out of `text`: what stands behind the name of one or of a scheme of
/// authorization, and what has the form of a signature. Other long runs of characters stay: paths,
/// digests and ids are what makes the error of a program worth reading.
///
/// ```
/// use queue_proto::redact;
///
/// let error = "PUT /reports/2026-11 failed; sent Authorization: Bearer eyJ0.eyJh.c2ln";
/// let shown = redact::credentials(error);
/// assert_eq!(shown, "PUT /reports/2026-11 failed; sent Authorization: Bearer REDACTED");
/// ```
#[must_use]
pub fn credentials(text: &str) -> Cow<'_, str> {
    let named = values(text, &NAMES, &SIGNS);
    let bare = match values(&named, &["bearer", "sharedkey", "sharedkeylite"], &[" "]) {
        Cow::Borrowed(_) => named,
        Cow::Owned(text) => text.into(),
    };
    runs(bare, is_signature)
}

/// The names that secrets have in URLs and connection strings.
const NAMES: [&str; 3] = ["sig", "popreceipt", "accountkey"];

/// What stands between a name and its value, in every escape.
const SIGNS: [&str; 7] = ["=", ":", "%3d", "%253d", "&#61;", "&#x3d;", "&equals;"];

fn is_signature(run: &str, is_padded: bool) -> bool {
    is_padded && length(run) == SIGNATURE
}

/// Replaces what follows one of `names`, in any case, and one of `signs`.
fn values<'a>(text: &'a str, names: &[&str], signs: &[&str]) -> Cow<'a, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = names.iter().filter_map(|name| value_of(rest, name, signs)).min() {
        let (before, value) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let end = value_end(value);
        out.push_str(before);
        if end > 0 {
            out.push_str(REDACTED);
        }
        rest = value.get(end..).unwrap_or_default();
    }
    if out.is_empty() {
        return text.into();
    }
    out.push_str(rest);
    out.into()
}

/// Where the first value of `name` starts.
fn value_of(text: &str, name: &str, signs: &[&str]) -> Option<usize> {
    let starts_with = |at: usize, wanted: &str| {
        let bytes = text.as_bytes().get(at..at + wanted.len());
        bytes.is_some_and(|bytes| bytes.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let mut at = 0;
    while at + name.len() < text.len() {
        if starts_with(at, name) {
            let behind = at + name.len();
            if let Some(sign) = signs.iter().find(|sign| starts_with(behind, sign)) {
                return Some(behind + sign.len());
            }
        }
        at += 1;
    }
    None
}

/// Where a value ends: at a blank, a quote, a bracket, or an ampersand that starts another
/// parameter.
fn value_end(value: &str) -> usize {
    let ends = |(at, c): (usize, char)| {
        let ends = match c {
            '&' => !value.get(at..).is_some_and(|rest| rest.starts_with("&#")),
            _ => c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '\\'),
        };
        ends.then_some(at)
    };
    value.char_indices().find_map(ends).unwrap_or(value.len())
}

/// Replaces the runs of characters of base64 and URLs that `is_secret`, which learns whether
/// padding follows.
fn runs(text: Cow<'_, str>, is_secret: impl Fn(&str, bool) -> bool) -> Cow<'_, str> {
    const PADDING: [&str; 5] = ["=", "%3D", "%3d", "&#61;", "&#x3D;"];
    let in_run = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '%' | '-' | '_');
    let mut out = String::new();
    let mut rest = &*text;
    let mut found = false;
    while let Some(start) = rest.find(in_run) {
        let (before, behind) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let end = behind.find(|c| !in_run(c)).unwrap_or(behind.len());
        let (run, after) = behind.split_at_checked(end).unwrap_or((behind, ""));
        // The padding may have become a part of the run.
        let bare = run.strip_suffix("%3D").or_else(|| run.strip_suffix("%3d")).unwrap_or(run);
        let padding = PADDING.iter().find(|padding| after.starts_with(**padding));
        let is_padded = bare.len() < run.len() || padding.is_some();
        out.push_str(before);
        if is_secret(bare, is_padded) {
            found = true;
            out.push_str(REDACTED);
            rest = padding.and_then(|padding| after.strip_prefix(padding)).unwrap_or(after);
        } else {
            out.push_str(run);
            rest = after;
        }
    }
    if !found {
        return text;
    }
    out.push_str(rest);
    out.into()
}

/// The characters of a run, where an escape counts as one.
fn length(run: &str) -> usize {
    run.len().saturating_sub(2 * run.bytes().filter(|byte| *byte == b'%').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "Pv2TfhcT2pGWVlvS0FAUlQTjnkG+hwVvLeF5/Qm7a1o=";

    #[test]
    fn signatures_go_in_every_escape() {
        let escaped = RAW.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let twice = escaped.replace('%', "%25");
        let html = RAW.replace('+', "&#43;").replace('/', "&#47;").replace('=', "&#61;");
        for (text, expected) in [
            (format!("signature '{RAW}' is"), "signature 'REDACTED' is"),
            (format!("signature '{escaped}' is"), "signature 'REDACTED' is"),
            (format!("?sp=r&sig={escaped}&se=1"), "?sp=r&sig=REDACTED&se=1"),
            (format!("?sp=r&amp;sig={RAW}&amp;se=1"), "?sp=r&amp;sig=REDACTED&amp;se=1"),
            (format!("to=%3Fsp%3Dr%26sig%3D{twice}"), "to=%3Fsp%3Dr%26sig%3DREDACTED"),
            (format!("<a href=\"/?SIG={html}\">"), "<a href=\"/?SIG=REDACTED\">"),
            ("sig=c2hvcnQ end".to_owned(), "sig=REDACTED end"),
            (format!("{RAW}{RAW}"), "REDACTEDREDACTED"),
        ] {
            assert_eq!(signatures(&text), expected, "{text}");
            assert!(!secrets(&text).contains("Pv2T"), "{text}");
        }
        for text in [
            "",
            "GET\n\ncomp=list'.",
            "popreceipt:AgAAAAMAAAA=",
            "5f2c9a51-0003-0000-0000-000000000000",
            "ä=%",
        ] {
            assert!(matches!(signatures(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn credentials_go_and_what_is_none_stays() {
        for (text, expected) in [
            (
                "GET https://a/q?sv=1&sig=abc%3D&x=1 failed",
                "GET https://a/q?sv=1&sig=REDACTED&x=1 failed",
            ),
            ("AccountKey=Zm9v end; Bearer ey.x", "AccountKey=REDACTED end; Bearer REDACTED"),
            ("Authorization: sharedkey a:c2ln", "Authorization: sharedkey REDACTED"),
            ("Authorization: SharedKeyLite a:c2ln", "Authorization: SharedKeyLite REDACTED"),
            (&format!("the signature {RAW}"), "the signature REDACTED"),
            (
                "cannot read /var/lib/app/2026/11/26/0af7651916cd43dd8448eb211c80319c.bin",
                "cannot read /var/lib/app/2026/11/26/0af7651916cd43dd8448eb211c80319c.bin",
            ),
            ("", ""),
        ] {
            assert_eq!(credentials(text), expected, "{text}");
        }
    }

    #[test]
    fn receipts_and_tokens_go_from_foreign_text() {
        for (text, expected) in [
            ("?popreceipt=AgAAAAMAAAA%3D&x=1", "?popreceipt=REDACTED&x=1"),
            ("popreceipt:AgAAAAMAAAA=\ntimeout:9", "popreceipt:REDACTED\ntimeout:9"),
            ("AccountKey=abc==;", "AccountKey=REDACTED"),
            ("Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6.x", "Bearer REDACTED.x"),
            ("popreceipt=", "popreceipt="),
        ] {
            assert_eq!(secrets(text), expected, "{text}");
        }
    }
}
