//! [`Grant::permits`], the decision whether a verified request may do what it asks.

use std::error::Error;
use std::fmt;

use http::StatusCode;

use super::grant::{Access, Grant};

/// The rights that an operation needs, in the letters of the REST reference.
///
/// `OperationKind::permission` of `queue-proto` has them for the operations of the queue service.
///
/// ```
/// use std::time::SystemTime;
/// use queue_auth::verify::{Access, Grant, Needs, Permit};
///
/// // Delete Message: with an account signature, "o" and "p"; with a signature for the queue, "p".
/// let needs = Needs::new().account('o', &['p']).resource(&['p']);
/// let grant = Grant::new("contoso", Access::Owner, None);
/// assert_eq!(grant.permits(&needs), Ok(Permit::Granted));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs<'a> {
    account: Option<(char, &'a [char])>,
    resource: Option<&'a [char]>,
    bearer_only: bool,
}

impl<'a> Needs<'a> {
    /// Makes the needs of an operation that no signature permits, only a key or the right role.
    pub const fn new() -> Self {
        Self { account: None, resource: None, bearer_only: false }
    }

    /// Lets account signatures permit the operation: with the level (`s`, `c` or `o` of `srt`), and any
    /// one of these letters of `sp`.
    #[must_use]
    pub const fn account(mut self, level: char, any_of: &'a [char]) -> Self {
        self.account = Some((level, any_of));
        self
    }

    /// Lets signatures for one resource permit the operation, with any one of these letters of `sp`.
    #[must_use]
    pub const fn resource(mut self, any_of: &'a [char]) -> Self {
        self.resource = Some(any_of);
        self
    }

    /// Says whether only a bearer token permits the operation, not even a key.
    #[must_use]
    pub const fn bearer_only(mut self, bearer_only: bool) -> Self {
        self.bearer_only = bearer_only;
        self
    }
}

/// The positive answer of [`Grant::permits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permit<'a> {
    /// The request may do what it asks.
    Granted,
    /// The request may do what it asks if the roles of this user or principal allow it, which the
    /// server knows.
    ByRoles {
        /// The object id of the user or principal.
        object_id: &'a str,
        /// The tenant of the user or principal.
        tenant_id: &'a str,
        /// The application roles that the bearer token names; `None` for the owner of a user delegation
        /// key, who sent no token.
        roles: Option<&'a [String]>,
    },
}

/// The negative answer of [`Grant::permits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotPermitted {
    /// The operation takes bearer tokens only, and the request is signed with a key.
    BearerOnly,
    /// No signature of this kind permits the operation.
    Never,
    /// The account signature is not for this level of the API.
    ResourceType,
    /// The signature has none of the letters that permit the operation.
    Permission,
}

impl NotPermitted {
    /// The name of the error code with which the service answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::BearerOnly => "AuthenticationFailed",
            Self::Never => "AuthorizationFailure",
            Self::ResourceType => "AuthorizationResourceTypeMismatch",
            Self::Permission => "AuthorizationPermissionMismatch",
        }
    }

    /// The HTTP status with which the service answers, which is 403.
    pub fn status(self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

impl fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BearerOnly => "only authentication scheme Bearer is supported",
            Self::Never => "no signature of this kind permits the operation",
            Self::ResourceType => "the account signature is not for this level of the API",
            Self::Permission => "the signature does not permit the operation",
        })
    }
}

impl Error for NotPermitted {}

impl Grant {
    /// Decides whether the grant covers an operation. What is not known is not permitted.
    ///
    /// This does not look at the resource: the verifier has checked that a signature for one resource
    /// is for the one in the request. The [keys](super::KeyRange) to which a signature for a table is
    /// bound are for the server to check.
    ///
    /// # Errors
    ///
    /// A [`NotPermitted`] when the grant does not cover the operation.
    pub fn permits(&self, needs: &Needs<'_>) -> Result<Permit<'_>, NotPermitted> {
        self.access.permits(needs)
    }
}

impl Access {
    /// Decides whether the right covers an operation; see [`Grant::permits`].
    ///
    /// # Errors
    ///
    /// A [`NotPermitted`] when the right does not cover the operation.
    pub fn permits(&self, needs: &Needs<'_>) -> Result<Permit<'_>, NotPermitted> {
        match self {
            #[cfg(feature = "verify-bearer")]
            Self::Bearer(claims) => Ok(Permit::ByRoles {
                object_id: &claims.object_id,
                tenant_id: &claims.tenant_id,
                roles: Some(&claims.roles),
            }),
            Self::Owner if needs.bearer_only => Err(NotPermitted::BearerOnly),
            Self::Owner => Ok(Permit::Granted),
            Self::AccountSas { permissions, resource_types, .. } => {
                let (level, letters) = needs.account.ok_or(NotPermitted::Never)?;
                if !resource_types.to_string().contains(level) {
                    return Err(NotPermitted::ResourceType);
                }
                any_of(letters, &permissions.to_string())
            }
            Self::QueueSas { permissions, .. } => needs.of_resource(&permissions.to_string()),
            Self::UserDelegationSas { permissions, object_id, tenant_id, .. } => {
                needs.of_resource(&permissions.to_string())?;
                Ok(Permit::ByRoles { object_id, tenant_id, roles: None })
            }
            Self::ServiceSas(access) => {
                let permit = needs.of_resource(&access.permissions)?;
                Ok(access.owner.as_ref().map_or(permit, |owner| Permit::ByRoles {
                    object_id: &owner.object_id,
                    tenant_id: &owner.tenant_id,
                    roles: None,
                }))
            }
        }
    }
}

impl Needs<'_> {
    fn of_resource(&self, has: &str) -> Result<Permit<'static>, NotPermitted> {
        any_of(self.resource.ok_or(NotPermitted::Never)?, has)
    }
}

fn any_of(letters: &[char], has: &str) -> Result<Permit<'static>, NotPermitted> {
    if letters.iter().any(|letter| has.contains(*letter)) {
        return Ok(Permit::Granted);
    }
    Err(NotPermitted::Permission)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sas::permission::{AccountPermissions, QueuePermissions, ResourceTypes, Services};

    fn grant(access: Access) -> Grant {
        Grant::new("contoso", access, None)
    }

    fn account(permissions: AccountPermissions, resource_types: ResourceTypes) -> Grant {
        grant(Access::AccountSas {
            permissions,
            services: Services::QUEUE,
            resource_types,
            encryption_scope: None,
        })
    }

    fn queue(permissions: QueuePermissions) -> Grant {
        grant(Access::QueueSas { queue: "jobs".to_owned(), permissions, policy: None })
    }

    const DELETE_MESSAGE: Needs<'static> = Needs::new().account('o', &['p']).resource(&['p']);
    const CREATE_QUEUE: Needs<'static> = Needs::new().account('c', &['c', 'w']);

    #[test]
    fn keys_permit_all_but_what_takes_bearer_tokens_only() {
        let owner = grant(Access::Owner);
        for needs in [DELETE_MESSAGE, CREATE_QUEUE, Needs::new()] {
            assert_eq!(owner.permits(&needs), Ok(Permit::Granted));
            assert_eq!(owner.permits(&needs.bearer_only(true)), Err(NotPermitted::BearerOnly));
        }
    }

    #[test]
    fn account_signatures() {
        let all = account(AccountPermissions::ALL, ResourceTypes::ALL);
        assert_eq!(all.permits(&DELETE_MESSAGE), Ok(Permit::Granted));
        assert_eq!(all.permits(&Needs::new()), Err(NotPermitted::Never));
        let write = account(AccountPermissions::WRITE, ResourceTypes::CONTAINER);
        assert_eq!(write.permits(&CREATE_QUEUE), Ok(Permit::Granted));
        assert_eq!(write.permits(&DELETE_MESSAGE), Err(NotPermitted::ResourceType));
        let read = account(AccountPermissions::READ, ResourceTypes::ALL);
        assert_eq!(read.permits(&CREATE_QUEUE), Err(NotPermitted::Permission));
    }

    #[test]
    fn signatures_for_one_queue() {
        assert_eq!(queue(QueuePermissions::PROCESS).permits(&DELETE_MESSAGE), Ok(Permit::Granted));
        let add = queue(QueuePermissions::ADD);
        assert_eq!(add.permits(&DELETE_MESSAGE), Err(NotPermitted::Permission));
        assert_eq!(queue(QueuePermissions::ALL).permits(&CREATE_QUEUE), Err(NotPermitted::Never));
        let delegated = grant(Access::UserDelegationSas {
            queue: "jobs".to_owned(),
            permissions: QueuePermissions::PROCESS,
            object_id: "owner".to_owned(),
            tenant_id: "tenant".to_owned(),
            delegated_user: None,
        });
        // The roles of the key's owner have the last word.
        let by = Permit::ByRoles { object_id: "owner", tenant_id: "tenant", roles: None };
        assert_eq!(delegated.permits(&DELETE_MESSAGE), Ok(by));
        assert_eq!(delegated.permits(&CREATE_QUEUE), Err(NotPermitted::Never));
    }
}
