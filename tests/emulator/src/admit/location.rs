//! Primary or secondary: which operations each has.

use queue_proto::{ErrorCode, Location, OperationKind, SecondaryAccess, ServiceError};

use crate::emulator::Emulator;

/// Refuses an operation at a location that does not have it.
pub(super) fn check(
    emulator: &Emulator,
    kind: OperationKind,
    location: Location,
) -> Result<(), ServiceError> {
    match (location, kind.secondary()) {
        (Location::Secondary, _) if !emulator.replication().is_readable() => {
            Err(ErrorCode::InsufficientAccountPermissions.into())
        }
        // Get Messages is a GET and yet a write: the verb says nothing here (it/secondary.rs).
        (Location::Secondary, SecondaryAccess::Never) => {
            Err(ErrorCode::InsufficientAccountPermissions.into())
        }
        (Location::Primary, SecondaryAccess::Only) => {
            Err(ErrorCode::InvalidQueryParameterValue.into())
        }
        _ => Ok(()),
    }
}
