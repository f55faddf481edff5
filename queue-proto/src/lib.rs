//! The Azure Queue Storage protocol without IO: requests and responses as types, built and parsed,
//! for clients and servers.
//!
//! Every operation of the service is one type. A client builds an [`http::Request`] from it with
//! [`Operation::to_http`] and reads the answer with [`OperationResponse::from_http`]; a server
//! reads any request with [`AnyOperation::read`] and writes the answer with
//! [`OperationResponse::to_http`]. Sending, signing, clocks and retries are left to the caller.
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

pub mod acl;
pub mod codec;
pub mod devstore;
pub mod error;
pub mod header;
pub mod limits;
pub mod ops;
pub mod properties;

mod date;
mod endpoint;
mod kind;
mod message;
mod metadata;
mod name;
mod operation;
mod query;
mod request;
mod response;
mod route;
mod version;
mod xml;

pub use crate::acl::{
    AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers,
};
pub use crate::devstore::{DEVSTORE_ACCOUNT, DEVSTORE_KEY};
pub use crate::endpoint::{AddressingStyle, Endpoint, InvalidEndpoint, Scheme};
pub use crate::error::{
    DecodeError, DecodeProblem, ErrorCode, InvalidMetadata, InvalidText, InvalidValue,
    ResponseError, ServiceError,
};
pub use crate::header::{ClientRequestId, ResponseHead};
pub use crate::kind::{
    AccountSasPermission, AccountSasResource, Idempotence, OperationKind, Permission,
    SecondaryAccess,
};
pub use crate::limits::{
    LeaseTimeout, LifeSeconds, MaxResults, MessageCount, TimeToLive, Timeout, VisibilityTimeout,
};
pub use crate::message::{MessageId, MessageText, PopReceipt};
pub use crate::metadata::Metadata;
pub use crate::name::{AccountName, InvalidName, NameRule, QueueName};
pub use crate::operation::{CallOptions, Operation, OperationResponse};
pub use crate::properties::{
    CorsRule, Logging, Metrics, OtherElement, RetentionDays, ServiceProperties,
};
pub use crate::request::{IncomingRequest, Location, RequestWriter, Resource};
pub use crate::response::ResponseWriter;
pub use crate::route::AnyOperation;
pub use crate::version::ServiceVersion;
