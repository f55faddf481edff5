//! The sets of letters in a signature: permissions, services and resource types.

use std::error::Error;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};
use std::str::FromStr;

use crate::service::Service;

/// The error for letters that are no valid set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidLetters {
    /// A letter that the field does not know.
    Unknown {
        /// The field of the signature: `sp`, `ss` or `srt`.
        field: &'static str,
        /// The letter that is wrong.
        letter: char,
    },
    /// A letter that stands twice.
    Doubled {
        /// The field of the signature, by its name in the query.
        field: &'static str,
        /// The letter that is wrong.
        letter: char,
    },
    /// A letter that stands after one that it should precede.
    OutOfOrder {
        /// The field of the signature, by its name in the query.
        field: &'static str,
        /// The letter that is wrong.
        letter: char,
        /// The order that the field demands.
        order: &'static str,
    },
}

impl fmt::Display for InvalidLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { field, letter } => {
                write!(f, "{field} holds {letter:?}, which is not one of its letters")
            }
            Self::Doubled { field, letter } => write!(f, "{field} holds {letter:?} twice"),
            Self::OutOfOrder { field, letter, order } => {
                write!(f, "{field} holds {letter:?} out of the order {order:?}")
            }
        }
    }
}

impl Error for InvalidLetters {}

/// The rules of one field.
struct Field {
    name: &'static str,
    /// The letters in canonical order; the bit of a letter is its position.
    letters: &'static str,
    /// The letters of other services, which are accepted and ignored.
    foreign: &'static str,
    ordered: bool,
}

impl Field {
    fn parse(&self, text: &str) -> Result<u16, InvalidLetters> {
        let mut set = 0u16;
        let mut seen = String::new();
        for letter in text.chars() {
            if seen.contains(letter) {
                return Err(InvalidLetters::Doubled { field: self.name, letter });
            }
            seen.push(letter);
            let Some(position) = self.letters.find(letter) else {
                if self.foreign.contains(letter) {
                    continue;
                }
                return Err(InvalidLetters::Unknown { field: self.name, letter });
            };
            let bit = 1u16 << position;
            if self.ordered && set > bit {
                return Err(InvalidLetters::OutOfOrder {
                    field: self.name,
                    letter,
                    order: self.letters,
                });
            }
            set |= bit;
        }
        Ok(set)
    }
}

macro_rules! letter_set {
    (
        $(#[$doc:meta])* $name:ident, $field:expr;
        $($(#[$const_doc:meta])* $constant:ident = $bit:literal,)*
        $(; others: $($(#[$other_doc:meta])* $other:ident = $other_bit:literal,)*)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name(u16);

        impl $name {
            const FIELD: Field = $field;

            $($(#[$const_doc])* pub const $constant: Self = Self(1 << $bit);)*

            $($($(#[$other_doc])* pub const $other: Self = Self(1 << $other_bit);)*)?

            /// The set without letters.
            pub const NONE: Self = Self(0);

            /// The set of all letters that mean something for queues.
            pub const ALL: Self = Self($(1 << $bit |)* 0);

            /// Says whether all of `other` is in this set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Says whether the set is empty.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Puts both sets together.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Keeps the letters that are in both sets.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }

        /// The letters in canonical order.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Self::FIELD
                    .letters
                    .chars()
                    .enumerate()
                    .filter(|(position, _)| self.0 & (1 << position) != 0)
                    .try_for_each(|(_, letter)| write!(f, "{letter}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidLetters;

            fn from_str(text: &str) -> Result<Self, InvalidLetters> {
                Self::FIELD.parse(text).map(Self)
            }
        }
    };
}

letter_set! {
    /// What a signature for one queue, or a stored access policy, permits: `raup`.
    ///
    /// Parsing demands that order, as the service does.
    ///
    /// ```
    /// use queue_auth::sas::QueuePermissions;
    /// let send_and_peek = QueuePermissions::ADD | QueuePermissions::READ;
    /// assert_eq!(send_and_peek.to_string(), "ra");
    /// assert!("ar".parse::<QueuePermissions>().is_err());
    /// ```
    QueuePermissions, Field { name: "sp", letters: "raup", foreign: "", ordered: true };
    /// `r`: read metadata and properties, peek.
    READ = 0,
    /// `a`: put messages.
    ADD = 1,
    /// `u`: update messages.
    UPDATE = 2,
    /// `p`: get and delete messages.
    PROCESS = 3,
}

letter_set! {
    /// What an account signature permits: `rwdlacup`, and `xytfi` for blobs.
    ///
    /// Parsing takes any order, as the service does and tools differ, and ignores letters that some
    /// tools write and no operation needs.
    AccountPermissions,
    Field { name: "sp", letters: "rwdxylacuptfi", foreign: "veom", ordered: false };
    /// `r`: read blobs, files, entities, properties, metadata and statistics, peek.
    READ = 0,
    /// `w`: write; create queues, set properties and metadata.
    WRITE = 1,
    /// `d`: delete; clear messages.
    DELETE = 2,
    /// `l`: list what there is.
    LIST = 5,
    /// `a`: put messages, add entities, append to blobs.
    ADD = 6,
    /// `c`: create what is not there.
    CREATE = 7,
    /// `u`: update messages and entities.
    UPDATE = 8,
    /// `p`: get and delete messages.
    PROCESS = 9,
    ; others:
    /// `x`: delete versions of blobs.
    DELETE_VERSION = 3,
    /// `y`: delete blobs for good.
    PERMANENT_DELETE = 4,
    /// `t`: read and write the tags of blobs.
    TAGS = 10,
    /// `f`: find blobs by their tags.
    FILTER = 11,
    /// `i`: set the immutability of blobs.
    IMMUTABILITY = 12,
}

letter_set! {
    /// The services that an account signature opens, in any order when parsed.
    Services, Field { name: "ss", letters: "bfqt", foreign: "", ordered: false };
    /// `b`: the service for blobs.
    BLOB = 0,
    /// `f`: the service for files.
    FILE = 1,
    /// `q`: the service for queues.
    QUEUE = 2,
    /// `t`: the service for tables.
    TABLE = 3,
}

impl From<Service> for Services {
    fn from(service: Service) -> Self {
        match service {
            Service::Blob => Self::BLOB,
            Service::Queue => Self::QUEUE,
            Service::File => Self::FILE,
            Service::Table => Self::TABLE,
        }
    }
}

letter_set! {
    /// The levels of the API that an account signature opens, in any order when parsed.
    ResourceTypes, Field { name: "srt", letters: "sco", foreign: "", ordered: false };
    /// `s`: operations of the service: list queues, properties, statistics.
    SERVICE = 0,
    /// `c`: operations of a queue: create, delete, metadata.
    CONTAINER = 1,
    /// `o`: operations of messages.
    OBJECT = 2,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_doubles() {
        assert_eq!("raup".parse::<QueuePermissions>(), Ok(QueuePermissions::ALL));
        assert_eq!("".parse::<QueuePermissions>(), Ok(QueuePermissions::NONE));
        assert!(matches!(
            "rr".parse::<QueuePermissions>(),
            Err(InvalidLetters::Doubled { letter: 'r', .. })
        ));
        assert!(matches!(
            "pr".parse::<QueuePermissions>(),
            Err(InvalidLetters::OutOfOrder { letter: 'r', .. })
        ));
        assert!(matches!(
            "rw".parse::<QueuePermissions>(),
            Err(InvalidLetters::Unknown { letter: 'w', .. })
        ));
    }

    #[test]
    fn account_permissions_of_all_tools() {
        // Portal, JavaScript and Python order the letters of other services each in their way.
        // The service was recorded with others still.
        for text in [
            "rwdlacup",
            "rwdlacupiytfx",
            "rwdxftlacupiy",
            "rwdxylacuptfi",
            "cuprwdyla",
            "cudypafitrwl",
        ] {
            let read: AccountPermissions = text.parse().unwrap();
            assert!(read.contains(AccountPermissions::ALL), "{text}");
            assert_eq!(read.to_string().len(), text.len(), "{text}");
        }
        assert_eq!("wr".parse::<AccountPermissions>().map(|set| set.to_string()), Ok("rw".into()));
        assert!("rxx".parse::<AccountPermissions>().is_err());
    }

    #[test]
    fn services_in_any_order() {
        for text in ["bfqt", "btqf", "qtfb"] {
            assert_eq!(text.parse::<Services>(), Ok(Services::ALL));
        }
        assert_eq!(Services::ALL.to_string(), "bfqt");
        assert_eq!("ocs".parse::<ResourceTypes>().map(|set| set.to_string()), Ok("sco".into()));
    }
}
