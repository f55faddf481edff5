//! What the sender may do: by the letters of a signature, or by the roles of a user. What each operation
//! asks for is in the table of operations of `queue-proto` (`OperationKind::permission`).

use queue_auth::sas::{AccountPermissions, QueuePermissions, ResourceTypes};
use queue_auth::verify::Access;
use queue_proto::{AccountSasPermission, ErrorCode, IncomingRequest, OperationKind, ServiceError};

use crate::emulator::Emulator;
use crate::role::Roles;
#[cfg(feature = "bearer")]
use crate::version::{self, before};

/// Refuses an operation that the right of the sender does not cover. What is not known here is not
/// allowed.
#[cfg_attr(
    not(feature = "bearer"),
    expect(unused_variables, reason = "only the rights of users depend on the version")
)]
pub(super) fn check(
    emulator: &Emulator,
    access: &Access,
    kind: OperationKind,
    incoming: &IncomingRequest<'_>,
) -> Result<(), ServiceError> {
    let permission = kind.permission();
    let user = |roles: Roles| {
        if roles.allow(&permission) {
            Ok(())
        } else {
            Err(ErrorCode::AuthorizationPermissionMismatch.into())
        }
    };
    match access {
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
            // The rights of such a signature are those that it and its owner have in common, so that
            // a user who loses a role takes it from every signature too (it/users.rs).
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
