//! The traits by which a verifier finds keys and policies: [`KeyStore`], [`PolicyStore`] and
//! [`DelegationKeyStore`].

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::SystemTime;

use crate::key::AccountKey;
use crate::sas::permission::QueuePermissions;

/// The keys of accounts.
pub trait KeyStore: fmt::Debug + Send + Sync {
    /// The keys that sign for `account` now, usually two. `None` when there is no such account.
    fn keys(&self, account: &str) -> Option<Vec<AccountKey>>;
}

impl<S: BuildHasher + Send + Sync> KeyStore for HashMap<String, Vec<AccountKey>, S> {
    fn keys(&self, account: &str) -> Option<Vec<AccountKey>> {
        self.get(account).cloned()
    }
}

impl KeyStore for BTreeMap<String, Vec<AccountKey>> {
    fn keys(&self, account: &str) -> Option<Vec<AccountKey>> {
        self.get(account).cloned()
    }
}

impl<K: KeyStore + ?Sized> KeyStore for Arc<K> {
    fn keys(&self, account: &str) -> Option<Vec<AccountKey>> {
        (**self).keys(account)
    }
}

impl<K: KeyStore + ?Sized> KeyStore for &K {
    fn keys(&self, account: &str) -> Option<Vec<AccountKey>> {
        (**self).keys(account)
    }
}

/// The stored access policies of one account's queues, or containers, shares and tables.
pub trait PolicyStore: fmt::Debug + Send + Sync {
    /// The policy `id` of the queue, container, share or table of this name; `None` when there is none.
    fn policy(&self, queue: &str, id: &str) -> Option<StoredPolicy>;
}

/// A [`PolicyStore`] without policies.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to hold")]
pub struct NoPolicies;

impl PolicyStore for NoPolicies {
    fn policy(&self, _queue: &str, _id: &str) -> Option<StoredPolicy> {
        None
    }
}

/// A stored access policy: what a signature may leave out because the queue's access control list
/// has it. Each field must be given exactly once, there or in the signature.
///
/// See [Define a stored access policy](https://learn.microsoft.com/rest/api/storageservices/define-stored-access-policy)
/// in the REST reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredPolicy {
    /// The time from which signatures by this policy are valid.
    pub start: Option<SystemTime>,
    /// The time at which signatures by this policy expire.
    pub expiry: Option<SystemTime>,
    /// The operations on a queue that signatures by this policy permit.
    pub permissions: Option<QueuePermissions>,
    /// The letters of what signatures by this policy permit in another service than that for queues.
    pub letters: Option<String>,
}

impl StoredPolicy {
    /// Makes a policy that gives nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time from which signatures by this policy are valid.
    #[must_use]
    pub fn start(mut self, start: SystemTime) -> Self {
        self.start = Some(start);
        self
    }

    /// Sets the time at which signatures by this policy expire.
    #[must_use]
    pub fn expiry(mut self, expiry: SystemTime) -> Self {
        self.expiry = Some(expiry);
        self
    }

    /// Sets the letters of what signatures by this policy permit in another service.
    #[must_use]
    pub fn letters(mut self, letters: impl Into<String>) -> Self {
        self.letters = Some(letters.into());
        self
    }

    /// Sets the operations on a queue that signatures by this policy permit.
    #[must_use]
    pub fn permissions(mut self, permissions: QueuePermissions) -> Self {
        self.permissions = Some(permissions);
        self
    }
}

/// The fields that identify a user delegation key in a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DelegationKeyId {
    /// The object id of the key's owner (`skoid`).
    pub object_id: String,
    /// The tenant of the key's owner (`sktid`).
    pub tenant_id: String,
    /// The time from which the key is valid (`skt`).
    pub start: SystemTime,
    /// The time at which the key expires (`ske`).
    pub expiry: SystemTime,
    /// The service for which the key was given (`sks`).
    pub service: String,
    /// The version under which the key was given (`skv`).
    pub version: String,
    /// The tenant of the users to whom its signatures are bound (`skdutid`).
    pub delegated_tenant: Option<String>,
}

/// The user delegation keys that a server gave out.
pub trait DelegationKeyStore: fmt::Debug + Send + Sync {
    /// The value of the key that was given out for `account` with exactly these fields. The
    /// verifier checks the key's times itself.
    fn key(&self, account: &str, id: &DelegationKeyId) -> Option<AccountKey>;
}

impl<S: DelegationKeyStore + ?Sized> DelegationKeyStore for Arc<S> {
    fn key(&self, account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        (**self).key(account, id)
    }
}
