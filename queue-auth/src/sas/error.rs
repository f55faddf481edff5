//! [`InvalidSas`]: which field of a signature breaks which rule.

use std::error::Error;
use std::fmt;

/// The error for a shared access signature, or a wish for one, that breaks a rule. It names the field
/// by its name in the query and never holds the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSas {
    field: &'static str,
    rule: &'static str,
}

impl InvalidSas {
    pub(crate) const fn new(field: &'static str, rule: &'static str) -> Self {
        Self { field, rule }
    }

    /// The name of the field in the query: `se`, `sp`, `sig` and so on.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The rule that the field breaks, in words.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for InvalidSas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shared access signature: field {} {}", self.field, self.rule)
    }
}

impl Error for InvalidSas {}
