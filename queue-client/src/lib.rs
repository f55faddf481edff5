#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
mod aad;
mod account;
mod backlog;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
pub mod call;
mod client;
mod error;
mod execute;
mod failure;
mod message;
pub mod observe;
mod pages;
mod payload;
#[cfg(feature = "processor")]
pub mod processor;
mod queue;
pub mod retry;
pub mod runtime;
mod setup;
mod shared;
pub mod testing;
pub mod transport;

pub use queue_auth::{self as auth, AccountKey, Anonymous, Authorize, BoxFuture, SharedKey};
pub use queue_proto::{self as proto, Endpoint, QueueName, codec};

#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
pub use self::aad::{TokensOver, token_transport};
pub use self::{
    account::{Account, ConnectionStringError, EnvironmentError, InvalidSasUrl, SasUrl},
    backlog::Backlog,
    builder::ClientBuilder,
    call::Batch,
    client::QueueServiceClient,
    error::{Cause, Error, ForeignAnswer},
    execute::{ClockSkew, LocationMode},
    failure::{OpFailure, Refusal},
    message::ReceivedMessage,
    pages::QueuePages,
    payload::Payload,
    queue::QueueClient,
    setup::SetupError,
};
