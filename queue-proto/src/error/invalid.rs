//! [`InvalidValue`], [`InvalidText`] and [`InvalidMetadata`], for values that the protocol does not
//! allow.

use std::error::Error;
use std::fmt;

/// A value outside what the protocol allows. [`Display`](fmt::Display) names the value and the
/// rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue {
    what: &'static str,
    rule: &'static str,
    given: Option<u64>,
}

/// Text that cannot be the text of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidText {
    /// XML 1.0 has no way to write this character: U+0000 to U+001F except tab, line feed and
    /// carriage return, and U+FFFE and U+FFFF.
    #[non_exhaustive]
    Character {
        /// The character that is not allowed.
        character: char,
        /// The place of the character, in bytes of UTF-8 from 0.
        offset: usize,
    },
    /// The text has more bytes of UTF-8 than a message may have.
    #[non_exhaustive]
    TooLarge {
        /// The size of the text in bytes of UTF-8.
        size: usize,
        /// The limit in bytes of UTF-8.
        limit: usize,
    },
}

/// A name or a value that cannot be metadata of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMetadata {
    /// The name is empty.
    EmptyName,
    /// The name is not a C# identifier of ASCII letters, digits and underscores.
    #[non_exhaustive]
    Name {
        /// The first character that does not fit.
        character: char,
        /// The position of the character, counted in characters from 1.
        position: usize,
    },
    /// The value has a character that an HTTP header cannot carry safely: a line break or another
    /// control character, or one that is not ASCII.
    #[non_exhaustive]
    Value {
        /// The character that is not allowed.
        character: char,
        /// The position of the character, counted in characters from 1.
        position: usize,
    },
    /// The value has two blanks in a row or a tab inside. Services and signers do not agree
    /// whether such a run counts as one blank, so a request with it may fail its signature.
    #[non_exhaustive]
    BlankRun {
        /// The position of the second blank or of the tab, counted in characters from 1.
        position: usize,
    },
    /// Names and values together are larger than a queue may have.
    #[non_exhaustive]
    TooLarge {
        /// The size of all names and values in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The name occurs twice, perhaps in different case.
    #[non_exhaustive]
    Duplicate {
        /// The name that occurs twice.
        name: String,
    },
}

impl InvalidValue {
    pub(crate) const fn new(what: &'static str, rule: &'static str) -> Self {
        Self { what, rule, given: None }
    }

    pub(crate) const fn number(what: &'static str, rule: &'static str, given: u64) -> Self {
        Self { what, rule, given: Some(given) }
    }

    /// The name of the value, such as `visibility timeout`.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The rule that the value breaks, such as `must be 0 to 604800 seconds`.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.rule)?;
        match self.given {
            Some(given) => write!(f, ", not {given}"),
            None => Ok(()),
        }
    }
}

impl Error for InvalidValue {}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { character, offset } => write!(
                f,
                "message text has the character {character:?} at byte {offset}, \
                 which XML cannot carry: encode the message, for example with base64"
            ),
            Self::TooLarge { size, limit } => write!(
                f,
                "message text has {size} bytes of UTF-8: at most {limit} fit into a message"
            ),
        }
    }
}

impl Error for InvalidText {}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyName => f.write_str("metadata name is empty"),
            Self::Name { character, position } => write!(
                f,
                "metadata name has the character {character:?} at position {position}: it must \
                 start with a letter or an underscore and go on with letters, digits and underscores"
            ),
            Self::Value { character, position } => write!(
                f,
                "metadata value has the character {character:?} at position {position}: \
                 only visible ASCII and single blanks can be sent"
            ),
            Self::BlankRun { position } => write!(
                f,
                "metadata value has a run of blanks or a tab at position {position}: signatures \
                 over it are not reliable, so use single blanks"
            ),
            Self::TooLarge { size, limit } => {
                write!(f, "metadata has {size} bytes of names and values: the limit is {limit}")
            }
            Self::Duplicate { name } => {
                write!(f, "metadata has the name {name:?} twice (names ignore case)")
            }
        }
    }
}

impl Error for InvalidMetadata {}
