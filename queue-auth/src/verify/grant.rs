//! What a verified request may do.

use std::time::SystemTime;

use crate::sas::permission::{AccountPermissions, QueuePermissions, ResourceTypes, Services};

/// The outcome of a successful verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The account.
    pub account: String,
    /// By which right, and how far it goes.
    pub access: Access,
    /// When the right ends, if it does.
    pub expires: Option<SystemTime>,
}

impl Grant {
    /// A grant for `account`.
    pub fn new(account: impl Into<String>, access: Access, expires: Option<SystemTime>) -> Self {
        Self { account: account.into(), access, expires }
    }
}

/// By which right a request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// An account key (Shared Key or Shared Key Lite): everything.
    Owner,
    /// An account signature. Its services include the queue service.
    #[non_exhaustive]
    AccountSas {
        /// What it permits.
        permissions: AccountPermissions,
        /// The services it opens.
        services: Services,
        /// The levels of the API it opens.
        resource_types: ResourceTypes,
    },
    /// A signature for one queue, signed with an account key.
    #[non_exhaustive]
    QueueSas {
        /// The queue; it is the one in the path.
        queue: String,
        /// What it permits, by itself or by its stored policy.
        permissions: QueuePermissions,
        /// The stored access policy it refers to.
        policy: Option<String>,
    },
    /// A signature for one queue, signed with a user delegation key. What it permits is bounded by
    /// the roles of the key's owner too; that is for the server to check.
    #[non_exhaustive]
    UserDelegationSas {
        /// The queue; it is the one in the path.
        queue: String,
        /// What the signature permits.
        permissions: QueuePermissions,
        /// Object id of the key's owner.
        object_id: String,
        /// Tenant of the key's owner.
        tenant_id: String,
        /// The only user who may use it; that user's token came with the request.
        delegated_user: Option<String>,
    },
    /// A bearer token of Microsoft Entra ID. What its user may do is for the server to know.
    #[cfg(feature = "verify-bearer")]
    Bearer(Box<super::claims::BearerClaims>),
}
