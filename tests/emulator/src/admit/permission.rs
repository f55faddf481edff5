//! What the sender may do: by the letters of a signature, or by the roles of a user. What each operation
//! asks for is in the table of operations of `queue-proto` (`OperationKind::permission`); whether a right
//! covers it is decided by `queue-auth` (`Access::permits`).

use queue_auth::verify::{Access, Needs, NotPermitted, Permit};
use queue_proto::{ErrorCode, IncomingRequest, OperationKind, ServiceError};

use crate::emulator::Emulator;
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
    let mut needs = Needs::new().bearer_only(permission.bearer_only);
    if let Some(account) = permission.account_sas {
        needs = needs.account(account.resource.letter(), account.letters);
    }
    if let Some(letter) = &permission.queue_sas {
        needs = needs.resource(std::slice::from_ref(letter));
    }
    let roles = match access.permits(&needs).map_err(refusal)? {
        Permit::Granted => return Ok(()),
        // The rights of such a signature are those that it and its owner have in common, so that a
        // user who loses a role takes it from every signature too (it/users.rs).
        Permit::ByRoles { object_id, roles: None, .. } => {
            emulator.directory().roles_of_owner(object_id)
        }
        #[cfg(feature = "bearer")]
        Permit::ByRoles { object_id, roles: Some(roles), .. } => {
            let lists = [OperationKind::GetQueueAcl, OperationKind::SetQueueAcl];
            if lists.contains(&kind) && before(incoming.version(), version::DELEGATION) {
                return Err(ServiceError::new(ErrorCode::AuthenticationFailed).with_detail(
                    "AuthenticationErrorDetail",
                    "Authentication scheme Bearer is not supported in this version.",
                ));
            }
            emulator.directory().roles_by_token(object_id, roles)
        }
        _ => return Err(ErrorCode::AuthorizationFailure.into()),
    };
    if roles.allow(&permission) {
        Ok(())
    } else {
        Err(ErrorCode::AuthorizationPermissionMismatch.into())
    }
}

fn refusal(refused: NotPermitted) -> ServiceError {
    let error = ServiceError::new(ErrorCode::from(refused.code()));
    match refused {
        NotPermitted::BearerOnly => error.with_detail(
            "AuthenticationErrorDetail",
            "Only authentication scheme Bearer is supported",
        ),
        _ => error,
    }
}
