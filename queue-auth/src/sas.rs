//! Shared access signatures: tokens that were given, builders for new ones, and what they mean.
//!
//! | I want to … | Type |
//! | --- | --- |
//! | use a token that I was given | [`SasToken`] |
//! | use one that others replace while clients run | [`SasCredential`] |
//! | let someone use one queue | [`QueueSas`] |
//! | let someone use a blob, container, directory, share, file or table | [`ServiceSas`] |
//! | let someone use all queues | [`AccountSas`] |
//! | do the same without an account key | [`UserDelegationSas`] |
//! | see what a token permits and what is wrong with it | [`SasToken::explain`] |
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use queue_auth::AccountKey;
//! use queue_auth::sas::{QueuePermissions, QueueSas, SasProtocol};
//!
//! let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
//! let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
//! let token = QueueSas::new("jobs", QueuePermissions::ADD, tomorrow)
//!     .protocol(SasProtocol::HttpsOnly)
//!     .sign("contoso", &key)?;
//! let url = format!("https://contoso.queue.core.windows.net/jobs?{}", token.expose());
//! # assert!(url.contains("&sp=a&"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! See [Create a service SAS](https://learn.microsoft.com/rest/api/storageservices/create-service-sas),
//! [Create an account SAS](https://learn.microsoft.com/rest/api/storageservices/create-account-sas) and
//! [Create a user delegation SAS](https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas)
//! in the REST reference.

mod account;
mod credential;
mod delegation;
pub(crate) mod demand;
pub(crate) mod error;
mod explain;
pub(crate) mod fields;
pub(crate) mod kind;
pub(crate) mod permission;
mod queue;
pub(crate) mod resource;
mod service;
pub(crate) mod strings;
pub(crate) mod token;
pub(crate) mod value;
pub(crate) mod version;

pub use account::AccountSas;
pub use credential::{SasCredential, SasSource};
pub use delegation::{UserDelegationKey, UserDelegationSas};
pub use error::InvalidSas;
pub use explain::{Explanation, Note};
pub use kind::SasKind;
pub use permission::{
    AccountPermissions, InvalidLetters, QueuePermissions, ResourceTypes, Services,
};
pub use queue::QueueSas;
pub use resource::SasResource;
pub use service::ServiceSas;
pub use token::SasToken;
pub use value::{IpRange, SasProtocol};
pub use version::SasVersion;
