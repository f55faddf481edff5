//! [`SasKind`]: which of the three kinds of signatures a token is.

use std::fmt;

/// The kinds of shared access signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SasKind {
    /// A signature for one queue, signed with an account key (a "service SAS").
    Queue,
    /// A signature for all resources of a service, signed with an account key.
    Account,
    /// A signature for one resource, signed with a user delegation key.
    UserDelegation,
    /// A signature for one resource of another service than that for queues, signed with an account
    /// key.
    Service,
}

impl fmt::Display for SasKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "signature for one queue",
            Self::Account => "signature for the account",
            Self::UserDelegation => "user delegation signature for one resource",
            Self::Service => "signature for one resource",
        })
    }
}
