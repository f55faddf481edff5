//! Authorization for Azure Storage, above all its queues, to sign and to verify: Shared Key, shared access signatures
//! and Microsoft Entra ID (AAD), behind one trait, [`Authorize`].
//!
//! For people who sign requests of an HTTP client of their own, hand out tokens, or verify requests
//! in a gateway, a test or an emulator. Who wants a client takes the crate `queue-client`; who wants
//! the requests themselves, `queue-proto`.
//!
//! The crate works on the types of the [`http`] crate and reads no clock: the time is an argument.
//! It does no IO; only the sources of bearer tokens do, which are features. A tool that has an
//! [`http::Request`] from anywhere signs it in two lines:
//!
//! ```
//! use queue_auth::{AccountKey, AuthorizeExt, SharedKey};
//! use std::time::SystemTime;
//!
//! # let mut request = http::Request::get("https://contoso.queue.core.windows.net/?comp=list")
//! #     .header("x-ms-version", "2026-02-06")
//! #     .body(())?;
//! # let key = "bm90LWEtcmVhbC1rZXkvbWFkZS11cC1mb3ItdGVzdC12ZWN0b3JzLW9ubHkvMDEyMzQ1Njc4OWFiY2RlZistIQ==";
//! let signer = SharedKey::new("contoso", AccountKey::from_base64(key)?);
//! signer.authorize_request(&mut request, SystemTime::now())?;
//! # assert!(request.headers()["authorization"].to_str()?.starts_with("SharedKey contoso:"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! reqwest takes it by `request.try_into()`, ureq by `agent.run(request)`, hyper as it is; the
//! README shows each.
//!
//! | I want to … | Take |
//! | --- | --- |
//! | sign with an account key | [`SharedKey`], or [`SharedKeyLite`] for old servers |
//! | use a shared access signature | [`sas::SasToken`], [`sas::SasCredential`] |
//! | hand one out | [`sas::QueueSas`], [`sas::AccountSas`], [`sas::UserDelegationSas`] |
//! | do so for blobs, files or tables | [`SharedKey::for_service`], [`sas::ServiceSas`] |
//! | authorize with Entra ID | `Bearer`, feature `aad` |
//! | combine two ways, or none | [`Both`], [`Anonymous`] |
//! | know why the service refuses a signature | [`string_to_sign`], [`explain_mismatch`] |
//! | verify requests | [`verify::Verifier`] |
//! | write a way of my own | [`Authorize`] |
//!
//! # Features
//!
//! | Feature | Adds |
//! | --- | --- |
//! | `aad` | `Bearer` and sources of tokens |
//! | `oauth2` | client secret, federated client assertion and device code |
//! | `azure-identity` | any credential of the `azure_identity` crate |
//! | `reqwest` | authorization of requests of reqwest 0.13 in one call |
//! | `tower` | `SignLayer`, a layer that authorizes what passes |
//! | `verify-bearer` | verification of bearer tokens |
//!
//! None is on by default, and none changes what the others do.
//!
//! # What it does not do
//!
//! It sends no request, parses no XML and knows no operation of the service: a server says what a
//! request [needs](verify::Needs), and [`Grant::permits`](verify::Grant::permits) decides.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authorize;
#[cfg(feature = "aad")]
pub mod bearer;
mod canonical;
mod date;
mod error;
mod key;
#[cfg(feature = "tower")]
mod layer;
mod mismatch;
mod query;
mod renew;
#[cfg(feature = "reqwest")]
pub mod reqwest_0_13;
pub mod sas;
mod service;
mod shared_key;
pub mod verify;

pub use authorize::{Anonymous, Authorize, AuthorizeExt, Both, BoxFuture};
#[cfg(feature = "aad")]
pub use bearer::Bearer;
pub use canonical::head::Head;
pub use canonical::{
    string_to_sign, string_to_sign_for, string_to_sign_lite, string_to_sign_lite_for,
};
pub use error::{AuthError, BoxError};
pub use key::{AccountKey, InvalidKey};
#[cfg(feature = "tower")]
pub use layer::{Sign, SignLayer};
pub use mismatch::explain_mismatch;
pub use service::Service;
pub use shared_key::{SharedKey, SharedKeyLite};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
