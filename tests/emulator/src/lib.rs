//! An Azure Queue Storage service for development and tests.
//!
//! It answers all operations of the service, authorizes as the service does (Shared Key, every kind
//! of shared access signature, bearer tokens), follows the version that a request asks for, and
//! refuses with the service's codes. Run it
//!
//! * **in process**, without a socket: [`Emulator::handle`] takes an [`http::Request`] and gives an
//!   [`http::Response`];
//! * **over HTTP or HTTPS**: `Server` (feature `serve`) listens on a socket of the process, for
//!   tests with any client;
//! * **as a program**: `queue-emulator` prints the connection string to use.
//!
//! | I want to … | |
//! | --- | --- |
//! | move time: a message that expires after seven days does so at once | [`Emulator::with_manual_clock`] |
//! | lose answers, slow them down, refuse or cut them off | [`Fault`], [`Emulator::exchange`] |
//! | see what is in a queue without touching it | [`Emulator::inspect`] |
//! | know why a message was delivered twice | [`Emulator::life`] |
//! | look at the last requests | [`Emulator::requests`] |
//! | know why a request was refused, for an assertion or a log | [`Refused`] |
//! | be refused as often as by the service | [`EmulatorBuilder::service_limits`] |
//! | hear of every request, for a log or an assertion | [`EmulatorBuilder::on_request`] |
//! | forbid account keys, as accounts can | [`EmulatorBuilder::forbid_shared_key`] |
//! | have the same ids and faults in every run | [`EmulatorBuilder::seed`] |
//! | have users who may not do everything | [`EmulatorBuilder::roles`], `UserToken::role` |
//! | issue bearer tokens | `TokenIssuer` (feature `bearer`) |
//! | have a secondary that lags behind | [`EmulatorBuilder::replication_lag`] |
//! | keep queues when the process ends | `EmulatorBuilder::location` (feature `durable`) |
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use queue_auth::{AccountKey, Authorize, SharedKey};
//! use queue_emulator::Emulator;
//! use queue_proto::ops::{CreateQueue, GetMessages, PutMessage};
//! use queue_proto::{
//!     CallOptions, DEVSTORE_ACCOUNT, DEVSTORE_KEY, Endpoint, MessageText, Operation, OperationResponse,
//! };
//!
//! let (emulator, clock) = Emulator::with_manual_clock();
//! let endpoint = Endpoint::emulator();
//! let key = AccountKey::from_base64(DEVSTORE_KEY)?;
//! let signer = SharedKey::new(DEVSTORE_ACCOUNT, key);
//!
//! // What a client does for every operation.
//! fn call<O: Operation>(
//!     operation: &O,
//!     endpoint: &Endpoint,
//!     signer: &SharedKey,
//!     emulator: &Emulator,
//! ) -> Result<O::Response, Box<dyn std::error::Error>> {
//!     let request = operation.to_http(endpoint, &CallOptions::default());
//!     let (mut parts, body) = request.into_parts();
//!     signer.authorize(&mut parts, emulator.now())?;
//!     let response = emulator.handle(http::Request::from_parts(parts, body));
//!     Ok(O::Response::from_http(response)?)
//! }
//!
//! let jobs: queue_proto::QueueName = "jobs".parse()?;
//! call(&CreateQueue::new(jobs.clone()), &endpoint, &signer, &emulator)?;
//! let put = PutMessage::new(jobs.clone(), MessageText::new("resize 17.png")?);
//! call(&put, &endpoint, &signer, &emulator)?;
//!
//! // Received and not deleted, the message is there again 30 seconds later.
//! let get = GetMessages::new(jobs);
//! assert_eq!(call(&get, &endpoint, &signer, &emulator)?.messages.len(), 1);
//! assert_eq!(call(&get, &endpoint, &signer, &emulator)?.messages.len(), 0);
//! clock.advance(Duration::from_secs(30));
//! assert_eq!(call(&get, &endpoint, &signer, &emulator)?.messages[0].dequeue_count(), 2);
//! # let _: Bytes = Bytes::new();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the documentation of the service is silent
//!
//! | Question | Here |
//! | --- | --- |
//! | **Messages** | |
//! | Order of messages | By the time they became visible: first in, first out, and a message that reappears queues behind those that were visible before it. |
//! | Stale pop receipt | 404 `MessageNotFound`, as the service answers; its reference says 400 `PopReceiptMismatch`. |
//! | Malformed pop receipt | 400 `InvalidQueryParameterValue` with the value as it was read and the reason `Invalid pop receipt format`: what is not base64. Any other is 404 `MessageNotFound`. |
//! | Receipt after its visibility timeout | Valid until the message is handed out again or updated. |
//! | Visibility beyond the expiry in Update Message | Accepted, as the service does; the message expires when it should. |
//! | Longest time to live | Never (`-1`). Any positive number is taken; one above 2,147,483,647 seconds, 68 years, counts as that. |
//! | Limits of size | 65,536 bytes of text, 131,584 of the whole body; both answer 413 `RequestBodyTooLarge`. |
//! | Approximate message count | Exact; hidden messages are counted, expired ones are not. |
//! | `DequeueCount` before version 2009-09-19 | Left out when the request is that old; the service looks at the queue's age. |
//! | **Queues** | |
//! | Name of a deleted queue | Free again after exactly 30 seconds (the service: at least 30); [`EmulatorBuilder::deletion_time`] changes it. |
//! | Queue name of a wrong length | 400 `OutOfRangeInput`; wrong characters are 400 `InvalidResourceName`. |
//! | Metadata | At most 8 KiB of names and values, as for blobs; empty values are kept, and so is the case of names. A client that sends its next request before it has the answer to the last has its names in lower case. |
//! | Heads that cannot be read | 400 `MetadataTooLarge` when a `PUT` has more than 100 headers, or 64 KiB of them, because of its metadata; else 431 without a code. |
//! | `Host` | 400 `InvalidHeaderValue` when it is there twice, 400 `MissingRequiredHeader` when HTTP/1.1 has none. |
//! | Verbs | 405 `UnsupportedHttpVerb` for those of HTTP, 400 `InvalidHttpVerb` for all others. |
//! | Markers of lists | `/account/queue`, the queue to go on with; anything else is 400 `OutOfRangeInput`, as the service answers; its reference has `InvalidMarker`. |
//! | Letters of stored access policies | Out of `raup`, each once, else 400 `InvalidXmlDocument`, as for everything else that is wrong in a list of policies. |
//! | **Authorization** | |
//! | Unknown account | 404 `ResourceNotFound`; the service has no host of that name. |
//! | Stored policy and signature give the same field, or neither does | 400 `InvalidQueryParameterValue`. |
//! | Signature used on what no signature of its kind allows | 403 `AuthorizationFailure`; on what others of its kind allow, 403 `AuthorizationPermissionMismatch` or `AuthorizationResourceTypeMismatch`. |
//! | New stored policies, settings and roles | Act at once; the service may take half a minute or more. |
//! | Get User Delegation Key without a bearer token | 403 `AuthenticationFailed`. |
//! | User delegation key with wrong times | 400 `InvalidXmlNodeValue`. Its `SignedService` is `q`. |
//! | Unknown user delegation key | 403 `AuthenticationFailed`. |
//! | Bearer tokens and access control lists before version 2025-07-05 | 403 `AuthenticationFailed`. |
//! | Roles that the token of a delegation key's owner named | Kept with the queues, if those are kept on disk; else forgotten when the emulator ends, and the key is refused. |
//! | Account keys where they are forbidden | 403 `KeyBasedAuthenticationNotPermitted` for a signature that is right; a wrong one is refused as wrong. |
//! | Shared Key Lite | Accepted; newer kinds of accounts may refuse it. |
//! | Several blanks in the value of an `x-ms-` header | Signed as they stand, though the reference says that they count as one. |
//! | `+` in a query | A blank, in names, values, signatures and receipts, as the service was recorded; a raw `+` in a signature is therefore 403 `AuthenticationFailed`. |
//! | Signatures before version 2015-04-05, repeated parameters, `Content-Length` 0 before 2015-02-21 | By the reference alone: nobody has a recording. |
//! | The nameless header `x-ms-meta` that the Python SDK sends | Signed, and otherwise ignored. |
//! | Role for access control lists and settings | [`Role::Owner`] alone; [`Role::Contributor`] has neither. |
//! | Signature of a bearer token | Checked against an issuer if one was given, else not: tests make up tokens. Then the issuer must be one of Microsoft Entra ID, of whatever tenant. |
//! | **Settings and CORS** | |
//! | Preflight without an origin or a method | 400 `InvalidHeaderValue`. |
//! | Settings that were never made | Nothing is logged or measured, no CORS rule. |
//! | Logging and metrics | Settings are checked and kept. Logs and metrics are in other services, blobs and tables, and not made. |
//! | Unknown elements in settings | 400 `UnsupportedXmlNode` at the outermost level, ignored within. |
//! | Methods in the answer to a preflight | The one that was asked for. |
//! | **Other** | |
//! | Secondary | Read only: writes are 403 `InsufficientAccountPermissions`, as is reading when there is none. |
//! | Codes of numbers out of range | 400 `OutOfRangeQueryParameterValue`; for a time to live, and for what is no number, 400 `InvalidQueryParameterValue`. |
//! | Operations that a version does not have | As if they had never been: 400 `InvalidQueryParameterValue` for an unknown `comp`, 405 for an unknown verb. |
//! | Throttling | Only by [`Fault`] and [`EmulatorBuilder::service_limits`]: 503 `ServerBusy`, without `Retry-After`. |
//! | Something cannot be stored | 500 `InternalError` with the detail `Reason`, and it did not happen. |
//!
//! # Features
//!
//! | Feature | |
//! | --- | --- |
//! | `bearer` | bearer tokens, user delegation keys, and a local issuer of tokens |
//! | `serve` | `Server`: the emulator over HTTP/1.1, on tokio and hyper |
//! | `https` | `Server` over HTTPS, with a certificate of its own; includes `serve` |
//! | `control` | `ControlServer`: the page for people and the control interface for tests; includes `serve` and `log` |
//! | `durable` | queues on disk |
//! | `log` | `RequestRecord::to_json`, for logs |
//! | `tracing` | [`EmulatorBuilder::trace_requests`](EmulatorBuilder): every request as an event |
//! | `program` (default) | the program `queue-emulator`, and `program` for others that contain it; includes all others but `tracing` |
//!
//! A stored message takes about 300 bytes beside its text, and putting, getting and deleting one
//! takes time that grows with the logarithm of the number of messages in its queue.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod account;
mod admit;
mod answer;
mod apply;
mod capacity;
mod clock;
mod connection;
#[cfg(feature = "control")]
mod control;
mod cors;
#[cfg(feature = "bearer")]
mod delegation;
mod directory;
#[cfg(feature = "durable")]
mod durable;
mod effect;
mod emulator;
mod exchange;
mod fault;
mod handle;
mod inspect;
#[cfg(feature = "bearer")]
mod issue;
mod last_endpoint;
mod lock;
mod notice;
mod observers;
#[cfg(feature = "program")]
pub mod program;
mod recall;
mod record;
mod refusal;
mod refuse;
mod replica;
mod role;
#[cfg(feature = "serve")]
mod serve;
mod settle;
mod state;
mod steer;
#[cfg(feature = "durable")]
mod store;
mod target;
mod token;
mod version;
mod watch;
mod wire;
mod witness;

pub use account::{Account, InvalidAccount};
pub use clock::ManualClock;
pub use connection::Connection;
#[cfg(feature = "control")]
pub use control::ControlOptions;
#[cfg(feature = "durable")]
pub use durable::DurableBuilder;
pub use emulator::{Emulator, EmulatorBuilder};
pub use exchange::{Dropped, Exchange};
pub use fault::{Effect, Fault, FaultState, InvalidFault};
pub use inspect::{AccountState, MessageState, QueueState};
pub use notice::Notice;
#[cfg(feature = "durable")]
pub use notice::recovered::Recovered;
#[cfg(feature = "durable")]
pub use notice::set_aside::{SetAside, SetAsideKind};
pub use record::{CredentialKind, RequestRecord};
pub use refusal::{Check, Refused};
pub use role::{Role, UnknownRole};
#[cfg(feature = "control")]
pub use serve::ControlServer;
#[cfg(feature = "serve")]
pub use serve::{BindError, ConnectionFailure, FailureReason, Server, ServerOptions};
#[cfg(feature = "https")]
pub use serve::{Certificate, CertificateError, FileForm};
#[cfg(feature = "durable")]
pub use store::database::Durability;
#[cfg(feature = "durable")]
pub use store::error::{StoreError, StoreErrorKind};
#[cfg(feature = "bearer")]
pub use token::{TokenIssuer, UserToken};
pub use watch::RecordLimits;
pub use watch::author::Client;
pub use watch::event::{Happening, MessageEvent};
pub use watch::life::Life;
pub use watch::requests::SeenRequest;

/// The examples of the README, compiled and run with the others.
#[cfg(all(doctest, feature = "serve"))]
#[doc = include_str!("../README.md")]
struct Readme;
