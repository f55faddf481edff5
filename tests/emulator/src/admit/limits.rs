//! The limits of the service, where they are asked for.

use std::time::SystemTime;

use queue_proto::{AccountName, ErrorCode, Resource};

use crate::emulator::Emulator;

/// Refuses what the service would have no room for.
pub(super) fn check(
    emulator: &Emulator,
    account: &AccountName,
    resource: &Resource,
    now: SystemTime,
) -> Result<(), ErrorCode> {
    let Some(capacity) = emulator.capacity() else { return Ok(()) };
    let queue = match resource {
        Resource::Messages(queue) | Resource::Message(queue, _) => Some(queue),
        Resource::Queue(_) | Resource::Service => None,
    };
    if capacity.take(account, queue, now) { Ok(()) } else { Err(ErrorCode::ServerBusy) }
}
