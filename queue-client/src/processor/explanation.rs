//! [`Explanation`]: what handlers say when they fail, without secrets. Whatever leaves the processor
//! as the text of an error comes through here: logs, reports, dead letters.

use std::error::Error;

use queue_proto::redact;

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
/// credential.
pub(super) fn presentable(error: &str) -> String {
    let mut text = redact::credentials(error).into_owned();
    if text.len() > MAX_ERROR {
        let end = (0..=MAX_ERROR - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_cut_and_redacted() {
        assert_eq!(presentable("sent ?sig=abc%3D&x=1"), "sent ?sig=REDACTED&x=1");
        let long = presentable(&"ü".repeat(4000));
        assert!(long.len() <= MAX_ERROR && long.ends_with('…'));
    }
}
