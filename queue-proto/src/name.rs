//! [`AccountName`] and [`QueueName`], which keep the rules of the service, and [`InvalidName`].

use std::borrow::Borrow;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a storage account: 3 to 24 lowercase letters and digits.
///
/// Cloning is cheap: clones share the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(Arc<str>);

/// The name of a queue: 3 to 63 lowercase letters, digits and single hyphens, with a letter or a
/// digit at both ends.
///
/// The rules are those of "Naming queues and metadata" in the REST reference. Cloning is cheap:
/// clones share the text.
///
/// ```
/// use queue_proto::QueueName;
///
/// let orders: QueueName = "orders-2".parse()?;
/// assert_eq!(orders.as_str(), "orders-2");
///
/// let error = "orDers".parse::<QueueName>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "queue name has an uppercase letter at position 3: \
///      use lowercase letters, digits and hyphens"
/// );
/// # Ok::<(), queue_proto::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueName(Arc<str>);

/// A name that breaks the rules of its kind. [`Display`](fmt::Display) says which rule and where.
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidName {
    kind: NameKind,
    rule: NameRule,
    position: Option<usize>,
}

/// The rule that a name broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameRule {
    /// The name has too few characters; the number says how many.
    TooShort(usize),
    /// The name has too many characters; the number says how many.
    TooLong(usize),
    /// The name has an uppercase letter.
    Uppercase,
    /// The name has this character, which no such name may have.
    Character(char),
    /// The name starts or ends with a hyphen.
    HyphenAtEdge,
    /// The name has two hyphens in a row.
    HyphenPair,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameKind {
    Account,
    Queue,
}

impl AccountName {
    /// Checks the text of a name.
    ///
    /// # Errors
    ///
    /// When the name breaks a rule.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
        let name = name.as_ref();
        NameKind::Account.check(name)?;
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl QueueName {
    /// Checks the text of a name.
    ///
    /// # Errors
    ///
    /// When the name breaks a rule.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
        let name = name.as_ref();
        NameKind::Queue.check(name)?;
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InvalidName {
    /// The rule that the name broke.
    #[must_use]
    pub fn rule(&self) -> NameRule {
        self.rule
    }

    /// The first character that breaks the rule, counted in characters from 1; `None` when the
    /// rule is about the length.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        self.position
    }
}

impl NameKind {
    fn lengths(self) -> (usize, usize) {
        match self {
            Self::Account => (3, 24),
            Self::Queue => (3, 63),
        }
    }

    fn check(self, name: &str) -> Result<(), InvalidName> {
        let fail = |rule, position| Err(InvalidName { kind: self, rule, position });
        let mut previous = None;
        for (index, character) in name.chars().enumerate() {
            let position = Some(index + 1);
            match character {
                'a'..='z' | '0'..='9' => {}
                '-' if self == Self::Queue => {
                    if previous == Some('-') {
                        return fail(NameRule::HyphenPair, position);
                    }
                    if index == 0 {
                        return fail(NameRule::HyphenAtEdge, position);
                    }
                }
                'A'..='Z' => return fail(NameRule::Uppercase, position),
                other => return fail(NameRule::Character(other), position),
            }
            previous = Some(character);
        }
        // Only ASCII is left here, so bytes are characters.
        let (shortest, longest) = self.lengths();
        if name.len() < shortest {
            return fail(NameRule::TooShort(name.len()), None);
        }
        if name.len() > longest {
            return fail(NameRule::TooLong(name.len()), None);
        }
        if previous == Some('-') {
            return fail(NameRule::HyphenAtEdge, Some(name.len()));
        }
        Ok(())
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, alphabet) = match self.kind {
            NameKind::Account => ("account name", "use lowercase letters and digits"),
            NameKind::Queue => ("queue name", "use lowercase letters, digits and hyphens"),
        };
        let (shortest, longest) = self.kind.lengths();
        let position = self.position.unwrap_or_default();
        match self.rule {
            NameRule::TooShort(0) => {
                write!(f, "{what} is empty: it must have {shortest} to {longest} characters")
            }
            NameRule::TooShort(length) | NameRule::TooLong(length) => {
                write!(f, "{what} has {length} characters: it must have {shortest} to {longest}")
            }
            NameRule::Uppercase => {
                write!(f, "{what} has an uppercase letter at position {position}: {alphabet}")
            }
            NameRule::Character(character) => {
                write!(
                    f,
                    "{what} has the character {character:?} at position {position}: {alphabet}"
                )
            }
            NameRule::HyphenAtEdge => write!(
                f,
                "{what} has a hyphen at position {position}: \
                 the first and the last character must be a letter or a digit"
            ),
            NameRule::HyphenPair => write!(
                f,
                "{what} has a second hyphen in a row at position {position}: use single hyphens"
            ),
        }
    }
}

/// Shows the sentence, since that is what a `main` that returns a `Result` prints.
impl fmt::Debug for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InvalidName").field(&format_args!("{self}")).finish()
    }
}

impl Error for InvalidName {}

/// Lets functions that take `TryInto` a name take a name as well.
impl From<Infallible> for InvalidName {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

macro_rules! name_traits {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(name: &str) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(name: &str) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl TryFrom<&String> for $name {
            type Error = InvalidName;

            fn try_from(name: &String) -> Result<Self, InvalidName> {
                Self::new(name.as_str())
            }
        }

        impl TryFrom<std::borrow::Cow<'_, str>> for $name {
            type Error = InvalidName;

            fn try_from(name: std::borrow::Cow<'_, str>) -> Result<Self, InvalidName> {
                Self::new(name.into_owned())
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(name: String) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }
    )*};
}

name_traits!(AccountName QueueName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_names() {
        let long = "a".repeat(63);
        for good in ["abc", "a-b", "0-1-2", "123", long.as_str()] {
            assert!(QueueName::new(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(64);
        let cases: &[(&str, NameRule, Option<usize>)] = &[
            ("", NameRule::TooShort(0), None),
            ("ab", NameRule::TooShort(2), None),
            (&too_long, NameRule::TooLong(64), None),
            ("abC", NameRule::Uppercase, Some(3)),
            ("a_b", NameRule::Character('_'), Some(2)),
            ("äbc", NameRule::Character('ä'), Some(1)),
            ("-ab", NameRule::HyphenAtEdge, Some(1)),
            ("ab-", NameRule::HyphenAtEdge, Some(3)),
            ("a--b", NameRule::HyphenPair, Some(3)),
            ("..", NameRule::Character('.'), Some(1)),
        ];
        for (name, rule, position) in cases {
            let error = QueueName::new(name).unwrap_err();
            assert_eq!((error.rule(), error.position()), (*rule, *position), "{name}");
        }
    }

    #[test]
    fn account_names() {
        assert!(AccountName::new("devstoreaccount1").is_ok());
        assert_eq!(AccountName::new("a-b").unwrap_err().rule(), NameRule::Character('-'));
        assert_eq!(AccountName::new("a".repeat(25)).unwrap_err().rule(), NameRule::TooLong(25));
    }
}
