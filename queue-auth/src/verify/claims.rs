//! [`BearerClaims`]: whom a verified bearer token stands for.

use std::time::SystemTime;

/// Whom a bearer token stands for, from its claims. Which roles that user has in the storage account
/// is not in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BearerClaims {
    /// For whom the token was made (`aud`).
    pub audience: String,
    /// Who made it (`iss`).
    pub issuer: String,
    /// The user or service principal (`oid`).
    pub object_id: String,
    /// The tenant (`tid`).
    pub tenant_id: String,
    /// The application that asked for it (`appid` or `azp`).
    pub application_id: Option<String>,
    /// Application roles (`roles`).
    pub roles: Vec<String>,
    /// Delegated permissions (`scp`).
    pub scopes: Vec<String>,
    /// From when on it is valid (`nbf`).
    pub not_before: Option<SystemTime>,
    /// Until when it is valid (`exp`).
    pub expires: SystemTime,
}
