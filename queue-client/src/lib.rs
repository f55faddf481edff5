#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
mod aad;
mod advice;
mod attempt;
mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod budget;
pub mod call;
mod client;
mod clock;
mod connection_string;
mod environment;
mod error;
mod execute;
mod failure;
mod location;
mod message;
pub mod observe;
mod pages;
#[cfg(feature = "processor")]
pub mod processor;
mod queue;
pub mod retry;
pub mod runtime;
mod sas_url;
mod setup;
pub mod transport;

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

pub use queue_auth::{self as auth, AccountKey, Anonymous, Authorize, BoxFuture, SharedKey};
pub use queue_proto::{self as proto, Endpoint, QueueName, codec};

#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
pub use self::aad::{TokensOver, token_transport};
pub use self::{
    batch::Batch,
    client::{ClientBuilder, QueueServiceClient},
    clock::ClockSkew,
    connection_string::{ConnectionString, ConnectionStringError},
    environment::EnvironmentError,
    error::{Cause, Error},
    failure::{OpFailure, Refusal},
    location::LocationMode,
    message::ReceivedMessage,
    pages::QueuePages,
    queue::QueueClient,
    sas_url::{InvalidSasUrl, SasUrl},
    setup::SetupError,
};
