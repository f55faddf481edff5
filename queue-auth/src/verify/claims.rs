//! [`BearerClaims`]: the user or principal for whom a verified bearer token stands.

use std::time::SystemTime;

/// The user or principal for whom a bearer token stands, from its claims. Which roles that user has in the storage account
/// is not in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BearerClaims {
    /// The service for which the token was made (`aud`).
    pub audience: String,
    /// The issuer that made the token (`iss`).
    pub issuer: String,
    /// The object id of the user or service principal (`oid`).
    pub object_id: String,
    /// The tenant of that user or principal (`tid`).
    pub tenant_id: String,
    /// The application that asked for the token (`appid` or `azp`).
    pub application_id: Option<String>,
    /// The application roles in the token (`roles`).
    pub roles: Vec<String>,
    /// The delegated permissions in the token (`scp`).
    pub scopes: Vec<String>,
    /// The time from which the token is valid (`nbf`).
    pub not_before: Option<SystemTime>,
    /// The time at which the token expires (`exp`).
    pub expires: SystemTime,
}
