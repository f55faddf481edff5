//! [`SasKind`]: which of the three kinds of signatures a token is.

use std::fmt;

use super::version::SasVersion;

/// The kinds of shared access signatures that open queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SasKind {
    /// A signature for one queue, signed with an account key (a "service SAS").
    Queue,
    /// A signature for all queues, signed with an account key.
    Account,
    /// A signature for one queue, signed with a user delegation key.
    UserDelegation,
}

impl SasKind {
    /// The first version that knows the kind.
    pub(crate) fn first_version(self) -> SasVersion {
        match self {
            Self::Queue => SasVersion::V2012_02_12,
            Self::Account => SasVersion::V2015_04_05,
            Self::UserDelegation => SasVersion::V2025_07_05,
        }
    }
}

impl fmt::Display for SasKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "signature for one queue",
            Self::Account => "signature for the account",
            Self::UserDelegation => "user delegation signature for one queue",
        })
    }
}
