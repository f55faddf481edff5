//! A local issuer of bearer tokens, for tests.

/// The tenant of the local issuer, and of the challenge that clients without credentials get.
pub(crate) const TENANT: &str = "7e57ab1e-0000-4000-8000-000000000001";

#[cfg(feature = "bearer")]
pub(crate) use self::issuer::LocalSignatures;
#[cfg(feature = "bearer")]
pub use self::issuer::{TokenIssuer, UserToken};

#[cfg(feature = "bearer")]
mod issuer;
