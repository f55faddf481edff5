#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod advice;
pub mod call;
mod client;
mod connection_string;
mod environment;
mod error;
mod execute;
mod failure;
mod message;
mod pages;
mod queue;
pub mod retry;
pub mod runtime;
mod setup;
pub mod transport;

pub use queue_auth::{self as auth, AccountKey, Anonymous, Authorize, BoxFuture, SharedKey};
pub use queue_proto::{self as proto, Endpoint, QueueName};

pub use self::{
    client::{ClientBuilder, QueueServiceClient},
    connection_string::{ConnectionString, ConnectionStringError},
    environment::EnvironmentError,
    error::{Cause, ClockSkew, Error},
    failure::{OpFailure, Refusal},
    message::ReceivedMessage,
    pages::QueuePages,
    queue::QueueClient,
    setup::SetupError,
};
