//! [`admit`]: every refusal of a request for what it says, one file per reason, in the order in which
//! the service checks. To add or correct a refusal, find its row and open its file.
//!
//! | Check | File | Refusals |
//! | --- | --- | --- |
//! | [`Head`](Check::Head) | `admit/head.rs` | 400 `MissingRequiredHeader` (no `Host`), 400 `InvalidHeaderValue` (a header twice, a wrong `Content-Length`) |
//! | [`Account`](Check::Account) | `target.rs` | 404 `ResourceNotFound`, 400 `InvalidUri` |
//! | [`Size`](Check::Size) | `admit/size.rs` | 413 `RequestBodyTooLarge` |
//! | [`Form`](Check::Form) | `admit/form.rs` | 400 `InvalidUri`, `InvalidResourceName`, `OutOfRangeInput`, `InvalidHeaderValue` (`x-ms-version`), `InvalidQueryParameterValue`, `OutOfRangeQueryParameterValue` (`timeout`) |
//! | [`Preflight`](Check::Preflight) | `admit/form.rs`, `cors.rs` | 400 `InvalidHeaderValue`, 403 `CorsPreflightFailure` |
//! | [`Authentication`](Check::Authentication) | `admit/authentication.rs` | 401 `NoAuthenticationInformation`, 400 and 401 `InvalidAuthenticationInfo`, 403 `AuthenticationFailed` and the codes of shared access signatures, 404 `ResourceNotFound` (old versions), 400 `MissingRequiredHeader` (`x-ms-version`) |
//! | [`AccountKeys`](Check::AccountKeys) | `admit/authentication.rs` | 403 `KeyBasedAuthenticationNotPermitted` |
//! | [`Operation`](Check::Operation) | `admit/operation.rs` | 405 `UnsupportedHttpVerb`, 400 `InvalidHttpVerb`, `InvalidQueryParameterValue`, `UnsupportedQueryParameter` |
//! | [`Location`](Check::Location) | `admit/location.rs` | 403 `InsufficientAccountPermissions`, 400 `InvalidQueryParameterValue` |
//! | [`Permission`](Check::Permission) | `admit/permission.rs` | 403 `AuthorizationPermissionMismatch`, `AuthorizationResourceTypeMismatch`, `AuthorizationFailure`, `AuthenticationFailed` |
//! | [`Digest`](Check::Digest) | `admit/digest.rs` | 411 `MissingContentLengthHeader`, 400 `InvalidMd5`, `Md5Mismatch` |
//! | [`Values`](Check::Values) | `admit/values.rs` | 400 with the code of the parameter, header or element; 413 `RequestBodyTooLarge` (text) |
//! | [`Limits`](Check::Limits) | `admit/limits.rs`, `capacity.rs` | 503 `ServerBusy`, if the limits of the service are asked for |
//!
//! What the state refuses (404, 409) is in `apply.rs`, what the store refuses in `settle.rs`.

mod authentication;
mod digest;
mod form;
pub(crate) mod head;
mod limits;
mod location;
mod operation;
mod permission;
pub(crate) mod size;
mod values;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request};
use queue_auth::verify::Access;
use queue_proto::{AnyOperation, Endpoint, Location, ServiceVersion};

pub(crate) use self::authentication::challenge;
use crate::connection::Connection;
use crate::emulator::Emulator;
use crate::refusal::{Check, Refusal, by};
use crate::witness::Witness;

/// A request that nothing speaks against, as far as that can be told without looking at the queues.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) operation: AnyOperation,
    pub(crate) location: Location,
    /// By which right; `None` for a preflight, which needs none.
    #[cfg_attr(
        not(feature = "bearer"),
        expect(dead_code, reason = "what asks for it later is for users alone")
    )]
    pub(crate) access: Option<Access>,
}

/// Reads a request, or refuses it. The first check that fails decides, whatever else is wrong:
/// `tests/requests/order.rs` mends a request that is wrong in every way, one mistake after the other.
///
/// `version` becomes the version that the request asks for as soon as that is known, since a
/// refusal is answered in that version too.
pub(crate) fn admit(
    emulator: &Emulator,
    endpoint: &Endpoint,
    request: &Request<Bytes>,
    connection: Connection,
    now: SystemTime,
    version: &mut Option<ServiceVersion>,
    witness: &mut Witness,
) -> Result<Admitted, Refusal> {
    size::check(request.body().len()).map_err(by(Check::Size))?;
    let incoming = form::read(endpoint, request).map_err(by(Check::Form))?;
    *version = incoming.version();
    let routed = AnyOperation::route(&incoming);
    witness.reads(&incoming, routed.as_ref().ok().copied());
    let location = incoming.location();
    if *request.method() == Method::OPTIONS {
        let operation = form::preflight(&incoming).map_err(by(Check::Preflight))?.into();
        return Ok(Admitted { operation, location, access: None });
    }

    // Who asks comes before what is asked, so that a stranger learns nothing about operations, and
    // a preflight before both: browsers send it without a credential (azurite_rows/settings.rs).
    let grant = authentication::verify(emulator, endpoint, request, &incoming, connection, now)?;
    authentication::check_keys(emulator, &grant.access).map_err(by(Check::AccountKeys))?;

    let kind = routed.map_err(by(Check::Operation))?;
    operation::check_version(kind, &incoming).map_err(by(Check::Operation))?;
    location::check(emulator, kind, location).map_err(by(Check::Location))?;
    permission::check(emulator, &grant.access, kind, &incoming).map_err(by(Check::Permission))?;

    // A checksum and XML take time to look at: nobody without a right can ask for it.
    incoming.require_content_length().map_err(by(Check::Digest))?;
    digest::check(request).map_err(by(Check::Digest))?;
    let operation = values::read(&incoming).map_err(by(Check::Values))?;
    limits::check(emulator, endpoint.account(), incoming.resource(), now)
        .map_err(by(Check::Limits))?;
    Ok(Admitted { operation, location, access: Some(grant.access) })
}
