//! Limits of the service in bytes. Numbers that have limits are types of their own, as
//! [`MessageCount`](crate::MessageCount) and [`VisibilityTimeout`](crate::VisibilityTimeout) are.

/// The most bytes of UTF-8 that the text of a message may have, by the page "Put Message" of the REST
/// reference.
pub const MAX_MESSAGE_TEXT: usize = 64 * 1024;

/// The most bytes that [`IncomingRequest`](crate::IncomingRequest) takes as a body. A server can stop
/// reading there.
///
/// A message of 64 KiB fits even when each of its characters is written as an entity.
pub const MAX_REQUEST_BODY: usize = 512 * 1024;

/// The most bytes of names and values of metadata.
///
/// The REST reference states no limit for queues; this is the one that it states for blobs.
pub const MAX_METADATA: usize = 8 * 1024;
