//! [`Grant`] and [`Access`]: by which right a verified request is made, and how far the right goes.

use std::time::SystemTime;

use crate::sas::permission::{AccountPermissions, QueuePermissions, ResourceTypes, Services};
use crate::sas::resource::SasResource;

/// The outcome of a successful verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The name of the account.
    pub account: String,
    /// The right by which the request is made, and how far it goes.
    pub access: Access,
    /// The time at which the right ends, if it does.
    pub expires: Option<SystemTime>,
}

impl Grant {
    /// Makes a grant for `account`.
    pub fn new(account: impl Into<String>, access: Access, expires: Option<SystemTime>) -> Self {
        Self { account: account.into(), access, expires }
    }
}

/// The right by which a request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// An account key (Shared Key or Shared Key Lite): everything.
    Owner,
    /// An account signature. Its services include the one of the request.
    #[non_exhaustive]
    AccountSas {
        /// The operations that the signature permits.
        permissions: AccountPermissions,
        /// The services that the signature opens.
        services: Services,
        /// The levels of the API that the signature opens.
        resource_types: ResourceTypes,
        /// The scope with which the server must encrypt the blobs that are written.
        encryption_scope: Option<String>,
    },
    /// A signature for one queue, signed with an account key.
    #[non_exhaustive]
    QueueSas {
        /// The queue of the signature, which is the one in the path.
        queue: String,
        /// The operations that the signature permits, by itself or by its stored policy.
        permissions: QueuePermissions,
        /// The stored access policy to which the signature refers.
        policy: Option<String>,
    },
    /// A signature for one queue, signed with a user delegation key. What it permits is bounded by
    /// the roles of the key's owner too; that is for the server to check.
    #[non_exhaustive]
    UserDelegationSas {
        /// The queue of the signature, which is the one in the path.
        queue: String,
        /// The operations that the signature permits.
        permissions: QueuePermissions,
        /// The object id of the key's owner.
        object_id: String,
        /// The tenant of the key's owner.
        tenant_id: String,
        /// The only user who may use the signature; that user's token came with the request.
        delegated_user: Option<String>,
    },
    /// A signature for one resource of another service than that for queues.
    ServiceSas(Box<ServiceAccess>),
    /// A bearer token of Microsoft Entra ID. What its user may do is for the server to know.
    #[cfg(feature = "verify-bearer")]
    Bearer(Box<super::claims::BearerClaims>),
}

/// The rights of a signature for one resource of another service than that for queues.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceAccess {
    /// The resource that the signature opens; the one in the request is it, or in it.
    pub resource: SasResource,
    /// The letters of what the signature permits, by itself or by its stored policy. With a user
    /// delegation key, the roles of the key's owner bound them too; that is for the server to check.
    pub permissions: String,
    /// The stored access policy to which the signature refers.
    pub policy: Option<String>,
    /// The keys of a table to which the signature is bound; that is for the server to check.
    pub range: KeyRange,
    /// The scope with which the server must encrypt what is written.
    pub encryption_scope: Option<String>,
    /// The owner of the user delegation key that signed, if one did.
    pub owner: Option<KeyOwner>,
}

/// The owner of a user delegation key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyOwner {
    /// The object id of the owner.
    pub object_id: String,
    /// The tenant of the owner.
    pub tenant_id: String,
    /// The only user who may use the signature; that user's token came with the request.
    pub delegated_user: Option<String>,
    /// The agent for whom the owner signed and of whom nothing is left to check (`saoid`); it is for logs.
    pub preauthorized_agent: Option<String>,
    /// The id by which logs name the signature (`scid`).
    pub correlation_id: Option<String>,
}

/// The keys of a table to which a signature is bound, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRange {
    /// The first partition key (`spk`).
    pub from_partition: Option<String>,
    /// The first row key in that partition (`srk`).
    pub from_row: Option<String>,
    /// The last partition key (`epk`).
    pub to_partition: Option<String>,
    /// The last row key in that partition (`erk`).
    pub to_row: Option<String>,
}
