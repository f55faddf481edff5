//! [`LocationMode`]: whether a read goes to the primary or the secondary, and the turns of one
//! call.

use queue_proto::{Endpoint, OperationKind, SecondaryAccess};

/// The location that reads go to in an account whose secondary can be read (read-access
/// geo-redundant
///
/// Only what reads may go to the secondary, which can be some minutes behind: List Queues, Get
/// Queue Metadata, Get Queue ACL, Peek Messages and Get Queue Service Properties. Everything else
/// goes to the primary whatever the mode, Get Messages among it, which changes what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LocationMode {
    /// The primary alone.
    #[default]
    PrimaryOnly,
    /// The primary, and every other further attempt the secondary.
    PrimaryThenSecondary,
    /// The secondary alone.
    SecondaryOnly,
    /// The secondary, and every other further attempt the primary.
    SecondaryThenPrimary,
}

/// The locations of one call, in turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route<'a> {
    now: &'a Endpoint,
    next: &'a Endpoint,
    primary: &'a Endpoint,
}

impl<'a> Route<'a> {
    /// `None` when the call has to go to a secondary of which nobody knows where it is.
    pub(crate) fn new(
        operation: OperationKind,
        mode: LocationMode,
        primary: &'a Endpoint,
        secondary: Option<&'a Endpoint>,
    ) -> Option<Self> {
        let (now, next) = match (operation.secondary(), mode) {
            (SecondaryAccess::Never, _) | (SecondaryAccess::Allowed, LocationMode::PrimaryOnly) => {
                (primary, primary)
            }
            (SecondaryAccess::Only, _)
            | (SecondaryAccess::Allowed, LocationMode::SecondaryOnly) => (secondary?, secondary?),
            (SecondaryAccess::Allowed, LocationMode::PrimaryThenSecondary) => {
                (primary, secondary.unwrap_or(primary))
            }
            (SecondaryAccess::Allowed, LocationMode::SecondaryThenPrimary) => {
                (secondary.unwrap_or(primary), primary)
            }
        };
        Some(Self { now, next, primary })
    }

    pub(crate) const fn endpoint(&self) -> &'a Endpoint {
        self.now
    }

    /// Turns to the other location, if there is one.
    pub(crate) const fn turn(&mut self) {
        (self.now, self.next) = (self.next, self.now);
    }

    /// Gives the secondary up: it does not have what the primary may have. False if there is no
    /// other location.
    pub(crate) fn leave_secondary(&mut self) -> bool {
        let leaves = !std::ptr::eq(self.now, self.primary) && std::ptr::eq(self.next, self.primary);
        if leaves {
            self.now = self.primary;
        }
        leaves
    }
}
