#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The published pages are made with all features. With fewer, a link to what is missing is plain text.
#![cfg_attr(
    not(all(feature = "blocking", feature = "hyper", feature = "processor", feature = "reqwest")),
    allow(rustdoc::broken_intra_doc_links, reason = "they hold with all features")
)]

mod account;
mod backlog;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
#[cfg(feature = "bulk")]
pub mod bulk;
pub mod call;
mod client;
mod clock;
#[cfg(feature = "encryption")]
pub mod encryption;
mod error;
mod execute;
mod failure;
#[cfg(any(doc, doctest))]
pub mod guide;
mod location;
mod message;
mod message_codec;
pub mod observe;
mod pages;
mod payload;
#[cfg(feature = "processor")]
pub mod processor;
mod queue;
pub mod retry;
pub mod runtime;
mod semconv;
mod striped;
pub mod testing;
mod throttle;
pub mod transport;

pub use queue_auth::{self as auth, AccountKey, Anonymous, Authorize, BoxFuture, SharedKey};
pub use queue_proto::{
    self as proto, Endpoint, ErrorCode, InvalidName, Metadata, OperationKind, QueueName,
    ServiceError, codec,
    ops::{PeekedMessage, SentMessage},
};

#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
pub use self::transport::{TokensOver, token_transport};
pub use self::{
    account::{Account, ConnectionStringError, EnvironmentError, InvalidSasUrl, SasUrl},
    backlog::{Backlog, VisibleCount},
    builder::ClientBuilder,
    call::Batch,
    client::QueueServiceClient,
    clock::ClockSkew,
    error::{Cause, Error, ForeignAnswer, InvalidStripes, SetupError},
    failure::{OpFailure, Refusal},
    location::LocationMode,
    message::ReceivedMessage,
    message_codec::{MessageCodec, Step},
    pages::QueuePages,
    payload::Payload,
    queue::QueueClient,
    striped::{Striped, StripedBatch, StripedMessage, StripedReceive},
};
