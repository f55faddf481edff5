//! The Azure Queue Storage protocol without IO: requests and responses as types, built and parsed,
//! for clients and servers.
//!
//! Every operation of the service is one type. A client builds an [`http::Request`] from it with
//! [`Operation::to_http`] and reads the answer with [`OperationResponse::from_http`]; a server
//! reads any request with [`AnyOperation::read`] and writes the answer with
//! [`OperationResponse::to_http`]. Sending, signing, clocks and retries are left to the caller; the
//! [`guide`] shows a client and a server in 30 lines each.
//!
//! Who only wants to use queues takes the crate `queue-client`, and who only wants to sign requests
//! takes `queue-auth`.
//!
//! ```
//! use queue_proto::ops::{PutMessage, PutMessageResponse};
//! use queue_proto::{CallOptions, Endpoint, MessageText, Operation, OperationResponse};
//!
//! let at = Endpoint::emulator();
//! let put = PutMessage::new("orders".parse()?, MessageText::new("hello")?);
//!
//! // The client's side: build, sign and send this.
//! let request = put.to_http(&at, &CallOptions::new());
//! assert_eq!(
//!     request.uri(),
//!     "http://127.0.0.1:10001/devstoreaccount1/orders/messages"
//! );
//!
//! // The server's side: what was written reads back equal.
//! assert_eq!(PutMessage::from_http(&at, &request)?, put);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | I want to ... | Take |
//! | --- | --- |
//! | build a request, read an answer | a type of [`ops`] and its response |
//! | read any request as a server | [`IncomingRequest`], [`AnyOperation`] |
//! | say where the service is | [`Endpoint`] |
//! | know whether an operation may be repeated, go to the secondary, and what it needs | [`OperationKind`] |
//! | answer with an error of the service, or understand one | [`ServiceError`], [`ErrorCode`] |
//! | write values as base64 or JSON | [`codec`] |
//! | know the limits of the service | [`limits`] |
//!
//! # Boundaries
//!
//! Bytes from the network are never trusted: any request and any answer is read to a value or a
//! typed error, without a panic. XML with a document type, an unknown entity, more than 16 levels or
//! a text beyond the limit of its element is refused; what is held meanwhile is a small multiple of
//! the body, and servers get [a limit](limits::MAX_REQUEST_BODY) for that. What goes into a URI is
//! percent-encoded in one place. Receipts, keys and message texts do not appear in `Debug` output or
//! in errors.
//!
//! # Errors
//!
//! | Type | Cause |
//! | --- | --- |
//! | [`InvalidName`], [`InvalidText`], [`InvalidMetadata`], [`InvalidValue`], [`InvalidEndpoint`] | the caller built a value that the protocol does not allow |
//! | [`ServiceError`] | the service refused; clients read it, servers write it |
//! | [`DecodeError`] | an answer is not what the protocol allows |
//!
//! # Features
//!
//! `json` adds the codec for JSON through serde. Nothing else is optional.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod codec;
pub mod guide;
pub mod header;
pub mod limits;
pub mod ops;
pub mod redact;

mod acl;
mod any;
mod characters;
mod date;
mod delegation;
mod devstore;
mod endpoint;
mod error;
mod head;
mod kind;
mod listing;
mod message;
mod metadata;
mod name;
mod numbers;
mod operation;
mod properties;
mod query;
mod replication;
mod request;
mod response;
mod version;
mod xml;

pub use crate::acl::{
    AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers,
};
pub use crate::any::AnyOperation;
pub use crate::devstore::{DEVSTORE_ACCOUNT, DEVSTORE_KEY, DEVSTORE_QUEUE_PORT};
pub use crate::endpoint::{AddressingStyle, Endpoint, InvalidEndpoint, Scheme};
pub use crate::error::{
    DecodeError, DecodeProblem, ErrorCode, InvalidMetadata, InvalidText, InvalidValue,
    ResponseError, ServiceError,
};
pub use crate::head::{ClientRequestId, ResponseHead};
pub use crate::kind::OperationKind;
pub use crate::kind::facts::{
    AccountSasPermission, AccountSasResource, Idempotence, Permission, SecondaryAccess,
};
pub use crate::message::{MessageId, MessageText, PopReceipt};
pub use crate::metadata::{Metadata, MetadataNames};
pub use crate::name::{AccountName, InvalidName, NameRule, QueueName};
pub use crate::numbers::{
    LeaseTimeout, LifeSeconds, MaxResults, MessageCount, TimeToLive, Timeout, VisibilityTimeout,
};
pub use crate::operation::{Operation, OperationResponse};
pub use crate::properties::{
    CorsRule, Logging, Metrics, OtherElement, RetentionDays, ServiceProperties,
};
pub use crate::request::{CallOptions, IncomingRequest, Location, RequestWriter, Resource};
pub use crate::response::ResponseWriter;
pub use crate::version::ServiceVersion;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
