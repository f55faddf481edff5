//! The versions of the service that changed something, and [`before`], which compares with them. The
//! dates are those of the page "Versioning for Azure Storage" of the REST reference and of the remarks
//! on the page of each operation. Answers are written in the form of a version by `queue-proto`.

use queue_proto::ServiceVersion;

/// A version as year, month and day.
pub(crate) type Date = (u16, u8, u8);

/// Answers say which version they are of.
pub(crate) const FIRST_NAMED: Date = (2009, 9, 19);
/// Update Message, messages of 64 KiB, and messages that are hidden for up to seven days.
pub(crate) const UPDATE: Date = (2011, 8, 18);
/// Stored access policies.
pub(crate) const POLICIES: Date = (2012, 2, 12);
/// CORS and statistics.
pub(crate) const CORS: Date = (2013, 8, 15);
/// Refusals of shared access signatures have their own codes.
pub(crate) const SAS_CODES: Date = (2015, 4, 5);
/// Bearer tokens are known. The answer to an older request with one has no version, as recorded.
pub(crate) const BEARER: Date = (2017, 11, 9);
/// `x-ms-client-request-id` is echoed.
pub(crate) const ECHO: Date = (2019, 2, 2);
/// An anonymous client is told that it must authenticate; before, that there is no such thing.
pub(crate) const CHALLENGE: Date = (2019, 12, 12);
/// User delegation keys for queues; access control lists with bearer tokens.
pub(crate) const DELEGATION: Date = (2025, 7, 5);

/// Whether a request is of a version before `date`. One that names no version is.
pub(crate) fn before(version: Option<ServiceVersion>, date: Date) -> bool {
    let (year, month, day) = date;
    version < ServiceVersion::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_without_a_version_are_the_oldest() {
        assert!(before(None, FIRST_NAMED));
        assert!(before(ServiceVersion::new(2013, 8, 14).ok(), CORS));
        assert!(!before(ServiceVersion::new(2013, 8, 15).ok(), CORS));
        assert!(!before(Some(ServiceVersion::LATEST), DELEGATION));
    }
}
