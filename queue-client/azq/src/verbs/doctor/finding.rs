//! [`Finding`]: what one check found, in a sentence, with the cure.

use crate::failure::Failure;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    /// The word in every format; it never changes.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// The name of the check; it never changes.
    pub(super) check: &'static str,
    pub(super) level: Level,
    pub(super) sentence: String,
    /// What to do about it.
    pub(super) cure: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, sentence: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, sentence: sentence.into(), cure: None }
    }

    pub(super) fn warn(check: &'static str, sentence: impl Into<String>) -> Self {
        Self { level: Level::Warn, ..Self::ok(check, sentence) }
    }

    pub(super) fn fail(check: &'static str, sentence: impl Into<String>) -> Self {
        Self { level: Level::Fail, ..Self::ok(check, sentence) }
    }

    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// A failure whose sentence says what is wrong, a colon and the cure.
    pub(super) fn of_failure(check: &'static str, failure: &Failure) -> Self {
        match failure.sentence().split_once(": ") {
            Some((wrong, cure)) if wrong.len() >= 10 => Self::fail(check, wrong).cure(cure),
            _ => Self::fail(check, failure.sentence()),
        }
    }
}
