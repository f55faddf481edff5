//! Command lines that are wrong, in one line: [`UsageError`].

use std::fmt;

/// Something that is wrong with a command line, or with a variable of the environment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl From<String> for UsageError {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

impl From<&str> for UsageError {
    fn from(sentence: &str) -> Self {
        Self(sentence.to_owned())
    }
}
