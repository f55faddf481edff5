//! Authorization for Azure Queue Storage, to sign and to verify.
//!
//! The crate works on the types of the [`http`] crate, does no IO and reads no clock: the time is an
//! argument. A tool that has an [`http::Request`] from anywhere signs it in three lines:
//!
//! ```
//! use queue_auth::{AccountKey, Authorize, SharedKey};
//! use std::time::SystemTime;
//!
//! # let request = http::Request::get("https://contoso.queue.core.windows.net/?comp=list")
//! #     .header("x-ms-version", "2026-02-06")
//! #     .body(())?;
//! # let key = "bm90LWEtcmVhbC1rZXkvbWFkZS11cC1mb3ItdGVzdC12ZWN0b3JzLW9ubHkvMDEyMzQ1Njc4OWFiY2RlZistIQ==";
//! let signer = SharedKey::new("contoso", AccountKey::from_base64(key)?);
//! let (mut parts, body) = request.into_parts();
//! signer.authorize(&mut parts, SystemTime::now())?;
//! # let request = http::Request::from_parts(parts, body);
//! # assert!(request.headers()["authorization"].to_str()?.starts_with("SharedKey contoso:"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authorize;
#[cfg(feature = "aad")]
pub mod bearer;
mod canonical;
mod compose;
mod date;
mod error;
mod few;
mod gate;
mod head;
mod key;
mod mismatch;
pub mod sas;
mod shared_key;
pub mod verify;

pub use authorize::{Authorize, BoxFuture};
#[cfg(feature = "aad")]
pub use bearer::Bearer;
pub use canonical::{string_to_sign, string_to_sign_lite};
pub use compose::{Anonymous, Both};
pub use error::{AuthError, BoxError};
pub use head::Head;
pub use key::{AccountKey, InvalidKey};
pub use mismatch::explain_mismatch;
pub use shared_key::{SharedKey, SharedKeyLite};
