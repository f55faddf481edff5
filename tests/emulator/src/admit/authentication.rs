//! Who sent a request: the service's verifier with the accounts, policies and keys of the emulator,
//! and how its refusals are answered in each version.

use std::borrow::Cow;
use std::error::Error as _;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use queue_auth::verify::{Access, Grant, PolicyStore, RequestContext, StoredPolicy, VerifyError};
use queue_proto::{
    AccountName, AddressingStyle, Endpoint, ErrorCode, IncomingRequest, PolicyPermission,
    QueueName, ServiceError, header,
};

use crate::connection::Connection;
use crate::emulator::Emulator;
use crate::refusal::{Check, Refusal, by};
use crate::version::{self, before};

/// Finds out who sent a request.
pub(super) fn verify(
    emulator: &Emulator,
    endpoint: &Endpoint,
    request: &Request<Bytes>,
    incoming: &IncomingRequest<'_>,
    connection: Connection,
    now: SystemTime,
) -> Result<Grant, Refusal> {
    let safe = is_safe(emulator, request, incoming, connection);
    let context = RequestContext::new(now)
        // A listener for both families reports clients of IPv4 as `::ffff:a.b.c.d`.
        .client_ip(connection.peer.to_canonical())
        .https(safe.map_err(by(Check::Authentication))?)
        .path_style(endpoint.style() == AddressingStyle::Path);
    let account = endpoint.account();
    let policies = Policies { emulator, account };
    let grant = emulator
        .verifier()
        .verify(account.as_str(), request, &policies, &context)
        .map_err(|error| {
            let refusal = Refusal::new(Check::Authentication, refusal(&error, incoming));
            refusal.because(match error.source() {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            })
        })?;
    // The queue service has no default version. A shared access signature brings its own, or
    // `api-version` does; with other credentials the header is mandatory ("Versioning for Azure
    // Storage").
    let brings_its_own = !matches!(grant.access, Access::Owner)
        && is_signed(incoming)
        && incoming.version().is_some();
    if !brings_its_own && !request.headers().contains_key(header::VERSION) {
        let error = ServiceError::new(ErrorCode::MissingRequiredHeader);
        let error = error.with_detail("HeaderName", "x-ms-version");
        return Err(Refusal::new(Check::Authentication, error));
    }
    Ok(grant)
}

/// Refuses account keys, and what was signed with one, where they are forbidden. Bearer tokens and
/// user delegation keys remain.
pub(super) fn check_keys(emulator: &Emulator, access: &Access) -> Result<(), ErrorCode> {
    let by_key =
        matches!(access, Access::Owner | Access::AccountSas { .. } | Access::QueueSas { .. });
    if by_key && emulator.directory().keys_forbidden {
        return Err(ErrorCode::KeyBasedAuthenticationNotPermitted);
    }
    Ok(())
}

fn is_signed(incoming: &IncomingRequest<'_>) -> bool {
    incoming.query("sig").is_ok_and(|signature| signature.is_some())
}

/// Whether a credential that wants an encrypted connection may be used on this one.
fn is_safe(
    emulator: &Emulator,
    request: &Request<Bytes>,
    incoming: &IncomingRequest<'_>,
    connection: Connection,
) -> Result<bool, ServiceError> {
    // Over a socket of IPv6, 127.0.0.1 is ::ffff:127.0.0.1.
    let local = connection.peer.to_canonical().is_loopback();
    if connection.https || !emulator.directory().clear_text || !local {
        return Ok(connection.https);
    }
    // Only tokens were exempted. A signature that demands HTTPS still does.
    let bearer = request.headers().get(http::header::AUTHORIZATION).is_some_and(|value| {
        value.as_bytes().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"bearer "))
    });
    let https_only = incoming.query("spr")?.is_some_and(|protocol| protocol == "https");
    Ok(bearer && !https_only)
}

fn refusal(error: &VerifyError, incoming: &IncomingRequest<'_>) -> ServiceError {
    let version = incoming.version();
    // "Versioning for Azure Storage": before 2019-12-12 anonymous calls, and before 2015-04-05 wrong
    // signatures, were answered as if there were no such resource (azurite_rows/authorization.rs).
    let signed = is_signed(incoming);
    let anonymous = matches!(error, VerifyError::NoAuthentication);
    if (anonymous && before(version, version::CHALLENGE))
        || (signed && before(version, version::SAS_CODES))
    {
        return ErrorCode::ResourceNotFound.into();
    }
    let mut refusal = ServiceError::new(ErrorCode::from(error.code())).with_status(error.status());
    if error.status() == StatusCode::UNAUTHORIZED {
        // Every 401 says this, with whatever code.
        refusal = refusal.with_message(ErrorCode::NoAuthenticationInformation.text());
    }
    match error.detail() {
        Some(detail) => refusal.with_detail("AuthenticationErrorDetail", detail),
        None => refusal,
    }
}

/// What a 401 tells the client: where to get a token, and for what.
pub(crate) fn challenge(emulator: &Emulator) -> Option<HeaderValue> {
    let tenant = &emulator.directory().tenant;
    HeaderValue::try_from(format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
         resource_id=https://storage.azure.com"
    ))
    .ok()
}

/// The stored access policies of an account's queues.
#[derive(Debug)]
struct Policies<'a> {
    emulator: &'a Emulator,
    account: &'a AccountName,
}

impl PolicyStore for Policies<'_> {
    fn policy(&self, queue: &str, id: &str) -> Option<StoredPolicy> {
        let queue = QueueName::new(queue).ok()?;
        let guarded = self.emulator.service(self.account)?;
        let stored = guarded.service.policies(&queue).ok()?.get(id)?;
        let mut policy = StoredPolicy::new();
        policy.start = stored.start;
        policy.expiry = stored.expiry;
        if let Some(letters) = &stored.permission {
            policy.permissions = Some(in_order(letters).parse().ok()?);
        }
        Some(policy)
    }
}

/// The letters in the order in which signatures have them.
fn in_order(letters: &PolicyPermission) -> Cow<'_, str> {
    match PolicyPermission::new(letters.as_str()) {
        Ok(ordered) => Cow::Owned(ordered.as_str().to_owned()),
        Err(_) => Cow::Borrowed(letters.as_str()),
    }
}
