//! Who sent a request, and whether they may do what it asks.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use queue_auth::sas::{AccountPermissions, QueuePermissions, ResourceTypes};
use queue_auth::verify::{Access, Grant, PolicyStore, RequestContext, StoredPolicy, VerifyError};
use queue_proto::{
    AccountName, AccountSasPermission, AddressingStyle, Endpoint, ErrorCode, IncomingRequest,
    Location, OperationKind, PolicyPermission, QueueName, SecondaryAccess, ServiceError,
};

use crate::role::Roles;
use crate::version::{self, before};
use crate::{Connection, Emulator};

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
        .https(is_safe(emulator, request, incoming, connection)?)
        .path_style(endpoint.style() == AddressingStyle::Path);
    let account = endpoint.account();
    let policies = Policies { emulator, account };
    let grant = emulator
        .verifier()
        .verify(account.as_str(), request, &policies, &context)
        .map_err(|error| refusal(&error, incoming))?;
    // The queue service has no default version: with a key the header is mandatory.
    if incoming.version().is_none() {
        return Err(ServiceError::new(ErrorCode::MissingRequiredHeader)
            .with_detail("HeaderName", "x-ms-version"));
    }
    Ok(grant)
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
    let signed = incoming.query("sig").is_ok_and(|signature| signature.is_some());
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

/// Whether a grant covers an operation. What is not known here is not allowed.
pub(crate) fn authorize(
    emulator: &Emulator,
    grant: &Grant,
    kind: OperationKind,
    incoming: &IncomingRequest<'_>,
) -> Result<(), ServiceError> {
    match (incoming.location(), kind.secondary()) {
        (Location::Secondary, _) if !emulator.replication().is_readable() => {
            return Err(ErrorCode::InsufficientAccountPermissions.into());
        }
        (Location::Secondary, SecondaryAccess::Never) => {
            return Err(ErrorCode::InsufficientAccountPermissions.into());
        }
        (Location::Primary, SecondaryAccess::Only) => {
            return Err(ErrorCode::InvalidQueryParameterValue.into());
        }
        _ => {}
    }
    let permission = kind.permission();
    let user = |roles: Roles| {
        if roles.allow(&permission) {
            Ok(())
        } else {
            Err(ErrorCode::AuthorizationPermissionMismatch.into())
        }
    };
    match &grant.access {
        Access::Owner if permission.bearer_only => {
            Err(ServiceError::new(ErrorCode::AuthenticationFailed).with_detail(
                "AuthenticationErrorDetail",
                "Only authentication scheme Bearer is supported",
            ))
        }
        Access::Owner => Ok(()),
        Access::AccountSas { permissions, resource_types, .. } => {
            account_sas(permission.account_sas, *permissions, *resource_types)
        }
        Access::QueueSas { permissions, .. } => queue_sas(permission.queue_sas, *permissions),
        Access::UserDelegationSas { permissions, object_id, .. } => {
            queue_sas(permission.queue_sas, *permissions)?;
            user(emulator.directory().roles_of_owner(object_id))
        }
        #[cfg(feature = "bearer")]
        Access::Bearer(claims) => {
            let lists = [OperationKind::GetQueueAcl, OperationKind::SetQueueAcl];
            if lists.contains(&kind) && before(incoming.version(), version::DELEGATION) {
                return Err(ServiceError::new(ErrorCode::AuthenticationFailed).with_detail(
                    "AuthenticationErrorDetail",
                    "Authentication scheme Bearer is not supported in this version.",
                ));
            }
            user(emulator.directory().roles_by_token(&claims.object_id, &claims.roles))
        }
        _ => Err(ErrorCode::AuthorizationFailure.into()),
    }
}

fn account_sas(
    needed: Option<AccountSasPermission>,
    permissions: AccountPermissions,
    resource_types: ResourceTypes,
) -> Result<(), ServiceError> {
    let needed = needed.ok_or(ErrorCode::AuthorizationFailure)?;
    let mut letter = [0; 4];
    let has_type = needed
        .resource
        .letter()
        .encode_utf8(&mut letter)
        .parse()
        .is_ok_and(|needed: ResourceTypes| resource_types.contains(needed));
    if !has_type {
        return Err(ErrorCode::AuthorizationResourceTypeMismatch.into());
    }
    let enough = needed.letters.iter().any(|letter| {
        letter
            .encode_utf8(&mut [0; 4])
            .parse()
            .is_ok_and(|needed: AccountPermissions| permissions.contains(needed))
    });
    if enough { Ok(()) } else { Err(ErrorCode::AuthorizationPermissionMismatch.into()) }
}

fn queue_sas(needed: Option<char>, permissions: QueuePermissions) -> Result<(), ServiceError> {
    let needed = needed.ok_or(ErrorCode::AuthorizationFailure)?;
    let enough = needed
        .encode_utf8(&mut [0; 4])
        .parse()
        .is_ok_and(|needed: QueuePermissions| permissions.contains(needed));
    if enough { Ok(()) } else { Err(ErrorCode::AuthorizationPermissionMismatch.into()) }
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
