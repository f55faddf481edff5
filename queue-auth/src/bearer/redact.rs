//! Foreign text is made fit for errors: one line, short, and without secrets.

use std::borrow::Cow;

/// The longest text that is kept, in bytes. Descriptions of the provider have about 300.
const LONGEST: usize = 1000;

/// A run of base64 characters from this length on may be a secret. Correlation identifiers have 36.
const SECRET_RUN: usize = 40;

pub(super) const REDACTED: &str = "[redacted]";

/// `text` with every one of `secrets` and every long run of token characters replaced, control
/// characters turned into blanks, and its end cut off when it is too long.
pub(super) fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text = Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, REDACTED));
        }
    }
    let token_character = |c: char| c.is_ascii_alphanumeric() || "-_+=~.%".contains(c);
    let mut kept = String::with_capacity(text.len().min(LONGEST));
    let mut rest = &*text;
    while !rest.is_empty() && kept.len() <= LONGEST {
        let run = rest.find(|c| !token_character(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(run).unwrap_or((rest, ""));
        kept.push_str(if word.len() >= SECRET_RUN { REDACTED } else { word });
        let gap = after.find(token_character).unwrap_or(after.len());
        let (between, next) = after.split_at_checked(gap).unwrap_or((after, ""));
        kept.push_str(between);
        rest = next;
    }
    shown(&kept).into_owned()
}

/// `text` on one line and not too long.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let (start, cut) = text.split_at_checked(end.unwrap_or(0)).unwrap_or((text, ""));
    let mut line: String = start.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if !cut.is_empty() {
        line.push('…');
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_go() {
        assert_eq!(redact("bad secret 'p w' given, p w", &["p w"]), {
            "bad secret '[redacted]' given, [redacted]"
        });
        assert_eq!(redact("nothing", &[""]), "nothing");
    }

    #[test]
    fn long_runs_go_and_identifiers_stay() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL3N0b3JhZ2Ui.c2ln";
        let text = format!(
            "AADSTS7000215: Invalid client secret provided. Trace ID: \
             7b795fb9-09d3-42f4-a494-38864f99ba3c, sent ({token})"
        );
        let safe = redact(&text, &[]);
        assert!(safe.contains("7b795fb9-09d3-42f4-a494-38864f99ba3c"), "{safe}");
        assert!(!safe.contains("eyJ"), "{safe}");
        assert!(safe.ends_with("sent ([redacted])"), "{safe}");
    }

    #[test]
    fn one_short_line() {
        assert_eq!(redact("a\r\nb\0ü", &[]), "a  b ü");
        let long = "ü ".repeat(5000);
        assert!(redact(&long, &[]).len() <= LONGEST + '…'.len_utf8());
        assert_eq!(redact("", &[]), "");
        assert_eq!(redact(&"x".repeat(1 << 20), &[]), REDACTED);
    }
}
