//! Stored access policies of queues, by the page "Define a stored access policy" of the REST
//! reference: [`SignedIdentifiers`] is the set of a queue, [`AccessPolicy`] one policy.

use std::fmt;
use std::time::SystemTime;

use crate::characters::first_illegal;
use crate::error::InvalidValue;

/// The stored access policies of a queue: at most five, with different ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedIdentifiers(Vec<SignedIdentifier>);

/// A stored access policy and the id under which shared access signatures name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedIdentifier {
    /// The id of the policy.
    pub id: PolicyId,
    /// The policy: what is allowed, and when.
    pub policy: AccessPolicy,
}

/// What a stored access policy allows, and when.
///
/// A shared access signature must say what its policy leaves out, and must not say what its policy
/// says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessPolicy {
    /// The time from which the policy holds, from the year 1 to 9999, in tenths of microseconds; `None`
    /// when the policy does not say. On Windows, whose clock begins in 1601, an earlier time becomes
    /// that year.
    pub start: Option<SystemTime>,
    /// The time until which the policy holds, in the same range and unit as the start; `None` when the
    /// policy does not say.
    pub expiry: Option<SystemTime>,
    /// The operations that are allowed; `None` when the policy does not say.
    pub permission: Option<PolicyPermission>,
}

/// The id of a stored access policy: 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyId(String);

/// What a stored access policy allows: letters out of `r` (read metadata, peek), `a` (put), `u`
/// (update) and `p` (get and delete).
///
/// Letters that this crate does not know are kept when they come from the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyPermission(String);

/// The most policies of a queue.
const MAX_POLICIES: usize = 5;
const MAX_ID: usize = 64;

impl SignedIdentifiers {
    /// A set without policies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a policy.
    ///
    /// # Errors
    ///
    /// When there are five policies already, or one with the same id.
    pub fn push(&mut self, identifier: SignedIdentifier) -> Result<(), InvalidValue> {
        if self.0.len() >= MAX_POLICIES {
            return Err(InvalidValue::new("SignedIdentifiers", "must have at most 5 policies"));
        }
        if self.get(identifier.id.as_str()).is_some() {
            return Err(InvalidValue::new("SignedIdentifiers", "must have different ids"));
        }
        self.0.push(identifier);
        Ok(())
    }

    /// The policy with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&AccessPolicy> {
        self.0.iter().find(|item| item.id.as_str() == id).map(|item| &item.policy)
    }

    /// The policies in order.
    pub fn iter(&self) -> std::slice::Iter<'_, SignedIdentifier> {
        self.0.iter()
    }

    /// The number of policies.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no policy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SignedIdentifier {
    /// The policy `policy` under the id `id`.
    #[must_use]
    pub fn new(id: PolicyId, policy: AccessPolicy) -> Self {
        Self { id, policy }
    }
}

impl AccessPolicy {
    /// A policy that leaves everything to the shared access signature.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time from which the policy holds.
    #[must_use]
    pub fn start(mut self, start: impl Into<Option<SystemTime>>) -> Self {
        self.start = start.into();
        self
    }

    /// Sets the time until which the policy holds.
    #[must_use]
    pub fn expiry(mut self, expiry: impl Into<Option<SystemTime>>) -> Self {
        self.expiry = expiry.into();
        self
    }

    /// Sets the operations that are allowed.
    #[must_use]
    pub fn permission(mut self, permission: impl Into<Option<PolicyPermission>>) -> Self {
        self.permission = permission.into();
        self
    }

    /// True when the policy says nothing. The service returns such a policy without an element for it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl PolicyId {
    /// Checks the text of an id.
    ///
    /// # Errors
    ///
    /// When `id` is empty, longer than 64 characters, or has a character that XML cannot carry.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidValue> {
        let id = id.into();
        if id.is_empty() || id.chars().count() > MAX_ID || first_illegal(&id).is_some() {
            return Err(InvalidValue::new("Id", "must have 1 to 64 characters"));
        }
        Ok(Self(id))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PolicyPermission {
    const LETTERS: &'static str = "raup";

    const RULE: InvalidValue =
        InvalidValue::new("Permission", "must have letters out of raup, each once");

    /// Checks `letters`, and brings them into the order `raup`.
    ///
    /// # Errors
    ///
    /// When there is another letter, the same letter twice, or none.
    pub fn new(letters: &str) -> Result<Self, InvalidValue> {
        let ordered: String = Self::LETTERS.chars().filter(|c| letters.contains(*c)).collect();
        if ordered.is_empty() || ordered.len() != letters.len() {
            return Err(Self::RULE);
        }
        Ok(Self(ordered))
    }

    /// Checks letters of a request, which keep their order: the service returns them as they came.
    pub(crate) fn requested(letters: &str) -> Result<Self, InvalidValue> {
        Self::new(letters)?;
        Ok(Self(letters.to_owned()))
    }

    /// Checks letters of an answer, which may be of a newer service.
    pub(crate) fn received(letters: &str) -> Result<Self, InvalidValue> {
        let plain = letters.len() <= 64 && letters.bytes().all(|b| b.is_ascii_alphabetic());
        if plain && !letters.is_empty() { Ok(Self(letters.to_owned())) } else { Err(Self::RULE) }
    }

    /// The letters as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when this letter is allowed.
    #[must_use]
    pub fn allows(&self, letter: char) -> bool {
        self.0.contains(letter)
    }
}

impl TryFrom<Vec<SignedIdentifier>> for SignedIdentifiers {
    type Error = InvalidValue;

    fn try_from(identifiers: Vec<SignedIdentifier>) -> Result<Self, InvalidValue> {
        let mut checked = Self::new();
        for identifier in identifiers {
            checked.push(identifier)?;
        }
        Ok(checked)
    }
}

impl<'a> IntoIterator for &'a SignedIdentifiers {
    type Item = &'a SignedIdentifier;
    type IntoIter = std::slice::Iter<'a, SignedIdentifier>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for PolicyPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        assert_eq!(PolicyPermission::new("pr").unwrap().as_str(), "rp");
        for bad in ["", "x", "rr", "r a", "é"] {
            assert!(PolicyPermission::new(bad).is_err(), "{bad}");
        }
        assert!(PolicyId::new("é".repeat(64)).is_ok());
        assert!(PolicyId::new("é".repeat(65)).is_err());
        assert!(PolicyId::new("").is_err());

        let policy =
            |id: &str| SignedIdentifier::new(PolicyId::new(id).unwrap(), AccessPolicy::new());
        let mut policies = SignedIdentifiers::new();
        for id in ["1", "2", "3", "4"] {
            policies.push(policy(id)).unwrap();
        }
        assert!(policies.push(policy("1")).is_err());
        policies.push(policy("5")).unwrap();
        assert!(policies.push(policy("6")).is_err());
        assert!(policies.get("5").unwrap().is_empty());
    }
}
