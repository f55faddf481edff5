//! [`Explanation`]: what handlers say when they fail, without secrets. Whatever leaves the processor
//! as the text of an error comes through here: logs, reports, dead letters.

use std::error::Error;

/// Any error, boxed.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The most bytes of an error.
const MAX_ERROR: usize = 4 * 1024;

/// What is known about a failure, for dead letters, logs and observers: without secrets.
#[derive(Debug, Clone, Default)]
pub(super) struct Explanation {
    pub(super) error: Option<String>,
    /// The causes of the error, outermost first.
    pub(super) causes: Vec<String>,
}

impl Explanation {
    pub(super) fn new(error: &str) -> Self {
        Self { error: Some(presentable(error)), causes: Vec::new() }
    }

    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut explanation = Self::new(&error.to_string());
        let mut cause = error.source();
        while let Some(error) = cause
            && explanation.causes.len() < 16
        {
            explanation.causes.push(presentable(&error.to_string()));
            cause = error.source();
        }
        explanation
    }
}

/// An error as it may stand in a dead letter, a log or a report: cut, and without what looks like a
/// signature or a key.
pub(super) fn presentable(error: &str) -> String {
    let mut text = String::with_capacity(error.len().min(MAX_ERROR));
    let mut rest = error;
    while let Some((at, marker)) =
        SECRETS.iter().filter_map(|marker| Some((find_ignoring_case(rest, marker)?, marker))).min()
    {
        let (before, after) = rest.split_at(at + marker.len());
        text.push_str(before);
        text.push('…');
        let end = after.find(|c: char| c == '&' || c == ';' || c == '"' || c.is_whitespace());
        rest = after.get(end.unwrap_or(after.len())..).unwrap_or_default();
    }
    text.push_str(rest);
    if text.len() > MAX_ERROR {
        let end = (0..=MAX_ERROR - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

/// What a secret stands behind.
const SECRETS: [&str; 6] =
    ["sig=", "accountkey=", "sharedkey ", "sharedkeylite ", "bearer ", "popreceipt="];

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let same = |window: &[u8]| window.eq_ignore_ascii_case(wanted.as_bytes());
    text.as_bytes().windows(wanted.len()).position(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_cut_and_redacted() {
        let error = "GET https://a/q?sv=1&sig=abc%3D&x=1 failed; AccountKey=Zm9v; Bearer ey.x";
        assert_eq!(
            presentable(error),
            "GET https://a/q?sv=1&sig=…&x=1 failed; AccountKey=…; Bearer …"
        );
        let long = presentable(&"ü".repeat(4000));
        assert!(long.len() <= MAX_ERROR && long.ends_with('…'));
    }
}
