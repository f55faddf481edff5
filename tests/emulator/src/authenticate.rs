//! Who sent a request, and whether they may do what it asks.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use queue_auth::verify::{Access, Grant, NoPolicies, RequestContext, VerifyError};
use queue_proto::{
    AddressingStyle, Endpoint, ErrorCode, IncomingRequest, Location, OperationKind,
    SecondaryAccess, ServiceError, ServiceVersion,
};

use crate::{Connection, Emulator};

/// From this version on the service tells an anonymous client that it must authenticate; before, it
/// said that there is no such thing ("Authorize with Microsoft Entra ID" in the REST reference).
const CHALLENGE_VERSION: (u16, u8, u8) = (2019, 12, 12);

/// Finds out who sent a request.
pub(crate) fn verify(
    emulator: &Emulator,
    endpoint: &Endpoint,
    request: &Request<Bytes>,
    incoming: &IncomingRequest<'_>,
    connection: Connection,
    now: SystemTime,
) -> Result<Grant, ServiceError> {
    let context = RequestContext::new(now)
        .client_ip(connection.peer)
        .https(connection.https)
        .path_style(endpoint.style() == AddressingStyle::Path);
    let account = endpoint.account().as_str();
    let grant = emulator
        .verifier()
        .verify(account, request, &NoPolicies, &context)
        .map_err(|error| refusal(&error, incoming.version()))?;
    // The queue service has no default version: with a key the header is mandatory.
    if incoming.version().is_none() {
        return Err(ServiceError::new(ErrorCode::MissingRequiredHeader)
            .with_detail("HeaderName", "x-ms-version"));
    }
    Ok(grant)
}

fn refusal(error: &VerifyError, version: Option<ServiceVersion>) -> ServiceError {
    if let VerifyError::NoAuthentication = error {
        let (year, month, day) = CHALLENGE_VERSION;
        let since = ServiceVersion::new(year, month, day).ok();
        if version < since {
            return ErrorCode::ResourceNotFound.into();
        }
    }
    let refusal = ServiceError::new(ErrorCode::from(error.code()));
    match error.detail() {
        Some(detail) => refusal.with_detail("AuthenticationErrorDetail", detail),
        None => refusal,
    }
}

/// Whether a grant covers an operation. What is not known here is not allowed.
pub(crate) fn authorize(
    grant: &Grant,
    kind: OperationKind,
    location: Location,
) -> Result<(), ServiceError> {
    match (location, kind.secondary()) {
        (Location::Secondary, SecondaryAccess::Never) => {
            return Err(ErrorCode::InsufficientAccountPermissions.into());
        }
        (Location::Primary, SecondaryAccess::Only) => {
            return Err(ErrorCode::InvalidQueryParameterValue.into());
        }
        _ => {}
    }
    match &grant.access {
        Access::Owner => Ok(()),
        _ => Err(ErrorCode::AuthorizationFailure.into()),
    }
}
