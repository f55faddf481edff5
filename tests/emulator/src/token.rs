//! Bearer tokens: whose tokens are taken, and an issuer for tests that has no identity provider.

/// The tenant of the local issuer, and of the challenge that clients without credentials get.
pub(crate) const TENANT: &str = "7e57ab1e-0000-4000-8000-000000000001";

#[cfg(feature = "bearer")]
pub(crate) use self::issuer::LocalSignatures;
/// What issuers of Microsoft Entra ID start with, in all clouds, the one for tests included.
#[cfg(feature = "bearer")]
pub(crate) const ENTRA_ISSUERS: [&str; 7] = [
    "https://sts.windows.net/",
    "https://login.microsoftonline.com/",
    "https://sts.chinacloudapi.cn/",
    "https://login.partner.microsoftonline.cn/",
    "https://sts.microsoftonline.de/",
    "https://login.microsoftonline.us/",
    "https://sts.windows-ppe.net/",
];

#[cfg(feature = "bearer")]
pub use self::issuer::{TokenIssuer, UserToken};

#[cfg(feature = "bearer")]
mod issuer;
