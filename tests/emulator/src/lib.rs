//! An Azure Queue Storage service for development and tests.
//!
//! It answers the requests that the service answers, checks signatures and dates as the service
//! does, and keeps its queues in memory. Run it
//!
//! * **in process**, without a socket: [`Emulator::handle`] takes an [`http::Request`] and gives an
//!   [`http::Response`];
//! * **over HTTP**: `Server` (feature `serve`) listens on a socket of the process, for tests with
//!   any client;
//! * **as a program**: `queue-emulator` prints the connection string to use.
//!
//! Time is a value that it is given: with [`Emulator::with_manual_clock`] a message that reappears
//! after 30 seconds, or expires after seven days, does so when the test says so.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use queue_auth::{AccountKey, Authorize, SharedKey};
//! use queue_emulator::Emulator;
//! use queue_proto::ops::{CreateQueue, GetMessages, PutMessage};
//! use queue_proto::{CallOptions, Endpoint, MessageText, Operation, OperationResponse, devstore};
//!
//! let (emulator, clock) = Emulator::with_manual_clock();
//! let endpoint = Endpoint::emulator();
//! let key = AccountKey::from_base64(devstore::DEVSTORE_KEY)?;
//! let signer = SharedKey::new(devstore::DEVSTORE_ACCOUNT, key);
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
//! assert_eq!(call(&get, &endpoint, &signer, &emulator)?.messages[0].dequeue_count, 2);
//! # let _: Bytes = Bytes::new();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the documentation of the service is silent
//!
//! | Question | Here |
//! | --- | --- |
//! | Order of messages | By the time they became visible: first in, first out, and a message that reappears queues behind those that were visible before it. |
//! | Stale pop receipt | 404 `MessageNotFound`, as the service answers; its reference says 400 `PopReceiptMismatch`. |
//! | Receipt after its visibility timeout | Valid until the message is handed out again or updated. |
//! | Visibility beyond the expiry in Update Message | Accepted, as the service does; the message expires when it should. |
//! | Name of a deleted queue | Free again after exactly 30 seconds (the service: at least 30); [`EmulatorBuilder::deletion_time`] changes it. |
//! | Unknown account | 404 `ResourceNotFound`; the service has no host of that name. |
//! | Approximate message count | Exact; hidden messages are counted, expired ones are not. |
//!
//! # Features
//!
//! | Feature | |
//! | --- | --- |
//! | `serve` | `Server`: the emulator over HTTP/1.1, on tokio and hyper |
//! | `program` (default) | the program `queue-emulator`; includes `serve` |
//!
//! A stored message takes about 300 bytes beside its text, and putting, getting and deleting one
//! takes time that grows with the logarithm of the number of messages in its queue.

mod account;
mod authenticate;
mod checks;
mod clock;
mod cors;
#[cfg(feature = "bearer")]
mod delegation;
mod directory;
mod dispatch;
#[cfg(feature = "durable")]
mod durable;
mod emulator;
mod fault;
mod handle;
mod inspect;
mod replica;
mod role;
#[cfg(feature = "serve")]
mod serve;
mod settle;
mod state;
#[cfg(feature = "durable")]
mod store;
mod target;
mod token;
mod version;
mod wire;

pub use account::{Account, InvalidAccount};
pub use clock::ManualClock;
#[cfg(feature = "durable")]
pub use durable::DurableBuilder;
pub use emulator::{Emulator, EmulatorBuilder};
pub use fault::{Dropped, Effect, Exchange, Fault, InvalidFault};
pub use handle::Connection;
pub use inspect::{AccountState, MessageState, QueueState};
pub use role::{Role, UnknownRole};
#[cfg(feature = "serve")]
pub use serve::{BindError, Server};
#[cfg(feature = "https")]
pub use serve::{Certificate, CertificateError};
#[cfg(feature = "durable")]
pub use store::{Durability, StoreError, StoreErrorKind};
#[cfg(feature = "bearer")]
pub use token::{TokenIssuer, UserToken};

/// The examples of the README, compiled and run with the others.
#[cfg(all(doctest, feature = "serve"))]
#[doc = include_str!("../README.md")]
struct Readme;
